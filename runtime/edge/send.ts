// SPDX-License-Identifier: MIT

/** What a handler returns, made into an answer. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Request } from '../request.ts';
import type { Response as NodeResponse } from '../response.ts';
import { lent } from './borrowed.ts';
import { NativeResponse } from './natives.ts';
import { type Contents, takeApart } from './response.ts';
import { originOf } from './url.ts';

/** Returns when all has been handed over, at once if it can. Throws what the handler has done wrong. */
export function send(
  req: Request,
  res: NodeResponse,
  returned: unknown,
  parity: boolean,
): undefined | Promise<void> {
  if (!(returned instanceof NativeResponse)) {
    if (parity && (returned === undefined || returned === null)) {
      lent.respond(res, 200, undefined, 'x-middleware-next: 1\r\n', undefined, 0);
      return undefined;
    }
    throw new TypeError(complain(returned));
  }
  const contents = takeApart(returned);
  const { status, reason, body } = contents;
  if (status < 200)
    throw new TypeError('The handler returned Response.error(), which is no answer');
  const head = writeHead(req, res, contents, parity);
  if (!(body instanceof ReadableStream)) {
    lent.respond(res, status, reason || undefined, head.lines, body ?? undefined, head.flags);
    return undefined;
  }
  if (lent.hasEnded(res) || req.method === 'HEAD' || isBodyless(status)) {
    lent.respond(res, status, reason || undefined, head.lines, undefined, head.flags);
    return body.cancel();
  }
  lent.begin(res, status, reason || undefined, head.lines, head.flags);
  return pump(body, res);
}

function complain(returned: unknown): string {
  const what =
    returned === undefined || returned === null
      ? String(returned)
      : `a value of type ${typeof returned}`;
  return (
    `Expected an instance of Response to be returned, and the handler returned ${what}. ` +
    "A route with runtime: 'edge' answers by returning a Response: return new Response('…')"
  );
}

function isBodyless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A redirect has its address as its body, as those of next.config have. */
export function redirect(
  req: Request,
  res: NodeResponse,
  returned: Returned,
  location: string,
  parity: boolean,
): void {
  const contents = takeApart(returned);
  const { lines, flags } = writeHead(req, res, { ...contents, type: null }, parity);
  const refresh = contents.status === 308 ? `Refresh: 0;url=${location}\r\n` : '';
  lent.respond(
    res,
    contents.status,
    contents.reason || undefined,
    lines + refresh,
    location,
    flags,
  );
}

export type Returned = InstanceType<typeof NativeResponse>;

// ---- The head ----

interface Head {
  lines: string;
  flags: number;
}

function writeHead(req: Request, res: NodeResponse, contents: Contents, parity: boolean): Head {
  const { fields, headers, type } = contents;
  const head: Head = { lines: '', flags: 0 };
  const put = (key: string, value: string) => putField(head, key, value, req, parity);
  let hasType = type === null;
  if (headers !== null) {
    hasType ||= headers.has('content-type');
    for (const [key, value] of headers) put(key, value);
  } else if (fields !== null) {
    for (let at = 0; at < fields.length; at++) {
      const { key, value } = fields[at] as (typeof fields)[number];
      if (key === 'content-type') hasType = true;
      if (typeof value === 'object') for (const one of value) put(key, one);
      else put(key, String(value));
    }
  }
  if (!hasType) head.lines += `content-type: ${type}\r\n`;
  const preset = lent.fieldsOf(res);
  if (preset !== null) putPreset(head, preset);
  return head;
}

/** What the server decides for itself, or has to know. */
const special = new Map<string, 'drop' | 'connection' | 'date' | 'location'>([
  // The body that arrives here has been decoded, and is framed anew.
  ['content-length', 'drop'],
  ['content-encoding', 'drop'],
  ['transfer-encoding', 'drop'],
  ['keep-alive', 'drop'],
  ['connection', 'connection'],
  ['date', 'date'],
  ['location', 'location'],
]);

function putField(head: Head, key: string, value: string, req: Request, parity: boolean): void {
  switch (special.get(key)) {
    case 'drop':
      return;
    case 'connection':
      if (/\bclose\b/i.test(value)) head.flags |= lent.closes;
      return;
    case 'date':
      head.flags |= lent.hidesDate;
      break;
    case 'location':
      head.lines += `location: ${relativeTo(originOf(req, parity), value)}\r\n`;
      return;
  }
  head.lines += `${key}: ${value}\r\n`;
}

/** Whoever asked knows the origin, and maybe under another name. */
export function relativeTo(origin: string, location: string): string {
  if (!/^https?:/i.test(location)) return location;
  const url = URL.parse(location);
  return url?.origin === origin ? url.pathname + url.search + url.hash : location;
}

/** Rules of next.config: what the handler says wins, and cookies are added. */
function putPreset(head: Head, preset: NonNullable<ReturnType<typeof lent.fieldsOf>>): void {
  const own = `\r\n${head.lines}`;
  for (const { key, name, value } of preset) {
    if (key !== 'set-cookie' && own.includes(`\r\n${key}: `)) continue;
    for (const one of [value].flat()) head.lines += `${name}: ${one}\r\n`;
  }
}

// ---- A body that is streamed ----

/** Reads no faster than the client does, and not at all when it has gone. */
async function pump(body: ReadableStream<Uint8Array>, res: NodeResponse): Promise<void> {
  const reader = body.getReader();
  let wake = () => {};
  let isGone = false;
  const onClose = () => {
    isGone = !hasDone;
    wake();
    if (isGone) reader.cancel(new Error('The client has gone')).catch(() => {});
  };
  let hasDone = false;
  const events = res as unknown as NodeJS.EventEmitter;
  events.on('close', onClose);
  events.on('drain', () => wake());
  for (;;) {
    const { done, value } = await reader.read().catch(afterFlush);
    if (done || isGone) break;
    const isReadyForMore = res.write(check(value));
    if (isReadyForMore || isGone) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  hasDone = true;
  if (!isGone) res.end();
}

/** What the stream has given so far is sent, before the connection is cut. */
async function afterFlush(error: unknown): Promise<never> {
  await turn();
  throw error;
}

function check(chunk: unknown): string | Uint8Array {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk;
  throw new TypeError(
    `The body of a Response is a stream of Uint8Array, and a chunk is of type ${typeof chunk}`,
  );
}
