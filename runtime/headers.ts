// SPDX-License-Identifier: MIT

/**
 * The fields of a request's head, as Node's IncomingMessage shows them. A head is text that C has
 * validated (see `Host.request`): lines end in CR LF, each has a colon behind its name.
 */

import { intern } from './intern.ts';

export type Headers = Record<string, string | string[] | undefined>;

/** What becomes of a field that comes more than once. */
const Repeat = {
  /** Joined with a comma (RFC 9110, 5.3). */
  comma: 0,
  /** Joined as one Cookie field (RFC 6265, 5.4). */
  semicolon: 1,
  /** Kept apart in an array. */
  list: 2,
  /** Only the first counts. */
  first: 3,
  /** Never shown: Next uses it between its own parts and drops what a client sends. */
  hidden: 4,
} as const;

interface FieldName {
  readonly key: string;
  readonly repeat: number;
}

const repeats = new Map<string, number>([
  ['cookie', Repeat.semicolon],
  ['set-cookie', Repeat.list],
]);
const onlyFirst =
  'age authorization content-length content-type etag expires from host if-modified-since ' +
  'if-unmodified-since last-modified location max-forwards proxy-authorization referer ' +
  'retry-after server user-agent';
const neverShown =
  'x-middleware-rewrite x-middleware-redirect x-middleware-set-cookie x-middleware-skip ' +
  'x-middleware-override-headers x-middleware-next x-now-route-matches x-matched-path ' +
  'x-nextjs-data x-next-resume-state-length next-resume';
for (const key of onlyFirst.split(' ')) repeats.set(key, Repeat.first);
for (const key of neverShown.split(' ')) repeats.set(key, Repeat.hidden);

/** Whether `req.headers` never shows a field, by its name in lower case. */
export function isHidden(key: string): boolean {
  return repeats.get(key) === Repeat.hidden;
}

/** Names as clients spelt them. Bounded: a client may invent as many as it likes. */
const seen = new Map<string, FieldName>();
const seenAtMost = 1024;

function fieldName(name: string): FieldName {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const key = name.toLowerCase();
  const field = { key: intern(key), repeat: repeats.get(key) ?? Repeat.comma };
  if (seen.size < seenAtMost) seen.set(intern(name), field);
  return field;
}

/** Where the fields begin: behind the request line. */
export function fieldsAt(head: string): number {
  const end = lineEnd(head, 0);
  return end === head.length ? end : end + 2;
}

/** A CR stands nowhere else, and one character is found faster than two. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\r', at);
  return end === -1 ? text.length : end;
}

const space = 0x20;
const tab = 0x09;

/** What is between two places, without white space at its ends. */
function valueBetween(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  let code = text.charCodeAt(start);
  while (start < end && (code === space || code === tab)) code = text.charCodeAt(++start);
  code = text.charCodeAt(end - 1);
  while (end > start && (code === space || code === tab)) code = text.charCodeAt(--end - 1);
  return text.slice(start, end);
}

function add(headers: Headers, name: FieldName, value: string): void {
  const key = name.key;
  const before = headers[key];
  switch (name.repeat) {
    case Repeat.comma:
      headers[key] = typeof before === 'string' ? `${before}, ${value}` : value;
      break;
    case Repeat.semicolon:
      headers[key] = typeof before === 'string' ? `${before}; ${value}` : value;
      break;
    case Repeat.list:
      if (Array.isArray(before)) before.push(value);
      else headers[key] = [value];
      break;
    case Repeat.first:
      if (before === undefined) headers[key] = value;
      break;
  }
}

/**
 * Clients send the same names in the same order again and again. The lists of names that came are
 * kept as a tree, and where a list ends hangs a set of headers to copy: filling in values is several
 * times faster than giving an empty object one key after the other.
 */
interface Step {
  /** The name as it was sent, with its colon. */
  readonly start: string;
  readonly key: string;
  /** Where requests went on from here last time. */
  likely: Step | undefined;
  readonly others: Map<string, Step>;
  /** All keys up to here; undefined when a list of these names needs more than filling in. */
  readonly template: Headers | undefined;
}

