// SPDX-License-Identifier: MIT

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBundler } from './bundle.ts';
import { CompileError, type Diagnostic } from './diagnostics.ts';
import type { Project } from './project.ts';

/** What the compiler needs of next.config. */
export interface NextConfig {
  /** The extensions of pages, when the project has its own. */
  pageExtensions?: string[];
  /** Names that are replaced by their values: `process.env.NAME`. */
  env: Record<string, string>;
  warnings: Diagnostic[];
  /** The files that it was made of, absolute. */
  inputs: string[];
}

const FILES = ['next.config.js', 'next.config.mjs', 'next.config.ts', 'next.config.mts'];

/** Options that change what an API route answers in Next, and that nothing here reads. */
const IGNORED = [
  'basePath',
  'trailingSlash',
  'skipTrailingSlashRedirect',
  'headers',
  'redirects',
  'rewrites',
];

/**
 * Reads next.config, if the project has one. It is compiled as routes are, and then run.
 *
 * @example
 * (await readNextConfig(project)).pageExtensions; // ['api.ts']
 */
export async function readNextConfig(project: Project): Promise<NextConfig> {
  const file = FILES.find((name) => existsSync(join(project.root, name)));
  if (!file) return { env: {}, warnings: [], inputs: [] };
  const bundler = await openBundler({ project, files: [file] });
  try {
    const { modules, broken, outputs, inputs } = await bundler.build();
    const entry = modules.get(file);
    if (!entry) throw new CompileError(...(broken.get(file) ?? []));
    const value = await run(
      project,
      file,
      entry.module,
      [...outputs].map(([path, { contents }]) => [path, contents]),
    );
    return { ...check(value, file), inputs };
  } finally {
    await bundler.close();
  }
}

async function run(
  project: Project,
  file: string,
  module: string,
  outputs: [string, Uint8Array][],
): Promise<unknown> {
  const paths = outputs.map(([path]) => join(project.root, path));
  try {
    for (const [path, contents] of outputs) {
      mkdirSync(dirname(join(project.root, path)), { recursive: true });
      writeFileSync(join(project.root, path), contents);
    }
    const { default: exported } = await import(pathToFileURL(join(project.root, module)).href);
    const phase =
      project.mode === 'development' ? 'phase-development-server' : 'phase-production-build';
    return await (typeof exported === 'function'
      ? exported(phase, { defaultConfig: {} })
      : exported);
  } catch (error) {
    const text = `${file} failed: ${error instanceof Error ? error.message : String(error)}`;
    throw new CompileError({ severity: 'error', file, text });
  } finally {
    for (const path of paths) rmSync(path, { force: true });
  }
}

function check(value: unknown, file: string): Omit<NextConfig, 'inputs'> {
  if (typeof value !== 'object' || value === null) {
    throw failure(
      file,
      `${basename(file)} must export an object, and exports ${value === null ? 'null' : typeof value}.`,
    );
  }
  const config = value as Record<string, unknown>;
  const { pageExtensions, env = {} } = config;
  if (pageExtensions !== undefined && !isTexts(pageExtensions)) {
    throw failure(
      file,
      "`pageExtensions` must be a list of extensions without a leading dot, such as ['ts', 'api.ts'].",
    );
  }
  const values = Object.entries(env as object).filter(([, text]) => text !== undefined);
  const ignored = IGNORED.filter((name) => config[name]);
  return {
    ...(pageExtensions && { pageExtensions }),
    env: Object.fromEntries(values.map(([name, text]) => [name, String(text)])),
    warnings:
      ignored.length === 0
        ? []
        : [{ severity: 'warning', file, text: `Not applied: ${ignored.join(', ')}.` }],
  };
}

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && /^[^./][^/]*$/.test(item))
  );
}

function failure(file: string, text: string): CompileError {
  return new CompileError({ severity: 'error', file, text });
}
