// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder, writeFiles } from '../support/app.ts';
import { spawnProgram } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { root } from '../support/paths.ts';
import { residentBytes, type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

// One hour's worth of requests in fast-forward: more than five million, good, wrong and hostile, alone and side by side.
// Supervisor and workers are as large afterwards as they were after the first ones, and hold as many descriptors.

const WORKERS = 2;
const LEAST = 5_000_000; // both languages together
const MIB = 1024 * 1024;
const PATIENCE_MS = 120_000; // for one kind of request, on a machine that does much else

type Twin = 'c' | 'ts';

/** One kind of request: what load.c is told, and the status of every answer. */
interface Kind {
  path: string;
  with?: string[];
  status: number | Record<Twin, number>;
  /** Its answer ends the connection, or takes its time: it is asked less often, and not pipelined. */
  isSeldom?: true;
}

const json = 'Content-Type: application/json';
const form = 'Content-Type: application/x-www-form-urlencoded';

const bulk: Kind = { path: '/api/hello', status: 200 };

const kinds: Kind[] = [
  { path: '/api/users/7?x=1&x=2', status: 200 },
  { path: '/api/search?q=a+b&q=%C3%A4', with: ['-H', 'Cookie: a=1; b=2'], status: 200 },
  { path: '/api/docs/a/b%20c/d', with: ['-m', 'HEAD'], status: 200 },
  { path: '/api/nowhere', status: 404 },
  { path: '/api/users/7', with: ['-m', 'PUT'], status: 405 },
  { path: '/api/users/%zz', status: 400 },
  { path: '/api/echo', with: ['-m', 'POST', '-H', 'Content-Type: text/plain', '-b', '{"a":[1,{}]}'], status: 200 },
  { path: '/api/echo', with: ['-m', 'POST', '-H', json, '-b', '{"a":'], status: { c: 422, ts: 400 } },
  { path: '/api/form', with: ['-m', 'POST', '-H', form, '-b', 'a=1&a=%C3%A4&b=x+y'], status: 200 },
  { path: '/api/upload', with: ['-m', 'POST', '-b', 'x'.repeat(5000)], status: 200 },
  { path: '/api/stream', status: 200, isSeldom: true },
  { path: '/api/echo', with: ['-m', 'POST', '-b', 'x'.repeat(3000)], status: 413, isSeldom: true },
  { path: '/api/hello', with: ['-H', 'no colon here'], status: 400, isSeldom: true },
  { path: '/api/hello', with: ['-m', 'POST', '-H', 'Transfer-Encoding: chunked', '-b', 'abc'], status: 400, isSeldom: true },
  { path: '/api/hello', with: ['-H', `X-Long: ${'a'.repeat(40_000)}`], status: 431, isSeldom: true },
]; // biome-ignore format: a table

/** How many requests of each sort: of the plain one, of each other kind, of each that is seldom. */
interface Amount {
  bulk: number;
  kind: number;
  seldom: number;
}

const tenth = ({ bulk, kind, seldom }: Amount): Amount => ({
  bulk: bulk / 10,
  kind: kind / 10,
  seldom: seldom / 10,
});

const compileLoad = (): string => {
  const program = join(temporaryFolder(), 'load');
  const source = join(root, 'bench/load.c');
  execFileSync('cc', ['-std=gnu17', '-D_GNU_SOURCE', '-O2', source, '-o', program]);
  return program;
};
const load = compileLoad();

/** Asks one kind so often, and checks each answer; resolves with how many there were. */
async function ask(port: number, twin: Twin, kind: Kind, requests: number): Promise<number> {
  const status = typeof kind.status === 'number' ? kind.status : kind.status[twin];
  const running = spawnProgram(load, [
    ...['-c', '8', '-p', kind.isSeldom ? '1' : '16', '-n', String(requests)],
    ...['-s', String(PATIENCE_MS / 1000), '--status', String(status), ...(kind.with ?? [])],
    `http://127.0.0.1:${port}${kind.path}`,
  ]);
  const what = `answers to ${kind.path.slice(0, 40)}`;
  const { code, stdout, stderr } = await within(running.finished, what, { ms: 2 * PATIENCE_MS });
  assert.equal(code, 0, `${what}: ${stdout}${stderr}`);
  const { requests: answered } = JSON.parse(stdout);
  assert.equal(answered, requests, what);
  return answered;
}

/** Half of everything one kind after the other, the other half side by side. */
async function soak(port: number, twin: Twin, amount: Amount): Promise<number> {
  const half = (kind: Kind) =>
    (kind === bulk ? amount.bulk : kind.isSeldom ? amount.seldom : amount.kind) / 2;
  const all = [bulk, ...kinds];
  let sum = 0;
  for (const kind of all) sum += await ask(port, twin, kind, half(kind));
  const counts = await Promise.all(all.map((kind) => ask(port, twin, kind, half(kind))));
  return counts.reduce((total, count) => total + count, sum);
}

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** What V8 holds in each worker when everything that is garbage has gone. */
async function heaps(server: Server): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  const wires: Wire[] = [];
  // Each connection stays open, so that the next one goes to a worker that has fewer.
  while (found.size < WORKERS && wires.length < 100) {
    const wire = await Wire.open(server.port);
    wires.push(wire);
    await wire.send(format('GET /api/heap'));
    const { pid, bytes } = (await wire.answer()).json() as { pid: number; bytes: number };
    found.set(pid, bytes);
  }
  for (const wire of wires) wire.close();
  assert.equal(found.size, WORKERS, 'every worker was asked');
  return found;
}

