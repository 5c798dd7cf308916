// SPDX-License-Identifier: MIT

/** `request.url`: the absolute URL that the client asked for. */

import { intern } from '../intern.ts';
import type { Request } from '../request.ts';
import { queryAt, withoutFragment, writeQuery } from '../url.ts';
import { lent } from './borrowed.ts';

/** `parity`: the host is what the server believes to be its own name, never what the client says. */
export function urlOf(req: Request, parity: boolean): string {
  const origin = originOf(req, parity);
  const target = withoutFragment(lent.targetOf(req));
  const question = queryAt(target);
  const path = target.slice(0, question);
  const url = origin + path + searchOf(req, question < target.length);
  return isPlainPath.test(path) && !hasDots.test(path) ? url : new URL(url).href;
}

/** What a URL keeps as it stands. */
const isPlainPath = /^[\w\-.~!$&'()*+,;=:@%/]*$/;
const hasDots = /\/(?:\.|%2e)/i;

/** Next hides from a handler what its own client adds. */
const hidden = ['_rsc'];

/** The query, with the route's parameters in it. */
function searchOf(req: Request, hasQuery: boolean): string {
  if (!hasQuery && !lent.hasMoreQuery(req)) return '';
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
