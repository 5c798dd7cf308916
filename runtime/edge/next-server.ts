// SPDX-License-Identifier: MIT

/** What `next/server` exports, for modules of the project (see `compiler/next-server.ts`). */

import { NextFetchEvent } from './fetch-event.ts';
import { NextRequest } from './next-request.ts';
import { NextResponse } from './next-response.ts';
import { userAgent, userAgentFromString } from './user-agent.ts';

const ours = {
  NextFetchEvent,
  NextRequest,
  NextResponse,
  URLPattern: globalThis.URLPattern,
  userAgent,
  userAgentFromString,
};

/** What only Next has. */
const theirs = ['after', 'connection', 'ImageResponse'];

/** `load` gives the exports of Next's own, where it is installed. */
export function nextServer(load?: () => Record<string, unknown>): object {
  const exports = { ...ours };
  for (const name of theirs) {
    const get = () => {
      if (load === undefined)
        throw new Error(`\`${name}\` of next/server needs Next, which is not installed`);
      return load()[name];
    };
    Object.defineProperty(exports, name, { get, enumerable: true });
  }
  return exports;
}
