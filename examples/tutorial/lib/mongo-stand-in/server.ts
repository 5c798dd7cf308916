// SPDX-License-Identifier: MIT

import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Document } from 'bson';
import { asFailure, Commands } from './commands';
import { Store } from './store';
import { formatReply, type Request, readRequest, takeMessage } from './wire';

/**
 * Starts a server on a free port of the loopback that speaks MongoDB's wire protocol well enough for
 * the official driver, and keeps its documents in the file. It is a stand-in for trying things out:
 * no authentication, no TLS, no sessions or transactions, no indexes but that of `_id`. It keeps no
 * process alive. Resolves with its address.
 *
 * @example
 * const client = new MongoClient(`mongodb://${await startMongoStandIn('data/mongo.sqlite')}`);
 */
export function startMongoStandIn(file: string): Promise<string> {
  const commands = new Commands(new Store(file));
  const server = createServer({ noDelay: true }, (socket) => serve(socket, commands)).unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve(`127.0.0.1:${port}`);
    });
  });
}

function serve(socket: Socket, commands: Commands): void {
  let waiting = Buffer.alloc(0);
  socket.unref();
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    waiting = Buffer.concat([waiting, bytes]);
    try {
      waiting = answerAll(socket, commands, waiting);
    } catch {
      // Not the protocol, or broken in a way after which nobody knows where the next message begins.
      socket.destroy();
    }
  });
}

/** Answers every whole message, and returns what is left. */
function answerAll(socket: Socket, commands: Commands, bytes: Buffer<ArrayBuffer>) {
  let rest = bytes;
  for (;;) {
    const message = takeMessage(rest);
    if (!message) return rest;
    rest = rest.subarray(message.length);
    const request = readRequest(message);
    const reply = run(request, commands);
    if (!request.isUnanswered) socket.write(formatReply(request, reply));
  }
}

function run({ command }: Request, commands: Commands): Document {
  try {
    return { ...commands.run(command), ok: 1 };
  } catch (error) {
    const { code, codeName, message } = asFailure(error);
    return { ok: 0, code, codeName, errmsg: message };
  }
}
