// SPDX-License-Identifier: MIT

// The `.env` files of a project, as Next reads them. The compiler takes from here what it inlines,
// and a worker what it starts with, so nothing in this file may need the compiler.

import { existsSync, readFileSync } from 'node:fs';

export type Mode = 'production' | 'development';

type Environment = Record<string, string | undefined>;

export interface EnvFiles {
  /** The files that were found, the one that wins first: `['.env.local', '.env']`. */
  files: string[];
  /** What to add to the environment. A name that the environment has already is not in here. */
  values: Record<string, string>;
}

/**
 * Reads `.env.[mode].local`, `.env.local`, `.env.[mode]` and `.env`. The environment wins over all of
 * them, then the first file that has the name. Changes nothing.
 *
 * @example
 * Object.assign(process.env, readEnvFiles('/srv/app', 'production').values);
 */
export function readEnvFiles(
  folder: string,
  mode: Mode,
  environment: Environment = process.env,
): EnvFiles {
  const files: string[] = [];
  const raw = new Map<string, string>();
  for (const name of [`.env.${mode}.local`, '.env.local', `.env.${mode}`, '.env']) {
    const text = readIfThere(`${folder}/${name}`);
    if (text === undefined) continue;
    files.push(name);
    for (const [key, value] of parseEnv(text)) if (!raw.has(key)) raw.set(key, value);
  }
  return { files, values: expandAll(raw, environment) };
}

function readIfThere(file: string): string | undefined {
  // Most projects have none, and an error with its stack costs a start more than this question.
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // A folder called `.env` is some tool's, not a file of ours.
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

const NAME = /[ \t]*(?:export[ \t]+)?([\w.-]+)(?:[ \t]*=[ \t]*|:[ \t]+)/y;
const QUOTED = /(?:"((?:\\"|[^"])*)"|'((?:\\'|[^'])*)'|`((?:\\`|[^`])*)`)[ \t]*(?:#.*)?(?=\n|$)/y;
const BARE = /([^#\n]*)/y;

/**
 * The names and values of one file, with references to other variables still in them. Of a name that
 * stands twice, the last.
 *
 * @example
 * parseEnv('A=1\nB="two words" # why').get('B'); // 'two words'
 */
export function parseEnv(text: string): Map<string, string> {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const values = new Map<string, string>();
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at += match[0].length;
    return match;
  };
  while (at < source.length) {
    const name = take(NAME)?.[1];
    if (name !== undefined) {
      const [, double, single, back] = take(QUOTED) ?? [];
      const quoted = double?.replaceAll('\\n', '\n').replaceAll('\\r', '\r') ?? single ?? back;
      values.set(name, quoted ?? take(BARE)?.[1]?.trim() ?? '');
    }
    const end = source.indexOf('\n', at);
    at = end < 0 ? source.length : end + 1;
  }
  return values;
}

const REFERENCE = /\\\$|\$\{(\w+)(?::-((?:\$\{[^}]*\}|[^}])*))?\}|\$(\w+)/g;

/** Replaces `$A`, `${A}` and `${A:-default}`, whatever quotes they stood in; `\$` is a dollar sign. */
function expandAll(raw: Map<string, string>, environment: Environment): Record<string, string> {
  const valueIn = (name: string, within: string[]): string => {
    const outer = environment[name];
    if (outer !== undefined) return outer;
    const text = raw.get(name);
    // A variable that is made of itself is empty.
    return text === undefined || within.includes(name) ? '' : expand(text, [...within, name]);
  };
  const expand = (text: string, within: string[]): string =>
    text.replace(REFERENCE, (all, braced?: string, fallback?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return all.slice(1);
      return valueIn(name, within) || expand(fallback ?? '', within);
    });
  return Object.fromEntries(
    [...raw.keys()]
      .filter((name) => environment[name] === undefined)
      .map((name) => [name, valueIn(name, [])]),
  );
}
