// SPDX-License-Identifier: MIT

/** The second argument of an edge route. */

import type { Response } from '../response.ts';
import { lent } from './borrowed.ts';

const kRes: unique symbol = Symbol('res');

export class NextFetchEvent {
  declare [kRes]: Response;

  constructor(res: Response) {
    this[kRes] = res;
  }

  /** The work goes on behind the answer; a worker that is to end waits for it. */
  waitUntil(task: unknown): void {
    void lent.outlive(this[kRes], task);
  }

  /** It is for who stands before an origin server; there is none behind a route. */
  passThroughOnException(): void {}
}
