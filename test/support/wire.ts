// SPDX-License-Identifier: MIT

import { connect, type Socket } from 'node:net';
import { within } from './deadline.ts';

export interface Message {
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
}

/** An answer as it came, taken apart without any mercy for what is not exactly HTTP/1.1. */
export interface Answer {
  status: number;
  reason: string;
  /** Lower-case names; what came several times is joined by `, `. */
  headers: Record<string, string>;
  /** The header lines as they stood on the wire. */
  lines: string[];
  bytes: Buffer;
  text: string;
  /** The body as JSON; throws when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: what comes is what the test is about to find out
  json(): any;
}

/**
 * A connection that speaks bytes.
 *
 * @example
 * const wire = await Wire.open(server.port);
 * await wire.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
 * const { status } = await wire.answer();
 */
export class Wire {
  #socket: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    await within(opened, 'connection');
    // As with processes: a wire that a failed test left open keeps nobody waiting.
    socket.unref();
    return new Wire(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#notify();
    });
    socket.on('end', () => this.#finish());
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => this.#finish());
  }

  /** Sends the bytes: at once, byte by byte, or cut before the given offsets. */
  async send(data: string | Uint8Array, { split = [] as 'bytes' | number[] } = {}): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
    const cuts = split === 'bytes' ? [...bytes.keys()].slice(1) : split;
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      await this.#write(bytes.subarray(from, to));
      from = to;
    }
  }

  // The turn of the loop after each write lets the kernel make a segment of it.
  #write(bytes: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#socket.write(bytes, () => setImmediate(resolve));
    });
    return within(written, 'room for what is sent');
  }

  /** Says that nothing more will be sent (FIN); answers can still be read. Until it is on its way. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.end(() => resolve());
    });
  }

  /** Cuts the connection (RST). */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Reads nothing more until `resume`, so that the server's writes pile up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The next answer to a request with this method; interim ones (1xx) are answers too. */
  async answer(method = 'GET'): Promise<Answer> {
    const head = (await this.#until('\r\n\r\n')).toString('latin1').slice(0, -4);
    const [statusLine, ...lines] = head.split('\r\n');
    const parts = statusLine.match(/^HTTP\/1\.1 (\d{3}) ([\x20-\x7e]*)$/);
    if (!parts) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
    const headers = joinFields(lines);
    const status = Number(parts[1]);
    const bytes = await this.#body(method, status, headers);
    const text = bytes.toString('utf8');
    return { status, reason: parts[2], headers, lines, bytes, text, json: () => JSON.parse(text) };
  }

  /** Everything up to the end of the connection, which is then closed from this side, too. */
  async rest(): Promise<Buffer> {
    await this.#wait(() => this.#ended, 'end of the connection');
    this.close();
    return this.#take(this.#length);
  }

  /** Resolves when the server has closed the connection; what it still sent is an error. */
  async closed(): Promise<void> {
    const rest = await this.rest();
    if (rest.length > 0)
      throw new Error(`bytes before the end: ${JSON.stringify(rest.toString())}`);
  }

  /** Whether the connection has ended; waits until that or another byte shows it. */
  async atEnd(): Promise<boolean> {
    await this.#wait(() => this.#ended || this.#length > 0, 'answer or end');
    return this.#length === 0;
  }

  /** Whether the connection broke instead of ending in order. */
  get broken(): boolean {
    return this.#error !== undefined;
  }

  /** Bytes that have come and were not asked for yet. */
  get waiting(): number {
    return this.#length;
  }

  async #body(method: string, status: number, headers: Record<string, string>): Promise<Buffer> {
    const length = headers['content-length'];
    const encoding = headers['transfer-encoding'];
    if (length !== undefined && encoding !== undefined) throw new Error('both framings at once');
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
      return Buffer.alloc(0);
    if (encoding !== undefined) return this.#chunked();
    if (length !== undefined) return this.#exactly(Number(length));
    return this.rest();
  }

  async #chunked(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const line = (await this.#until('\r\n')).toString('latin1');
      const size = line.match(/^([0-9a-f]+)\r\n$/i);
      if (!size) throw new Error(`not a chunk's size: ${JSON.stringify(line)}`);
      const length = Number.parseInt(size[1], 16);
      if (length === 0) break;
      chunks.push(await this.#exactly(length));
      if ((await this.#exactly(2)).toString() !== '\r\n') throw new Error('chunk without an end');
    }
    while ((await this.#until('\r\n')).length > 2);
    return Buffer.concat(chunks);
  }

  async #exactly(length: number): Promise<Buffer> {
    await this.#wait(() => this.#length >= length, `${length} bytes of body`);
    return this.#take(length);
  }

  async #until(mark: string): Promise<Buffer> {
    await this.#wait(() => this.#peek().includes(mark), `${JSON.stringify(mark)} in the answer`);
    return this.#take(this.#peek().indexOf(mark) + mark.length);
  }

  #take(length: number): Buffer {
    const bytes = this.#peek();
    this.#chunks = [bytes.subarray(length)];
    this.#length -= length;
    return bytes.subarray(0, length);
  }

  // Chunks are put together only when somebody looks at them, for a long body comes in thousands.
  #peek(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  async #wait(ready: () => boolean, what: string): Promise<void> {
    const found = () => `received: ${JSON.stringify(this.#peek().toString('latin1', 0, 500))}`;
    while (!ready()) {
      if (this.#ended) throw new Error(`the connection ended before ${what}; ${found()}`);
      await within(new Promise<void>((resolve) => (this.#wake = resolve)), what, { found });
    }
  }

  #finish(error?: Error): void {
    this.#error ??= error;
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/**
 * The bytes of a request; a body brings its Content-Length.
 *
 * @example
 * format('POST /api/users', { body: '{}', headers: { 'Content-Type': 'application/json' } });
 */
export function format(request: string, { headers = {}, body }: Message = {}): Buffer {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const lines = [`${request} HTTP/1.1`];
  const bytes = Buffer.from(body ?? '');
  if (!given.has('host')) lines.push('Host: localhost');
  if (body !== undefined && !given.has('transfer-encoding') && !given.has('content-length'))
    lines.push(`Content-Length: ${bytes.length}`);
  for (const [name, value] of Object.entries(headers))
    for (const each of [value].flat()) lines.push(`${name}: ${each}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** One request on a connection of its own, and its final answer. */
export async function exchange(port: number, request: string, message?: Message): Promise<Answer> {
  const wire = await Wire.open(port);
  try {
    await wire.send(format(request, message));
    return await wire.answer(request.split(' ')[0]);
  } finally {
    wire.close();
  }
}

/** Sends bytes as they are and reads all answers until the server closes the connection. */
export async function rawExchange(
  port: number,
  data: string | Uint8Array,
  { split = [] as 'bytes' | number[], methods = [] as string[] } = {},
): Promise<Answer[]> {
  const wire = await Wire.open(port);
  const answers: Answer[] = [];
  try {
    await wire.send(data, { split });
    while (!(await wire.atEnd())) answers.push(await wire.answer(methods[answers.length]));
    return answers;
  } finally {
    wire.close();
  }
}

function joinFields(lines: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const parts = line.match(/^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?(.*)$/);
    if (!parts) throw new Error(`not a header line: ${JSON.stringify(line)}`);
    const name = parts[1].toLowerCase();
    fields[name] = name in fields ? `${fields[name]}, ${parts[2]}` : parts[2];
  }
  return fields;
}
