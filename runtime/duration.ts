// SPDX-License-Identifier: MIT

/** `maxDuration`: a handler that has not answered by then is answered for. */

import { Flag } from './core.ts';
import { kId, kMaxTimer, kRequest, kRoute, kServer, kState } from './internals.ts';
import { logError } from './log.ts';
import { timedOut } from './node-errors.ts';
import { abort, cut, type Response, State } from './response.ts';

/** From now on it has so many milliseconds. Ended with the response (`forget` in `response.ts`). */
export function limitDuration(res: Response, ms: number): void {
  res[kMaxTimer] = setTimeout(expire, Math.min(ms, longest), res, ms);
}

/** More does not fit a timer, which would fire at once. */
const longest = 2 ** 31 - 1;

/** To the handler it is as if the client had gone. What it still says meets a response that has ended. */
function expire(res: Response, ms: number): void {
  const { method, url } = res[kRequest];
  const { file } = res[kRequest][kRoute];
  logError(
    `${method} ${url} (${file}) has not been answered within its maxDuration of ${ms / 1000} s`,
  );
  if (res[kState] === State.streaming) {
    abort(res);
    return;
  }
  const id = res[kId];
  cut(res, timedOut());
  const lines = 'Content-Type: text/plain; charset=utf-8\r\n';
  const text = 'The route has not answered in time.\n';
  res[kServer].core.respond(id, 504, undefined, lines, text, Flag.close);
}
