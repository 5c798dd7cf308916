// SPDX-License-Identifier: MIT

import { within } from '../support/deadline.ts';
import { format } from '../support/wire.ts';
import {
  type Body,
  type BuildCase,
  type Case,
  cases,
  type Expected,
  isBuildCase,
  type Mode,
  type RequestCase,
} from './case.ts';
import { compare, fill, type Values } from './compare.ts';
import { ask, field, type Reply } from './exchange.ts';
import { normalise } from './normalise.ts';
import { type ObservedCase, observed } from './observed.ts';
import { build, type Server, startApp } from './serve.ts';

export type AnyCase = Case | ObservedCase;

export const everyCase: AnyCase[] = [...cases, ...observed];

/** What came of a case in a mode. */
export interface Outcome {
  /** How it departs from the contract; empty when it does not. */
  faults: string[];
  /** How it departs from what Capra does on purpose; absent when the case tells nothing of that. */
  oursFaults?: string[];
  /** Why Capra does something else on purpose, if it does. */
  why?: string;
  /** Request, expected and found, for a person. */
  report: string;
}

// Wide enough that the cases in which nothing happens for a while wait together, and narrow enough
// that the two cores of a small machine still answer the others in time.
const REQUESTS_AT_ONCE = 24;
const PROJECTS_AT_ONCE = 3;

const ANSWER_MS = 5_000;
const CASE_MS = 30_000;

/**
 * Runs every case in a mode. Each app is built and started once; the result has a promise for each
 * case, which is kept while the others still run.
 */
export function runAll(mode: Mode, only = (_id: string) => true): Map<string, Promise<Outcome>> {
  const results = new Map<string, PromiseWithResolvers<Outcome>>();
  const chosen = everyCase.filter(({ id }) => only(id));
  for (const { id } of chosen) results.set(id, Promise.withResolvers());
  const report = (id: string, outcome: Outcome) => results.get(id)?.resolve(outcome);
  const jobs = [...byProject(chosen)].map(
    ([name, list]) =>
      () =>
        runProject(name, list, mode, report),
  );
  void inParallel(jobs, PROJECTS_AT_ONCE);
  return new Map([...results].map(([id, { promise }]) => [id, promise]));
}

/** The cases of an app; those that need none are one project each. */
function byProject(list: AnyCase[]): Map<string, AnyCase[]> {
  const groups = Map.groupBy(list, (each) =>
    'app' in each && each.app ? each.app : `(${each.id})`,
  );
  // The large ones first, so that none of them is the last to finish.
  return new Map([...groups].sort(([, a], [, b]) => b.length - a.length));
}

type ReportFn = (id: string, outcome: Outcome) => void;

async function runProject(name: string, list: AnyCase[], mode: Mode, report: ReportFn) {
  let server: Server | undefined;
  try {
    if (!name.startsWith('(')) server = await startApp(name, { mode });
  } catch (error) {
    for (const each of list) report(each.id, failed(each, error));
    return;
  }
  const session = server && new Session(server, name, mode);
  const jobs = chains(list).map((chain) => async () => {
    for (const each of chain) {
      const ended = within(run(each, mode, session), 'outcome', { ms: CASE_MS });
      const outcome = ended.catch((error) => failed(each, error));
      report(each.id, await outcome);
    }
  });
  await inParallel(jobs, REQUESTS_AT_ONCE);
  await server?.stop();
}

/** Cases that must follow another one stand behind it; all others are alone. */
function chains(list: AnyCase[]): AnyCase[][] {
  const chains = new Map<string, AnyCase[]>();
  for (const each of list) {
    const before = 'after' in each && each.after !== undefined ? chains.get(each.after) : undefined;
    const chain = before ?? [];
    chain.push(each);
    chains.set(each.id, chain);
  }
  return [...new Set(chains.values())];
}

