// SPDX-License-Identifier: MIT

// One source in C or C++, compiled to an object.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, normalize, parse, resolve } from 'node:path';
import type { Diagnostic } from '../diagnostics.ts';
import { otherFailure, readMessages } from './messages.ts';
import { CACHE, type CachedObject, type ObjectCache } from './object-cache.ts';
import { type Language, languageOf, type Toolchain } from './toolchain.ts';

/** What became of a source. */
export type Unit = CompiledUnit | { errors: Diagnostic[]; warnings: Diagnostic[] };

export interface CompiledUnit extends Pick<CachedObject, 'object' | 'inputs'> {
  language: Language;
  warnings: Diagnostic[];
  errors: [];
}

const FLAGS = [
  ...['-O2', '-g', '-fPIC', '-fvisibility=hidden'],
  // A handler has two parameters, whether it needs them or not.
  ...['-Wall', '-Wextra', '-Wno-unused-parameter'],
  // A tab is one column, as it is in the file.
  ...['-ftabstop=1', '-fdiagnostics-color=never'],
];
const LANGUAGE_FLAGS: Record<Language, string[]> = {
  c: ['-std=gnu17', '-Werror=implicit-function-declaration'],
  'c++': ['-std=gnu++17'],
};

export interface UnitOptions {
  root: string;
  toolchain: Toolchain;
  cache: ObjectCache;
  /** Relative to the root. */
  file: string;
  flags: string[];
}

/** How many objects this process has begun, so that no two have the same partial name. */
let begun = 0;

/**
 * Compiles a source, unless the cache has what would come of it.
 *
 * @example
 * const unit = await compileUnit({ root, toolchain, cache, file: 'lib/db.c', flags: ['-DNDEBUG'] });
 */
export async function compileUnit(options: UnitOptions): Promise<Unit> {
  const { root, toolchain, cache, file } = options;
  const language = languageOf(file) ?? 'c';
  const compiler = toolchain.compiler(language);
  const command = [...compiler, ...LANGUAGE_FLAGS[language], ...FLAGS, ...options.flags];
  const version = await toolchain.version(compiler);
  const unit = cache.unitOf([version, process.arch, ...command, file]);
  const found = cache.find(unit);
  if (found) return finish(root, language, found);

  const partial = join(root, CACHE, `${unit}.${process.pid}.${begun++}.partial`);
  const list = `${partial}.d`;
  const startedMs = Date.now();
  const outputs = ['-MD', '-MT', 'object', '-MF', list, '-o', partial];
  cache.open();
  const ended = await toolchain.run([...command, '-c', file, ...outputs]);
  try {
    if (ended.failure) {
      const said = readMessages(root, ended.stderr);
      const errors = said.filter(({ severity }) => severity === 'error');
      const warnings = said.filter(({ severity }) => severity === 'warning');
      if (errors.length === 0) errors.push(otherFailure(file, compiler[0] ?? '', ended));
      return { errors, warnings };
    }
    const inputs = readDependencies(readFileSync(list, 'utf8'));
    const made = { path: partial, inputs, stderr: ended.stderr, startedMs };
    return finish(root, language, cache.add(unit, made));
  } finally {
    rmSync(partial, { force: true });
    rmSync(list, { force: true });
  }
}

function finish(root: string, language: Language, { object, inputs, stderr }: CachedObject): Unit {
  return { object, inputs, language, warnings: readMessages(root, stderr), errors: [] };
}

/** What stands behind the target in a rule of make: `$` is doubled, white space and `#` have a backslash. */
function readDependencies(rule: string): string[] {
  const paths = rule.replaceAll('\\\n', ' ').slice('object:'.length);
  return [...paths.matchAll(/(?:\\[ #\t]|[^\s])+/g)].map(([path]) =>
    normalize(path.replace(/\\([ #\t])/g, '$1').replaceAll('$$', '$')),
  );
}

/** The files that are the project's own, or beside it: what the compiler has found by a path of the system is not. */
export function ownInputs(inputs: string[]): string[] {
  return inputs.filter((path) => !path.startsWith('/'));
}

const HEADER = /\.(?:h|hh|hpp)$/;
const SOURCES = ['.c', '.cc', '.cpp'];

/** The sources that come along: of each header, the one beside it with the same name. */
export function companionsOf(root: string, inputs: string[]): string[] {
  return ownInputs(inputs)
    .filter((path) => HEADER.test(path))
    .flatMap((path) => {
      const { dir, name } = parse(path);
      return SOURCES.map((extension) => join(dir, name + extension));
    })
    .filter((path) => existsSync(join(root, path)));
}

/** The file and what it includes with quotes, however deep: all that can be told of one that does not compile. */
export function quotedIncludes(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path) || !existsSync(path)) return found;
  found.add(path);
  const source = readFileSync(path, 'utf8');
  for (const [, name = ''] of source.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm))
    quotedIncludes(resolve(path, '..', name), found);
  return found;
}
