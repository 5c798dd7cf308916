// SPDX-License-Identifier: MIT

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// What answers when there is no key for the real service: a server on a free port of this machine
// that speaks OpenWeather's format, so that the route's fetch is a real one. Its weather is made up.

interface Conditions {
  country: string;
  temp: number;
  humidity: number;
  wind: number;
  sky: [id: number, main: string, description: string, icon: string];
}

const clear: Conditions['sky'] = [800, 'Clear', 'clear sky', '01d'];
const clouds: Conditions['sky'] = [803, 'Clouds', 'broken clouds', '04d'];
const rain: Conditions['sky'] = [500, 'Rain', 'light rain', '10d'];

const cities: Record<string, Conditions> = {
  London: { country: 'GB', temp: 11.4, humidity: 81, wind: 4.6, sky: rain },
  Paris: { country: 'FR', temp: 14.2, humidity: 67, wind: 3.1, sky: clouds },
  Tokyo: { country: 'JP', temp: 21.8, humidity: 58, wind: 2.4, sky: clear },
  'São Paulo': { country: 'BR', temp: 24.5, humidity: 74, wind: 2.9, sky: clouds },
  Zürich: { country: 'CH', temp: 9.7, humidity: 72, wind: 1.8, sky: clear },
};

// Three more are not on any map. A service can fail in these ways, and one wants to see it.
const failures: Record<string, (res: ServerResponse) => void> = {
  Slowville: () => undefined,
  Brokenville: (res) => res.writeHead(500, { 'Content-Type': 'text/html' }).end('<h1>Oops</h1>'),
  Garbleville: (res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"main":'),
};

let started: Promise<string> | undefined;

/** The base URL of the stand-in, which is started when it is first asked for. */
export function standInUrl(): Promise<string> {
  started ??= start();
  return started;
}

function start(): Promise<string> {
  const server = createServer(({ url = '/' }, res) =>
    answer(new URL(url, 'http://localhost'), res),
  );
  // It must not keep a server alive that was told to stop.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      console.log(`weather: no WEATHER_API_KEY, so a stand-in with made-up weather at ${url}`);
      resolve(url);
    });
  });
}

function answer({ pathname, searchParams }: URL, res: ServerResponse): void {
  const asked = searchParams.get('q') ?? '';
  const key = named(failures, asked);
  if (key !== undefined) failures[key](res);
  else if (pathname !== '/weather' || !searchParams.get('appid'))
    refuse(res, 401, 'Invalid API key');
  else answerCity(res, named(cities, asked));
}

function answerCity(res: ServerResponse, name: string | undefined): void {
  if (name === undefined) {
    refuse(res, 404, 'city not found');
    return;
  }
  const { country, temp, humidity, wind, sky } = cities[name];
  const [id, main, description, icon] = sky;
  send(res, 200, {
    weather: [{ id, main, description, icon }],
    main: { temp, feels_like: temp, temp_min: temp, temp_max: temp, pressure: 1013, humidity },
    visibility: 10_000,
    wind: { speed: wind, deg: 240 },
    dt: Math.floor(Date.now() / 1000),
    sys: { country },
    name,
    cod: 200,
  });
}

function refuse(res: ServerResponse, status: number, message: string): void {
  send(res, status, { cod: String(status), message });
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(body));
}

// Upper and lower case, accents and the country do not matter, as with the real one.
function named(table: Record<string, unknown>, asked: string): string | undefined {
  return Object.keys(table).find((name) => plain(name) === plain(asked));
}

function plain(name: string): string {
  return name.split(',', 1)[0].trim().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
