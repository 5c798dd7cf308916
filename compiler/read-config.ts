// SPDX-License-Identifier: MIT

// `export const config` of a route, and `export const maxDuration` and `runtime` beside it, read from the
// syntax tree: the server must know a route's limits before it loads the route.
//
// What cannot be known without running the module makes the config `dynamic`; then the worker looks at the
// module itself. Only `runtime` and `maxDuration` must be plain values.

import { SourceMap } from 'node:module';
import type * as acorn from 'acorn';
import * as esbuild from 'esbuild';
import { type Diagnostic, diagnosticAt } from './diagnostics.ts';
import { exportsOf, type ModuleExports } from './module-exports.ts';
import { scriptLoader } from './script-loader.ts';
import { parseSize, parseSizeAsNext, SIZE_RULE } from './size.ts';
import { type StaticValue, staticProperty, staticValue } from './static-value.ts';

export interface RouteConfig {
  bodyParser: boolean;
  /** In bytes; null when there is none. */
  bodyLimit: number | null;
  /** As it was written: the client reads it in the answer 413. */
  bodyLimitText: string;
  /** A longer answer makes a warning. In bytes; null when there is none. */
  responseLimit: number | null;
  externalResolver: boolean;
  /** In seconds. */
  maxDuration: number | null;
  runtime: 'nodejs' | 'edge';
  /**
   * The module knows better: its own `config` counts, once it is loaded. When it is the limit of the body that only
   * the module knows, `bodyParser` is false here: the server hands the body over as it comes, and the worker reads it.
   */
  dynamic?: true;
}

export interface ConfigReading {
  config: RouteConfig;
  /** Whether the source has anything to say about it. */
  isDeclared: boolean;
  diagnostics: Diagnostic[];
}

export interface ConfigSource {
  root: string;
  /** Relative to the root. */
  file: string;
  source: string;
  isStrictParity?: boolean;
}

export const DEFAULT_CONFIG: Readonly<RouteConfig> = Object.freeze({
  bodyParser: true,
  bodyLimit: 1024 ** 2,
  bodyLimitText: '1mb',
  responseLimit: 4 * 1024 ** 2,
  externalResolver: false,
  maxDuration: null,
  runtime: 'nodejs',
});

/** What is known of a config of which nothing is known. */
export const DYNAMIC_CONFIG: Readonly<RouteConfig> = Object.freeze({
  ...DEFAULT_CONFIG,
  bodyParser: false,
  bodyLimit: null,
  dynamic: true,
});

/**
 * Reads a route's config from its source. A source that does not parse has the default one: whoever compiles it
 * will say what is wrong.
 *
 * @example
 * const source = "export const config = { api: { bodyParser: { sizeLimit: '4mb' } } }";
 * (await readConfig({ root, file: 'pages/api/a.ts', source })).config.bodyLimit; // 4194304
 */
export async function readConfig(from: ConfigSource): Promise<ConfigReading> {
  const nothing = { config: { ...DEFAULT_CONFIG }, isDeclared: false, diagnostics: [] };
  // Most routes have none of these words, and cost no parsing.
  if (!/\b(?:config|maxDuration|runtime)\b/.test(from.source)) return nothing;
  const parsed = await parse(from);
  return parsed ? new Reader(from, parsed).read() : nothing;
}

interface Parsed {
  exports: ModuleExports;
  map: SourceMap;
}

async function parse({ file, source }: ConfigSource): Promise<Parsed | undefined> {
  const { parse } = await import('acorn');
  try {
    const { code, map } = await esbuild.transform(source, {
      loader: scriptLoader(file),
      jsx: 'automatic',
      sourcemap: 'external',
      sourcefile: file,
      logLevel: 'silent',
    });
    const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
    return { exports: exportsOf(program), map: new SourceMap(JSON.parse(map)) };
  } catch {
    return undefined;
  }
}

/** A value, and the expression that gave it when there is one to point at. */
interface Found {
  value: StaticValue;
  node?: acorn.Node;
}

const ABSENT: Found = { value: { kind: 'value', value: undefined } };
const UNKNOWN: Found = { value: { kind: 'unknown' } };
const RUNTIMES = ['nodejs', 'edge', 'experimental-edge'];
const EXAMPLE = "export const config = { api: { bodyParser: { sizeLimit: '4mb' } } };";

