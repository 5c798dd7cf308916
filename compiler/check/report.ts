// SPDX-License-Identifier: MIT

import { styleText } from 'node:util';
import { type Diagnostic, formatDiagnostic } from '../diagnostics.ts';
import { installation } from '../installation.ts';
import type { Finding } from './finding.ts';
import type { Inspection } from './inspect.ts';

const HEADINGS: Record<Diagnostic['severity'], string> = {
  error: 'Errors: this will not work',
  warning: 'Warnings: this is a trap',
  note: 'Notes: this is otherwise than in Next',
};

/**
 * What was found, for a person.
 *
 * @example
 * process.stdout.write(report(await inspect('.'), process.stdout));
 */
export function report(
  { findings, routes, files }: Inspection,
  stream?: NodeJS.WriteStream,
): string {
  const paint = (style: 'bold' | 'green' | 'red', text: string) =>
    stream ? styleText(style, text, { stream }) : text;
  const parts = Object.entries(HEADINGS).flatMap(([severity, heading]) => {
    const all = findings.filter((each) => each.severity === severity);
    if (all.length === 0) return [];
    const own = severity === 'note' ? together(all) : all;
    return [`${paint('bold', heading)}\n`, ...own.map((each) => format(each, stream))];
  });
  const looked = `${plural(routes, 'route')}, ${plural(files, 'file')}`;
  const { error, warning, note } = countsOf(findings);
  const counts = `${plural(error, 'error')}, ${plural(warning, 'warning')}, ${plural(note, 'note')}`;
  const mark = error > 0 ? paint('red', '⨯') : paint('green', '✓');
  const sum = findings.length === 0 ? 'Nothing to tell' : counts;
  return [...parts, `${mark} ${sum} (${looked})\n`].join('\n');
}

/** The same for machines. */
export function reportAsJson({ findings, routes, files }: Inspection): string {
  const { version } = installation;
  const counts = countsOf(findings);
  return `${JSON.stringify({ version: 1, capra: version, routes, files, counts, findings }, null, 2)}\n`;
}

export function countsOf(findings: Finding[]): Record<Diagnostic['severity'], number> {
  const count = (severity: Diagnostic['severity']) =>
    findings.filter((each) => each.severity === severity).length;
  return { error: count('error'), warning: count('warning'), note: count('note') };
}

function format(finding: Finding, stream: NodeJS.WriteStream | undefined): string {
  const { rule, text, why, ...rest } = finding;
  return formatDiagnostic(
    { ...rest, text: [`${text} [${rule}]`, why].filter(Boolean).join('\n') },
    stream,
  );
}

/** What is said of many places, once: the places after the first in a list. */
function together(findings: Finding[]): Finding[] {
  const groups = Map.groupBy(findings, ({ rule, text, hint }) =>
    JSON.stringify([rule, text, hint]),
  );
  return [...groups.values()].map(([first, ...more]) => {
    const places = more.flatMap(({ file, line, column }) =>
      file === undefined
        ? []
        : [[file, line, column].filter((part) => part !== undefined).join(':')],
    );
    const files = [...(first?.files ?? []), ...places];
    return { ...(first as Finding), ...(files.length > 0 && { files }) };
  });
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
