// SPDX-License-Identifier: MIT

// `CAPRA_CONFIG({ … });` of a route in C. What stands in the parentheses is word for word what a JavaScript route
// exports as `config`, so it is read by the same reader: everything around it is made blank, and lines and columns stay.

import * as esbuild from 'esbuild';
import { type Diagnostic, diagnosticAt } from './diagnostics.ts';
import {
  type ConfigReading,
  type ConfigSource,
  DEFAULT_CONFIG,
  readConfig,
} from './read-config.ts';

/** A comment, a text, a character, the macro's name with its parenthesis, or a parenthesis. */
const TOKENS =
  /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*|\bCAPRA_CONFIG\s*\(|[()]/gm;

interface Span {
  start: number;
  end: number;
}

/** Where the macro's argument stands; undefined when there is none. */
function findArgument(source: string): Span | undefined {
  let start: number | undefined;
  let depth = 0;
  for (const { 0: token, index } of source.matchAll(TOKENS)) {
    if (start === undefined) {
      if (token.startsWith('CAPRA_CONFIG')) start = index + token.length;
    } else if (token === '(') {
      depth++;
    } else if (token === ')' && depth-- === 0) {
      return { start, end: index };
    }
  }
  return undefined;
}

const blank = (text: string) => text.replace(/[^\n]/g, ' ');

/** The declaration goes to the line before, so that what it declares keeps its place. */
function asScript(source: string, { start, end }: Span): string {
  const before = blank(source.slice(0, start));
  const line = before.lastIndexOf('\n');
  const head = line === -1 ? '' : before.slice(0, line);
  const rest = line === -1 ? before : before.slice(line);
  return `${head}export const config =${rest}${source.slice(start, end)}`;
}

/**
 * Reads a C route's config from its source, as `readConfig` does; without CAPRA_CONFIG it is the default one.
 *
 * @example
 * const source = 'CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: "4mb" } } });';
 * (await readNativeConfig({ root, file: 'pages/api/a.c', source })).config.bodyLimit; // 4194304
 */
export async function readNativeConfig(from: ConfigSource): Promise<ConfigReading> {
  const argument = findArgument(from.source);
  if (!argument) return { config: { ...DEFAULT_CONFIG }, isDeclared: false, diagnostics: [] };
  const source = asScript(from.source, argument);
  const broken = await syntaxError(from, source);
  if (broken) return { config: { ...DEFAULT_CONFIG }, isDeclared: true, diagnostics: [broken] };
  const reading = await readConfig({ ...from, source, shown: from.source, isNative: true });
  if (reading.config.dynamic && reading.diagnostics.length === 0)
    reading.diagnostics.push({ severity: 'error', file: from.file, text: COMPUTED, hint: EXAMPLE });
  return reading;
}

const COMPUTED = 'CAPRA_CONFIG is read without compiling the route, so its values must be plain.';
const EXAMPLE = 'For example: CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: "4mb" } } });';

async function syntaxError(from: ConfigSource, script: string): Promise<Diagnostic | undefined> {
  const { root, file, source } = from;
  try {
    await esbuild.transform(script, { loader: 'js', logLevel: 'silent' });
    return undefined;
  } catch (error) {
    const [message] = (error as esbuild.TransformFailure).errors;
    const text = `CAPRA_CONFIG is no object as JavaScript writes it: ${message?.text}`;
    const rest = { severity: 'error' as const, text, hint: EXAMPLE };
    const at = message?.location;
    if (!at) return { ...rest, file };
    return diagnosticAt(root, { file, line: at.line, column: at.column + 1, source }, rest);
  }
}
