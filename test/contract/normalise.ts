// SPDX-License-Identifier: MIT

import type { Expected, Mode, RequestCase } from './case.ts';

/**
 * Where every answer of Capra differs from Next's in the same way: told once, with its reason, and
 * applied to what the cases expect. Nothing else of an answer is overlooked.
 */
export interface Difference {
  id: string;
  what: string;
  reason: string;
  modes: Mode[];
  apply(expected: Expected, about: RequestCase): Expected;
}

const unchanged = (expected: Expected) => expected;

const refusals: Record<string, string> = {
  '400 Bad Request': 'the request is malformed',
  '408 Request Timeout': 'the request is late',
  '413': 'its body is too long',
  '431 Request Header Fields Too Large': 'its head is too long',
};

export const differences: Difference[] = [
  {
    id: 'keep-alive',
    what: '`Keep-Alive: timeout=72`, where Next says 5.',
    reason:
      'An idle connection is cheap here, and one that outlives the load balancer before it is never closed under a request; `--keep-alive-timeout` sets it.',
    modes: ['default', 'next'],
    apply: unchanged,
  },
  {
    id: 'length',
    what: '`Content-Length` instead of `Transfer-Encoding: chunked` when the whole body is known as the head is written.',
    reason:
      'Clients can show progress, proxies can reuse the connection, and the answer is shorter; `--parity next` brings the chunks back.',
    modes: ['default'],
    apply: withLength,
  },
];

function withLength(expected: Expected, { streamed = false, bytes, request }: RequestCase) {
  const { headers = [], body, status } = expected;
  if (streamed || status === null) return expected;
  const length = lengthOf(body);
  if (length === undefined || /^(204|304)/.test(status)) return expected;
  const isHead = (request ?? bytes ?? '').startsWith('HEAD ');
  if (isHead || !headers.includes('Transfer-Encoding: chunked')) return expected;
  return {
    ...expected,
    headers: headers.map((line) =>
      line === 'Transfer-Encoding: chunked' ? `Content-Length: ${length}` : line,
    ),
  };
}

/** The length of a body that is sent as it stands. */
function lengthOf(body: Expected['body']): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if ('hex' in body) return body.hex.length / 2;
  if ('repeat' in body) return body.repeat.length * body.times;
  return undefined;
}

/** How long an idle connection is kept, in seconds, as `Keep-Alive` says it. */
export const keepAliveSeconds = 72;

/** What the answer must be, after the differences of this mode. */
export function normalise(expected: Expected, about: RequestCase, mode: Mode): Expected {
  return differences
    .filter(({ modes }) => modes.includes(mode))
    .reduce((result, { apply }) => apply(result, about), expected);
}

/** The statuses with which a connection is refused, and why. */
export { refusals };
