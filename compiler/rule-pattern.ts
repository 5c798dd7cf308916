// SPDX-License-Identifier: MIT

// The patterns of `headers`, `redirects` and `rewrites`. They are written in the syntax of path-to-regexp, which
// Next uses; what the server gets are regular expressions, and texts with gaps for parameters.

import { type Key, parse, pathToRegexp } from 'path-to-regexp';

/** What a rule takes out of a request. Conditions and texts name it by its place in the rule's list. */
export interface RuleParam {
  name: string;
  /** Between the pieces of one that may repeat: `/` for `:path*`. */
  separator?: string;
}

/** Text, and gaps that are filled with parameters. A gap without its parameter takes prefix and suffix along. */
export type RuleText = (string | RuleGap)[];

export interface RuleGap {
  param: number;
  prefix?: string;
  suffix?: string;
  /** Slashes in the value are slashes. */
  repeats?: true;
}

export interface SourcePattern {
  regex: string;
  /** For each group of the expression the parameter that it gives; null for one without a name. */
  groups: (number | null)[];
  params: RuleParam[];
}

/**
 * Compiles the `source` of a rule. Throws what path-to-regexp throws for a pattern that is none. `except`: a path
 * below which the rule never applies.
 *
 * @example
 * compileSource('/v1/:id').params; // [{ name: 'id' }]
 */
export function compileSource(source: string, { except }: { except?: string } = {}): SourcePattern {
  const keys: Key[] = [];
  const { source: text } = pathToRegexp(source, keys, { strict: true, encode: escapePath });
  const params: RuleParam[] = [];
  const groups = keys.map(({ name, modifier, prefix, suffix }) => {
    // A group without a name only has to match.
    if (typeof name === 'number') return null;
    const repeats = modifier === '*' || modifier === '+';
    return params.push({ name, ...(repeats && { separator: prefix + suffix }) }) - 1;
  });
  const start = except === undefined ? '^' : `^(?!${escapeRegex(except)})`;
  // With a slash at the end or without, whatever the project's own form is.
  return { regex: text.replace(/^\^/, start).replace(/\$$/, '(?:\\/)?$'), groups, params };
}

/**
 * Compiles a path of a destination. Throws for a malformed one, and for a name that no parameter has.
 *
 * @example
 * compilePath('/api/:id', [{ name: 'id' }]); // ['/api', { param: 0, prefix: '/' }]
 */
export function compilePath(path: string, params: RuleParam[]): RuleText {
  return parse(path).map((token) => {
    if (typeof token === 'string') return escapePath(token);
    const { name, prefix, suffix, modifier } = token;
    const param = params.findLastIndex((one) => one.name === name);
    if (param === -1) throw new TypeError(unknownParam(name));
    return {
      param,
      ...(prefix && { prefix: escapePath(prefix) }),
      ...(suffix && { suffix: escapePath(suffix) }),
      ...((modifier === '*' || modifier === '+') && { repeats: true }),
    };
  });
}

function unknownParam(name: string | number): string {
  return typeof name === 'number'
    ? 'it holds a pattern without a name, which nothing can be put in place of'
    : `neither \`source\` nor \`has\` has a \`:${name}\``;
}

/**
 * Compiles text that is no path: a header's value, a value of a query, a host. Only names of parameters count;
 * any other colon is a colon.
 *
 * @example
 * compileText('id-:id', [{ name: 'id' }]); // ['id-', { param: 0 }]
 */
export function compileText(text: string, params: RuleParam[]): RuleText {
  const made: RuleText = [];
  let rest = 0;
  for (const { 0: all, 1: name, index } of text.matchAll(/:(\w+)[*+?]?/g)) {
    const param = params.findLastIndex((one) => one.name === name);
    if (param === -1) continue;
    if (index > rest) made.push(text.slice(rest, index));
    made.push({ param, ...(all.endsWith('*') && { repeats: true }) });
    rest = index + all.length;
  }
  if (rest < text.length) made.push(text.slice(rest));
  return made;
}

/** Requests have no other characters in their paths but these, so patterns need none. */
function escapePath(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

function escapeRegex(text: string): string {
  return text.replace(/[\\/^$.*+?()[\]{}|-]/g, '\\$&');
}