class Reader {
  readonly #from: ConfigSource;
  readonly #exports: ModuleExports;
  readonly #map: SourceMap;
  readonly #diagnostics: Diagnostic[] = [];
  #isDynamic = false;

  constructor(from: ConfigSource, { exports, map }: Parsed) {
    this.#from = from;
    this.#exports = exports;
    this.#map = map;
  }

  read(): ConfigReading {
    const declared = this.#declared('config');
    const api = this.#property(declared, 'api');
    const config: RouteConfig = {
      ...DEFAULT_CONFIG,
      ...this.#body(api),
      responseLimit: this.#responseLimit(this.#property(api, 'responseLimit')),
      externalResolver:
        this.#apiValue(this.#property(api, 'externalResolver'), 'externalResolver') === true,
      maxDuration: this.#maxDuration(declared),
      runtime: this.#runtime(declared),
    };
    // Of an edge route the handler reads the body, however long it is; nothing else is left to know.
    if (config.runtime === 'edge') Object.assign(config, { bodyParser: false, bodyLimit: null });
    else if (this.#isDynamic) config.dynamic = true;
    return { config, isDeclared: declared !== ABSENT, diagnostics: this.#diagnostics };
  }

  /** What the module exports as `config`; only an object, or what may turn out to be one. */
  #declared(name: 'config'): Found {
    const { isCommonJs, found } = this.#exports;
    const exported = found.get(name);
    if (!exported) {
      if (!isCommonJs || !new RegExp(`\\b${name}\\b`).test(this.#from.source)) return ABSENT;
      this.#isDynamic = true;
      return UNKNOWN;
    }
    if (this.#from.isStrictParity && exported.isListed) {
      this.#complain(
        exported.node,
        "Next.js can't recognize the exported `config` field in route. It mustn't be reexported.",
      );
    }
    if (exported.isMutable) this.#isDynamic = true;
    if (!exported.init) return { ...UNKNOWN, node: exported.node };
    const value = staticValue(exported.init);
    const isFunction = /Function|Class/.test(exported.init.type);
    if (value.kind === 'value' || isFunction) {
      const what = isFunction ? 'a function' : show(value);
      this.#complain(
        exported.init,
        `\`config\` must be an object, and here it is ${what}.`,
        `For example: ${EXAMPLE}`,
      );
    } else if (value.kind === 'unknown' && this.#from.isStrictParity) {
      this.#complain(
        exported.init,
        "Next.js can't recognize the exported `config` field in route. It needs to be a static object.",
      );
    }
    return { value, node: exported.init };
  }

