// SPDX-License-Identifier: MIT

/**
 * The project's `instrumentation.ts`: its `register` is called, and waited for, before the worker serves; its
 * `onRequestError` is told of what routes throw. Nearly no project has one, so that the manifest, which C reads anyway, is
 * only looked through for the word.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { kRequest, kRoute } from './internals.ts';
import type { ImportModule } from './load-route.ts';
import { logError } from './log.ts';
import type { Response } from './response.ts';

/** As Next hands it over: the error, what of the request is known, and where it happened. */
export type OnRequestError = (
  error: unknown,
  request: { path: string; method: string; headers: Record<string, string | string[] | undefined> },
  context: { routerKind: 'Pages Router'; routePath: string; routeType: 'route' },
) => unknown;

interface Exports {
  register?: unknown;
  onRequestError?: unknown;
  default?: Exports;
}

export interface InstrumentationEntry {
  /** Of the source, relative to the project folder. */
  file: string;
  /** Of what was compiled. */
  module: string;
}

/** What the manifest says of it; undefined for most. `config`: what the worker was told by its supervisor. */
export function findInstrumentation(config: string | undefined): InstrumentationEntry | undefined {
  const { manifest = '' } = JSON.parse(config ?? '{}') as { manifest?: string };
  const text = readIfThere(manifest);
  if (!text.includes('"instrumentation"')) return undefined;
  return (JSON.parse(text) as { instrumentation?: InstrumentationEntry }).instrumentation;
}

/** A manifest that is not there C has words for. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Calls `register`. Rejects with what it threw. */
export async function register(
  { module }: InstrumentationEntry,
  importModule: ImportModule,
): Promise<OnRequestError | undefined> {
  process.setSourceMapsEnabled(true);
  const exports: Exports = await importModule(pathToFileURL(join(process.cwd(), module)).href);
  const { register, onRequestError } = { ...exports.default, ...exports };
  if (typeof register === 'function') await register();
  return typeof onRequestError === 'function' ? (onRequestError as OnRequestError) : undefined;
}

/** Tells of an error in a route. What goes wrong with that is for the log alone. */
export function tellOfError(tell: OnRequestError, res: Response, error: unknown): void {
  const { url: path, method, headers } = res[kRequest];
  const request = { path: path as string, method: method as string, headers };
  const routePath = res[kRequest][kRoute].pattern;
  const fail = (reason: unknown) => logError('onRequestError', reason);
  try {
    const told = tell(error, request, {
      routerKind: 'Pages Router',
      routePath,
      routeType: 'route',
    });
    if (told instanceof Promise) told.catch(fail);
  } catch (reason) {
    fail(reason);
  }
}
