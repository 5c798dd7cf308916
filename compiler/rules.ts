// SPDX-License-Identifier: MIT

// `headers`, `redirects` and `rewrites` of next.config: checked, and made into what the server reads. See
// src/rules/rules.h for what becomes of it there.

import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Diagnostic } from './diagnostics.ts';
import {
  compilePath,
  compileSource,
  compileText,
  type RuleParam,
  type RuleText,
  type SourcePattern,
} from './rule-pattern.ts';

/** `settings.rules` of the manifest. */
export interface Rules {
  ignoresCase: boolean;
  headers: HeadersRule[];
  redirects: RedirectRule[];
  beforeFiles: RewriteRule[];
  afterFiles: RewriteRule[];
  fallback: RewriteRule[];
}

export interface Rule extends SourcePattern {
  /** As it was written, for messages. */
  source: string;
  has?: Condition[];
  missing?: Condition[];
}

export interface HeadersRule extends Rule {
  headers: [name: RuleText, value: RuleText][];
}

export interface RedirectRule extends Rule {
  status: number;
  to: Destination;
}

export interface RewriteRule extends Rule {
  to: Destination;
  /** Parameters that the destination's path does not use: they are added to the query. */
  append: number[];
}

export interface Condition {
  type: 'header' | 'cookie' | 'query' | 'host';
  key?: string;
  /** Any value will do without it. */
  regex?: string;
  /** Named groups of the expression, and the parameters that they give. */
  groups?: [name: string, param: number][];
  /** The parameter that the whole value gives. */
  param?: number;
}

export interface Destination {
  /** Scheme and authority, of an address elsewhere. */
  origin?: RuleText;
  path: RuleText;
  query: [key: string, value: RuleText][];
  hash?: RuleText;
}

/** What next.config says, not yet looked at. */
export interface RuleSources {
  headers?: unknown;
  redirects?: unknown;
  rewrites?: unknown;
}

export interface RuleOptions {
  basePath: string;
  /** `experimental.caseSensitiveRoutes` */
  isCaseSensitive: boolean;
  locales: string[];
}

/**
 * Compiles all rules. Every one that is wrong gives an error, and then there are no rules; there are none either
 * when nothing was said.
 *
 * @example
 * compileRules({ redirects: [{ source: '/a', destination: '/b', permanent: true }] }, options).rules;
 */
export function compileRules(
  sources: RuleSources,
  options: RuleOptions,
): { rules?: Rules; errors: Diagnostic[] } {
  const reader = new Reader(options);
  const { beforeFiles, afterFiles, fallback } = splitRewrites(sources.rewrites, reader);
  const rules: Rules = {
    ignoresCase: !options.isCaseSensitive,
    headers: reader.readAll('headers()', sources.headers, headersRule),
    redirects: reader.readAll('redirects()', sources.redirects, redirectRule),
    beforeFiles: reader.readAll('rewrites().beforeFiles', beforeFiles, rewriteRule),
    afterFiles: reader.readAll(
      Array.isArray(sources.rewrites) ? 'rewrites()' : 'rewrites().afterFiles',
      afterFiles,
      rewriteRule,
    ),
    fallback: reader.readAll('rewrites().fallback', fallback, rewriteRule),
  };
  const isEmpty = Object.values(rules).every(
    (value) => !Array.isArray(value) || value.length === 0,
  );
  if (isEmpty || reader.errors.length > 0) return { errors: reader.errors };
  return { rules, errors: [] };
}

/**
 * Compiles `config.matcher` of a proxy: a path, or a list of paths and of `{ source, has, missing, locale }`.
 *
 * @example
 * compileMatcher('/api/:path*', options).rules?.[0]?.regex;
 */
