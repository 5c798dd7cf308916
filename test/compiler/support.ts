// SPDX-License-Identifier: MIT

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Compilation, Compiler } from '../../compiler/compile.ts';
import type { ManifestRoute } from '../../compiler/manifest.ts';
import { writeOutputs } from '../../compiler/output.ts';
import { openProject } from '../../compiler/project.ts';
import { type Files, makeApp } from '../support/app.ts';

export const main = join(import.meta.dirname, '../../compiler/main.ts');

/** A route that was compiled and loaded. */
// biome-ignore lint/suspicious/noExplicitAny: a test knows what its own route exports
type Module = Record<string, any>;

export interface Compiled {
  root: string;
  compilation: Compilation;
  route(route: string): ManifestRoute;
  load(route: string): Promise<Module>;
}

/**
 * Compiles a project in this process, as a build does; the modules are written, a manifest is not.
 *
 * @example
 * const { load } = await compile({ 'pages/api/a.ts': 'export default () => 1' });
 * (await load('/api/a')).default(); // 1
 */
export async function compile(
  app: Files | string,
  { mode = 'production', environment = {} }: CompileOptions = {},
): Promise<Compiled> {
  const project = openProject(typeof app === 'string' ? app : makeApp(app), { mode });
  const compiler = new Compiler(project, { PATH: process.env.PATH, ...environment });
  const compilation = await compiler.compile().finally(() => compiler.close());
  writeOutputs(project, compilation.outputs);
  const find = (route: string) => {
    const found = compilation.manifest.routes.find((entry) => entry.route === route);
    if (!found) throw new Error(`no route ${route}`);
    return found;
  };
  return {
    root: project.root,
    compilation,
    route: find,
    load(route) {
      const found = find(route);
      if (found.kind === 'error') throw new Error(found.message);
      return import(pathToFileURL(join(project.root, found.module)).href);
    },
  };
}

export interface CompileOptions {
  mode?: 'production' | 'development';
  environment?: Record<string, string>;
}

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the compiler's command to its end. */
export async function run(args: string[], environment: Record<string, string> = {}): Promise<Run> {
  const env = { PATH: process.env.PATH, NO_COLOR: '1', ...environment };
  const child = spawn(process.execPath, [main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** Text without what differs from run to run. */
export function steady(text: string): string {
  return text.replace(/\d+(\.\d+)? (ms|s)\b/g, 'N ms').replace(/\d+(\.\d+)? (B|kB)(?= )/g, 'N B');
}