const heapRoute = `
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  export default function heap(req, res) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    res.json({ pid: process.pid, bytes: heapUsed + external });
  }`;

function appOf(twin: Twin): string {
  const folder = temporaryFolder();
  const isSource = (path: string) => !/\\.capra$/.test(path);
  cpSync(join(root, 'examples/twins', twin), folder, { recursive: true, filter: isSource });
  if (twin === 'ts') writeFiles(folder, { 'pages/api/heap.js': heapRoute });
  return folder;
}

interface Trial {
  name: string;
  twin: Twin;
  amount: Amount;
  /** How many bytes a worker may have more than after the first tenth. */
  allowance: number;
}

const trials: Trial[] = [
  {
    name: 'routes in C',
    twin: 'c',
    amount: { bulk: 3_600_000, kind: 80_000, seldom: 1000 },
    allowance: 2 * MIB, // less than a byte for each request
  },
  {
    name: 'routes in TypeScript',
    twin: 'ts',
    amount: { bulk: 480_000, kind: 16_000, seldom: 1000 },
    allowance: 32 * MIB, // V8 keeps what it may; what it holds is looked at below
  },
];

let answered = 0;

for (const { name, twin, amount, allowance } of trials) {
  test(`${name}: as large after the last request as after the first tenth`, async () => {
    const args = ['--workers', String(WORKERS), '--log', 'json', '--access-log', '/dev/null'];
    const server = await startCapra({ app: appOf(twin), args });
    try {
      const pids = server.workers();
      const bounds = new Map([...pids.map((pid) => [pid, allowance] as const), [server.pid, MIB]]);
      answered += await soak(server.port, twin, tenth(amount));
      const heapsBefore = twin === 'ts' ? await heaps(server) : undefined;
      const before = [...bounds.keys()].map((pid) => ({
        pid,
        bytes: residentBytes(pid),
        fds: descriptors(pid),
      }));

      answered += await soak(server.port, twin, amount);

      assert.deepEqual(server.workers(), pids, 'no worker was replaced');
      for (const { pid, bytes, fds } of before) {
        const grown = () => residentBytes(pid) - bytes;
        await until(() => grown() < (bounds.get(pid) as number), 'memory as before', {
          found: () => `process ${pid}: ${(grown() / MIB).toFixed(1)} MiB more than before`,
        });
        await until(() => descriptors(pid) <= fds, 'descriptors as before', {
          found: () => `process ${pid}: ${fds} before, ${descriptors(pid)} now`,
        });
      }
      if (heapsBefore) {
        for (const [pid, bytes] of await heaps(server)) {
          const grown: number = bytes - (heapsBefore.get(pid) as number);
          assert.ok(
            grown < 2 * MIB,
            `process ${pid}: ${(grown / MIB).toFixed(1)} MiB of heap more`,
          );
        }
      }
    } finally {
      await server.stop();
    }
  });
}

test('that were more than five million requests', () => {
  assert.ok(answered >= LEAST, `${answered} requests`);
});
