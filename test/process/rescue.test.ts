// SPDX-License-Identifier: MIT

// Handlers that never return, and handlers that take the process with them: everyone who waits has an answer,
// the log says who it was, and the route serves again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Files } from '../support/app.ts';
import { until } from '../support/deadline.ts';
import { isAlive, type Server, type ServerOptions, withCapra } from '../support/server.ts';
import { type Answer, format, Wire } from '../support/wire.ts';

/** One route that does what its query says, and one that waits until the end of the test. */
const script: Files = {
  'pages/api/bad.ts': `
    import type { NextApiRequest, NextApiResponse } from 'next';

    export const config = { maxDuration: 1 };

    function spin(): never {
      for (;;) Math.sqrt(2);
    }

    function fill(): never {
      for (const all: unknown[] = []; ; ) all.push(new Array(1000).fill(Math.random()));
    }

    const deeds: Record<string, () => unknown> = {
      spin,
      fill,
      regex: () => /^(a+)+$/.test('a'.repeat(60) + 'b'),
      sleep: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
      exit: () => process.exit(3),
      abort: () => process.abort(),
      segv: () => process.kill(process.pid, 'SIGSEGV'),
      nothing: () => undefined,
    };

    export default function handler(req: NextApiRequest, res: NextApiResponse) {
      const { does = 'nothing', later, first } = req.query;
      if (first) res.write('first');
      const deed = deeds[String(does)];
      if (later) setTimeout(deed, 10);
      else deed();
      if (does === 'nothing') res.json({ pid: process.pid });
    }`,
  'pages/api/wait.ts': `
    import type { NextApiRequest, NextApiResponse } from 'next';

    export default function handler(req: NextApiRequest, res: NextApiResponse) {
      if (req.query.first) res.write('first');
      console.error('waits');
    }`,
};

const native: Files = {
  'pages/api/bad.c': `
    #include <capra.h>
    #include <pthread.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    static void *break_down(void *data)
    {
        (void)data;
        abort();
    }

    CAPRA_API int bad_deep(volatile int n);

    int bad_deep(volatile int n)
    {
        volatile char room[4096];
        room[n & 4095] = (char)n;
        return n == 0 ? room[0] : bad_deep(n + 1) + room[n & 4095];
    }

    static int is(capra_slice text, const char *word)
    {
        return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
    }

    static void bad(capra_request *req, capra_response *res)
    {
        capra_slice const does = capra_request_query(req, "does");
        volatile int zero = 0;
        volatile int *volatile nowhere = NULL;
        if (does.length > 0)
            fputs("begins\\n", stderr);
        if (is(does, "spin"))
            for (;;)
                zero = zero + 0;
        if (is(does, "sleep"))
            for (;;)
                sleep(600);
        if (is(does, "segv"))
            *nowhere = 1;
        if (is(does, "deep"))
            bad_deep(1);
        if (is(does, "fpe"))
            zero = 10 / zero;
        if (is(does, "ill"))
            __builtin_trap();
        if (is(does, "abort"))
            abort();
        if (is(does, "thread")) {
            pthread_t thread;
            pthread_create(&thread, NULL, break_down, NULL);
            pthread_join(thread, NULL);
        }
        if (is(does, "exit"))
            exit(3);
        capra_json(res, 200, "{s:i}", "pid", (int)getpid());
    }

    CAPRA_ROUTE(bad);`,
};

/** Answers after the test has had time to do something. */
const slowly: Files = {
  'pages/api/slowly.ts': `
    import type { NextApiRequest, NextApiResponse } from 'next';

    export default function handler(_req: NextApiRequest, res: NextApiResponse) {
      console.error('asked');
      setTimeout(() => res.end('slowly'), 1000);
    }`,
};

