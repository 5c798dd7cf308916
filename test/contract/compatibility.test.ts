// SPDX-License-Identifier: MIT

// docs/compatibility.md tells what the suite knows, and all of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fill, page } from '../../scripts/compatibility.ts';
import { cases } from './case.ts';
import { deliberate } from './deliberate.ts';
import { everyCase } from './run.ts';
import { readStandings } from './standing.ts';

test('docs/compatibility.md is what `make docs` makes', () => {
  const text = readFileSync(page, 'utf8');
  assert.ok(text === fill(text, readStandings()), 'it is out of date: run make docs');
});

test('each case that Capra does better has its reason, once', () => {
  const better = cases.filter((each) => 'better' in each || 'betterBuild' in each);
  const told = deliberate.flatMap((each) => each.cases);
  assert.equal(new Set(told).size, told.length);
  assert.deepEqual(
    better.map(({ id }) => id).filter((id) => !told.includes(id)),
    [],
  );
});

test('no reason is told for a case that is none, or that is as in Next', () => {
  const known = new Map(everyCase.map((each) => [each.id, each]));
  for (const id of deliberate.flatMap((each) => each.cases)) {
    const each = known.get(id);
    assert.ok(each, id);
    // What a rule of several requests expects depends on the mode that it is given.
    if (!('check' in each)) assert.ok('better' in each || 'betterBuild' in each, id);
  }
});

test('a table that nobody makes is an error', () => {
  assert.throws(() => fill('<!-- made: nothing -->\n<!-- end -->', readStandings()), /nothing/);
});
