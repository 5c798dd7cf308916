// SPDX-License-Identifier: MIT

/**
 * What the project's proxy (`proxy.ts`) returns, done: an answer, a redirect, or a word on how the request goes on, for
 * which NextResponse has headers that only the server reads.
 */

import type { Request } from '../request.ts';
import type { Response as NodeResponse } from '../response.ts';
import { lent } from './borrowed.ts';
import { NativeResponse } from './natives.ts';
import { type Returned, redirect, relativeTo, send } from './send.ts';
import { originOf } from './url.ts';

const internal = 'x-middleware-';
const override = 'x-middleware-override-headers';
const overridden = 'x-middleware-request-';

/** As `send`; who returns nothing lets the request go on as it is. */
export function obey(
  req: Request,
  res: NodeResponse,
  returned: unknown,
  parity: boolean,
): undefined | Promise<void> {
  if (returned === undefined || returned === null) {
    lent.passOn(res, undefined, undefined, '', '');
    return undefined;
  }
  if (!(returned instanceof NativeResponse)) throw new TypeError(complain(returned));
  const { headers, status } = returned;
  const rewrite = headers.get('x-middleware-rewrite');
  if (rewrite !== null || headers.has('x-middleware-next')) {
    passOn(req, res, headers, rewrite === null ? undefined : targetOf(req, rewrite, parity));
    return undefined;
  }
  const location = headers.get('location');
  if (location === null || status < 300 || status > 399) return send(req, res, returned, parity);
  redirect(req, res, returned, relativeTo(originOf(req, parity), location), parity);
  return undefined;
}

function complain(returned: unknown): string {
  return (
    `Expected an instance of Response to be returned, and the proxy returned a value of type ${typeof returned}. ` +
    'Return NextResponse.next(), NextResponse.redirect(…), NextResponse.rewrite(…), a Response, or nothing'
  );
}

/** Where a rewrite leads: a path and query, or a whole address on another host. */
function targetOf(req: Request, rewrite: string, parity: boolean): string {
  const target = relativeTo(originOf(req, parity), rewrite).replace(/#.*$/s, '');
  if (/^(?:\/|https?:\/\/)/i.test(target)) return target;
  throw new Error(
    `The proxy rewrites to ${rewrite}, which is neither a path nor an address of http or https`,
  );
}

// ---- The request goes on ----

type Headers = Returned['headers'];

function passOn(
  req: Request,
  res: NodeResponse,
  headers: Headers,
  target: string | undefined,
): void {
  const own = [...headers].filter(
    ([name]) => !name.startsWith(internal) && !framing.has(name) && !ofOneHop.has(name),
  );
  const cookies = linesOf(
    own.flatMap(([name, value]) => (name === 'set-cookie' ? [['Set-Cookie', value]] : [])),
  );
  let lines = linesOf(own.filter(([name]) => name !== 'set-cookie'));
  // Where other hosts are is nobody's business.
  if (target?.startsWith('/')) lines += `x-middleware-rewrite: ${target}\r\n`;
  const names = headers.get(override);
  const isChanged = names !== null || own.length > 0;
  lent.passOn(
    res,
    target,
    isChanged ? headOf(req, headers, names, own) : undefined,
    lines,
    cookies,
  );
}

type Field = [name: string, value: string];

function linesOf(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** They say how the message on its way is framed, and are the client's whatever the proxy says. */
const framing = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** What else a response cannot say to a request. */
const ofOneHop = new Set(['accept-encoding', 'content-encoding', 'date']);

/**
 * The request's head as the route sees it. With `names`, only those fields are left, with the values that they were
 * given. As in Next, what the proxy sets for the answer is a field of the request as well.
 */
function headOf(
  req: Request,
  headers: Headers,
  names: string | null,
  own: readonly Field[],
): string {
  const [requestLine = '', ...before] = lent.headOf(req).split('\r\n');
  const set = new Map<string, Field[]>();
  for (const name of names?.split(',').map((each) => each.trim().toLowerCase()) ?? []) {
    const value = headers.get(overridden + name);
    if (value !== null && !framing.has(name)) set.set(name, [[name, value]]);
  }
  for (const field of own) {
    const [name] = field;
    const same = name === 'set-cookie' ? (set.get(name) ?? []) : [];
    set.set(name, [...same, field]);
  }
  const stays = (line: string) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    return framing.has(name) || ((names === null || name === 'host') && !set.has(name));
  };
  const added = names === null ? addedFields(req) : [];
  const fields = linesOf([
    ...added.filter(([name]) => !set.has(name)),
    ...[...set.values()].flat(),
  ]);
  return [requestLine, ...before.filter(stays), ...fields.split('\r\n').slice(0, -1)].join('\r\n');
}

/** What `req.headers` shows without the client having sent it. */
function addedFields(req: Request): Field[] {
  const head = lent.headOf(req);
  return Object.entries(req.headers).filter(
    (field): field is Field =>
      field[0].startsWith('x-forwarded-') && lent.findField(head, field[0]) === undefined,
  );
}