function makeStep(start: string, name: FieldName, before: Headers | undefined): Step {
  const { key, repeat } = name;
  const isPlain =
    before !== undefined &&
    !Object.hasOwn(before, key) &&
    key !== '__proto__' &&
    repeat !== Repeat.list &&
    repeat !== Repeat.hidden;
  const template = isPlain ? { ...before, [key]: '' } : undefined;
  return { start, key, likely: undefined, others: new Map(), template };
}

const firstStep: Step = { start: '', key: '', likely: undefined, others: new Map(), template: {} };
let stepsLeft = 2048;

/** The step for the name between two places; undefined when no more are remembered. */
function stepOn(from: Step, text: string, at: number, colon: number): Step | undefined {
  const name = text.slice(at, colon);
  let step = from.others.get(name);
  if (step === undefined && stepsLeft > 0) {
    stepsLeft--;
    step = makeStep(intern(`${name}:`), fieldName(name), from.template);
    from.others.set(intern(name), step);
  }
  if (step !== undefined) from.likely = step;
  return step;
}

/** `req.headers`: names in lower case, repeated fields combined by Node's rules. */
export function parseHeaders(text: string, from: number): Headers {
  const values: string[] = [];
  const path: Step[] = [];
  let step: Step = firstStep;
  for (let at = from; at < text.length; ) {
    const { likely } = step;
    let next = likely;
    let colon: number;
    if (likely !== undefined && text.startsWith(likely.start, at)) {
      colon = at + likely.start.length - 1;
    } else {
      colon = text.indexOf(':', at);
      next = stepOn(step, text, at, colon);
    }
    if (next?.template === undefined) return parseOneByOne(text, from);
    const end = lineEnd(text, colon);
    values.push(valueBetween(text, colon + 1, end));
    path.push(next);
    step = next;
    at = end + 2;
  }
  const headers = { ...step.template };
  for (let at = 0; at < path.length; at++) headers[(path[at] as Step).key] = values[at];
  return headers;
}

function parseOneByOne(text: string, from: number): Headers {
  const headers: Headers = {};
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    add(headers, fieldName(text.slice(at, colon)), valueBetween(text, colon + 1, end));
    at = end + 2;
  }
  return headers;
}

/** `req.headersDistinct`: every value of every field, in arrays. */
export function parseDistinct(text: string, from: number): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null);
  const raw = parseRaw(text, from);
  for (let at = 0; at < raw.length; at += 2) {
    const key = fieldName(raw[at] as string).key;
    const value = raw[at + 1] as string;
    const values = distinct[key];
    if (values === undefined) distinct[key] = [value];
    else values.push(value);
  }
  return distinct;
}

/** `req.rawHeaders`: name, value, name, value, as they came. */
export function parseRaw(text: string, from: number): string[] {
  const raw: string[] = [];
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    raw.push(text.slice(at, colon), valueBetween(text, colon + 1, end));
    at = end + 2;
  }
  return raw;
}

/** The first field called `key` (in lower case), without looking closely at the others. */
export function findField(head: string, key: string): string | undefined {
  return findFieldFrom(head, fieldsAt(head), key).value;
}

/** All fields called `key`, joined with `separator`. */
export function joinFields(head: string, key: string, separator: string): string | undefined {
  let found = findFieldFrom(head, fieldsAt(head), key);
  let joined = found.value;
  while (found.value !== undefined) {
    found = findFieldFrom(head, found.end, key);
    if (found.value !== undefined) joined += separator + found.value;
  }
  return joined;
}

function findFieldFrom(
  head: string,
  from: number,
  key: string,
): { value: string | undefined; end: number } {
  const first = key.charCodeAt(0);
  for (let at = from; at < head.length; ) {
    const end = lineEnd(head, at);
    const colon = at + key.length;
    if (
      (head.charCodeAt(at) | 0x20) === first &&
      head.charCodeAt(colon) === 0x3a &&
      head.slice(at, colon).toLowerCase() === key
    ) {
      return { value: valueBetween(head, colon + 1, end), end: end + 2 };
    }
    at = end + 2;
  }
  return { value: undefined, end: head.length };
}