const slowlyInC: Files = {
  'pages/api/slowly.c': `
    #include <capra.h>
    #include <stdio.h>

    static void answer(capra_request *req, void *data)
    {
        (void)req;
        capra_response_text(data, 200, "slowly");
    }

    static void slowly(capra_request *req, capra_response *res)
    {
        fputs("asked\\n", stderr);
        capra_defer(req);
        capra_after(req, 1000, answer, res);
    }

    CAPRA_ROUTE(slowly);`,
};

/** Asks until a worker answers; between two of them it may take a while. */
const serves = (server: Server) =>
  until(
    () =>
      server.call('GET /api/bad').then(
        ({ status }) => status === 200,
        () => false,
      ),
    'answer of the next worker',
    { ms: 60_000, found: server.stderr },
  );

/** A request on a connection of its own, which waits for its answer. */
async function ask(server: Server, request: string): Promise<Wire> {
  const wire = await Wire.open(server.port);
  await wire.send(format(request));
  return wire;
}

/** Two requests in flight: their handlers run, and wait. The second has begun to answer. */
async function waiting(server: Server): Promise<[open: Wire, begun: Wire]> {
  const open = await ask(server, 'GET /api/wait');
  const begun = await ask(server, 'GET /api/wait?first=1');
  await server.logged(/waits[\s\S]*waits/);
  return [open, begun];
}

async function isCut(wire: Wire): Promise<void> {
  await assert.rejects(wire.answer('GET'), /ended before/);
}

function isWhole(answer: Answer, status: number): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.connection, 'close');
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(answer.text, new RegExp(`^${answer.reason}: [a-z].*\\n$`));
}

interface Case {
  /** The query. */
  does: string;
  status: number;
  log: RegExp;
  env?: ServerOptions['env'];
}

