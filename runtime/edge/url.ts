// SPDX-License-Identifier: MIT

/** `request.url`: the absolute URL that the client asked for. */

import { intern } from '../intern.ts';
import type { Request } from '../request.ts';
import { queryAt, withoutFragment, writeQuery } from '../url.ts';
import { lent } from './borrowed.ts';

/** `parity`: the host is what the server believes to be its own name, never what the client says. */
export function urlOf(req: Request, parity: boolean): string {
  const origin = originOf(req, parity);
  const target = lent.targetOf(req);
  const isPlain = !lent.hasMoreQuery(req) && isPlainTarget.test(target);
  const url = origin + (isPlain ? target : rewrite(req, target));
  return isPlain || !hasMarks.test(target) ? url : new URL(url).href;
}

/** What comes out of all that follows as it went in; the query is one pair at most. */
const isPlainTarget = /^(?:\/[\w-]+)+(?:\?(?!_rsc)[\w*.-]+=[\w*.+-]*)?$/;

function rewrite(req: Request, target: string): string {
  const shown = withoutFragment(target);
  const question = queryAt(shown);
  return shown.slice(0, question) + searchOf(req);
}

/** What a path may hold that a URL does not keep as it stands. */
const hasMarks = /[^\w\-.~!$&'()*+,;=:@%/?]|\/(?:\.|%2e)/i;

/** Next hides from a handler what its own client adds. */
const hidden = ['_rsc'];

/** The query, with the route's parameters in it. */
function searchOf(req: Request): string {
  return writeQuery((req as unknown as { query: Record<string, string | string[]> }).query, hidden);
}

const plain = new Map<string, string>();
const secure = new Map<string, string>();
const seenAtMost = 256;

/** Scheme, host and port. */
export function originOf(req: Request, parity: boolean): string {
  const head = lent.headOf(req);
  const isSecure = lent.findField(head, 'x-forwarded-proto')?.includes('https') === true;
  const host = (parity ? undefined : lent.findField(head, 'host')) || ownHost(req);
  const seen = isSecure ? secure : plain;
  const known = seen.get(host);
  if (known !== undefined) return known;
  const scheme = isSecure ? 'https' : 'http';
  const origin = (URL.parse(`${scheme}://${host}`) ?? new URL(`${scheme}://${ownHost(req)}`))
    .origin;
  if (seen.size < seenAtMost) seen.set(intern(host), intern(origin));
  return origin;
}

function ownHost(req: Request): string {
  const { localPort } = req.socket;
  return localPort === undefined ? 'localhost' : `localhost:${localPort}`;
}
