// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InspectColor, stripVTControlCharacters, styleText } from 'node:util';

/** Something that a person should know about their project, and where it is. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'note';
  text: string;
  /** Relative to the project folder, with slashes. */
  file?: string;
  /** Counted from 1, as editors do. */
  line?: number;
  column?: number;
  /** The source around the place, drawn by `codeFrame`. */
  frame?: string[];
  /** Other files that take part, when no single place is at fault. */
  files?: string[];
  /** How to mend it. */
  hint?: string;
}

export interface Place {
  file: string;
  /** Counted from 1. */
  line: number;
  column: number;
  /** How much to underline; the word at the place, if absent. */
  length?: number;
  /** The file's text, when the caller has it at hand. */
  source?: string;
}

/** A failure that is told to the person as it stands, without a stack. */
export class CompileError extends Error {
  readonly diagnostics: Diagnostic[];

  constructor(...diagnostics: Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.text).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/**
 * A diagnostic at a place, with the source around it.
 *
 * @example
 * diagnosticAt('/srv/app', { file: 'pages/api/a.ts', line: 3, column: 7 }, { severity: 'error', text: 'No.' });
 */
export function diagnosticAt(
  root: string,
  { file, line, column, length, source }: Place,
  rest: Pick<Diagnostic, 'severity' | 'text' | 'hint'>,
): Diagnostic {
  const text = source ?? readIfThere(join(root, file));
  const frame = text === undefined ? undefined : codeFrame(text, line, column, length);
  return { ...rest, file, line, column, ...(frame && { frame }) };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const CONTEXT_LINES = 2;
const WIDTH = 120;

/**
 * The lines around a place, numbered, with the place underlined.
 *
 * @example
 * codeFrame('let a = ;', 1, 9); // ['> 1 │ let a = ;', '    │         ^']
 */
export function codeFrame(source: string, line: number, column: number, length?: number): string[] {
  const lines = source.split(/\r\n?|\n/);
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(lines.length, line + CONTEXT_LINES);
  if (line > lines.length) return [];
  const digits = String(last).length;
  // Of a very long line only the part around the place is shown.
  const from = column > WIDTH ? column - WIDTH / 2 : 0;
  const cut = (text: string) => text.slice(from, from + WIDTH).replace(/[^\P{Cc}\t]/gu, '\uFFFD');
  const frame: string[] = [];
  for (let at = first; at <= last; at++) {
    const text = cut(lines[at - 1] ?? '');
    frame.push(`${at === line ? '>' : ' '} ${String(at).padStart(digits)} │ ${text}`.trimEnd());
    if (at !== line) continue;
    // Tabs stay tabs, so that the mark stands under its place however wide they are.
    const indent = text.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
    const word = /^[\w$]*/.exec(text.slice(indent.length))?.[0].length ?? 0;
    const marks = '^'.repeat(Math.max(1, Math.min(length ?? word, text.length - indent.length)));
    frame.push(`  ${' '.repeat(digits)} │ ${indent}${marks}`);
  }
  return frame;
}

const SIGNS: Record<Diagnostic['severity'], [sign: string, color: InspectColor]> = {
  error: ['⨯', 'red'],
  warning: ['⚠', 'yellow'],
  note: ['ℹ', 'blue'],
};

/**
 * The diagnostic as text, with colours if the stream shows them.
 *
 * @example
 * process.stderr.write(formatDiagnostic(diagnostic, process.stderr));
 */
export function formatDiagnostic(diagnostic: Diagnostic, stream?: NodeJS.WriteStream): string {
  const { severity, text, file, line, column, frame = [], files = [], hint } = diagnostic;
  const paint = (style: InspectColor | InspectColor[], part: string) =>
    stream ? styleText(style, part, { stream }) : part;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const [sign, color] = SIGNS[severity];
  const mark = paint(color, sign);
  const body = indent(printable(text), '  ').trimStart();
  const rows = place ? [`${mark} ${paint('bold', place)}`, `  ${body}`] : [`${mark} ${body}`];
  for (const other of files) rows.push(`    ${paint('bold', other)}`);
  if (frame.length > 0) {
    rows.push('', ...frame.map((row) => `    ${paint(frameStyle(row, color), row)}`));
  }
  if (hint) rows.push('', indent(paint('cyan', printable(hint)), '  '));
  return `${rows.join('\n')}\n`;
}

function frameStyle(row: string, color: InspectColor): InspectColor {
  if (row.startsWith('>')) return 'bold';
  return /^ +│ \s*\^+$/.test(row) ? color : 'dim';
}

/** Several diagnostics, an empty line after each. */
export function formatDiagnostics(diagnostics: Diagnostic[], stream?: NodeJS.WriteStream): string {
  return diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic, stream)}\n`).join('');
}

// File names and messages come from elsewhere; they move no cursor.
function printable(text: string): string {
  return stripVTControlCharacters(text);
}

function indent(text: string, by: string): string {
  return text.replace(/^(?=.)/gm, by);
}
