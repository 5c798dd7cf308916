// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  startTutorial,
  type Tutorial,
} from './support.ts';

const badGateway = { error: 'The weather service gave no usable answer' };
const timeout = { error: 'The weather service did not answer in time' };

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

describe('/api/weather, with the stand-in', () => {
  test('answers what the tutorial promises', async () => {
    const answer = await expect(tutorial.call('GET /api/weather?city=London'), 200);
    const { city, country, temperature, description, humidity, windSpeed } = answer.json();
    assert.deepEqual([city, country], ['London', 'GB']);
    assert.equal(typeof description, 'string');
    for (const number of [temperature, humidity, windSpeed]) assert.equal(typeof number, 'number');
    assert.equal(answer.headers['cache-control'], 'public, max-age=300');
  });

  for (const [asked, city] of [
    ['S%C3%A3o%20Paulo', 'São Paulo'],
    ['sao+paulo', 'São Paulo'],
    ['z%C3%BCrich,ch', 'Zürich'],
  ]) {
    test(`finds ${city} as ${asked}`, async () => {
      const answer = await expect(tutorial.call(`GET /api/weather?city=${asked}`), 200);
      assert.equal(answer.json().city, city);
    });
  }

  for (const query of ['', '?city=', '?city=%20', '?city=a&city=b']) {
    test(`needs one city, not ${query || 'none'}`, async () => {
      const answer = tutorial.call(`GET /api/weather${query}`);
      await expect(answer, 400, { error: 'City is required' });
    });
  }

  test('refuses a city without end', async () => {
    const answer = tutorial.call(`GET /api/weather?city=${'a'.repeat(101)}`);
    await expect(answer, 400, { error: 'City is too long' });
  });

  // Each would change the request to the service if it were not escaped.
  for (const city of ['London%26appid=', 'London%23', '../forecast', '%00', '__proto__']) {
    test(`takes ${city} for a name`, async () => {
      const answer = tutorial.call(`GET /api/weather?city=${city}`);
      await expect(answer, 404, { error: 'City not found' });
    });
  }

  test('tells the failures of the service from its own', async () => {
    await expect(tutorial.call('GET /api/weather?city=Brokenville'), 502, badGateway);
    await expect(tutorial.call('GET /api/weather?city=Garbleville'), 502, badGateway);
    const { headers } = await expect(
      tutorial.call('GET /api/weather?city=Slowville'),
      504,
      timeout,
    );
    assert.equal(headers['cache-control'], undefined);
  });

  test('takes GET only', () => expectMethods(tutorial.send('POST /api/weather', {}), 'GET'));
});

// A service of the test's own, which only a server of its own can be told of.
if (elsewhere === undefined) {
  describe('/api/weather, with a service', () => {
    const key = 'a key & its secret';
    let asked: IncomingMessage[] = [];
    let reply: (res: ServerResponse) => void;
    let own: OwnTutorial;

    const service = createServer((req, res) => {
      asked.push(req);
      reply(res);
    });
    const json = (body: unknown, status = 200) => {
      reply = (res) =>
        res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };

    before(async () => {
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
      const { port } = service.address() as AddressInfo;
      own = await startTutorial({
        WEATHER_API_KEY: key,
        WEATHER_API_URL: `http://127.0.0.1:${port}/data/2.5/`,
        WEATHER_TIMEOUT_MS: '1000',
      });
    });
    after(async () => {
      await own.stop();
      service.closeAllConnections();
      service.close();
    });

    const usable = {
      name: 'Bern',
      main: { temp: -3.5, humidity: 90 },
      weather: [{ description: 'snow' }],
      wind: { speed: 0 },
    };

    test('asks it for the city, in degrees Celsius, with the key', async () => {
      json(usable);
      asked = [];
      await expect(own.call('GET /api/weather?city=Bern%26units%3Dimperial'), 200, {
        city: 'Bern',
        country: null,
        temperature: -3.5,
        description: 'snow',
        humidity: 90,
        windSpeed: 0,
      });
      const { pathname, searchParams } = new URL(String(asked[0].url), 'http://service');
      assert.equal(pathname, '/data/2.5/weather');
      const expected = { q: 'Bern&units=imperial', units: 'metric', appid: key };
      assert.deepEqual(Object.fromEntries(searchParams), expected);
    });

    test('says that a city is not there', async () => {
      json({ cod: '404', message: 'city not found' }, 404);
      await expect(own.call('GET /api/weather?city=x'), 404, { error: 'City not found' });
    });

    for (const status of [301, 401, 403, 429, 500, 503]) {
      test(`makes 502 of its ${status}, and says no more`, async () => {
        reply = (res) => res.writeHead(status, { Location: '/elsewhere' }).end(`key ${key}`);
        await expect(own.call('GET /api/weather?city=x'), 502, badGateway);
      });
    }

    const without = (name: string) => ({ ...usable, [name]: undefined });
    for (const body of [null, [], {}, 'text', ...Object.keys(usable).map(without)]) {
      test(`makes 502 of ${JSON.stringify(body)}`, async () => {
        json(body);
        await expect(own.call('GET /api/weather?city=x'), 502, badGateway);
      });
    }

    test('makes 502 of an answer that breaks off', async () => {
      reply = (res) => {
        res.writeHead(200, { 'Content-Type': 'application/json' });
        res.write('{"name":', () => res.destroy());
      };
      await expect(own.call('GET /api/weather?city=x'), 502, badGateway);
    });

    test('does not wait for an answer that stands still in its middle', async () => {
      reply = (res) => {
        res.writeHead(200, { 'Content-Type': 'application/json' });
        res.write('{"name":');
      };
      await expect(own.call('GET /api/weather?city=x'), 504, timeout);
    });

    test('makes 502 of no service at all', async () => {
      const alone = await startTutorial({
        WEATHER_API_KEY: key,
        // The port of discard: nothing listens there on any machine of this century.
        WEATHER_API_URL: 'http://127.0.0.1:9',
      });
      await expect(alone.call('GET /api/weather?city=x'), 502, badGateway);
      await alone.stop();
    });

    test('keeps the key out of the log', async () => {
      await own.server.logged(/the weather service answered 500/);
      assert.ok(!own.server.stderr().includes(key));
      assert.ok(!own.server.stderr().includes(encodeURIComponent(key)));
    });
  });
}
