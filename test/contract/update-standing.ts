// SPDX-License-Identifier: MIT

// Measures every case anew and rewrites standing.json; the difference is for a person to read. What
// passes is written down as passing, and what failed before keeps its reason. A case that passed and
// fails now is told, and stands as it stood unless --accept says that it may.
//
// docs/compatibility.md is made anew as well.
//
//   node test/contract/update-standing.ts [--accept] [--show] [ID…]

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writePage } from '../../scripts/compatibility.ts';
import { type Mode, modes } from './case.ts';
import { countTable } from './report.ts';
import { everyCase, type Outcome, runAll } from './run.ts';
import { readStandings, type Standing, type Standings, standingFile } from './standing.ts';

const { values, positionals } = parseArgs({
  options: { accept: { type: 'boolean' }, show: { type: 'boolean' } },
  allowPositionals: true,
});
const isChosen = (id: string) => positionals.length === 0 || positionals.includes(id);
const before = readStandings();
const after: Standings = {};

for (const mode of modes) {
  const outcomes = runAll(mode, isChosen);
  for (const { id } of everyCase) {
    const outcome = await outcomes.get(id);
    const standing = outcome ? restand(id, mode, outcome) : before[id]?.[mode];
    after[id] = { ...after[id], [mode]: standing };
  }
}
writeFileSync(standingFile, `${layOut(after)}\n`);
writePage();
console.log(countTable(after));

function restand(id: string, mode: Mode, outcome: Outcome): Standing {
  const { faults, oursFaults, why, report } = outcome;
  const known = before[id]?.[mode];
  if (values.show) console.log(`=== ${id} (${mode}) ${faults.join('\n  ')}\n${report}\n`);
  if (faults.length === 0) return 'passes';
  if (known === 'passes') {
    console.log(`${id} (${mode}) passed before:\n  ${faults.join('\n  ')}`);
    if (!values.accept) return known;
  }
  if (oursFaults?.length === 0 && why !== undefined) return { differs: why };
  if (known !== undefined && known !== 'passes' && 'not yet' in known) return known;
  return { 'not yet': faults.map((fault) => fault.split('\n', 1)[0].slice(0, 120)).join('; ') };
}

/** As Biome lays JSON out: an object stays on its line if it fits. */
function layOut(value: unknown, indent = '', around = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const flat = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');
  const isRoot = indent === '';
  if (!isRoot && indent.length + around + flat.length <= 100) return flat;
  const deeper = `${indent}  `;
  const entries = Object.entries(value);
  const lines = entries.map(([name, each], at) => {
    const key = `${JSON.stringify(name)}: `;
    const comma = at + 1 < entries.length ? 1 : 0;
    return `${deeper}${key}${layOut(each, deeper, key.length + comma)}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
