// SPDX-License-Identifier: MIT

import { groups, type Mode, modes } from './case.ts';
import { differences } from './normalise.ts';
import { observed } from './observed.ts';
import { everyCase } from './run.ts';
import { reasonOf, type Standings, wordOf } from './standing.ts';

const words = ['passes', 'differs', 'not yet'] as const;

/** How many cases of each group stand how, as text. */
export function countTable(standings: Standings): string {
  const lists: [string, { id: string }[]][] = [...groups, ['observed', observed]];
  const row = (name: string, ids: string[]) => {
    const counts = modes.flatMap((mode) =>
      words.map((word) => ids.filter((id) => isStanding(standings, id, mode, word)).length),
    );
    return `${name.padEnd(24)}${counts.map((count) => String(count).padStart(9)).join('')}`;
  };
  const head = modes.flatMap(() => words.map((word) => word.padStart(9))).join('');
  return [
    `${''.padEnd(24)}${modes.map((mode) => mode.padStart(9).padEnd(27)).join('')}`,
    `${'group'.padEnd(24)}${head}`,
    ...lists.map(([name, list]) =>
      row(
        name,
        list.map(({ id }) => id),
      ),
    ),
    row(
      'all',
      everyCase.map(({ id }) => id),
    ),
  ].join('\n');
}

function isStanding(standings: Standings, id: string, mode: Mode, word: (typeof words)[number]) {
  const standing = standings[id]?.[mode];
  return standing !== undefined && wordOf(standing) === word;
}

/**
 * The table of docs/compatibility.md in Markdown: section, rule, standing in each mode, reason.
 *
 * @example
 * console.log(compatibilityTable(readStandings()));
 */
export function compatibilityTable(standings: Standings): string {
  const rows = [...everyCase]
    .sort((a, b) => compareSections(a.section, b.section) || compareText(a.id, b.id))
    .map(({ id, section, rule }) => {
      const stands = modes.map((mode) => standings[id]?.[mode] ?? { 'not yet': 'never measured' });
      const reasons = [...new Set(stands.map(reasonOf).filter((reason) => reason !== ''))];
      return [section, `${id} ${rule}`, ...stands.map(wordOf), reasons.join(' / ')];
    });
  return table(['section', 'rule', 'default', '`--parity next`', 'reason'], rows);
}

/** The differences that every answer has, in Markdown. */
export function differencesTable(): string {
  const rows = differences.map(({ what, reason, modes: where }) => [
    what,
    where.length === modes.length ? 'both' : where.join(),
    reason,
  ]);
  return table(['difference', 'mode', 'reason'], rows);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function compareSections(a: string, b: string): number {
  const [one, two] = [a, b].map((section) => section.split('.').map(Number));
  return one[0] - two[0] || (one[1] ?? 0) - (two[1] ?? 0);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
