// SPDX-License-Identifier: MIT

/** Rewrites to other hosts: the request goes on to there, and its answer comes back, both as streams. */

import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { pipeline } from 'node:stream';
import { fail } from './errors.ts';
import type { Route } from './manifest.ts';
import type { Request } from './request.ts';
import type { Response } from './response.ts';
import { noRoute } from './upgrade.ts';

/** It has no file; this is what messages say instead. */
export const elsewhere: Route = {
  ...noRoute,
  pattern: '(elsewhere)',
  file: 'a rewrite to another host',
  limits: { ...noRoute.limits, readsBody: false },
};

/** As Next gives the other host. */
const patienceMs = 30_000;

/** What concerns one connection only (RFC 9110, 7.6.1), and the host, which is another one now. */
const ofOneHop = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Passes the request on to `address`. What goes wrong there is a 500, as in Next. */
export function forward(req: Request, res: Response, address: string): void {
  const url = new URL(address);
  const send = url.protocol === 'https:' ? process.getBuiltinModule('node:https').request : request;
  // Each on a connection of its own: one that the other host is about to close would lose the request.
  const options: RequestOptions = {
    method: req.method as string,
    headers: headersFor(req),
    agent: false,
  };
  const sent = send(url, options, (answer) => {
    sent.setTimeout(0);
    passBack(answer, res);
  });
  sent.setTimeout(patienceMs, () =>
    sent.destroy(new Error(`no answer within ${patienceMs / 1000} s`)),
  );
  sent.on('error', (error) => {
    const told = new Error(`${url.origin} could not be asked: ${error.message}`);
    if (!res.destroyed && !res.writableEnded) fail(res, told);
  });
  res.on('close', () => sent.destroy());
  // An error of either end is told above.
  pipeline(req as never, sent, () => {});
}

/** The client's own, as they came, and what the server says of the client. */
function headersFor(req: Request): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  const { rawHeaders } = req;
  const dropped = new Set([...ofOneHop, ...tokens(req.headers.connection)]);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (dropped.has(name.toLowerCase())) continue;
    headers[name.toLowerCase()] ??= [];
    headers[name.toLowerCase()]?.push(rawHeaders[at + 1] as string);
  }
  for (const [name, value] of Object.entries(req.headers))
    if (name.startsWith('x-forwarded-')) headers[name] = [value as string].flat();
  if (req.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = ['chunked'];
  return headers;
}

function tokens(list: string | string[] | undefined): string[] {
  return String(list ?? '')
    .split(',')
    .map((each) => each.trim().toLowerCase());
}

function passBack(answer: IncomingMessage, res: Response): void {
  const { statusCode = 500, statusMessage = '', rawHeaders } = answer;
  const dropped = new Set([...ofOneHop, ...tokens(answer.headers.connection)]);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const key = name.toLowerCase();
    if (dropped.has(key)) continue;
    res.setHeader(name, key === 'set-cookie' ? answer.headers['set-cookie'] : answer.headers[key]);
  }
  res.writeHead(statusCode, statusMessage);
  // Nothing is not the length of what GET would have had.
  if (res.req.method === 'HEAD' && answer.headers['content-length'] === undefined)
    res.flushHeaders();
  // When either end fails the other is cut, so that half an answer is never taken for a whole one.
  pipeline(answer, res as never, () => {});
}
