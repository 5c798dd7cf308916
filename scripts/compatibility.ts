// SPDX-License-Identifier: MIT
// Fills the tables of docs/compatibility.md from the contract's suite: compatibility.ts
//
// The text around them is written by hand. A table stands between `<!-- made: NAME -->` and `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mode, modes } from '../test/contract/case.ts';
import { deliberate } from '../test/contract/deliberate.ts';
import { compatibilityTable, countTable, differencesTable } from '../test/contract/report.ts';
import { everyCase } from '../test/contract/run.ts';
import { readStandings, type Standings, wordOf } from '../test/contract/standing.ts';

export const page = join(import.meta.dirname, '../docs/compatibility.md');

const tables: Record<string, (standings: Standings) => string> = {
  sum,
  counts: (standings) => `\`\`\`\n${countTable(standings)}\n\`\`\``,
  general: differencesTable,
  better: betterTable,
  ours: oursTable,
  missing: missingTable,
  cases: compatibilityTable,
};

/**
 * The page with its tables made anew.
 *
 * @example
 * fill(readFileSync(page, 'utf8'), readStandings());
 */
export function fill(text: string, standings: Standings): string {
  return text.replace(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      const make = tables[name];
      if (!make) throw new Error(`there is no table ${name}`);
      return `${start}\n${make(standings)}\n\n${end}`;
    },
  );
}

/** Writes docs/compatibility.md as the suite stands now. */
export function writePage(): void {
  writeFileSync(page, fill(readFileSync(page, 'utf8'), readStandings()));
}

function sum(standings: Standings): string {
  const count = (mode: Mode, word: string) =>
    Object.values(standings).filter((each) => wordOf(each[mode]) === word).length;
  const line = (mode: Mode, name: string) =>
    `${name} ${count(mode, 'passes')} pass, ${count(mode, 'differs')} differ on purpose, ${count(mode, 'not yet')} are still to come.`;
  return [
    `Of ${everyCase.length} cases:`,
    `- ${line('default', 'by default')}`,
    `- ${line('next', 'with `--parity next`')}`,
  ].join('\n');
}

function betterTable(standings: Standings): string {
  const rows = deliberate.map(({ subject, next, capra, reason, cases }) => [
    subject,
    next,
    capra,
    reason,
    cases.map((id) => (isOpen(standings, id) ? `${id} (not yet)` : id)).join(' '),
  ]);
  return table(['subject', 'Next', 'Capra', 'why', 'cases'], rows);
}

function isOpen(standings: Standings, id: string): boolean {
  const standing = standings[id]?.default;
  return standing === undefined || wordOf(standing) !== 'passes';
}

/** What differs in both modes, one row for each reason. */
function oursTable(standings: Standings): string {
  const differing = everyCase.flatMap(({ id, rule, section }) => {
    const reasons = modes.flatMap((mode) => {
      const standing = standings[id]?.[mode];
      return typeof standing === 'object' && 'differs' in standing ? [standing.differs] : [];
    });
    return [...new Set(reasons)].map((reason) => ({ id, rule, section, reason }));
  });
  const groups = [...Map.groupBy(differing, ({ reason }) => reason)];
  const rows = groups
    .map(([reason, list]) => ({ reason, list, place: order(list[0]?.section ?? '') }))
    .sort((a, b) => a.place - b.place)
    .map(({ reason, list }) => [
      list.map(({ rule }) => rule).join('; '),
      reason,
      list.map(({ id }) => id).join(' '),
    ]);
  return table(['what', 'why', 'cases'], rows);
}

function missingTable(standings: Standings): string {
  const rows = everyCase.flatMap(({ id, rule }) =>
    modes.flatMap((mode) => {
      const standing = standings[id]?.[mode];
      return typeof standing === 'object' && 'not yet' in standing
        ? [[`${id} ${rule}`, mode === 'next' ? '`--parity next`' : 'default']]
        : [];
    }),
  );
  return rows.length === 0 ? 'Nothing.' : table(['rule', 'mode'], rows);
}

/** 3.6 before 3.10 before 4. */
function order(section: string): number {
  const [chapter = 0, part = 0] = section.split('.').map(Number);
  return chapter * 1000 + part;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.main) writePage();
