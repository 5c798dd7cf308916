// SPDX-License-Identifier: MIT

/** The body of a request, which is a stream of Node's, as the web has it. */

import type { Request } from '../request.ts';
import { lent } from './borrowed.ts';

/** All of it. Rejects when it breaks off. */
export function collect(req: Request): Promise<Uint8Array> {
  // The request's own: there was nothing to read.
  if (lent.bodyOf(req) === undefined) return Promise.resolve(new Uint8Array());
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  const stream = req as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  stream.on('end', () =>
    resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)),
  );
  stream.on('error', reject);
  return promise;
}

/** As it comes, and no faster than it is read. */
export function streamOf(req: Request): ReadableStream<Uint8Array> {
  const body = lent.bodyOf(req);
  if (body !== null) return new Blob(body === undefined ? [] : [body as string]).stream();
  const chunks = req.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (!done) {
        // A copy: the stream takes the memory of what it is given away.
        controller.enqueue(new Uint8Array(value));
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}
