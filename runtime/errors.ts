// SPDX-License-Identifier: MIT

/** What goes wrong in a handler becomes an answer and a line in the log here, and nowhere else. */

import { errorPage } from './error-page.ts';
import { removeField, renderFields } from './fields.ts';
import { tellOfError } from './instrumentation.ts';
import { kHead, kRequest, kRoute, kServer, kState } from './internals.ts';
import { logError } from './log.ts';
import { takesRequests } from './manifest.ts';
import { abort, conclude, framing, type Response, State } from './response.ts';
import { RouteError } from './route-error.ts';
import { unfold } from './rules.ts';

/** A handler threw, or its promise was rejected. */
export function fail(res: Response, thrown: unknown): void {
  const { method, url } = res[kRequest];
  logError(`${method} ${url} (${res[kRequest][kRoute].file})`, thrown);
  tell(res, thrown);
  if (res[kState] === State.streaming) failLate(res);
  else if (res[kServer].isDev) answerInDetail(res, thrown);
  else if (res[kServer].settings.parity && takesRequests(res[kRequest][kRoute])) answerPage(res);
  else answerFailure(res);
}

function tell(res: Response, thrown: unknown): void {
  const { onRequestError } = res[kServer];
  if (onRequestError !== undefined) tellOfError(onRequestError, res, thrown);
}

/** A client must see that it has not got all. Next adds text to what it has, or in development nothing. */
function failLate(res: Response): void {
  if (!res[kServer].settings.parity || takesRequests(res[kRequest][kRoute])) abort(res);
  else if (!res[kServer].isDev) res.end('Internal Server Error');
}

/** The route's module cannot be used. */
export function failRoute(res: Response, thrown: unknown): void {
  if (thrown instanceof RouteError) logError(thrown.message);
  else logError(`${res[kRequest][kRoute].file} could not be loaded`, thrown);
  tell(res, thrown);
  if (res[kServer].isDev) answerInDetail(res, thrown);
  else if (res[kServer].settings.parity) answerPage(res);
  else answerFailure(res);
}

/** The project's proxy threw, or has said what cannot be done. The request goes no further. */
export function failProxy(res: Response, thrown: unknown): void {
  const { method, url } = res[kRequest];
  if (thrown instanceof RouteError) logError(thrown.message);
  else logError(`${method} ${url} (${res[kRequest][kRoute].file})`, thrown);
  if (res[kState] === State.streaming) abort(res);
  else if (res[kServer].isDev) answerInDetail(res, thrown);
  else answerPage(res);
}

/** There is no module to load: see `kind: 'error'` of the manifest. */
export function answerBroken(res: Response, message: string | undefined): void {
  if (res[kServer].isDev) answerInDetail(res, new RouteError(message));
  else answerPage(res);
}

/** The client's fault: a plain answer that names it. What rules and cookies have set before stays. */
export function refuse(res: Response, status: number, message: string): void {
  const { settings } = res[kServer];
  const fields = unfold(res);
  if (fields !== null && !settings.parity) removeField(fields, 'content-type');
  const { lines } = renderFields(fields);
  if (settings.parity) answer(res, status, lines, message, framing(settings, -1), message);
  else answer(res, status, `Content-Type: text/plain; charset=utf-8\r\n${lines}`, message);
}

/** The fields that the handler has set stay, as in Next. */
function answerFailure(res: Response): void {
  const { lines, length, flags } = renderFields(unfold(res));
  const { settings } = res[kServer];
  answer(res, 500, lines, 'Internal Server Error', flags | framing(settings, length));
}

/** As Next answers when it has not come as far as to call a handler of `(req, res)`. */
function answerPage(res: Response): void {
  if (res[kState] >= State.streaming) return;
  res[kServer].core.page(conclude(res), 500);
}

/** In development whoever looks at the answer is whoever can mend it. */
function answerInDetail(res: Response, thrown: unknown): void {
  const page = errorPage(res[kRequest][kHead], res[kRequest][kRoute].file, thrown);
  answer(res, 500, `Content-Type: ${page.type}\r\nCache-Control: no-store\r\n`, page.body);
}

function answer(
  res: Response,
  status: number,
  lines: string,
  body: string,
  flags = 0,
  reason?: string,
): void {
  if (res[kState] >= State.streaming) return;
  res.statusCode = status;
  const id = conclude(res);
  res[kServer].core.respond(id, status, reason, lines, body, flags);
}
