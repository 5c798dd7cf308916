// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from '../support/app.ts';

/** Capra's own default, or `--parity next`. */
export type Mode = 'default' | 'next';
export const modes: Mode[] = ['default', 'next'];

/** What a request or an answer carries: text, or a description of what is too long or too odd for it. */
export type Body =
  | string
  | { hex: string }
  | { repeat: string; times: number }
  | { multipart: true }
  /** A page with this status as its heading and this text below. */
  | { page: number; text: string }
  /** Any HTML document; the value says whose. */
  | { document: string }
  | { starts: string }
  | { any: true }
  /** Compressed; `bytes` is the length without compression. */
  | { coding: string; bytes: number; of?: string }
  /** Nothing comes for so many milliseconds; with `open`, nothing more than that text. */
  | { silentFor: number; open?: string }
  /** The connection is closed without a byte. */
  | { closed: true }
  /** The connection is closed after this much of the body. */
  | { cut: string };

/** An answer. Every header is listed; `{json}` and `{page}` stand for several. */
export interface Expected {
  /** Status and reason; null when there is no answer. */
  status: string | null;
  headers?: string[];
  body: Body;
  interim?: string[];
}

/** What a build says and how it ends. */
export interface ExpectedBuild {
  exit: number;
  /** Each of them stands in what it prints. */
  says?: string[];
  /** The routes that it lists. */
  routes?: string[];
}

interface Common {
  id: string;
  /** The contract's section. */
  section: string;
  rule: string;
}

export interface RequestCase extends Common {
  app: string;
  /** The body of the function that `pages/api/x.js` runs for this case. */
  handler?: string;
  /** Method and target. */
  request?: string;
  headers?: Record<string, string | string[]>;
  body?: Body;
  /** The whole request, instead of the three above; a character is a byte. */
  bytes?: string;
  /** The case that must have been asked before this one. */
  after?: string;
  /** The handler writes before it knows the whole body, so that no length can be declared. */
  streamed?: boolean;
  /** What Next was seen to do. */
  expect: Expected;
  /** What Capra does instead by default, where the contract's section 11 says so. */
  better?: Partial<Expected>;
  /** The same, where the better answer is a build that fails. */
  betterBuild?: { files: Files; expect: ExpectedBuild };
  /** What Capra does instead on purpose, in both modes. */
  ours?: Partial<Expected>;
  /** Why it does. */
  why?: string;
}

export interface BuildCase extends Common {
  /** A project of its own that is only built. */
  files: Files;
  links?: Record<string, string>;
  expect: ExpectedBuild;
  better?: ExpectedBuild;
  ours?: ExpectedBuild;
  why?: string;
}

export type Case = RequestCase | BuildCase;

const folder = join(import.meta.dirname, 'cases');

/** The groups in their order: the name of the file without its ending, and its cases. */
export const groups: [name: string, cases: Case[]][] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(folder, name), 'utf8'))]);

export const cases: Case[] = groups.flatMap(([, list]) => list);

export function isBuildCase(each: Case): each is BuildCase {
  return 'files' in each;
}