const stalled: Case[] = [
  {
    does: 'spin',
    status: 504,
    log: /held for [\s\S]*in pages\/api\/bad\.ts[\s\S]*at spin \(.*pages\/api\/bad\.ts:7:/,
  },
  { does: 'spin&later=1', status: 504, log: /in pages\/api\/bad\.ts[\s\S]*at .*spin/ },
  { does: 'regex', status: 504, log: /in pages\/api\/bad\.ts[\s\S]*at RegExp\.test/ },
  { does: 'sleep', status: 504, log: /in pages\/api\/bad\.ts, at GET \/api\/bad\n/ },
];

const dying: Case[] = [
  {
    does: 'exit',
    status: 500,
    log: /process\.exit\(3\) was called in pages\/api\/bad\.ts[\s\S]*at exit.* \(.*bad\.ts:\d+:/,
  },
  {
    does: 'exit&later=1',
    status: 500,
    log: /process\.exit\(3\) was called in pages\/api\/bad\.ts/,
  },
  { does: 'abort', status: 500, log: /SIGABRT .* in pages\/api\/bad\.ts, at GET \/api\/bad\n/ },
  { does: 'segv', status: 500, log: /SIGSEGV .* in pages\/api\/bad\.ts/ },
  {
    does: 'fill',
    status: 500,
    log: /SIGABRT .* in pages\/api\/bad\.ts/,
    env: { NODE_OPTIONS: '--max-old-space-size=48' },
  },
];

const dyingInC: Case[] = [
  {
    does: 'segv',
    status: 500,
    log: /SIGSEGV .*: 0x0\) in pages\/api\/bad\.c, at GET[\s\S]*at \(.*\.so\+0x/,
  },
  { does: 'deep', status: 500, log: /SIGSEGV .* in pages\/api\/bad\.c[\s\S]*at bad_deep \(/ },
  { does: 'fpe', status: 500, log: /SIGFPE .* in pages\/api\/bad\.c/ },
  { does: 'ill', status: 500, log: /SIGILL .* in pages\/api\/bad\.c/ },
  { does: 'abort', status: 500, log: /SIGABRT .* in pages\/api\/bad\.c/ },
  { does: 'thread', status: 500, log: /SIGABRT .* in pages\/api\/bad\.c, at GET/ },
  { does: 'exit', status: 500, log: /exit was called in pages\/api\/bad\.c/ },
];

/** Never answers by itself. */
const waitInC: Files = {
  'pages/api/wait.c': `
    #include <capra.h>
    #include <stdio.h>

    static void wait_for_ever(capra_request *req, capra_response *res)
    {
        (void)res;
        capra_defer(req);
        fputs("waits\\n", stderr);
    }

    CAPRA_ROUTE(wait_for_ever);`,
};

/** Routes whose crash comes when their first call has returned, or on a thread of its own. */
const later: Files = {
  'pages/api/later.c': `
    #include <capra.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>

    CAPRA_CONFIG({ api: { bodyParser: false } });

    static char chunk[1 << 16];

    static void on_due(capra_request *req, void *data)
    {
        (void)req;
        (void)data;
        abort();
    }

    static void on_piece(capra_request *req, capra_slice piece, bool is_last, void *data)
    {
        (void)piece;
        (void)is_last;
        on_due(req, data);
    }

    static void on_drain(capra_response *res, void *data)
    {
        (void)res;
        on_due(data, data);
    }

    static void on_end(void *data)
    {
        on_due(data, data);
    }

    static void later(capra_request *req, capra_response *res)
    {
        const char *when = capra_text(req, capra_request_query(req, "when"));
        capra_defer(req);
        if (strcmp(when, "timer") == 0)
            capra_after(req, 1, on_due, NULL);
        if (strcmp(when, "post") == 0)
            capra_post(req, on_due, NULL);
        if (strcmp(when, "body") == 0)
            capra_request_on_body(req, on_piece, NULL);
        if (strcmp(when, "cancel") == 0)
            capra_on_cancel(req, on_due, NULL);
        if (strcmp(when, "drain") == 0) {
            capra_response_begin(res, 200, "text/plain", -1);
            while (capra_response_write(res, chunk, sizeof chunk) != CAPRA_FULL)
                ;
            capra_response_on_drain(res, on_drain, req);
        }
        if (strcmp(when, "end") == 0) {
            capra_on_end(req, on_end, req);
            capra_response_text(res, 200, "the end");
        }
        fputs("defers\\n", stderr);
    }

    CAPRA_ROUTE(later);`,
  'pages/api/thread.c': `
    #include <capra.h>
    #include <stdlib.h>

    CAPRA_CONFIG({ blocking: true });

    CAPRA_API int thread_deep(volatile int n);

    int thread_deep(volatile int n)
    {
        volatile char room[4096];
        room[n & 4095] = (char)n;
        return n == 0 ? room[0] : thread_deep(n + 1) + room[n & 4095];
    }

    static void thread(capra_request *req, capra_response *res)
    {
        volatile int *volatile nowhere = NULL;
        capra_slice const does = capra_request_query(req, "does");
        (void)res;
        if (capra_slice_is(does, "segv"))
            *nowhere = 1;
        if (capra_slice_is(does, "deep"))
            thread_deep(1);
        if (capra_slice_is(does, "exit"))
            exit(3);
        abort();
    }

    CAPRA_ROUTE(thread);`,
};

/** The answer's status, or that there is none; and what the log says. */
const lateCrashes: { request: string; status?: number; log: RegExp }[] = [
  ...['timer', 'post', 'body'].map((when) => ({
    request: `/api/later?when=${when}`,
    status: 500,
    log: /SIGABRT .* in pages\/api\/later\.c, at POST \/api\/later\n/,
  })),
  ...['cancel', 'drain', 'end'].map((when) => ({
    request: `/api/later?when=${when}`,
    log: /SIGABRT .* in pages\/api\/later\.c, at POST \/api\/later\n/,
  })),
  {
    request: '/api/thread?does=segv',
    status: 500,
    log: /SIGSEGV .*: 0x0\) in pages\/api\/thread\.c, at POST \/api\/thread\n[\s\S]*at \(.*\.so\+0x/,
  },
  {
    request: '/api/thread?does=deep',
    status: 500,
    log: /SIGSEGV .* in pages\/api\/thread\.c[\s\S]*at thread_deep \(/,
  },
  {
    request: '/api/thread?does=abort',
    status: 500,
    log: /SIGABRT .* in pages\/api\/thread\.c, at POST \/api\/thread\n/,
  },
  {
    request: '/api/thread?does=exit',
    status: 500,
    log: /exit was called in pages\/api\/thread\.c, at POST \/api\/thread\n/,
  },
];

const stalledInC: Case[] = [
  { does: 'spin', status: 504, log: /held for [\s\S]*in pages\/api\/bad\.c[\s\S]*at \(.*\.so\+0x/ },
  { does: 'sleep', status: 504, log: /held for [\s\S]*in pages\/api\/bad\.c[\s\S]*at sleep \(/ },
];

describe('a route in JavaScript', () => {
  for (const { does, status, log, env } of [...stalled, ...dying]) {
    test(`that does ${does}`, () =>
      withCapra({ app: script, env, args: ['--stall-timeout', '40s'] }, async (server) => {
        await serves(server);
        const [open, begun] = await waiting(server);
        const first = server.worker();
        isWhole(await server.call(`GET /api/bad?does=${does}`), status);
        isWhole(await open.answer(), 500);
        await isCut(begun);
        await server.logged(log);
        await server.logged(new RegExp(`worker ${first} `));
        await serves(server);
        assert.notEqual(server.worker(), first);
      }));
  }

  test('whose answer has begun is cut', () =>
    withCapra({ app: script }, async (server) => {
      await serves(server);
      await isCut(await ask(server, 'GET /api/bad?does=spin&first=1&later=1'));
      await server.logged(/1 cut \(answered in part\)/);
    }));
});

for (const [kind, app] of [
  ['a worker without Node', native],
  ['a worker with Node', { ...native, 'pages/api/wait.ts': script['pages/api/wait.ts'] }],
] as const) {
  describe(`a route in C, in ${kind}`, () => {
    for (const { does, status, log } of [...stalledInC, ...dyingInC]) {
      test(`that does ${does}`, () =>
        withCapra({ app, args: ['--stall-timeout', '1s'] }, async (server) => {
          await serves(server);
          const first = server.worker();
          isWhole(await server.call(`GET /api/bad?does=${does}`), status);
          await server.logged(log);
          await server.logged(new RegExp(`worker ${first} `));
          await serves(server);
        }));
    }
  });
}

for (const [kind, app] of [
  ['a worker without Node', { ...native, ...waitInC, ...later }],
  ['a worker with Node', { ...native, ...later, 'pages/api/wait.ts': script['pages/api/wait.ts'] }],
] as const) {
  describe(`a route in C that goes on after its first call, in ${kind}`, () => {
    for (const { request, status, log } of lateCrashes) {
      test(`and crashes: ${request}`, () =>
        withCapra({ app }, async (server) => {
          await serves(server);
          const first = server.worker();
          const other = await ask(server, 'GET /api/wait');
          await server.logged(/waits/);
          const wire = await Wire.open(server.port);
          await wire.send(format(`POST ${request}`, { body: 'a body' }));
          if (status !== undefined) {
            isWhole(await wire.answer(), status);
          } else if (/cancel/.test(request)) {
            await server.logged(/defers/);
            wire.reset();
          } else {
            await wire.rest();
          }
          isWhole(await other.answer(), 500);
          await server.logged(log);
          await server.logged(new RegExp(`worker ${first} `));
          await serves(server);
        }));
    }
  });
}

test('memory that a route in C has broken costs the others nothing', () =>
  withCapra(
    {
      app: {
        ...native,
        'pages/api/wait.c': `
          #include <capra.h>
          #include <stdio.h>
          #include <string.h>

          static void wait_or_break(capra_request *req, capra_response *res)
          {
              (void)res;
              if (capra_request_query(req, "breaks").length > 0)
                  memset(req, 0xff, 256);
              capra_defer(req);
              fputs("waits\\n", stderr);
          }

          CAPRA_ROUTE(wait_or_break);`,
      },
      args: ['--workers', '1'],
    },
    async (server) => {
      await serves(server);
      const first = server.worker();
      const wire = await ask(server, 'GET /api/wait');
      await server.logged(/waits/);
      const breaks = await ask(server, 'GET /api/wait?breaks=1');
      isWhole(await wire.answer(), 500);
      await server.logged(/SIGSEGV/);
      breaks.close();
      await server.logged(new RegExp(`worker ${first} `));
      await serves(server);
    },
  ));

for (const [kind, app] of [
  ['with Node', { ...script, ...slowly }],
  ['without Node', { ...native, ...slowlyInC }],
] as const) {
  test(`a worker ${kind} that is told to stop answers first`, () =>
    withCapra({ app, args: ['--workers', '1'] }, async (server) => {
      const first = server.worker();
      const wire = await ask(server, 'GET /api/slowly');
      await server.logged(/asked/);
      process.kill(first, 'SIGTERM');
      const answer = await wire.answer();
      assert.deepEqual([answer.status, answer.text], [200, 'slowly']);
      assert.equal(answer.headers.connection, 'close');
      await until(() => !isAlive(first), 'end of the worker', { ms: 60_000, found: server.stderr });
      await serves(server);
    }));
}

describe('what comes while a worker is held', () => {
  const app = native;

  test('has not begun, and may be sent again', () =>
    withCapra({ app, args: ['--stall-timeout', '1s'] }, async (server) => {
      // All that is read, or could be: connections that are open, and a request on each.
      const wires = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const wire = await Wire.open(server.port);
          await wire.send(format('GET /api/bad'));
          assert.equal((await wire.answer()).status, 200);
          return wire;
        }),
      );
      const [bad, whole, half, idle] = wires;
      await bad.send(format('GET /api/bad?does=spin'));
      await whole.send(format('GET /api/bad'));
      await half.send('GET /api/b');
      isWhole(await bad.answer(), 504);
      for (const wire of [whole, half]) {
        const answer = await wire.answer();
        isWhole(answer, 503);
        assert.equal(answer.headers['retry-after'], '1');
      }
      assert.equal(await idle.atEnd(), true);
    }));

  test('is answered in order, behind what was answered before', () =>
    withCapra({ app, args: ['--stall-timeout', '1s'] }, async (server) => {
      const wire = await Wire.open(server.port);
      const two = [format('GET /api/bad'), format('HEAD /api/bad')];
      const more = [format('GET /api/bad?does=spin'), format('GET /api/bad')];
      await wire.send(Buffer.concat([...two, ...more]));
      assert.equal((await wire.answer()).status, 200);
      assert.equal((await wire.answer('HEAD')).status, 200);
      isWhole(await wire.answer(), 504);
      assert.equal(await wire.atEnd(), true);
    }));

  test('is nothing to the other workers', () =>
    withCapra({ app, args: ['--workers', '2', '--stall-timeout', '3s'] }, async (server) => {
      const bad = await ask(server, 'GET /api/bad?does=sleep');
      await server.logged(/begins/);
      // Whoever serves now is the other one: a connection is taken by a worker that is awake.
      const pids = new Set<number>();
      for (let i = 0; i < 50; i++) pids.add((await server.call('GET /api/bad')).json().pid);
      assert.equal(pids.size, 1);
      isWhole(await bad.answer(), 504);
    }));
});

test('--stall-timeout 0 leaves a handler alone, however long it takes', () =>
  withCapra(
    {
      app: { 'pages/api/long.js': slow },
      args: ['--stall-timeout', '0'],
    },
    async (server) => {
      assert.equal((await server.call('GET /api/long')).text, 'done');
      assert.doesNotMatch(server.stderr(), /⨯/);
    },
  ));

const slow = `
  export const config = { maxDuration: 1 };
  export default function handler(req, res) {
    const end = performance.now() + 2500;
    while (performance.now() < end);
    res.end('done');
  }`;