async function inParallel(jobs: (() => Promise<unknown>)[], width: number): Promise<void> {
  const left = jobs.values();
  const worker = async () => {
    for (const job of left) await job();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function failed(each: AnyCase, error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { faults: [message], report: `${each.id} ${each.rule}\n${message}` };
}

function run(each: AnyCase, mode: Mode, session?: Session): Promise<Outcome> {
  if ('check' in each) return runObserved(each, mode, session?.server);
  if (isBuildCase(each)) return runBuild(each, mode);
  if (mode === 'default' && each.betterBuild) {
    const { id, section, rule } = each;
    return runBuild({ id, section, rule, ...each.betterBuild }, mode);
  }
  if (!session) throw new Error(`${each.id} names no app`);
  return session.run(each);
}

async function runObserved(each: ObservedCase, mode: Mode, server?: Server): Promise<Outcome> {
  try {
    await each.check({ mode, server: server as Server });
    return { faults: [], report: '' };
  } catch (error) {
    const outcome = failed(each, error);
    return each.why === undefined ? outcome : { ...outcome, oursFaults: [], why: each.why };
  }
}

// --- Builds ---

async function runBuild(each: BuildCase, mode: Mode): Promise<Outcome> {
  const { code, stdout, stderr } = await build(each, mode);
  const said = stdout + stderr;
  const judge = ({ exit, says = [], routes }: BuildCase['expect']) => [
    ...(code === exit ? [] : [`exit code: expected ${exit}, found ${code}`]),
    ...says.filter((text) => !said.includes(text)).map((text) => `it does not say: ${text}`),
    ...(routes && `${routes}` !== `${listed(stdout)}`
      ? [`routes: expected ${routes}, found ${listed(stdout)}`]
      : []),
  ];
  const expected = (mode === 'default' && each.better) || each.expect;
  return {
    faults: judge(expected),
    ...(each.ours && { oursFaults: judge(each.ours), why: each.why }),
    report: `build of ${Object.keys(each.files).join(', ')}\nexpected: ${JSON.stringify(expected)}\nfound: exit ${code}\n${said}`,
  };
}

function listed(stdout: string): string[] {
  return [...stdout.matchAll(/^[┌├└─ ]*[ƒλC*]? *(\/\S*)/gm)].map(([, path]) => path);
}

// --- Requests ---

const boundary = 'B';
const multipart = [
  `--${boundary}`,
  'Content-Disposition: form-data; name="a"',
  '',
  '1',
  `--${boundary}`,
  'Content-Disposition: form-data; name="file"; filename="x.txt"',
  'Content-Type: text/plain',
  '',
  'hello',
  `--${boundary}--`,
  '',
].join('\r\n');

/** The cases of one server. */
class Session {
  readonly server: Server;
  readonly app: string;
  readonly mode: Mode;
  #previewId: Promise<string> | undefined;

  constructor(server: Server, app: string, mode: Mode) {
    this.server = server;
    this.app = app;
    this.mode = mode;
  }

  async run(each: RequestCase): Promise<Outcome> {
    const values = await this.#values(each);
    const bytes = requestBytes(each, values);
    const expected = expectedIn(each, this.mode);
    const ours = oursIn(each, this.mode);
    const silent = typeof expected.body === 'object' && 'silentFor' in expected.body;
    const ms = silent ? (expected.body as { silentFor: number }).silentFor : ANSWER_MS;
    const method = bytes.toString('latin1').split(' ', 1)[0];
    const reply = await ask({ port: this.server.port, bytes, method, ms });
    return {
      faults: compare(expected, reply, values),
      ...(ours && { oursFaults: compare(ours, reply, values), why: each.why }),
      report: tell(bytes, expected, reply),
    };
  }

  async #values(each: RequestCase): Promise<Values> {
    const port = { '<port>': String(this.server.port) };
    if (!JSON.stringify(each).includes('<previewModeId>')) return port;
    this.#previewId ??= this.#askPreviewId();
    return { ...port, '<previewModeId>': await this.#previewId };
  }

  // Nobody but the server knows the id: it is what the cookie says.
  async #askPreviewId(): Promise<string> {
    const drafts = cases.find(
      (each): each is RequestCase =>
        !isBuildCase(each) &&
        /^res\.setDraftMode\(/.test(each.handler ?? '') &&
        each.app === this.app,
    );
    const headers = { 'x-case': drafts?.id ?? '' };
    const bytes = format('GET /api/x', { headers });
    const { port } = this.server;
    const { head } = await ask({ port, bytes, method: 'GET', ms: ANSWER_MS });
    const cookie = (head && field(head, 'set-cookie')) ?? '';
    return cookie.match(/^__prerender_bypass=([0-9a-f]{32});/)?.[1] ?? '(no id)';
  }
}

/** What a case expects in a mode: observed, or better, after the general differences. */
export function expectedIn(each: RequestCase, mode: Mode): Expected {
  const better = mode === 'default' ? each.better : undefined;
  return normalise({ ...each.expect, ...better }, each, mode);
}

function oursIn(each: RequestCase, mode: Mode): Expected | undefined {
  return each.ours && normalise({ ...each.expect, ...each.ours }, each, mode);
}

function requestBytes(each: RequestCase, values: Values): Buffer {
  const marker: Record<string, string> = each.handler === undefined ? {} : { 'x-case': each.id };
  if (each.bytes !== undefined) return rawBytes(each.bytes, marker);
  const given = Object.entries(each.headers ?? {}).map(([name, value]) => [
    name,
    [value].flat().map((text) => fill(text, values)),
  ]);
  const headers = {
    Host: fill('localhost:<port>', values),
    ...Object.fromEntries(given),
    ...marker,
  };
  return format(each.request as string, { headers, body: bodyBytes(each.body) });
}

function rawBytes(text: string, marker: Record<string, string>): Buffer {
  const long = text.replace(/\{(.)\*(\d+)\}/g, (_all, letter, times) =>
    letter.repeat(Number(times)),
  );
  const lines = Object.entries(marker).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(long.replace('\r\n', `\r\n${lines.join('')}`), 'latin1');
}

function bodyBytes(body: Body | undefined): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if ('hex' in body) return Buffer.from(body.hex, 'hex');
  if ('repeat' in body) return Buffer.from(body.repeat.repeat(body.times));
  if ('multipart' in body) return Buffer.from(multipart);
  throw new Error(`no body of a request: ${JSON.stringify(body)}`);
}

function tell(bytes: Buffer, expected: Expected, { interim, head, body, end }: Reply): string {
  const short = (text: string) => (text.length > 600 ? `${text.slice(0, 600)}…` : text);
  return [
    '--- request',
    short(bytes.toString('latin1')),
    '--- expected',
    JSON.stringify(expected, null, 2),
    '--- found',
    ...interim.map(({ status }) => `HTTP/1.1 ${status}`),
    ...(head ? [`HTTP/1.1 ${head.status}`, ...head.lines] : ['(no head)']),
    '',
    `${short(body.toString('utf8'))}`,
    `(${end})`,
  ].join('\n');
}
