// SPDX-License-Identifier: MIT
// What Node's own http server makes of the bytes that arrive on a connection.
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';

/**
 * @typedef {{
 *   method: string, url: string, minor: number, rawHeaders: string[], keepAlive: boolean,
 *   framing: 'none' | 'length' | 'chunked', body: string, isComplete: boolean
 * }} Request `body` as far as it came; text is Latin-1
 * @typedef {{ requests: Request[], error: string | null }} Outcome `error`: the code of the first
 *   error, or the status of an answer that Node gave by itself
 */

const server = createServer({ keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
server.on('request', (req, res) => note(req, res));
server.on('checkContinue', (req, res) => note(req, res));
server.on('checkExpectation', (req, res) => {
  req.socket.outcome.error ??= '417';
  res.writeHead(417).end();
});
server.on('connect', (_req, socket) => {
  socket.outcome.error ??= 'CONNECT';
  socket.destroy();
});
server.on('clientError', (error, socket) => {
  // Left open: the requests before it have yet to be seen to their ends.
  socket.outcome.error ??= error.code;
});

function note(req, res) {
  const request = {
    method: req.method,
    url: req.url,
    minor: req.httpVersionMinor,
    rawHeaders: req.rawHeaders,
    keepAlive: res.shouldKeepAlive,
    framing: framingOf(req.headers),
    body: '',
    isComplete: false,
  };
  req.socket.outcome.requests.push(request);
  req.on('data', (chunk) => {
    request.body += chunk.latin1Slice();
  });
  req.on('end', () => {
    request.isComplete = true;
    res.end();
  });
  req.on('error', () => {});
}

function framingOf(headers) {
  if (headers['transfer-encoding'] !== undefined) return 'chunked';
  return headers['content-length'] === undefined ? 'none' : 'length';
}

/**
 * Feeds `bytes` to a connection that stays open, in one piece, and tells what came of them.
 *
 * @param {Buffer} bytes
 * @returns {Promise<Outcome>}
 */
export async function nodeReads(bytes) {
  const outcome = { requests: [], error: null };
  const socket = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      // The answers that Node gives without asking: no Host, for one.
      if (outcome.error === null && chunk.latin1Slice(0, 12) === 'HTTP/1.1 400')
        outcome.error = '400';
      done();
    },
  });
  socket.outcome = outcome;
  socket.on('error', () => {});
  server.emit('connection', socket);
  socket.push(bytes);
  await quiet(outcome, socket);
  socket.destroy();
  return outcome;
}

/** Nothing comes from outside, so what has not happened after some idle turns never will. */
async function quiet(outcome, socket) {
  let seen = '';
  for (let idle = 0; idle < 3; idle++) {
    await new Promise(setImmediate);
    const lengths = outcome.requests.map(({ body, isComplete }) => `${body.length}${isComplete}`);
    const now = `${socket.destroyed} ${outcome.error} ${lengths}`;
    if (now !== seen) idle = 0;
    seen = now;
  }
}
