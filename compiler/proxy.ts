// SPDX-License-Identifier: MIT

// The project's proxy: `proxy.ts`, formerly `middleware.ts`, beside the pages folder. It is compiled as routes are; which
// requests it is asked about is read from its `config.matcher` without running it, so that the server knows.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'acorn';
import type { Diagnostic } from './diagnostics.ts';
import { PAGE_EXTENSIONS } from './discover.ts';
import { type Project, projectFiles } from './project.ts';
import { compileMatcher, type Rule, type RuleOptions } from './rules.ts';
import { type SourceFile, StaticSource } from './static-source.ts';
import { partThatIsNotPlain, plainValue, staticProperty } from './static-value.ts';

export interface ProxyFile {
  /** Relative to the project folder. */
  file: string;
  /** The export that is called, unless there is a default one. */
  name: 'proxy' | 'middleware';
}

/** What `proxy` of the manifest says, besides the module. */
export interface ProxyMatcher {
  /** Absent: every request. */
  matcher?: Rule[];
  /** Whether the source has a `config`. */
  isDeclared: boolean;
  diagnostics: Diagnostic[];
}

/**
 * Finds the proxy of a project. It stands where the pages folder does: in the project folder, or in `src`.
 *
 * @example
 * findProxy(openProject('.', { mode: 'production' })).proxy?.file; // 'proxy.ts'
 */
export function findProxy(
  project: Project,
  pageExtensions: string[] = PAGE_EXTENSIONS,
): { proxy?: ProxyFile; conflicts: Diagnostic[]; warnings: Diagnostic[] } {
  const folder = project.pages.replace(/pages$/, '');
  const found = (['proxy', 'middleware'] as const).flatMap((name) =>
    pageExtensions
      .map((extension) => ({ name, file: `${folder}${name}.${extension}` }))
      .filter(({ file }) => existsSync(join(project.root, file))),
  );
  const [proxy] = found;
  const others = projectFiles(project.root, 'proxy', 'middleware').filter(
    (file) => !found.some((one) => one.file === file),
  );
  return {
    ...(proxy && { proxy }),
    conflicts: found.length > 1 ? [conflict(found)] : [],
    warnings: others.map((file) => elsewhere(file, folder, pageExtensions)),
  };
}

function conflict(found: ProxyFile[]): Diagnostic {
  return {
    severity: 'error',
    files: found.map(({ file }) => file),
    text: 'There is more than one proxy.',
    hint: 'Keep one of the files. `middleware` is the former name of `proxy`.',
  };
}

/** What may have been meant to guard the routes is not passed over in silence. */
function elsewhere(file: string, folder: string, extensions: string[]): Diagnostic {
  const place = folder === '' ? 'the project folder' : folder;
  return {
    severity: 'warning',
    file,
    text: 'This file is not run: what it checks, redirects or adds does not happen.',
    hint: `A proxy stands in ${place}, beside pages, with one of the extensions ${extensions.join(', ')}.`,
  };
}

/** How a matcher is written. */
export const EXAMPLE = "For example: export const config = { matcher: ['/api/users/:path*'] };";

/**
 * Reads `config.matcher` of a proxy. Without one, every request goes through it.
 *
 * @example
 * await readMatcher({ root, file: 'proxy.ts', source }, { basePath: '', isCaseSensitive: true, locales: [] });
 */
export async function readMatcher(from: SourceFile, options: RuleOptions): Promise<ProxyMatcher> {
  // Most have none. Of a source that does not parse whoever compiles it will say what is wrong.
  const parsed = /\bconfig\b/.test(from.source) ? await StaticSource.parse(from) : undefined;
  const exported = parsed?.exports.found.get('config');
  if (!parsed || !exported) {
    const isHidden = parsed?.exports.isCommonJs && /\bmatcher\b/.test(from.source);
    return isHidden ? { isDeclared: true, diagnostics: [unreadable(parsed)] } : NO_MATCHER;
  }
  const { init, node, isMutable } = exported;
  const isObject = init?.type === 'ObjectExpression' && !isMutable;
  const part = isObject ? partThatIsNotPlain(init) : (init ?? node);
  if (!isObject || part) return { isDeclared: true, diagnostics: [unreadable(parsed, part)] };
  const matcher = staticProperty(init, 'matcher').node;
  const value = matcher && plainValue(matcher);
  if (value === undefined) return { isDeclared: true, diagnostics: [] };
  const { rules, errors } = compileMatcher(value, options);
  const diagnostics = errors.map(({ text, hint }) =>
    parsed.errorAt(matcher, text, hint ?? EXAMPLE),
  );
  return { isDeclared: true, ...(rules && { matcher: rules }), diagnostics };
}

const NO_MATCHER: ProxyMatcher = { isDeclared: false, diagnostics: [] };

function unreadable(parsed: StaticSource, part?: Node): Diagnostic {
  return parsed.errorAt(part, UNREADABLE, EXAMPLE);
}

/** What is said of a `config` that only the running proxy knows. */
export const UNREADABLE =
  '`config` of a proxy is read without running it: it must be exported as an object of plain values.';
