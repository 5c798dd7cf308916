// SPDX-License-Identifier: MIT

// Compiled sources, by what they were made of: the command, the compiler's version, and the content of every file
// that was read, as the compiler itself has listed them. A record remembers that list for each of the last few
// contents; when one of them is what lies on the disk now, its object is the one that would be made again.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { writeWhole } from '../manifest.ts';

export interface CachedObject {
  /** Relative to the project folder. */
  object: string;
  /** Every file that was read, as the compiler named it. */
  inputs: string[];
  /** What the compiler said. */
  stderr: string;
}

/** One content of all that was read, and what came of it. */
interface Variant extends CachedObject {
  content: string;
}

/** What a compiler has just made. */
export interface NewObject {
  /** Absolute; it is taken away from there. */
  path: string;
  inputs: string[];
  stderr: string;
  /** When the compiler was started, as `Date.now` has it. */
  startedMs: number;
}

/** A change and its undoing, and a few branches. */
const VARIANTS = 8;
const KEPT_MS = 14 * 24 * 3600 * 1000;
/** By so much the time of a file may lie before the moment of its writing. */
const CLOCK_TICK_MS = 10;

export const CACHE = '.capra/cache/native';

/**
 * The objects of one project.
 *
 * @example
 * const unit = cache.unitOf(['cc', version, '-O2', 'lib/db.c']);
 * const { object } = cache.find(unit) ?? cache.add(unit, { path, inputs, stderr, startedMs });
 */
export class ObjectCache {
  readonly #root: string;
  readonly #hashes = new Map<string, { stamp: string; hash: string }>();

  constructor(root: string) {
    this.#root = root;
    this.#prune();
  }

  /** Makes the folder in which objects are made. */
  open(): void {
    mkdirSync(join(this.#root, CACHE), { recursive: true });
  }

  /** What stands for one source and the way in which it is compiled. */
  unitOf(parts: string[]): string {
    return digest([this.#root, ...parts]);
  }

  find(unit: string): CachedObject | undefined {
    for (const { content, ...found } of this.#variants(unit)) {
      const isThere = existsSync(join(this.#root, found.object));
      if (!isThere || this.#contentOf(found.inputs) !== content) continue;
      this.#touch(recordOf(unit), found.object);
      return found;
    }
    return undefined;
  }

  /** Keeps an object. It is named by its own bytes, so the same source makes the same name again. */
  add(unit: string, { path, inputs, stderr, startedMs }: NewObject): CachedObject {
    const found = { object: `${CACHE}/${digest([readFileSync(path)])}.o`, inputs, stderr };
    renameSync(path, join(this.#root, found.object));
    // Nobody knows which content of a file was read that was written meanwhile.
    const content = this.#isOlder(inputs, startedMs) && this.#contentOf(inputs);
    if (content) this.#remember(unit, { ...found, content });
    return found;
  }

  #remember(unit: string, variant: Variant): void {
    const others = this.#variants(unit).filter(({ content }) => content !== variant.content);
    const kept = [variant, ...others.slice(0, VARIANTS - 1)];
    for (const { object } of others.slice(VARIANTS - 1)) {
      if (kept.some((other) => other.object === object)) continue;
      rmSync(join(this.#root, object), { force: true });
    }
    writeWhole(join(this.#root, recordOf(unit)), JSON.stringify(kept));
  }

  #isOlder(inputs: string[], ms: number): boolean {
    return inputs.every((path) => {
      const found = statSync(resolve(this.#root, path), { throwIfNoEntry: false });
      return found !== undefined && found.mtimeMs < ms - CLOCK_TICK_MS;
    });
  }

  #variants(unit: string): Variant[] {
    try {
      return JSON.parse(readFileSync(join(this.#root, recordOf(unit)), 'utf8'));
    } catch {
      return [];
    }
  }

  /** Undefined when one of the files is not there. */
  #contentOf(inputs: string[]): string | undefined {
    const hashes = inputs.map((path) => this.#hashOf(resolve(this.#root, path)));
    return hashes.includes(undefined) ? undefined : digest(hashes as string[]);
  }

  /** A file that has not been touched is not read again: most are the system's headers. */
  #hashOf(path: string): string | undefined {
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (!found) return undefined;
    const stamp = `${found.mtimeNs} ${found.ctimeNs} ${found.size} ${found.ino}`;
    const known = this.#hashes.get(path);
    if (known?.stamp === stamp) return known.hash;
    try {
      const hash = digest([readFileSync(path)]);
      this.#hashes.set(path, { stamp, hash });
      return hash;
    } catch {
      return undefined;
    }
  }

  #touch(...paths: string[]): void {
    const now = new Date();
    for (const path of paths) utimesSync(join(this.#root, path), now, now);
  }

  /** What nobody has asked for in weeks. */
  #prune(): void {
    const folder = join(this.#root, CACHE);
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > KEPT_MS) rmSync(path, { force: true });
    }
  }
}

const recordOf = (unit: string) => `${CACHE}/${unit}.json`;

/** As a short name, which no two contents share. */
export function digest(parts: (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}
