// SPDX-License-Identifier: MIT

// `export const config` of a route, and `export const maxDuration` and `runtime` beside it, read from the
// syntax tree: the server must know a route's limits before it loads the route.
//
// What cannot be known without running the module makes the config `dynamic`; then the worker looks at the
// module itself. Only `runtime` and `maxDuration` must be plain values.

import type * as acorn from 'acorn';
import type { Diagnostic } from './diagnostics.ts';
import { isPackageName } from './native/pkg-config.ts';
import { parseSize, parseSizeAsNext, SIZE_RULE } from './size.ts';
import { type SourceFile, StaticSource } from './static-source.ts';
import {
  partThatIsNotPlain,
  type StaticValue,
  staticKeys,
  staticProperty,
  staticValue,
} from './static-value.ts';

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
  /** Of a route in C: the handler waits, and runs on a thread of its own. */
  blocking?: true;
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
  /** Of a route in C: the pkg-config packages that it needs. */
  packages?: string[];
}

export interface ConfigSource extends SourceFile {
  isStrictParity?: boolean;
  /** Of a route in C, which has `blocking` besides, and no other runtime. */
  isNative?: boolean;
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
  const parsed = await StaticSource.parse(from);
  return parsed ? new Reader(from, parsed).read() : nothing;
}

/** A value, and the expression that gave it when there is one to point at. */
interface Found {
  value: StaticValue;
  node?: acorn.Node;
}

const ABSENT: Found = { value: { kind: 'value', value: undefined } };
const UNKNOWN: Found = { value: { kind: 'unknown' } };
const RUNTIMES = ['nodejs', 'edge', 'experimental-edge'];
/** What Next knows, and so what has an effect. */
const API_KEYS = ['bodyParser', 'responseLimit', 'externalResolver'];
const EXAMPLE = "export const config = { api: { bodyParser: { sizeLimit: '4mb' } } };";

class Reader {
  readonly #from: ConfigSource;
  readonly #parsed: StaticSource;
  readonly #diagnostics: Diagnostic[] = [];
  #isDynamic = false;

  constructor(from: ConfigSource, parsed: StaticSource) {
    this.#from = from;
    this.#parsed = parsed;
  }

  read(): ConfigReading {
    const declared = this.#declared('config');
    const api = this.#property(declared, 'api');
    if (!this.#from.isStrictParity) this.#warnOfKeys(declared, api);
    const config: RouteConfig = {
      ...DEFAULT_CONFIG,
      ...this.#body(api),
      responseLimit: this.#responseLimit(this.#property(api, 'responseLimit')),
      externalResolver: this.#apiValue(this.#property(api, 'externalResolver')) === true,
      maxDuration: this.#maxDuration(declared),
      runtime: this.#runtime(declared),
    };
    if (this.#from.isNative && this.#blocking(declared, config.bodyParser)) config.blocking = true;
    // Of an edge route the handler reads the body, however long it is; nothing else is left to know.
    if (config.runtime === 'edge') Object.assign(config, { bodyParser: false, bodyLimit: null });
    else if (this.#isDynamic) config.dynamic = true;
    const reading = { config, isDeclared: declared !== ABSENT, diagnostics: this.#diagnostics };
    return this.#from.isNative ? { ...reading, packages: this.#packages(declared) } : reading;
  }

  /** What the module exports as `config`; only an object, or what may turn out to be one. */
  #declared(name: 'config'): Found {
    const { isCommonJs, found } = this.#parsed.exports;
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
    } else if (this.#from.isStrictParity && !this.#isStaticAsNext(exported.init)) {
      return UNKNOWN;
    }
    return { value, node: exported.init };
  }

  /** Next reads less than `staticValue` does: an object of plain literals, and one type assertion around it. */
  #isStaticAsNext(init: acorn.Expression): boolean {
    if (init.type !== 'ObjectExpression' || this.#parsed.countAssertions(init) > 1) {
      this.#complain(
        init,
        "Next.js can't recognize the exported `config` field in route. It needs to be a static object.",
      );
      return false;
    }
    const part = partThatIsNotPlain(init, (literal) => !this.#parsed.isFolded(literal));
    if (part) {
      this.#complain(
        part,
        'Invalid segment configuration export detected. It is read without running the module, so all of `config` must be plain values.',
        `For example: ${EXAMPLE}`,
      );
    }
    return !part;
  }

