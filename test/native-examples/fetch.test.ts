// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { until } from '../support/deadline.ts';
import { format, Wire } from '../support/wire.ts';
import { change, type Example, expect, HOSTS, startExample, stopsWell } from './support.ts';

const json = (current: unknown) => JSON.stringify({ current });
const WEATHER = { temperature_2m: 12.5, wind_speed_10m: 3 };

/** What the other server does, by the latitude that it is asked for. */
const DOES: Record<string, (res: ServerResponse) => void> = {
  '10.0000': (res) => res.end(json(WEATHER)),
  '11.0000': (res) => res.writeHead(500).end(json(WEATHER)),
  '12.0000': (res) => res.end('{ "current": '),
  '13.0000': (res) => res.end(json({ temperature_2m: 'warm', wind_speed_10m: 3 })),
  '14.0000': (res) => res.destroy(),
  '15.0000': () => {},
  '16.0000': (res) => res.writeHead(302, { Location: '/?latitude=10.0000' }).end(),
  '17.0000': (res) => res.end(Buffer.alloc(1024 ** 2 + 1, ' ')),
  '18.0000': (res) =>
    res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(json(WEATHER))),
  '19.0000': (res) => void res.writeHead(200, { 'Content-Length': '100' }).write('{'),
  '20.0000': (res) => res.end('[]'),
};

const asked: string[] = [];
let waiting = 0;
const upstream = createServer((req, res) => {
  const latitude = new URL(req.url ?? '', 'http://x').searchParams.get('latitude') ?? '';
  asked.push(req.url ?? '');
  waiting++;
  res.on('close', () => waiting--);
  DOES[latitude]?.(res);
});
before(async () => {
  await new Promise<void>((ready) => upstream.listen(0, '127.0.0.1', ready));
});
after(() => {
  upstream.closeAllConnections();
  upstream.close();
});

for (const host of HOSTS) {
  describe(`examples/c-fetch in ${host}`, () => {
    let app: Example;
    let workers: number[];
    before(async () => {
      const { port } = upstream.address() as AddressInfo;
      const env = {
        WEATHER_URL: `http://127.0.0.1:${port}/v1/forecast`,
        WEATHER_TIMEOUT_MS: '1000',
      };
      app = await startExample('c-fetch', host, { env });
      workers = app.workers();
    });
    after(() => stopsWell(app, workers));

    const weather = (latitude: number | string, longitude: number | string = 13.4) =>
      app.call(`GET /api/weather?latitude=${latitude}&longitude=${longitude}`);

    test('asks the other server, and answers with what it says', async () => {
      const { headers } = await expect(weather(10), 200, { temperature: 12.5, windSpeed: 3 });
      assert.equal(headers['cache-control'], 'public, max-age=60');
      const query = 'latitude=10.0000&longitude=13.4000&current=temperature_2m,wind_speed_10m';
      assert.equal(asked.at(-1), `/v1/forecast?${query}`);
      await expect(weather(18), 200, { temperature: 12.5, windSpeed: 3 });
    });

    const failed = { error: 'The weather service has failed' };
    const FAILURES: Record<number, string> = {
      11: 'with a 500',
      12: 'with half of an answer',
      13: 'with something else',
      14: 'by closing the connection',
      16: 'with a redirect, which is not followed',
      17: 'with too much',
      20: 'with a list',
    };
    for (const [latitude, how] of Object.entries(FAILURES))
      test(`says that the other server has failed, ${how}`, async () => {
        await expect(weather(latitude), 502, failed);
      });

    test('waits for the other server no longer than it should', async () => {
      const late = { error: 'The weather service takes too long' };
      await Promise.all([expect(weather(15), 504, late), expect(weather(19), 504, late)]);
    });

    test('answers others while it waits, and many at once', async () => {
      const wire = await Wire.open(app.port);
      await wire.send(format('GET /api/weather?latitude=15&longitude=0'));
      const all = Array.from({ length: 60 }, async () => {
        await expect(weather(10), 200);
      });
      await Promise.all(all);
      assert.equal((await wire.answer()).status, 504);
      wire.close();
    });

    test('lets go of the other server when its own client leaves', async () => {
      await until(() => waiting === 0, 'end of all others');
      const wire = await Wire.open(app.port);
      await wire.send(format('GET /api/weather?latitude=15&longitude=0'));
      await until(() => waiting === 1, 'request to the other server');
      wire.close();
      await until(() => waiting === 0, 'end of it');
    });

    for (const wrong of [
      '',
      'x',
      '91',
      '-90.5',
      'nan',
      'inf',
      '1e999',
      '10x',
      '10%00',
      '10%26q=1',
      '%0d%0aX:1',
    ])
      test(`refuses latitude=${wrong}`, async () => {
        const before = asked.length;
        await expect(weather(wrong), 400);
        await expect(weather(10, wrong || 'x'), wrong === '91' || wrong === '-90.5' ? 200 : 400);
        assert.ok(asked.length <= before + 1);
      });

    if (host === 'sanitizers')
      test('goes on when the route is built again', () =>
        change(app, 'pages/api/weather.c', 'GET /api/weather?latitude=10&longitude=1'));

    test('takes GET alone', async () => {
      assert.equal((await expect(app.call('POST /api/weather'), 405)).headers.allow, 'GET');
    });
  });
}

test('examples/c-fetch answers 502 when nobody is there', async () => {
  const app = await startExample('c-fetch', 'capra', {
    env: { WEATHER_URL: 'http://127.0.0.1:1/' },
  });
  await expect(app.call('GET /api/weather?latitude=1&longitude=1'), 502);
  await app.logged(/weather: .*connect/i);
  await app.stop();
});