export function compileMatcher(
  value: unknown,
  options: RuleOptions,
): { rules?: Rule[]; errors: Diagnostic[] } {
  const reader = new Reader(options);
  const list = [value].flat().map((each) => (typeof each === 'string' ? { source: each } : each));
  const rules = reader.readAll('config.matcher', list, (fields) => {
    checkNames(fields, []);
    return matcher(fields, options, {});
  });
  return reader.errors.length > 0 ? { errors: reader.errors } : { rules, errors: [] };
}

type RewriteLists = { beforeFiles?: unknown; afterFiles?: unknown; fallback?: unknown };

function splitRewrites(rewrites: unknown, reader: Reader): RewriteLists {
  if (rewrites === undefined || rewrites === null) return {};
  if (Array.isArray(rewrites)) return { afterFiles: rewrites };
  if (typeof rewrites !== 'object') {
    reader.fail('rewrites()', `must return a list or an object of lists, not ${nameOf(rewrites)}.`);
    return {};
  }
  for (const name of Object.keys(rewrites)) {
    if (!['beforeFiles', 'afterFiles', 'fallback'].includes(name))
      reader.fail(
        'rewrites()',
        `has the lists beforeFiles, afterFiles and fallback, not \`${name}\`.`,
      );
  }
  return rewrites;
}

// --- One rule ---

type Fields = Record<string, unknown>;

/** What is wrong with the rule that is being read. */
class Fault extends Error {
  hint: string | undefined;

  constructor(text: string, hint?: string) {
    super(text);
    this.hint = hint;
  }
}

type ReadRule<R> = (fields: Fields, reader: Reader) => R;

class Reader {
  readonly options: RuleOptions;
  readonly errors: Diagnostic[] = [];

  constructor(options: RuleOptions) {
    this.options = options;
  }

  fail(place: string, text: string, hint?: string): void {
    this.errors.push({ severity: 'error', text: `${place} ${text}`, ...(hint && { hint }) });
  }

  readAll<R>(place: string, list: unknown, read: ReadRule<R>): R[] {
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) {
      this.fail(place, `must be a list of rules, not ${nameOf(list)}.`);
      return [];
    }
    return list.flatMap((fields: unknown, index) => {
      const rule = `${place}, rule ${index + 1}:`;
      try {
        if (typeof fields !== 'object' || fields === null)
          throw new Fault(`it must be an object, not ${nameOf(fields)}.`);
        return [read(fields as Fields, this)];
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.fail(rule, error.message, error.hint);
        return [];
      }
    });
  }
}

const COMMON = ['source', 'basePath', 'locale', 'has', 'missing', 'internal'];

function checkNames(fields: Fields, more: string[]): void {
  const known = [...COMMON, ...more];
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Fault(`it has \`${unknown.join('`, `')}\`, and may have only ${known.join(', ')}.`);
}

function headersRule(fields: Fields, { options }: Reader): HeadersRule {
  checkNames(fields, ['headers']);
  const rule = matcher(fields, options, {});
  const { headers } = fields;
  if (!Array.isArray(headers) || headers.length === 0)
    throw new Fault('`headers` must be a list of { key, value }, with at least one.');
  return { ...rule, headers: headers.map((header) => readHeader(header, rule.params)) };
}

function readHeader(header: unknown, params: RuleParam[]): [RuleText, RuleText] {
  const { key, value } = (header ?? {}) as Fields;
  if (typeof key !== 'string' || typeof value !== 'string')
    throw new Fault(
      `\`headers\` holds ${JSON.stringify(header)}, which is not { key, value } with texts.`,
    );
  const name = compileText(key, params);
  try {
    // What stands in a gap is checked by the server, request by request.
    for (const text of name) if (typeof text === 'string') validateHeaderName(text);
    validateHeaderValue(key, value);
  } catch (error) {
    throw new Fault(`${(error as Error).message}.`);
  }
  return [name, compileText(value, params)];
}

const STATUSES = [301, 302, 303, 307, 308];

