// SPDX-License-Identifier: MIT
import { connect } from 'node:net';

const PIECE = Buffer.alloc(65_536, 'a');

/**
 * Sends a body of `bytes` with Content-Length, as fast as the server takes it, until all is sent
 * or the answer is there. Resolves to the status of the answer (0: none) and how much was sent.
 *
 * @example const { status, sent } = await upload({ port, path: '/api/stream', bytes: 2 ** 30 });
 */
export function upload({ port, path, bytes, timeoutMs = 120_000 }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sent = 0;
    let answer = '';
    const isAnswered = () => answer.includes('\r\n\r\n');
    const send = () => {
      while (sent < bytes && !isAnswered() && !socket.destroyed) {
        const piece = PIECE.subarray(0, Math.min(PIECE.length, bytes - sent));
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${path}: no answer to ${sent} bytes in ${timeoutMs / 1000} s`));
    }, timeoutMs);
    socket.on('connect', () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/plain\r\n` +
          `Content-Length: ${bytes}\r\n\r\n`,
      );
      send();
    });
    socket.on('drain', send);
    socket.setEncoding('latin1').on('data', (piece) => {
      answer += piece;
      if (isAnswered()) socket.destroy();
    });
    // A server that refuses may reset the connection while we still send: `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), sent });
    });
  });
}
