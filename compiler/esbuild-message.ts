// SPDX-License-Identifier: MIT

import { join, posix } from 'node:path';
import type { Location, Message } from 'esbuild';
import { type Diagnostic, diagnosticAt } from './diagnostics.ts';
import type { SourcePaths } from './source-paths.ts';

interface MessageContext {
  root: string;
  severity: Diagnostic['severity'];
  paths: Pick<SourcePaths, 'shiftOf'>;
}

/**
 * What esbuild says, as a diagnostic of ours: its place counted as editors do, and a way out where one is known.
 *
 * @example
 * for (const message of failure.errors) report(fromEsbuild(message, { root, severity: 'error', paths }));
 */
export function fromEsbuild(
  message: Message,
  { root, severity, paths }: MessageContext,
): Diagnostic {
  const { text, location } = message;
  const hint = hintFor(message);
  const rest = { severity, text, ...(hint && { hint }) };
  if (!location) return rest;
  const { file, line } = location;
  const shift = line === 1 ? paths.shiftOf(join(root, file)) : 0;
  const start = characters(location, location.column);
  const length = characters(location, location.column + location.length) - start;
  return diagnosticAt(root, { file, line, column: Math.max(1, start - shift + 1), length }, rest);
}

/** esbuild counts bytes. */
function characters({ lineText }: Location, bytes: number): number {
  return Buffer.from(lineText).subarray(0, bytes).toString().length;
}

function hintFor({ text, location, notes }: Message): string | undefined {
  const missing = /^Could not resolve "(.*)"$/.exec(text)?.[1];
  if (missing !== undefined) return hintForMissing(missing, location);
  // esbuild's notes on packages tell of options that nobody can set here.
  const said = notes.map((note) =>
    note.location
      ? `${note.text.replace(/:$/, '')} (${note.location.file}:${note.location.line})`
      : note.text,
  );
  return said.length > 0 ? said.join('\n') : undefined;
}

function hintForMissing(name: string, location: Location | null): string {
  if (name.startsWith('.') && location) {
    const path = posix.join(posix.dirname(location.file), name);
    return `There is no file ${path} with one of the endings .tsx, .ts, .jsx, .js or .json, and no folder ${path} with an index file.`;
  }
  const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
  return /^[@~#]\//.test(name)
    ? `Paths like this come from "paths" in tsconfig.json or jsconfig.json: see that one of them leads to the file.`
    : `Install the package: npm install ${packageName}`;
}
