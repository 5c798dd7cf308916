// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished, PassThrough, pipeline, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline as pipe, finished as whenFinished } from 'node:stream/promises';
import { test } from 'node:test';
import { createGzip, gunzipSync } from 'node:zlib';
import { Closed } from '../../runtime/core.ts';
import { type App, appOf, type AnyHandler as Handler, textOf } from './fake-core.ts';

const turn = () => new Promise<void>((done) => setImmediate(done));

function streamed(handler: Handler): App {
  return appOf(handler, { routes: [{ config: { bodyParser: false } }] });
}

/** Opens a streamed request and waits until its body is asked for. */
async function begin(app: App): Promise<number> {
  const id = app.request({ method: 'POST', body: null });
  for (let turns = 0; turns < 100 && !app.core.calls.includes(`readBody ${id}`); turns++)
    await turn();
  assert.ok(app.core.calls.includes(`readBody ${id}`), 'the body was asked for');
  return id;
}

/** Sends a body in pieces, a turn between them. */
async function upload(app: App, id: number, pieces: string[], trailers?: string): Promise<void> {
  for (const piece of pieces) {
    app.host.body(id, new Uint8Array(Buffer.from(piece)), undefined);
    await turn();
  }
  app.host.body(id, null, trailers);
}

async function roundTrip(handler: Handler, pieces: string[]): Promise<string> {
  using app = streamed(handler);
  const id = await begin(app);
  await upload(app, id, pieces);
  const answer = textOf(await app.answer(id));
  assert.deepEqual(app.core.strays, []);
  return answer;
}

test('the ways to read a stream', async () => {
  const ways: Record<string, Handler> = {
    'for await': async (req, res) => {
      let all = '';
      for await (const chunk of req) {
        assert.ok(Buffer.isBuffer(chunk));
        all += chunk;
      }
      res.end(all);
    },
    events: (req, res) => {
      let all = '';
      req.on('data', (chunk: Buffer) => {
        all += chunk;
      });
      req.on('end', () => res.end(all));
    },
    'setEncoding and pause': (req, res) => {
      let all = '';
      req.setEncoding('utf8');
      req.on('data', (chunk: string) => {
        assert.equal(typeof chunk, 'string');
        all += chunk;
        req.pause();
        setImmediate(() => req.resume());
      });
      req.on('end', () => res.end(all));
    },
    readable: (req, res) => {
      let all = '';
      req.on('readable', () => {
        for (let chunk = req.read(); chunk !== null; chunk = req.read()) all += chunk;
      });
      req.on('end', () => res.end(all));
    },
    'the buffer consumer': async (req, res) => res.end(await buffer(req)),
    'the text consumer': async (req, res) => res.end(await text(req)),
    'once end': async (req, res) => {
      req.resume();
      await once(req, 'end');
      res.end('abcdef');
    },
    'finished()': (req, res) => {
      finished(req, (error) => res.end(error ? 'error' : 'abcdef'));
      req.resume();
    },
    pipe: (req, res) => req.pipe(res),
    'pipe through': (req, res) => req.pipe(new PassThrough()).pipe(res),
    'pipeline with a callback': (req, res) => pipeline(req, res, () => {}),
    'pipeline with a promise': async (req, res) => {
      await pipe(req, new PassThrough(), res);
    },
    toWeb: async (req, res) => res.end(await new Response(Readable.toWeb(req) as never).text()),
  };
  for (const [name, way] of Object.entries(ways)) {
    assert.equal(await roundTrip(way, ['ab', 'cd', 'ef']), 'abcdef', name);
    assert.equal(await roundTrip(way, ['abcdef']), 'abcdef', name);
  }
});

test('trailers come with the end', async () => {
  using app = streamed(async (req, res) => {
    assert.equal(req.complete, false);
    assert.equal(await text(req), 'x');
    res.json([
      req.complete,
      req.readableEnded,
      req.trailers,
      req.rawTrailers,
      req.trailersDistinct,
    ]);
  });
  const id = await begin(app);
  await upload(app, id, ['x'], 'X-Sum: 1\r\nX-Sum: 2\r\n');
  assert.deepEqual(JSON.parse(textOf(await app.answer(id))), [
    true,
    true,
    { 'x-sum': '1, 2' },
    ['X-Sum', '1', 'X-Sum', '2'],
    { 'x-sum': ['1', '2'] },
  ]);
});

