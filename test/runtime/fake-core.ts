// SPDX-License-Identifier: MIT

// The C side of the border, in memory: it hands over requests and writes down what comes back.

import { AssertionError } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { PreviewKeys } from '../../compiler/preview-keys.ts';
import { type Bytes, type Core, Flag, type Host } from '../../runtime/core.ts';
import { createHost, type HostOptions } from '../../runtime/host.ts';
import { METHODS } from '../../runtime/methods.ts';

/** What the client would have got. */
export interface Answer {
  status: number;
  reason: string | undefined;
  head: string;
  /** The pieces as they were handed over; `respond` makes one, or none. */
  pieces: Bytes[];
  flags: number;
  /** Of `writeHead`; undefined when the answer came whole. */
  length: number | undefined;
  trailers: string | undefined;
  state: 'open' | 'ended' | 'aborted';
}

export interface Call {
  method?: string;
  target?: string;
  version?: string;
  headers?: readonly (readonly [string, string])[];
  path?: string;
  params?: string;
  body?: string | Uint8Array | null;
  route?: number;
  /** What rules have made of it. */
  query?: string;
  hidden?: string;
  fields?: string;
  /** Behind its body. */
  trailers?: string;
}

export interface Passed {
  target: string | undefined;
  head: string | undefined;
  lines: string;
  cookies: string;
}

export class FakeCore implements Core {
  readonly answers = new Map<number, Answer>();
  readonly interims: [id: number, status: number, head: string][] = [];
  /** `readBody 0`, `pauseBody 0`, in order. */
  readonly calls: string[] = [];
  /** What `write` says waits. */
  pending = 0;
  peers = 0;
  isHeld = false;
  /** The client has every body already. */
  isKnown = false;
  /** Ids that JavaScript used although they name nothing. */
  readonly strays: string[] = [];
  readonly #open = new Set<number>();

  start(): void {}

  /** What the proxy has let go on, by id. */
  readonly passed = new Map<number, Passed>();