function redirectRule(fields: Fields, { options }: Reader): RedirectRule {
  checkNames(fields, ['destination', 'permanent', 'statusCode']);
  const { basePath } = options;
  const rule = matcher(fields, options, { except: `${basePath}/_next` });
  return { ...rule, status: readStatus(fields), to: readDestination(fields, rule, options) };
}

function readStatus({ permanent, statusCode }: Fields): number {
  if (statusCode === undefined && typeof permanent === 'boolean') return permanent ? 308 : 307;
  if (permanent !== undefined && statusCode !== undefined)
    throw new Fault('it has `permanent` and `statusCode`, of which it may have one.');
  if (statusCode === undefined)
    throw new Fault(`\`permanent\` must be true or false, and is ${nameOf(permanent)}.`);
  if (!STATUSES.includes(statusCode as number)) {
    const found = JSON.stringify(statusCode);
    throw new Fault(`\`statusCode\` must be one of ${STATUSES.join(', ')}, and is ${found}.`);
  }
  return statusCode as number;
}

function rewriteRule(fields: Fields, { options }: Reader): RewriteRule {
  checkNames(fields, ['destination']);
  const rule = matcher(fields, options, {});
  const to = readDestination(fields, rule, { ...options, locales: [] });
  return { ...rule, to, append: appended(rule, to) };
}

/** All or none: a destination that uses a parameter in its path is taken to say what it wants. */
function appended({ params, has = [] }: Rule, { path, query }: Destination): number[] {
  const isUsed = path.some(
    (part) => typeof part !== 'string' && params[part.param]?.name !== LOCALE,
  );
  if (isUsed) return [];
  const keys = query.map(([key]) => key);
  // What the client's query says already stays as it is.
  const own = has.flatMap(({ type, key, regex }) => (type === 'query' && !regex ? [key] : []));
  const without = [LOCALE, ...keys, ...own];
  return params.flatMap(({ name }, index) => {
    const isLast = params.findLastIndex((one) => one.name === name) === index;
    return isLast && !without.includes(name) ? [index] : [];
  });
}

// --- Which requests it is for ---

const LOCALE = 'nextInternalLocale';
const LONGEST = 4096;

function matcher(fields: Fields, options: RuleOptions, more: { except?: string }): Rule {
  const { source } = fields;
  const text = pathOf('source', source);
  for (const name of ['basePath', 'locale']) {
    if (fields[name] !== undefined && fields[name] !== false)
      throw new Fault(
        `\`${name}\` must be false or absent, and is ${JSON.stringify(fields[name])}.`,
      );
  }
  const base = fields.basePath === false ? '' : options.basePath;
  const locale = hasLocale(fields, options) ? `/:${LOCALE}(${options.locales.join('|')})?` : '';
  const before = base + locale;
  const pattern = attempt('source', () =>
    compileSource(before + (text === '/' && before ? '' : text), more),
  );
  const params = [...pattern.params];
  const has = readConditions('has', fields.has, params);
  const missing = readConditions('missing', fields.missing, []).map(withoutParams);
  return {
    source: text,
    ...pattern,
    params,
    ...(has.length > 0 && { has }),
    ...(missing.length > 0 && { missing }),
  };
}

/** Routes below `/api` have no locale; a rule may be asked for with one all the same. */
function hasLocale({ locale }: Fields, { locales }: RuleOptions): boolean {
  return locale !== false && locales.length > 0;
}

function pathOf(name: string, value: unknown): string {
  if (typeof value !== 'string')
    throw new Fault(`\`${name}\` must be a text, and is ${nameOf(value)}.`);
  if (!value.startsWith('/'))
    throw new Fault(`\`${name}\` must start with \`/\`, and is \`${value}\`.`);
  if (value.length > LONGEST) throw new Fault(`\`${name}\` is longer than ${LONGEST} characters.`);
  return value;
}

function attempt<T>(name: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw new Fault(`\`${name}\` cannot be read: ${(error as Error).message}.`);
  }
}