test('a body that came whole is a stream, too', async () => {
  for (const body of ['whole', Buffer.from('whole')]) {
    using app = streamed(async (req, res) =>
      res.json([await text(req), req.complete, 'body' in req]),
    );
    assert.equal(textOf(await app.fetch({ method: 'POST', body })), '["whole",true,false]');
    assert.deepEqual(app.core.calls, []);
  }
});

test('a body that nobody reads is not asked for', async () => {
  using app = streamed((_req, res) => res.end('done'));
  assert.equal(textOf(await app.answer(app.request({ method: 'POST', body: null }))), 'done');
  assert.deepEqual(app.core.calls, []);
});

test('a reader who is slow stops the flow', async () => {
  using app = streamed((req, res) => {
    const slow = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void setImmediate(done),
    });
    req.pipe(slow).on('finish', () => res.end('read'));
  });
  const id = await begin(app);
  const piece = new Uint8Array(100_000);
  app.host.body(id, piece, undefined);
  app.host.body(id, piece, undefined);
  assert.equal(app.core.calls.at(-1), `pauseBody ${id}`);
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.equal(app.core.calls.at(-1), `readBody ${id}`, 'and starts it again');
  app.host.body(id, null, undefined);
  assert.equal(textOf(await app.answer(id)), 'read');
});

test('a body that was parsed is a stream that has ended', async () => {
  const ways: Handler[] = [
    async (req, res) => {
      let count = 0;
      for await (const _ of req) count++;
      res.json([count, req.body, req.readableEnded, req.complete, req.destroyed]);
    },
    (req, res) => {
      req.on('data', () => assert.fail('no data'));
      req.on('end', () => setImmediate(() => res.json([0, req.body, true, true, req.destroyed])));
    },
  ];
  for (const way of ways) {
    using app = appOf(way);
    assert.equal(
      textOf(await app.fetch({ method: 'POST', body: '12345' })),
      '[0,"12345",true,true,true]',
    );
  }
});

test('letting go of a parsed body does not close the connection', async () => {
  using app = appOf(async (req, res) => {
    req.destroy();
    await once(req, 'close');
    res.end('alive');
  });
  assert.equal(textOf(await app.fetch({ method: 'POST', body: 'x' })), 'alive');
});

test('letting go of a body that still comes closes the connection', async () => {
  const events: string[] = [];
  using app = streamed((req, res) => {
    for (const name of ['aborted', 'error', 'close'])
      req.on(name, () => events.push(`req ${name}`));
    res.on('close', () => events.push('res close'));
    req.once('data', () => req.destroy(new Error('enough')));
  });
  const id = await begin(app);
  app.host.body(id, new Uint8Array(3), undefined);
  assert.equal((await app.answer(id)).state, 'aborted');
  await turn();
  assert.deepEqual(events.sort(), ['req aborted', 'req close', 'req error', 'res close']);
});

test('a client that goes in the middle of its body', async () => {
  const events: string[] = [];
  using app = streamed((req, res) => {
    req.on('aborted', () => events.push(`aborted ${req.aborted} ${req.complete}`));
    req.on('error', (error: Error & { code: string }) =>
      events.push(`error ${error.code} ${error.message}`),
    );
    req.on('close', () => events.push('req close'));
    req.on('end', () => events.push('end'));
    res.on('close', () => events.push(`res close ${res.writableEnded} ${res.destroyed}`));
    req.resume();
  });
  const id = await begin(app);
  app.host.body(id, new Uint8Array(3), undefined);
  app.host.closed(id, Closed.gone);
  await turn();
  assert.deepEqual(events, [
    'aborted true false',
    'res close false true',
    'error ECONNRESET aborted',
    'req close',
  ]);
  assert.deepEqual(app.core.strays, []);
});