  #property({ value }: Found, name: string): Found {
    if (value.kind === 'unknown') return UNKNOWN;
    return value.kind === 'object' ? staticProperty(value.node, name) : ABSENT;
  }

  /** Keys without an effect, where one was clearly meant: Next says nothing of them. */
  #warnOfKeys(config: Found, api: Found): void {
    const isLike = (known: string) => (key: string) =>
      key !== known && key.toLowerCase() === known.toLowerCase();
    for (const { key, node } of keysOf(config)) {
      const meant = ['api', 'maxDuration', 'runtime'].find((known) => isLike(known)(key));
      if (API_KEYS.includes(key) || key === 'sizeLimit')
        this.#warn(node, `\`config.${key}\` has no effect here.`, `It belongs deeper: ${EXAMPLE}`);
      else if (meant) this.#warn(node, `\`config.${key}\` has no effect.`, `It is \`${meant}\`.`);
    }
    this.#warnOfUnknown('config.api', api, API_KEYS);
    this.#warnOfUnknown('config.api.bodyParser', this.#property(api, 'bodyParser'), ['sizeLimit']);
  }

  #warnOfUnknown(name: string, found: Found, known: string[]): void {
    for (const { key, node } of keysOf(found)) {
      if (known.includes(key)) continue;
      const hint = `There ${known.length > 1 ? 'are' : 'is'} ${known.join(', ')}. For example:\n${EXAMPLE}`;
      this.#warn(node, `\`${name}.${key}\` has no effect.`, hint);
    }
  }

  // --- api.*: any expression will do ---

  /** The plain value of `api.[name]`; undefined when only the module knows, which makes the config dynamic. */
  #apiValue(found: Found): unknown {
    if (found.value.kind === 'value') return found.value.value;
    if (found.value.kind === 'unknown') this.#isDynamic = true;
    return undefined;
  }

  #body(api: Found): Pick<RouteConfig, 'bodyParser' | 'bodyLimit' | 'bodyLimitText'> {
    const parser = this.#property(api, 'bodyParser');
    const { bodyLimit, bodyLimitText } = DEFAULT_CONFIG;
    const streamed = { bodyParser: false, bodyLimit: null, bodyLimitText };
    if (this.#apiValue(parser) === false) return streamed;
    const size = this.#property(parser, 'sizeLimit');
    const value = this.#apiValue(size);
    if (size.value.kind === 'unknown') return streamed;
    if (this.#isDefault(size, value)) return { bodyParser: true, bodyLimit, bodyLimitText };
    const limit = this.#size(size, value, 'bodyParser.sizeLimit');
    return { bodyParser: true, bodyLimit: limit, bodyLimitText: String(value) };
  }

  #responseLimit(found: Found): number | null {
    const value = this.#apiValue(found);
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
    if (this.#from.isNative && value !== undefined)
      this.#complain(found.node, 'A route in C has no `runtime`.', 'Leave it out.');
    else if (value !== undefined && !RUNTIMES.includes(value as string)) {
      this.#complain(found.node, `\`${name}\` is ${show(found.value)}, which is no runtime.`, hint);
    }
    return value === 'edge' || value === 'experimental-edge' ? 'edge' : 'nodejs';
  }

  #blocking(config: Found, hasBody: boolean): boolean {
    const found = this.#property(config, 'blocking');
    const value = this.#plain(found, 'blocking', 'For example: CAPRA_CONFIG({ blocking: true });');
    if (value !== undefined && typeof value !== 'boolean')
      this.#complain(
        found.node,
        `\`blocking\` is ${show(found.value)}, and must be true or false.`,
      );
    if (value === true && !hasBody)
      this.#complain(
        found.node,
        'A handler that is `blocking` gets its body whole, and `bodyParser: false` says otherwise.',
        'Leave one of them out.',
      );
    return value === true;
  }

  #packages(config: Found): string[] {
    const found = this.#property(config, 'packages');
    const hint = 'For example: CAPRA_CONFIG({ packages: ["sqlite3", "libcurl >= 7.68"] });';
    const value = this.#plain(found, 'packages', hint);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isPackageName)) return value;
    this.#complain(
      found.node,
      `\`packages\` is ${show(found.value)}, and must be a list of names that pkg-config knows.`,
      hint,
    );
    return [];
  }

  #topLevel(name: string): Found {
    const exported = this.#parsed.exports.found.get(name);
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

  #warn(node: acorn.Node, text: string, hint: string): void {
    this.#diagnostics.push({ ...this.#parsed.errorAt(node, text, hint), severity: 'warning' });
  }

  #complain(node: acorn.Node | undefined, text: string, hint?: string): void {
    this.#diagnostics.push(this.#parsed.errorAt(node, text, hint));
  }
}

function keysOf({ value }: Found): { key: string; node: acorn.Node }[] {
  return value.kind === 'object' ? staticKeys(value.node) : [];
}

function show(value: StaticValue): string {
  if (value.kind !== 'value') return value.kind === 'object' ? 'an object' : 'computed';
  return typeof value.value === 'number'
    ? String(value.value)
    : (JSON.stringify(value.value) ?? 'undefined');
}