/** Adds to `params` what the conditions give. */
function readConditions(name: string, list: unknown, params: RuleParam[]): Condition[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw new Fault(`\`${name}\` must be a list, and is ${nameOf(list)}.`);
  return list.map((item) => readCondition(name, item, params));
}

/** What is not there gives nothing. */
function withoutParams({ groups: _, param: __, ...condition }: Condition): Condition {
  return condition;
}

const TYPES = ['header', 'cookie', 'query', 'host'] as const;

function readCondition(name: string, item: unknown, params: RuleParam[]): Condition {
  const { type: kind, key, value } = (item ?? {}) as Fields;
  const type = TYPES.find((known) => known === kind);
  const isRight =
    type !== undefined &&
    (type === 'host' ? key === undefined : typeof key === 'string') &&
    (value === undefined || typeof value === 'string') &&
    (type !== 'host' || value);
  if (!isRight) {
    throw new Fault(
      `\`${name}\` holds ${JSON.stringify(item)}, which is none of { type: 'header' | 'cookie' | 'query', key, value? } and { type: 'host', value }.`,
    );
  }
  const common = {
    type,
    ...(typeof key === 'string' && { key: type === 'header' ? key.toLowerCase() : key }),
  };
  const add = (param: string) => params.push({ name: param }) - 1;
  // The empty text too is any text, in Next.
  if (!value) {
    const param = String(key).replace(/[^A-Za-z]/g, '');
    return param === '' ? common : { ...common, param: add(param) };
  }
  const regex = `^${value}$`;
  const groups = namedGroups(name, regex).map((group): [string, number] => [group, add(group)]);
  if (groups.length > 0) return { ...common, regex, groups };
  return type === 'host' ? { ...common, regex, param: add('host') } : { ...common, regex };
}

function namedGroups(name: string, regex: string): string[] {
  attempt(name, () => new RegExp(regex));
  const groups = [...regex.matchAll(/\(\?<(?![=!])([^>]*)>/g)].map(([, group = '']) => group);
  const odd = groups.find((group) => !/^[A-Za-z_]\w{0,31}$/.test(group));
  if (odd !== undefined)
    throw new Fault(
      `\`${name}\` names a group \`${odd}\`; letters, digits and _ are possible, at most 32.`,
    );
  return groups;
}

// --- Where it leads ---

function readDestination(fields: Fields, { params }: Rule, options: RuleOptions): Destination {
  const { destination } = fields;
  if (typeof destination !== 'string')
    throw new Fault(`\`destination\` must be a text, and is ${nameOf(destination)}.`);
  const [, origin, rest = ''] = /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?(.*)$/is.exec(destination) ?? [];
  if (!destination.startsWith('/') && !/^https?:\/\/./i.test(origin ?? '')) {
    throw new Fault(
      `\`destination\` must start with \`/\`, \`http://\` or \`https://\`, and is \`${destination}\`.`,
    );
  }
  const { before: target, behind: hash } = divide(rest, '#');
  const { before: path, behind: query } = divide(target, '?');
  const prefix = origin === undefined && fields.basePath !== false ? options.basePath : '';
  const locale = origin === undefined && hasLocale(fields, options) ? `/:${LOCALE}?` : '';
  const before = prefix + locale;
  const whole = before + (path === '/' && before ? '' : path);
  const pairs = new URLSearchParams(query ?? '');
  return {
    ...(origin !== undefined && { origin: compileText(origin, params) }),
    path: attempt('destination', () => compilePath(whole || '/', params)),
    query: [...pairs].map(([key, value]) => [key, compileText(value, params)]),
    ...(hash !== undefined && { hash: compileText(escapeFragment(hash), params) }),
  };
}

function divide(text: string, mark: string): { before: string; behind?: string } {
  const at = text.indexOf(mark);
  return at === -1 ? { before: text } : { before: text.slice(0, at), behind: text.slice(at + 1) };
}

function escapeFragment(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