test('a reader hears of a body that was cut short', async () => {
  for (const [why, code] of [
    [Closed.gone, 'ECONNRESET'],
    [Closed.badBody, 'ECONNRESET'],
    [Closed.longBody, 'ERR_CAPRA_LONG_BODY'],
  ] as const) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    using app = streamed(async (req, res) => {
      await text(req).catch(resolve);
      assert.equal(res.write('late'), false);
      res.json('nobody hears this');
      assert.equal(res.writableEnded, true);
    });
    const id = await begin(app);
    app.host.body(id, new Uint8Array(3), undefined);
    app.host.closed(id, why);
    assert.equal(((await promise) as { code: string }).code, code);
    await turn();
    assert.deepEqual(app.core.strays, []);
  }
});

test('a listener of a piece that throws is a failure of the handler', async () => {
  using app = streamed((req) => {
    req.on('data', () => {
      throw new Error('in a listener');
    });
  });
  const { logged } = await import('./fake-core.ts');
  const log = await logged(async () => {
    const id = await begin(app);
    app.host.body(id, new Uint8Array(3), undefined);
    assert.equal((await app.answer(id)).status, 500);
  });
  assert.match(log, /Error: in a listener/);
});

test('an answer before the end of the body ends the request', async () => {
  const events: string[] = [];
  using app = streamed((req, res) => {
    req.on('error', (error: { code: string }) => events.push(error.code));
    req.on('data', () => {});
    res.status(401).json({ error: 'no' });
  });
  const id = app.request({ method: 'POST', body: null });
  assert.equal((await app.answer(id)).status, 401);
  await turn();
  app.host.body(id, new Uint8Array(3), undefined);
  app.host.body(id, null, undefined);
  assert.deepEqual(events, ['ECONNRESET']);
  assert.deepEqual(app.core.strays, []);
});

test('the ways to write a stream', async () => {
  const big = 'x'.repeat(300_000);
  const ways: Record<string, Handler> = {
    'pipe from a file': (_req, res) => createReadStream(join(app.folder, 'big.txt')).pipe(res),
    'pipeline from a file': async (_req, res) =>
      pipe(createReadStream(join(app.folder, 'big.txt')), res),
    'Readable.from': (_req, res) => Readable.from([big]).pipe(res),
    'a web stream': (_req, res) => Readable.fromWeb(new Response(big).body as never).pipe(res),
    'finished() on the answer': async (_req, res) => {
      const done = whenFinished(res);
      res.end(big);
      await done;
    },
    'finished() after the end': async (_req, res) => {
      res.end(big);
      await whenFinished(res);
    },
    'write and drain': async (_req, res) => {
      for (let at = 0; at < big.length; at += 100_000) {
        if (!res.write(big.slice(at, at + 100_000))) await once(res, 'drain');
      }
      res.end();
    },
  };
  let app: App;
  for (const [name, way] of Object.entries(ways)) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    app = appOf(async (req, res) => {
      res.on('close', resolve);
      try {
        await way(req, res);
      } catch (error) {
        reject(error as Error);
      }
    });
    writeFileSync(join(app.folder, 'big.txt'), big);
    app.core.pending = 70_000;
    const id = app.request();
    const drain = setInterval(() => app.host.drained(id), 1).unref();
    assert.equal(textOf(await app.answer(id)), big, name);
    await promise;
    clearInterval(drain);
    app[Symbol.dispose]();
  }
});

test('gzip in a pipeline', async () => {
  using app = appOf(async (_req, res) => {
    res.setHeader('Content-Encoding', 'gzip');
    await pipe(Readable.from(['hello ', 'world']), createGzip(), res);
  });
  const { pieces } = await app.fetch();
  assert.equal(gunzipSync(Buffer.concat(pieces as Buffer[])).toString(), 'hello world');
});

test('a pipe learns that the client has gone', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  using app = appOf((_req, res) => {
    const source = new Readable({ read() {} });
    source.push('first');
    pipeline(source, res, resolve);
  });
  const id = app.request();
  while (app.core.answers.get(id) === undefined) await turn();
  app.host.closed(id, Closed.gone);
  assert.equal(((await promise) as { code: string }).code, 'ERR_STREAM_PREMATURE_CLOSE');
});
