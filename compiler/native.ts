// SPDX-License-Identifier: MIT

// Routes in C: each becomes a shared object. Its name holds a hash of everything that it was made of, so what
// is there already need not be made again.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { type Diagnostic, diagnosticAt } from './diagnostics.ts';
import type { Project } from './project.ts';

export interface NativeModule {
  /** Relative to the project folder. */
  module: string;
  bytes: number;
}

export interface NativeBuild {
  /** By the route's file; a broken route has none. */
  modules: Map<string, NativeModule>;
  broken: Map<string, Diagnostic[]>;
  warnings: Diagnostic[];
  /** The files that were read, absolute. */
  inputs: string[];
}

export interface NativeOptions {
  project: Project;
  /** Route files, relative to the project folder. */
  files: string[];
  /** The folder of `capra.h`. */
  include: string;
  /** `CC` names the compiler; `CAPRA_CFLAGS` and `CAPRA_LDLIBS` are added to its command. */
  environment?: NodeJS.ProcessEnv;
}

const FLAGS = [
  ...['-std=gnu17', '-O2', '-g', '-fPIC', '-shared', '-fvisibility=hidden'],
  // A handler has two parameters, whether it needs them or not.
  ...['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror=implicit-function-declaration'],
  // A tab is one column, as it is in the file.
  ...['-ftabstop=1', '-fdiagnostics-color=never'],
];
/** The functions of capra.h are in whoever loads the route; the route itself must be in the object. */
const LINK_FLAGS = ['-Wl,--require-defined=capra_route', '-Wl,--as-needed', '-lm'];

/**
 * Compiles routes in C, as many at once as there are processors.
 *
 * @example
 * const { modules } = await compileNative({ project, files: ['pages/api/primes.c'], include });
 */
export async function compileNative(options: NativeOptions): Promise<NativeBuild> {
  const build: NativeBuild = { modules: new Map(), broken: new Map(), warnings: [], inputs: [] };
  const compiler = new Compiler(options, build);
  const queue = [...options.files];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift())
      await compiler.compile(file);
  });
  await Promise.all(workers);
  return build;
}

class Compiler {
  readonly #project: Project;
  readonly #include: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #build: NativeBuild;

  constructor({ project, include, environment = process.env }: NativeOptions, build: NativeBuild) {
    this.#project = project;
    this.#include = include;
    this.#environment = environment;
    this.#build = build;
  }

  async compile(file: string): Promise<void> {
    const { root } = this.#project;
    const inputs = new Map<string, Buffer>();
    readSources(join(root, file), inputs);
    readSources(join(this.#include, 'capra.h'), inputs);
    this.#build.inputs.push(...inputs.keys());
    const { CC = 'cc', CAPRA_CFLAGS = '', CAPRA_LDLIBS = '' } = this.#environment;
    const before = [...FLAGS, ...words(CAPRA_CFLAGS)];
    const after = [...LINK_FLAGS, ...words(CAPRA_LDLIBS)];
    const module = this.#nameOf(file, [CC, process.arch, ...before, ...after, ...inputs.values()]);
    if (!existsSync(join(root, module))) {
      await mkdir(dirname(join(root, module)), { recursive: true });
      const partial = `${module}.${process.pid}.partial`;
      const [compiler = 'cc', ...first] = words(CC);
      const args = [...first, ...before, '-I', this.#include, '-o', partial, file, ...after];
      if (!(await this.#run(file, compiler, args))) return rm(join(root, partial), { force: true });
      // Whoever finds it under its name finds it whole.
      await rename(join(root, partial), join(root, module));
    }
    this.#build.modules.set(file, { module, bytes: statSync(join(root, module)).size });
  }

  #nameOf(file: string, parts: (string | Buffer)[]): string {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(`${part.length}:`).update(part);
    const { pages, output } = this.#project;
    const name = file.slice(pages.length + 1, -'.c'.length).replace(/^api\//, '');
    return `${output}/native/${name}-${hash.digest('hex').slice(0, 8).toUpperCase()}.so`;
  }

  /** Whether the compiler was content. */
  async #run(file: string, compiler: string, args: string[]): Promise<boolean> {
    const { root } = this.#project;
    const env = { ...this.#environment, LC_ALL: 'C' };
    const { failure, stderr } = await execute(compiler, args, { cwd: root, env });
    const said = readMessages(root, stderr);
    this.#build.warnings.push(...said.filter(({ severity }) => severity === 'warning'));
    if (!failure) return true;
    const errors = said.filter(({ severity }) => severity === 'error');
    this.#build.broken.set(
      file,
      errors.length > 0 ? errors : [otherFailure(file, compiler, failure, stderr)],
    );
    return false;
  }
}

/** The file and what it includes with quotes, however deep. What is not found, the compiler will report. */
function readSources(path: string, found: Map<string, Buffer>): void {
  if (found.has(path)) return;
  try {
    found.set(path, readFileSync(path));
  } catch {
    return;
  }
  const source = (found.get(path) as Buffer).toString();
  for (const [, name = ''] of source.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)) {
    readSources(resolve(dirname(path), name), found);
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

interface Execution {
  failure: NodeJS.ErrnoException | null;
  stderr: string;
}

function execute(
  file: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Execution> {
  return new Promise((done) => {
    execFile(file, args, { ...options, maxBuffer: 64 * 1024 ** 2 }, (failure, _stdout, stderr) => {
      done({ failure: failure as NodeJS.ErrnoException | null, stderr });
    });
  });
}

const MESSAGE = /^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$/gm;

/** What gcc and clang write. A note belongs to the message before it. */
function readMessages(root: string, stderr: string): Diagnostic[] {
  const messages: Diagnostic[] = [];
  for (const [, path = '', line, column, kind, text = ''] of stderr.matchAll(MESSAGE)) {
    const last = messages.at(-1);
    if (kind !== 'note') {
      const place = {
        file: relative(root, resolve(root, path)),
        line: Number(line),
        column: Number(column),
      };
      messages.push(
        diagnosticAt(root, place, { severity: kind === 'warning' ? 'warning' : 'error', text }),
      );
    } else if (last && !text.startsWith('each undeclared identifier')) {
      last.hint = last.hint ? `${last.hint}\n${text}` : text;
    }
  }
  return messages;
}

function otherFailure(
  file: string,
  compiler: string,
  failure: NodeJS.ErrnoException,
  stderr: string,
): Diagnostic {
  if (failure.code === 'ENOENT') {
    return {
      severity: 'error',
      file,
      text: `There is no C compiler: \`${compiler}\` was not found.`,
      hint: 'Install gcc or clang, or set CC to the compiler to use.',
    };
  }
  if (stderr.includes('capra_route')) {
    return {
      severity: 'error',
      file,
      text: 'This file has no route in it.',
      hint: 'Name the handler at the end of the file: CAPRA_ROUTE(hello);',
    };
  }
  return { severity: 'error', file, text: stderr.trim() || failure.message };
}
