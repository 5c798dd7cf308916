// SPDX-License-Identifier: MIT

import type { Expected, Mode, RequestCase } from './case.ts';

const NO_STORE = 'Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate';

const PAGE = [
  'X-Powered-By: Next.js',
  'ETag: <any>',
  'Content-Type: text/html; charset=utf-8',
  'Content-Length: <any>',
  'Vary: Accept-Encoding',
];

const shorthands: Record<string, string[]> = {
  '{json}': ['Content-Type: application/json; charset=utf-8', 'Vary: Accept-Encoding'],
  '{page}': [NO_STORE, ...PAGE],
  '{page-nocc}': PAGE,
};

/** The header lines that shorthands stand for, one by one. */
export function spellOut(headers: string[]): string[] {
  return headers.flatMap((line) => shorthands[line] ?? [line]);
}

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
  {
    id: 'refusal',
    what: 'A request that is refused before it has a route is answered with `Date`, `Connection: close` and a line of text that says what is wrong, where Next sends a bare status line or an empty body.',
    reason:
      'Whoever wrote the client needs to know; and what follows a malformed request cannot be trusted, so the connection ends with it.',
    modes: ['default', 'next'],
    apply: withExplanation,
  },
  {
    id: 'powered-by',
    what: 'No `X-Powered-By: Next.js` on the pages for errors.',
    reason:
      'It is not Next.js that answers, and a header that only tells attackers what runs is none to keep.',
    modes: ['default'],
    apply: without('X-Powered-By: Next.js'),
  },
  {
    id: 'peer-address',
    what: 'An IPv4 client is `127.0.0.1`, where Next says `::ffff:127.0.0.1`.',
    reason: 'It is the address that everyone writes into lists and logs.',
    modes: ['default', 'next'],
    apply: withPlainAddress,
  },
  {
    id: 'page-etag',
    what: 'No `ETag` on the pages for errors.',
    reason: 'An error is never answered with 304 here, so that there is nothing to compare.',
    modes: ['default'],
    apply: withoutPageTag,
  },
];

const REFUSALS = /^(400|408|414|417|426|431) /;

function withExplanation(expected: Expected): Expected {
  const { status, headers = [], body } = expected;
  if (status === null || !REFUSALS.test(status) || body !== '') return expected;
  const kept = headers.filter(
    (line) => !/^(Connection: close$|Transfer-Encoding:|Content-Length:)/.test(line),
  );
  return {
    ...expected,
    headers: [
      ...kept,
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      'Vary: Accept-Encoding',
      'Content-Length: <any>',
    ],
    body: { starts: `${status.slice(4)}: ` },
  };
}

function withPlainAddress(expected: Expected): Expected {
  const { body, headers = [] } = expected;
  if (typeof body !== 'string' || !body.includes('::ffff:')) return expected;
  const plain = body.replaceAll('::ffff:', '');
  const isTagged = headers.includes(`ETag: ${etag(body)}`);
  const length = Buffer.byteLength(plain);
  return {
    ...expected,
    body: plain,
    headers: headers.map((line) => {
      if (line.startsWith('ETag: ') && isTagged) return `ETag: ${etag(plain)}`;
      return /^Content-Length: \d/.test(line) ? `Content-Length: ${length}` : line;
    }),
  };
}

/** The tag of a text, as the contract's Appendix A tells it. */
export function etag(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  const folded = BigInt.asUintN(52, hash) ^ (hash >> 52n);
  return `"${folded.toString(36)}${text.length.toString(36)}"`;
}

function without(line: string) {
  return (expected: Expected): Expected =>
    expected.headers
      ? { ...expected, headers: spellOut(expected.headers).filter((each) => each !== line) }
      : expected;
}

function withoutPageTag(expected: Expected): Expected {
  const isPage = typeof expected.body === 'object' && 'page' in expected.body;
  const isErrorHead = expected.body === '' && /^4/.test(expected.status ?? '');
  return isPage || isErrorHead ? without('ETag: <any>')(expected) : expected;
}

function withLength(expected: Expected, { streamed = false }: RequestCase): Expected {
  const { headers = [], body, status } = expected;
  const length = lengthOf(body);
  if (streamed || status === null || length === undefined) return expected;
  const chunked = 'Transfer-Encoding: chunked';
  return {
    ...expected,
    headers: headers.map((line) => (line === chunked ? `Content-Length: ${length}` : line)),
  };
}

/** The length of a body that is sent as it stands. */
function lengthOf(body: Expected['body']): number | '<any>' | undefined {
  if (typeof body === 'string') return body.includes('<port>') ? '<any>' : Buffer.byteLength(body);
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
