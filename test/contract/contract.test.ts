// SPDX-License-Identifier: MIT

// The contract of Next's API routes, case by case, in both modes. A case stands as standing.json
// says; one that stands better than told fails too, so that the list never goes stale.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { groups, modes } from './case.ts';
import { observed } from './observed.ts';
import { countTable } from './report.ts';
import { everyCase, runAll } from './run.ts';
import { judge, readStandings } from './standing.ts';

const standings = readStandings();
const known = new Set(everyCase.map(({ id }) => id));

test('each case has its own id, and standing.json knows exactly these', () => {
  assert.equal(known.size, everyCase.length);
  assert.deepEqual(Object.keys(standings).sort(), [...known].sort());
});

for (const mode of modes) {
  describe(mode === 'next' ? 'with --parity next' : 'by default', () => {
    let outcomes: ReturnType<typeof runAll>;
    before(() => {
      outcomes = runAll(mode);
    });
    for (const [name, list] of [...groups, ['observed', observed] as const]) {
      describe(name, { concurrency: true }, () => {
        for (const { id, rule } of list) {
          test(`${id} ${rule}`, async () => {
            const outcome = await outcomes.get(id);
            assert.ok(outcome);
            const wrong = judge(standings[id]?.[mode], outcome);
            if (wrong !== undefined) assert.fail(wrong);
          });
        }
      });
    }
  });
}

after(() => console.log(countTable(standings)));
