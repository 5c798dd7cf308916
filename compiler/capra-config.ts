// SPDX-License-Identifier: MIT

// capra.json: what a project says to Capra alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Location, type TransformFailure, transformSync } from 'esbuild';
import { CompileError, type Diagnostic, diagnosticAt } from './diagnostics.ts';

export interface CapraConfig {
  /** `"parity": "next"`: what Next does, also where Capra would rather not. */
  isStrictParity: boolean;
}

export const CAPRA_CONFIG = 'capra.json';

const HINT = 'capra.json may hold { "parity": "next" }, and nothing else.';

/**
 * Reads `capra.json`, if the project has one. Throws a `CompileError` for what it may not hold.
 *
 * @example
 * readCapraConfig('/srv/app').isStrictParity; // true
 */
export function readCapraConfig(root: string): CapraConfig {
  const source = readIfThere(join(root, CAPRA_CONFIG));
  if (source === undefined) return { isStrictParity: false };
  const value = parse(root, source);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw failure(`It must hold an object, and holds ${nameOf(value)}.`);
  const unknown = Object.keys(value).filter((name) => name !== 'parity');
  if (unknown.length > 0) throw failure(`There is no option \`${unknown.join('`, `')}\`.`);
  const { parity } = value as { parity?: unknown };
  if (parity !== undefined && parity !== 'next')
    throw failure(`\`parity\` must be "next" or absent, and is ${JSON.stringify(parity)}.`);
  return { isStrictParity: parity === 'next' };
}

function parse(root: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    const text = `It is not JSON: ${(error as Error).message}.`;
    const place = placeOfFault(source);
    if (!place) throw failure(text);
    const { line, column } = place;
    throw new CompileError(
      diagnosticAt(
        root,
        { file: CAPRA_CONFIG, line, column: column + 1, source },
        { severity: 'error', text, hint: HINT },
      ),
    );
  }
}

/** JSON.parse does not always say where; esbuild does. */
function placeOfFault(source: string): Location | undefined {
  try {
    transformSync(source, { loader: 'json', logLevel: 'silent' });
    return undefined;
  } catch (error) {
    return (error as TransformFailure).errors[0]?.location ?? undefined;
  }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function failure(text: string): CompileError {
  const diagnostic: Diagnostic = { severity: 'error', file: CAPRA_CONFIG, text, hint: HINT };
  return new CompileError(diagnostic);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
