// SPDX-License-Identifier: MIT

import { BadGateway, GatewayTimeout, HttpError, NotFound } from './errors';
import { standInUrl } from './weather-stand-in';

export interface Weather {
  city: string;
  country: string | null;
  /** Degrees Celsius. */
  temperature: number;
  description: string;
  /** Per cent. */
  humidity: number;
  /** Metres per second. */
  windSpeed: number;
}

interface Service {
  url: string;
  key: string;
  timeoutMs: number;
}

/**
 * The service that the environment names: WEATHER_API_KEY, WEATHER_API_URL (OpenWeather's, unless it
 * is set) and WEATHER_TIMEOUT_MS (3000). Without a key a stand-in in this process.
 */
async function service(): Promise<Service> {
  const key = process.env.WEATHER_API_KEY;
  const timeoutMs = Number(process.env.WEATHER_TIMEOUT_MS || 3000);
  if (!(timeoutMs > 0))
    throw new Error(
      `WEATHER_TIMEOUT_MS is a number of milliseconds, not ${process.env.WEATHER_TIMEOUT_MS}`,
    );
  if (!key) return { url: await standInUrl(), key: 'none', timeoutMs };
  const url = process.env.WEATHER_API_URL || 'https://api.openweathermap.org/data/2.5';
  return { url, key, timeoutMs };
}

/**
 * The weather in a city now. Throws NotFound for a city that the service does not know, GatewayTimeout
 * when it takes too long, BadGateway for everything else that is its fault.
 *
 * @example
 * const { temperature } = await currentWeather('São Paulo');
 */
export async function currentWeather(city: string): Promise<Weather> {
  const { url, key, timeoutMs } = await service();
  // URLSearchParams escapes: a city called `London&units=imperial` stays a city.
  const query = new URLSearchParams({ q: city, units: 'metric', appid: key });
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/weather?${query}`, {
      // The deadline holds for the body as well as for the head.
      signal: AbortSignal.timeout(timeoutMs),
      // A redirect would carry our key to somebody else.
      redirect: 'error',
    });
    if (response.status === 404) throw new NotFound('City not found');
    if (!response.ok) throw new Error(`the weather service answered ${response.status}`);
    return pick(await response.json());
  } catch (error) {
    throw mapped(error);
  }
}

// The key is in the URL that failed, and errors of fetch do not repeat it; nor do we.
function mapped(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if ((error as Error).name === 'TimeoutError')
    return new GatewayTimeout('The weather service did not answer in time', { cause: error });
  return new BadGateway('The weather service gave no usable answer', { cause: error });
}

/** Of OpenWeather's answer what ours has. Throws when it does not have it. */
// biome-ignore lint/suspicious/noExplicitAny: what comes from outside can be anything
function pick(answer: any): Weather {
  const weather = {
    city: answer.name,
    country: answer.sys?.country ?? null,
    temperature: answer.main.temp,
    description: answer.weather[0].description,
    humidity: answer.main.humidity,
    windSpeed: answer.wind.speed,
  };
  const { city, temperature, description, humidity, windSpeed } = weather;
  const numbers = [temperature, humidity, windSpeed].every(Number.isFinite);
  if (typeof city !== 'string' || typeof description !== 'string' || !numbers)
    throw new Error('the weather service answered in a form that is not known');
  return weather;
}
