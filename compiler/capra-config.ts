// SPDX-License-Identifier: MIT

// capra.json: what a project says to Capra alone.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Location, type TransformFailure, transformSync } from 'esbuild';
import { CompileError, type Diagnostic, diagnosticAt } from './diagnostics.ts';
import { isPackageName } from './native/pkg-config.ts';
import type { NativeSettings } from './native.ts';

export interface CapraConfig {
  /** `"parity": "next"`: what Next does, also where Capra would rather not. */
  isStrictParity: boolean;
  /** `"trustProxy": "10.0.0.0/8, loopback"`: whose word about clients is believed, as `--trust-proxy` has it. */
  trustProxy: string | undefined;
  /** `"native"`: how routes in C are compiled. */
  native: NativeSettings;
}

export const CAPRA_CONFIG = 'capra.json';

const HINT =
  'capra.json may hold { "parity": "next", "trustProxy": "10.0.0.0/8, loopback",\n' +
  '"native": { "packages": ["sqlite3"], "flags": ["-DDEBUG"] } }, and nothing else.';

const OPTIONS = ['parity', 'trustProxy', 'native'];
const NO_NATIVE: NativeSettings = { packages: [], flags: [] };

/**
 * Reads `capra.json`, if the project has one. Throws a `CompileError` for what it may not hold.
 *
 * @example
 * readCapraConfig('/srv/app').isStrictParity; // true
 */
export function readCapraConfig(root: string): CapraConfig {
  const source = readIfThere(join(root, CAPRA_CONFIG));
  if (source === undefined)
    return { isStrictParity: false, trustProxy: undefined, native: NO_NATIVE };
  const value = parse(root, source);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw failure(`It must hold an object, and holds ${nameOf(value)}.`);
  const unknown = Object.keys(value).filter((name) => !OPTIONS.includes(name));
  if (unknown.length > 0) throw failure(`There is no option \`${unknown.join('`, `')}\`.`);
  const { parity, trustProxy, native }: Record<string, unknown> = { ...value };
  if (parity !== undefined && parity !== 'next')
    throw failure(`\`parity\` must be "next" or absent, and is ${JSON.stringify(parity)}.`);
  return {
    isStrictParity: parity === 'next',
    trustProxy: readNetworks(trustProxy),
    native: readNative(native),
  };
}

function readNative(value: unknown): NativeSettings {
  if (value === undefined) return NO_NATIVE;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw failure(`\`native\` must be an object, and is ${JSON.stringify(value)}.`);
  const { packages = [], flags = [], ...others }: Record<string, unknown> = { ...value };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw failure(`There is no option \`native.${unknown}\`.`);
  if (!Array.isArray(packages) || !packages.every(isPackageName))
    throw failure(
      `\`native.packages\` must be a list of names that pkg-config knows, and is ${JSON.stringify(packages)}.`,
    );
  const isFlag = (flag: unknown) => typeof flag === 'string' && flag.startsWith('-');
  if (!Array.isArray(flags) || !flags.every(isFlag))
    throw failure(
      `\`native.flags\` must be a list of the compiler's options, such as "-DDEBUG", and is ${JSON.stringify(flags)}.`,
    );
  return { packages, flags };
}

/** As text with commas, or as a list; the server reads it with the same rules as `--trust-proxy`. */
function readNetworks(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const members = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(members) || !members.every((member) => typeof member === 'string'))
    throw failure(
      `\`trustProxy\` must be a text or a list of them, and is ${JSON.stringify(value)}.`,
    );
  const trimmed = members.map((member) => member.trim());
  const wrong = trimmed.find((member) => !isNetwork(member) && !KEYWORDS.includes(member));
  const isNobody = trimmed.length === 1 && trimmed[0] === 'none';
  if (wrong !== undefined && !isNobody)
    throw failure(
      `\`trustProxy\` holds ${JSON.stringify(wrong)}, which is no network: \`10.0.0.0/8\`, \`loopback\`, \`private\` and \`unix\` are, or \`none\` alone.`,
    );
  return trimmed.join(',');
}

const KEYWORDS = ['loopback', 'private', 'unix'];

/** An address, or one with as many bits behind a slash as count, and none set behind those. */
function isNetwork(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return false;
  if (bits === undefined) return true;
  const digits = isIP(address) === 4 ? binaryOf(address.split('.'), 10, 8) : binaryOfV6(address);
  const isCount = /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= digits.length;
  return isCount && !digits.includes('1', Number(bits));
}

function binaryOf(parts: string[], radix: number, width: number): string {
  return parts
    .map((part) => Number.parseInt(part, radix).toString(2).padStart(width, '0'))
    .join('');
}

function binaryOfV6(address: string): string {
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left, right = []] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const gap = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return binaryOf([...left, ...gap, ...right], 16, 16);
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
