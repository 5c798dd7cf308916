// SPDX-License-Identifier: MIT

/** The header fields that a handler sets, until they become the text that C sends. */

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Flag } from './core.ts';
import { intern } from './intern.ts';

export type FieldValue = number | string | readonly string[];

/** What the server does with a field, besides sending it. */
const Kind = {
  ordinary: 0,
  /** Belongs to the server (framing); what the handler says is dropped. */
  framing: 1,
  contentLength: 2,
  connection: 3,
  date: 4,
  setCookie: 5,
  /** Several values are one field. */
  cookie: 6,
} as const;

interface FieldName {
  readonly key: string;
  readonly kind: number;
}

export interface Field {
  readonly key: string;
  readonly kind: number;
  name: string;
  value: FieldValue;
}

export type Fields = Field[];

const kinds = new Map<string, number>([
  ['transfer-encoding', Kind.framing],
  ['keep-alive', Kind.framing],
  ['content-length', Kind.contentLength],
  ['connection', Kind.connection],
  ['date', Kind.date],
  ['set-cookie', Kind.setCookie],
  ['cookie', Kind.cookie],
]);

/** Names that were found valid, as handlers spell them. */
const seen = new Map<string, FieldName>();
const seenAtMost = 1024;

function fieldName(name: string): FieldName {
  const known = seen.get(name);
  if (known !== undefined) return known;
  validateHeaderName(name);
  const key = name.toLowerCase();
  const field = { key: intern(key), kind: kinds.get(key) ?? Kind.ordinary };
  if (seen.size < seenAtMost) seen.set(intern(name), field);
  return field;
}

const isNoFieldValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether `text` may stand in a head (RFC 9110, 5.5), one byte a character. */
export function isFieldValue(text: string): boolean {
  return !isNoFieldValue.test(text);
}

function check(name: string, value: unknown): FieldValue {
  // Node's own check throws, with Node's own words.
  if (value === undefined || isNoFieldValue.test(value as string)) {
    validateHeaderValue(name, value as string);
  }
  return value as FieldValue;
}

export function findField(fields: Fields | null, key: string): Field | undefined {
  if (fields === null) return undefined;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as Field;
    if (field.key === key) return field;
  }
  return undefined;
}

/** Replaces what was set under this name. */
export function setField(fields: Fields, name: string, value: unknown): void {
  const { key, kind } = fieldName(name);
  if (kind === Kind.setCookie) setCookies(fields, name, value);
  else putField(fields, key, kind, name, check(name, value));
}

/** Sets `field` itself. */
export function overlay(fields: Fields, field: Field): void {
  const at = fields.findIndex(({ key }) => key === field.key);
  if (at === -1) fields.push(field);
  else fields[at] = field;
}

function putField(
  fields: Fields,
  key: string,
  kind: number,
  name: string,
  value: FieldValue,
): void {
  const before = findField(fields, key);
  if (before === undefined) {
    fields.push({ key, kind, name, value });
  } else {
    before.name = name;
    before.value = value;
  }
}

/** As Next does: one cookie or a list without repetitions, and nothing for any other type. */
function setCookies(fields: Fields, name: string, value: unknown): void {
  if (Array.isArray(value)) {
    putField(fields, 'set-cookie', Kind.setCookie, name, check(name, [...new Set(value)]));
  } else if (typeof value === 'string') {
    putField(fields, 'set-cookie', Kind.setCookie, name, [check(name, value) as string]);
  } else {
    removeField(fields, 'set-cookie');
  }
}

/** Adds to what was set under this name. */
export function appendField(fields: Fields, name: string, value: unknown): void {
  const { key, kind } = fieldName(name);
  const added = check(name, value);
  const before = findField(fields, key);
  if (before === undefined) fields.push({ key, kind, name, value: added });
  else before.value = [before.value, added].flat() as string[];
}

export function removeField(fields: Fields, key: string): void {
  const at = fields.findIndex((field) => field.key === key);
  if (at !== -1) fields.splice(at, 1);
}

/** A head as `Core` takes it. */
export interface Head {
  lines: string;
  /** The Content-Length that the handler declared, -1 for none. */
  length: number;
  flags: number;
}

export function renderFields(fields: Fields | null): Head {
  const head: Head = { lines: '', length: -1, flags: 0 };
  if (fields === null) return head;
  for (let at = 0; at < fields.length; at++) renderField(head, fields[at] as Field);
  return head;
}

function renderField(head: Head, field: Field): void {
  switch (field.kind) {
    case Kind.framing:
      return;
    case Kind.contentLength:
      head.length = lengthOf(field.value);
      return;
    case Kind.connection:
      if (/\bclose\b/i.test(String(field.value))) head.flags |= Flag.close;
      return;
    case Kind.date:
      head.flags |= Flag.noDate;
      break;
    case Kind.cookie:
      head.lines += `${field.name}: ${[field.value].flat().join('; ')}\r\n`;
      return;
  }
  const { name, value } = field;
  if (Array.isArray(value)) for (const one of value) head.lines += `${name}: ${one}\r\n`;
  else head.lines += `${name}: ${value}\r\n`;
}

/** -1 for what is no length: C then finds out itself, or sends chunks. */
function lengthOf(value: FieldValue): number {
  const length = Number(value);
  return Number.isSafeInteger(length) && length >= 0 ? length : -1;
}
