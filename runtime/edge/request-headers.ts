// SPDX-License-Identifier: MIT

/**
 * `request.headers`. Single fields are read from the text of the head; whatever else is asked is asked of
 * Headers of Node's own, which are made then, and have all there is to say from then on.
 */

import { bare } from '../bare.ts';
import type { Request } from '../request.ts';
import { lent } from './borrowed.ts';
import { delegate, NativeHeaders } from './natives.ts';

type Native = InstanceType<typeof NativeHeaders>;

const kReq: unique symbol = Symbol('req');
const kReal: unique symbol = Symbol('real');

export class RequestHeaders extends bare<object>(NativeHeaders) {
  declare [kReq]: Request;
  declare [kReal]: Native | null;

  constructor(req: Request) {
    super();
    this[kReq] = req;
    this[kReal] = null;
  }

  get(name: string): string | null {
    if (this[kReal] !== null || !isName.test(name)) return realOf(this).get(name);
    return read(this[kReq], name.toLowerCase());
  }

  has(name: string): boolean {
    if (this[kReal] !== null || !isName.test(name)) return realOf(this).has(name);
    return read(this[kReq], name.toLowerCase()) !== null;
  }

  /** Not Node's own: who looks for that one reaches into what is not there. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return realOf(this).entries() as IterableIterator<[string, string]>;
  }
}

delegate(RequestHeaders.prototype, NativeHeaders.prototype, realOf);

const isName = /^[\w!#$%&'*+.^`|~-]+$/;

/** A field as `req.headers` shows it. */
function read(req: Request, key: string): string | null {
  if (key === 'connection' || lent.isHidden(key)) return null;
  const value = lent.joinFields(lent.headOf(req), key, '\n');
  if (value !== undefined && !value.includes('\n')) return value;
  if (value === undefined && !key.startsWith('x-forwarded-')) return null;
  const shown = req.headers[key];
  return shown === undefined ? null : String(typeof shown === 'string' ? shown : shown.join(', '));
}

function realOf(headers: RequestHeaders): Native {
  if (headers[kReal] !== null) return headers[kReal];
  const real = new NativeHeaders();
  for (const [key, value] of Object.entries(headers[kReq].headers)) {
    if (value === undefined || key === 'connection') continue;
    for (const one of [value].flat()) real.append(key, one);
  }
  headers[kReal] = real;
  return real;
}
