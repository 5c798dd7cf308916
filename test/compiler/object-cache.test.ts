// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CACHE, ObjectCache } from '../../compiler/native/object-cache.ts';
import { makeApp } from '../support/app.ts';

const PAST = new Date(Date.now() - 60_000);
const WEEKS_AGO = new Date(Date.now() - 30 * 24 * 3600 * 1000);

/** A project with two files that a compiler has read, and a stand-in for that compiler. */
class Project {
  readonly root = makeApp({ 'a.c': 'a', 'a.h': 'h' });
  cache = new ObjectCache(this.root);
  readonly unit = this.cache.unitOf(['cc', 'a.c']);

  write(file: string, text: string, at = PAST): void {
    writeFileSync(join(this.root, file), text);
    utimesSync(join(this.root, file), at, at);
  }

  /** Keeps an object with these bytes, made of what the two files hold now. */
  add(bytes: string, startedMs = Date.now()): string {
    this.cache.open();
    const path = join(this.root, CACHE, 'made.partial');
    writeFileSync(path, bytes);
    const inputs = ['a.c', join(this.root, 'a.h')];
    return this.cache.add(this.unit, { path, inputs, stderr: bytes, startedMs }).object;
  }

  found(): string | undefined {
    return this.cache.find(this.unit)?.stderr;
  }
}

function project(): Project {
  const made = new Project();
  made.write('a.c', 'a');
  made.write('a.h', 'h');
  return made;
}

describe('the cache of objects', () => {
  test('has what was made of the same content, in another process as well', () => {
    const p = project();
    assert.equal(p.found(), undefined);
    const object = p.add('one');
    assert.equal(p.found(), 'one');
    assert.ok(existsSync(join(p.root, object)));
    p.cache = new ObjectCache(p.root);
    assert.equal(p.found(), 'one');
    assert.equal(p.cache.find(p.cache.unitOf(['cc', '-O3', 'a.c'])), undefined);
  });

  test('follows each of the files, there and back', () => {
    const p = project();
    p.add('one');
    p.write('a.h', 'other');
    assert.equal(p.found(), undefined);
    p.add('two');
    p.write('a.h', 'h');
    assert.equal(p.found(), 'one');
    p.write('a.h', 'other', new Date());
    assert.equal(p.found(), 'two', 'content counts, and not the time');
    rmSync(join(p.root, 'a.h'));
    assert.equal(p.found(), undefined);
  });

  test('does not believe what was written while the compiler read it', () => {
    const p = project();
    p.write('a.h', 'new', new Date());
    const object = p.add('one', Date.now() - 1000);
    assert.ok(existsSync(join(p.root, object)), 'it is there for this round');
    assert.equal(p.found(), undefined);
  });

  test('makes again what somebody has removed', () => {
    const p = project();
    rmSync(join(p.root, p.add('one')));
    assert.equal(p.found(), undefined);
    writeFileSync(join(p.root, CACHE, `${p.unit}.json`), 'not JSON');
    assert.equal(p.found(), undefined);
    p.add('again');
    assert.equal(p.found(), 'again');
  });

  test('keeps the last few of one source, and drops what nobody has used in weeks', () => {
    const p = project();
    const objects = Array.from({ length: 12 }, (_, at) => {
      p.write('a.h', `content ${at}`);
      return p.add(`object ${at}`);
    });
    const kept = () => readdirSync(join(p.root, CACHE)).filter((name) => name.endsWith('.o'));
    assert.equal(kept().length, 8);
    assert.ok(!existsSync(join(p.root, objects[0] as string)));

    for (const name of readdirSync(join(p.root, CACHE)))
      utimesSync(join(p.root, CACHE, name), WEEKS_AGO, WEEKS_AGO);
    assert.equal(p.found(), 'object 11');
    const last = join(p.root, objects[11] as string);
    assert.ok(statSync(last).mtimeMs > PAST.getTime(), 'using it counts');
    p.cache = new ObjectCache(p.root);
    assert.deepEqual(kept().length, 1);
    assert.equal(p.found(), 'object 11');
  });
});
