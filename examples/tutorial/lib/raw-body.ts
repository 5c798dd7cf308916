// SPDX-License-Identifier: MIT

import type { Readable } from 'node:stream';
import { PayloadTooLarge } from './errors';

/**
 * The bytes of a body as the client sent them, for a route with `bodyParser: false`. Throws
 * PayloadTooLarge when there are more than `limit`, and does not wait for the rest.
 *
 * @example
 * const body = await readRawBody(req, { limit: 1024 * 1024 });
 */
export async function readRawBody(req: Readable, { limit }: { limit: number }): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  // The request is not destroyed when we give up on it: the answer goes out over the same socket.
  for await (const piece of req.iterator({ destroyOnReturn: false })) {
    length += piece.length;
    if (length > limit) throw new PayloadTooLarge(undefined, { headers: { Connection: 'close' } });
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}
