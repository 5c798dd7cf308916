// SPDX-License-Identifier: MIT

// What compilers and linkers write, as diagnostics with the source around their place.

import { relative, resolve } from 'node:path';
import { type Diagnostic, diagnosticAt } from '../diagnostics.ts';
import type { Execution } from './toolchain.ts';

const MESSAGE = /^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$/gm;

/** What gcc and clang write. A note belongs to the message before it. */
export function readMessages(root: string, stderr: string): Diagnostic[] {
  const messages: Diagnostic[] = [];
  for (const [, path = '', line, column, kind, text = ''] of stderr.matchAll(MESSAGE)) {
    const last = messages.at(-1);
    if (kind !== 'note') {
      const place = {
        file: relative(root, resolve(root, path)),
        line: Number(line),
        column: Number(column),
      };
      messages.push(
        diagnosticAt(root, place, { severity: kind === 'warning' ? 'warning' : 'error', text }),
      );
    } else if (last && !text.startsWith('each undeclared identifier')) {
      last.hint = last.hint ? `${last.hint}\n${text}` : text;
    }
  }
  return messages;
}

// With a line when the object says of which one it was made.
const UNDEFINED =
  /^.*?(?:([^\s:]+\.(?:c|cc|cpp)):(\d+): |\): )warning: undefined reference to `(.+)'$/gm;

/**
 * What the linker has found nowhere, once each, but for what `isKnown` says that the server has. Left alone, it would
 * show only when a worker loads the route, and then no route at all would be served.
 */
export function readUndefined(
  root: string,
  stderr: string,
  { file, isKnown }: { file: string; isKnown: (name: string) => boolean },
): Diagnostic[] {
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const [, path, line, name = ''] of stderr.matchAll(UNDEFINED)) {
    if (isKnown(name) || seen.has(name)) continue;
    seen.add(name);
    const rest = {
      severity: 'error' as const,
      text: `\`${name}\` is used and defined nowhere.`,
      hint: WHERE,
    };
    if (path === undefined) found.push({ ...rest, file });
    else found.push(undefinedAt(root, { path, line: Number(line), name }, rest));
  }
  return found;
}

const WHERE =
  'The .c file beside a header that is included comes along: lib/db.c with #include "…/lib/db.h".\n' +
  'A library is named in the file, CAPRA_CONFIG({ packages: ["sqlite3"] }), or in capra.json.';

function undefinedAt(
  root: string,
  { path, line, name }: { path: string; line: number; name: string },
  rest: Pick<Diagnostic, 'severity' | 'text' | 'hint'>,
): Diagnostic {
  const file = relative(root, resolve(root, path));
  const found = diagnosticAt(root, { file, line, column: 1 }, rest);
  const marked = found.frame?.find((row) => row.startsWith('>')) ?? '';
  const column = marked.slice(marked.indexOf('│') + 2).indexOf(name) + 1;
  return column > 0 ? diagnosticAt(root, { file, line, column, length: name.length }, rest) : found;
}

/** A failure that the compiler has not put at a place. */
export function otherFailure(
  file: string,
  command: string,
  { failure, stderr }: Execution,
): Diagnostic {
  if (failure?.code === 'ENOENT') {
    const isCpp = !file.endsWith('.c');
    return {
      severity: 'error',
      file,
      text: `There is no ${isCpp ? 'C++' : 'C'} compiler: \`${command}\` was not found.`,
      hint: isCpp
        ? 'Install g++ or clang, or set CXX to the compiler to use.'
        : 'Install gcc or clang, or set CC to the compiler to use.',
    };
  }
  if (stderr.includes('capra_route')) {
    return {
      severity: 'error',
      file,
      text: 'This file has no route in it.',
      hint:
        'Name the handler at the end of the file: CAPRA_ROUTE(hello);\n' +
        'A file that is there for others belongs outside of pages/api, beside the header that they include.',
    };
  }
  return { severity: 'error', file, text: stderr.trim() || (failure?.message ?? '') };
}