  #property({ value }: Found, name: string): Found {
    if (value.kind === 'unknown') return UNKNOWN;
    return value.kind === 'object' ? staticProperty(value.node, name) : ABSENT;
  }

  // --- api.*: any expression will do ---

  /** The plain value of `api.[name]`; undefined when only the module knows, which makes the config dynamic. */
  #apiValue(found: Found, name: string): unknown {
    if (found.value.kind === 'value') return found.value.value;
    if (found.value.kind === 'unknown') {
      this.#isDynamic = true;
      if (this.#from.isStrictParity && found.node) {
        this.#complain(
          found.node,
          `Invalid segment configuration export detected: \`config.api.${name}\` is not a plain value.`,
        );
      }
    }
    return undefined;
  }

  #body(api: Found): Pick<RouteConfig, 'bodyParser' | 'bodyLimit' | 'bodyLimitText'> {
    const parser = this.#property(api, 'bodyParser');
    const { bodyLimit, bodyLimitText } = DEFAULT_CONFIG;
    const streamed = { bodyParser: false, bodyLimit: null, bodyLimitText };
    if (this.#apiValue(parser, 'bodyParser') === false) return streamed;
    const size = this.#property(parser, 'sizeLimit');
    const value = this.#apiValue(size, 'bodyParser.sizeLimit');
    if (size.value.kind === 'unknown') return streamed;
    if (this.#isDefault(size, value)) return { bodyParser: true, bodyLimit, bodyLimitText };
    const limit = this.#size(size, value, 'bodyParser.sizeLimit');
    return { bodyParser: true, bodyLimit: limit, bodyLimitText: String(value) };
  }

  #responseLimit(found: Found): number | null {
    const value = this.#apiValue(found, 'responseLimit');
    if (value === false) return null;
    if (this.#isDefault(found, value)) return DEFAULT_CONFIG.responseLimit;
    return this.#size(found, value, 'responseLimit');
  }

  /** Next's default counts when what was given is falsy; but `sizeLimit: false` was meant to be something else. */
  #isDefault({ value: { kind } }: Found, value: unknown): boolean {
    return kind !== 'object' && !value && (value !== false || this.#from.isStrictParity === true);
  }

  #size(found: Found, value: unknown, name: string): number | null {
    if (this.#from.isStrictParity) return parseSizeAsNext(value);
    const bytes = parseSize(value);
    if (bytes !== undefined) return bytes;
    const example =
      name === 'responseLimit'
        ? "export const config = { api: { responseLimit: '8mb' } };"
        : EXAMPLE;
    this.#complain(
      found.node,
      `\`config.api.${name}\` is ${show(found.value)}, which is no size.`,
      `A size is ${SIZE_RULE}. For example:\n${example}`,
    );
    return null;
  }

  // --- runtime and maxDuration: plain values only ---

  #maxDuration(config: Found): number | null {
    const top = this.#topLevel('maxDuration');
    const found = top === ABSENT ? this.#property(config, 'maxDuration') : top;
    const name = top === ABSENT ? 'config.maxDuration' : 'maxDuration';
    const value = this.#plain(found, name, 'For example: export const maxDuration = 30;');
    if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value)))
      return value ?? null;
    this.#complain(
      found.node,
      `\`${name}\` is ${show(found.value)}, and must be a number of seconds above 0.`,
      'For example: export const maxDuration = 30;',
    );
    return null;
  }

  #runtime(config: Found): 'nodejs' | 'edge' {
    const inner = this.#property(config, 'runtime');
    const isInner = inner.node !== undefined;
    const found = isInner ? inner : this.#topLevel('runtime');
    const name = isInner ? 'config.runtime' : 'runtime';
    const hint = `It is one of ${RUNTIMES.map((known) => `'${known}'`).join(', ')}.`;
    const value = this.#plain(found, name, hint);
    if (value !== undefined && !RUNTIMES.includes(value as string)) {
      this.#complain(found.node, `\`${name}\` is ${show(found.value)}, which is no runtime.`, hint);
    }
    return value === 'edge' || value === 'experimental-edge' ? 'edge' : 'nodejs';
  }

  #topLevel(name: string): Found {
    const exported = this.#exports.found.get(name);
    if (!exported) return ABSENT;
    const value: StaticValue = exported.init ? staticValue(exported.init) : UNKNOWN.value;
    return { value, node: exported.init ?? exported.node };
  }

  #plain({ value, node }: Found, name: string, hint: string): unknown {
    if (value.kind === 'value') return value.value;
    // Of a config that is unknown as a whole nothing can be asked.
    if (node)
      this.#complain(
        node,
        `\`${name}\` is read without running the module, so it must be a plain value.`,
        hint,
      );
    return undefined;
  }

  #complain(node: acorn.Node | undefined, text: string, hint?: string): void {
    const { root, file, source } = this.#from;
    const rest = { severity: 'error' as const, text, ...(hint && { hint }) };
    const start = node?.loc?.start;
    const entry = start && this.#map.findEntry(start.line - 1, start.column);
    if (!entry || !('originalLine' in entry)) {
      this.#diagnostics.push({ ...rest, file });
      return;
    }
    const [line, column] = [entry.originalLine + 1, entry.originalColumn + 1];
    const here = source.split(/\r\n?|\n/)[line - 1]?.slice(column - 1) ?? '';
    const length = /^(?:(['"`]).*?\1|[-+]?[\w.$]+)/.exec(here)?.[0].length ?? 1;
    this.#diagnostics.push(diagnosticAt(root, { file, line, column, length, source }, rest));
  }
}

function show(value: StaticValue): string {
  if (value.kind !== 'value') return value.kind === 'object' ? 'an object' : 'computed';
  return typeof value.value === 'number'
    ? String(value.value)
    : (JSON.stringify(value.value) ?? 'undefined');
}
