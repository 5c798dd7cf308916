// SPDX-License-Identifier: MIT

import { connect } from 'node:net';

export interface Head {
  /** What follows `HTTP/1.1 ` in the status line. */
  status: string;
  /** The header lines as they stood on the wire. */
  lines: string[];
}

/**
 * How the answer ended: whole; still open when the time was over; closed by the server before it was
 * whole (`cut`), or before its first byte (`closed`).
 */
export type End = 'whole' | 'open' | 'cut' | 'closed';

export interface Reply {
  interim: Head[];
  /** Absent when no head came. */
  head?: Head;
  body: Buffer;
  end: End;
  /** Whether the server closed the connection, when its answer said that it would. */
  isClosed: boolean;
}

export interface Question {
  port: number;
  bytes: Uint8Array;
  method: string;
  /** How long to wait for the end of the answer. */
  ms: number;
}

/**
 * Sends bytes on a connection of their own and reads until the answer is whole, the server closes or
 * the time is over. Unlike a Wire it takes part of an answer for an answer, for here that is often
 * what is expected.
 */
export function ask({ port, bytes, method, ms }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    const settle = (isOver: 'closed' | 'late' | undefined) => {
      const reply = read(received, method, isOver === 'closed');
      const waits = reply.end === 'open' || (saysClose(reply.head) && isOver === undefined);
      if (isOver === undefined && waits) return;
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...reply, isClosed: isOver === 'closed' });
    };
    const timer = setTimeout(() => settle('late'), ms);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      settle(undefined);
    });
    socket.on('close', () => settle('closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset is an end as any other; a server that is gone is not.
      if (error.code === 'ECONNREFUSED') reject(error);
    });
  });
}

function saysClose(head: Head | undefined): boolean {
  return head?.lines.some((line) => /^connection: *close$/i.test(line)) ?? false;
}

type Read = Omit<Reply, 'isClosed'>;

function read(received: Buffer, method: string, isClosed: boolean): Read {
  const interim: Head[] = [];
  for (let rest = received; ; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1)
      return { interim, body: rest, end: !isClosed ? 'open' : rest.length > 0 ? 'cut' : 'closed' };
    const head = readHead(rest.toString('latin1', 0, end));
    rest = rest.subarray(end + 4);
    if (!head.status.startsWith('1') || head.status.startsWith('101')) {
      const { body, isWhole } = readBody(head, rest, method, isClosed);
      return { interim, head, body, end: isWhole ? 'whole' : isClosed ? 'cut' : 'open' };
    }
    interim.push(head);
  }
}

function readHead(text: string): Head {
  const [first, ...lines] = text.split('\r\n');
  if (!first.startsWith('HTTP/1.1 ')) throw new Error(`not a status line: ${first}`);
  return { status: first.slice(9), lines };
}

interface ReadBody {
  body: Buffer;
  isWhole: boolean;
}

function readBody(head: Head, rest: Buffer, method: string, isClosed: boolean): ReadBody {
  if (method === 'HEAD' || /^(204|304)/.test(head.status)) return { body: rest, isWhole: true };
  const length = field(head, 'content-length');
  if (field(head, 'transfer-encoding') !== undefined) return readChunks(rest);
  if (length === undefined) return { body: rest, isWhole: isClosed };
  // More than was declared belongs to the answer here: some handlers do that, and it must show.
  return { body: rest, isWhole: rest.length >= Number(length) };
}

function readChunks(rest: Buffer): ReadBody {
  const chunks: Buffer[] = [];
  for (;;) {
    const line = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.toString('latin1', 0, line), 16);
    if (line === -1 || rest.length < line + 2 + size + 2)
      return { body: Buffer.concat(chunks), isWhole: false };
    if (Number.isNaN(size)) throw new Error('not a chunk');
    if (size === 0) return { body: Buffer.concat(chunks), isWhole: true };
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 2 + size + 2);
  }
}

/** The value of the first header line of this name. */
export function field({ lines }: Head, name: string): string | undefined {
  const line = lines.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