  passOn(
    id: number,
    target: string | undefined,
    head: string | undefined,
    lines: string,
    cookies: string,
  ): void {
    if (!this.#use(id, 'passOn')) return;
    this.passed.set(id, { target, head, lines, cookies });
    this.close(id);
  }

  exiting(): void {}

  /** What `hear` has said last. */
  isHeard = false;

  hear(isHeard: boolean): void {
    this.isHeard = isHeard;
  }

  limit(id: number, ms: number): void {
    if (this.#use(id, 'limit')) this.calls.push(`limit ${ms}`);
  }

  readonly #preset = new Map<number, string>();

  /** `preset`: the lines that the request comes with. */
  open(id: number, preset = ''): void {
    this.#open.add(id);
    this.#preset.set(id, preset);
    this.answers.delete(id);
  }

  /** The lines of an answer, with the preset ones before them if C is to put them there. */
  #linesOf(id: number, head: string, flags: number): string {
    if ((flags & Flag.preset) === 0) return head;
    const nameOf = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase();
    const lines = head.split(/(?<=\n)/);
    const own = new Set(lines.map(nameOf));
    const preset = (this.#preset.get(id) ?? '').split(/(?<=\n)/);
    return [...preset.filter((line) => !own.has(nameOf(line))), ...lines].join('');
  }

  #use(id: number, what: string): boolean {
    if (!this.#open.has(id)) this.strays.push(`${what} ${id}`);
    return this.#open.has(id);
  }

  #answer(id: number): Answer {
    return this.answers.get(id) as Answer;
  }

  close(id: number): void {
    this.#open.delete(id);
  }

  respond(
    id: number,
    status: number,
    reason: string | undefined,
    head: string,
    body: Bytes | undefined,
    flags: number,
  ): boolean | undefined {
    if (!this.#use(id, 'respond')) return undefined;
    const pieces = body === undefined ? [] : [body];
    const state = 'ended';
    this.answers.set(id, {
      status,
      reason,
      head: this.#linesOf(id, head, flags),
      pieces,
      flags,
      length: undefined,
      trailers: undefined,
      state,
    });
    this.close(id);
    return this.isKnown && (flags & Flag.etag) !== 0;
  }

  respondJson(id: number, status: number, text: string, flags: number): boolean | undefined {
    const line = 'Content-Type: application/json; charset=utf-8\r\n';
    return this.respond(id, status, undefined, line, text, flags);
  }

  page(id: number, status: number): void {
    this.respond(id, status, undefined, 'Content-Type: text/html\r\n', undefined, 0);
  }

  writeHead(
    id: number,
    status: number,
    reason: string | undefined,
    head: string,
    length: number,
    flags: number,
  ): void {
    if (!this.#use(id, 'writeHead')) return;
    const state = 'open';
    this.answers.set(id, {
      status,
      reason,
      head: this.#linesOf(id, head, flags),
      pieces: [],
      flags,
      length,
      trailers: undefined,
      state,
    });
  }

  write(id: number, chunk: Bytes): number {
    if (!this.#use(id, 'write')) return 0;
    this.#answer(id).pieces.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk));
    return this.pending;
  }

  finish(id: number, chunk: Bytes | undefined, trailers: string | undefined): void {
    if (!this.#use(id, 'finish')) return;
    const answer = this.#answer(id);
    if (chunk !== undefined) answer.pieces.push(chunk);
    answer.trailers = trailers;
    answer.state = 'ended';
    this.close(id);
  }

  writeInterim(id: number, status: number, head: string): void {
    if (this.#use(id, 'writeInterim')) this.interims.push([id, status, head]);
  }

  abort(id: number): void {
    if (!this.#use(id, 'abort')) return;
    const nothing = { status: 0, reason: undefined, head: '', pieces: [], flags: 0 };
    const before = this.answers.get(id) ?? { ...nothing, length: undefined, trailers: undefined };
    this.answers.set(id, { ...before, state: 'aborted' });
    this.close(id);
  }

  detach(id: number): undefined {
    this.#use(id, 'detach');
  }

  readBody(id: number): void {
    if (this.#use(id, 'readBody')) this.calls.push(`readBody ${id}`);
  }

  pauseBody(id: number): void {
    if (this.#use(id, 'pauseBody')) this.calls.push(`pauseBody ${id}`);
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  peer(id: number): string | undefined {
    this.peers++;
    return this.#open.has(id) ? '192.0.2.7 40000 IPv4 127.0.0.1 3000' : undefined;
  }
}

export interface RouteText {
  route?: string;
  file?: string;
  kind?: string;
  module?: string;
  message?: string;
  config?: Record<string, unknown>;
}

export interface AppOptions extends HostOptions {
  mode?: 'production' | 'development';
  /** Of the manifest. */
  settings?: object;
  routes?: RouteText[];
}

/** Of every app. */
export const preview: PreviewKeys = {
  id: '0123456789abcdef0123456789abcdef',
  signingKey: 'a'.repeat(64),
  encryptionKey: 'b'.repeat(64),
  madeAt: 0,
};

/** A worker without a server: a host, the fake core, and a folder for modules. */
export class App implements Disposable {
  readonly core = new FakeCore();
  readonly folder = mkdtempSync(join(tmpdir(), 'capra-runtime-'));
  readonly host: Host;
  /** What a handler of `appOf` found to be wrong. */
  broken: AssertionError | undefined;
  readonly #mode: string;
  readonly #settings: object | undefined;
  #nextId = 0;

  constructor({ mode = 'production', settings, routes = [], ...options }: AppOptions = {}) {
    this.host = createHost(this.core, { folder: this.folder, ...options });
    this.#mode = mode;
    this.#settings = settings;
    this.routes(routes);
  }

  routes(routes: RouteText[]): void {
    const full = routes.map((route) => ({
      route: '/api/x',
      file: 'pages/api/x.ts',
      kind: 'script',
      ...route,
      config: { bodyParser: true, responseLimit: 4_194_304, ...route.config },
    }));
    const manifest = { version: 1, mode: this.#mode, settings: this.#settings, preview };
    this.host.routes(JSON.stringify({ ...manifest, routes: full }));
  }

  /** Writes a module; returns its path for the manifest. */
  module(name: string, source: string): string {
    writeFileSync(join(this.folder, name), source);
    return name;
  }

  /** Hands over a request as C would. Returns its number. */
  request({
    method = 'GET',
    target = '/api/x',
    version = '1.1',
    headers = [['Host', 'localhost:3000']],
    path,
    params,
    body,
    route = 0,
    query,
    hidden,
    fields,
    trailers,
  }: Call = {}): number {
    const id = this.#nextId++;
    this.core.open(id, fields);
    const lines = headers.map(([name, value]) => `\r\n${name}: ${value}`).join('');
    const head = `${method} ${target} HTTP/${version}${lines}`;
    const at = method.length + 1;
    this.host.request(
      id,
      route,
      METHODS.indexOf(method),
      at,
      target.length,
      head,
      path,
      params,
      body,
      query,
      hidden,
      fields,
      trailers,
    );
    return id;
  }

  /** The answer to a request, when it is whole. */
  async answer(id: number): Promise<Answer> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      if (this.broken !== undefined) throw this.broken;
      const answer = this.core.answers.get(id);
      if (answer !== undefined && answer.state !== 'open') return answer;
      await turn();
    }
    throw new Error(`request ${id} was never answered`);
  }

  async fetch(call?: Call): Promise<Answer> {
    return await this.answer(this.request(call));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
    if (this.broken !== undefined) throw this.broken;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: tests do what users may not
export type AnyHandler = (req: any, res: any) => unknown;

/** An app of one route whose handler is a function of the test, which fails with its assertions. */
export function appOf(handler: AnyHandler, options: AppOptions = {}): App {
  const app = new App(options);
  const index = handlers.length;
  const note = (error: unknown): never => {
    if (error instanceof AssertionError) app.broken ??= error;
    throw error;
  };
  handlers.push((req, res) => {
    try {
      const result = handler(req, res);
      return result instanceof Promise ? result.catch(note) : result;
    } catch (error) {
      return note(error);
    }
  });
  const source = `export default (req, res) => globalThis.capraTestHandlers[${index}](req, res);`;
  const [route = {}] = options.routes ?? [];
  app.routes([{ ...route, module: app.module(`handler${index}.mjs`, source) }]);
  return app;
}

const handlers: AnyHandler[] = [];
Object.assign(globalThis, { capraTestHandlers: handlers });

export function textOf({ pieces }: Answer): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : Buffer.from(piece).toString()))
    .join('');
}

/** The header lines of an answer. */
export function linesOf({ head }: Answer): string[] {
  return head.split('\r\n').slice(0, -1);
}

/** What is written to stderr through the console while `task` runs. */
export async function logged(task: () => unknown): Promise<string> {
  const { format } = await import('node:util');
  const before = console.error;
  let text = '';
  console.error = (...values: unknown[]) => {
    text += `${format(...values)}\n`;
  };
  try {
    await task();
  } finally {
    console.error = before;
  }
  return text;
}
