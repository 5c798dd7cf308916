// SPDX-License-Identifier: MIT

import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findConflicts } from './conflicts.ts';
import type { Diagnostic } from './diagnostics.ts';
import { isEditorFile } from './editor-files.ts';
import { languageOf } from './native/toolchain.ts';
import { isFolder, type Project } from './project.ts';
import { extensionOf, isDeclaration, routeOfFile } from './route-path.ts';

export interface RouteFile {
  /** `/api/users/[id]` */
  route: string;
  /** Relative to the project folder: `pages/api/users/[id].ts`. */
  file: string;
  kind: 'script' | 'native';
}

export interface Discovery {
  /** In the order of their routes, no route twice. */
  routes: RouteFile[];
  /** What keeps the routes from being served together. */
  conflicts: Diagnostic[];
  warnings: Diagnostic[];
}

/** What Next takes for pages when next.config does not say otherwise. */
export const PAGE_EXTENSIONS = ['tsx', 'ts', 'jsx', 'js'];
const NATIVE_EXTENSIONS = ['c', 'cc', 'cpp'];

/**
 * Finds the routes of a project: `pages/api.*` and everything below `pages/api`, symbolic links followed.
 *
 * @example
 * discover(openProject('.', { mode: 'production' })).routes[0]?.route; // '/api/hello'
 */
export function discover(project: Project, pageExtensions: string[] = PAGE_EXTENSIONS): Discovery {
  const extensions = [...pageExtensions, ...NATIVE_EXTENSIONS];
  const warnings: Diagnostic[] = [];
  const found: RouteFile[] = [];
  const failures: Diagnostic[] = [];
  for (const path of pageFiles(project, warnings)) {
    const file = `${project.pages}/${path}`;
    if (project.isStrictParity) {
      if (isDeclaration(path)) failures.push(declarationAsNext(file));
      if (isLink(join(project.root, file))) {
        warnings.push(linkAsNext(file));
        continue;
      }
    }
    const route = routeOfFile(path, extensions);
    if (route === undefined) continue;
    found.push({ route, file, kind: languageOf(path) ? 'native' : 'script' });
  }
  found.sort((a, b) => compare(a.route, b.route) || compare(a.file, b.file));
  const { routes, conflicts, warnings: duplicates } = findConflicts(project, found);
  warnings.push(...duplicates, ...testWarnings(routes), ...otherPages(project, pageExtensions));
  return { routes, conflicts: [...failures, ...conflicts], warnings };
}

// --- What Next makes of it, with `--parity next` ---

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

function linkAsNext(file: string): Diagnostic {
  return { severity: 'warning', file, text: 'Next does not find a route that is a symbolic link.' };
}

function declarationAsNext(file: string): Diagnostic {
  return {
    severity: 'error',
    file,
    text: 'Next takes this file for a route, and its build fails: it declares types and exports no handler.',
    hint: 'Move it out of pages/api.',
  };
}

/** Files that may be routes, relative to the pages folder. */
function* pageFiles({ root, pages }: Project, warnings: Diagnostic[]): Generator<string> {
  const folder = join(root, pages);
  const broken = (path: string) => {
    const text = 'This symbolic link leads nowhere, so it is no route.';
    warnings.push({ severity: 'warning', file: `${pages}/${path}`, text });
  };
  for (const entry of entries(folder)) {
    if (entry.name.startsWith('api.') && typeOf(folder, entry) === 'file') yield entry.name;
  }
  if (isFolder(join(folder, 'api'))) yield* walk(folder, 'api', [], broken);
}

/** All files below a folder. `parents` are the real folders on the way here: a link back to one is a circle. */
function* walk(
  pages: string,
  path: string,
  parents: string[],
  onBroken: (path: string) => void,
): Generator<string> {
  const folder = join(pages, path);
  const real = realpathSync(folder);
  if (parents.includes(real)) return;
  for (const entry of entries(folder)) {
    const inner = `${path}/${entry.name}`;
    const type = typeOf(folder, entry);
    if (type === 'folder') yield* walk(pages, inner, [...parents, real], onBroken);
    else if (type === 'file') yield inner;
    else if (type === 'broken') onBroken(inner);
  }
}

function entries(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !isEditorFile(name))
    .sort((a, b) => compare(a.name, b.name));
}

function typeOf(folder: string, entry: Dirent): 'folder' | 'file' | 'broken' | 'other' {
  const path = join(folder, entry.name);
  const target = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
  if (!target) return 'broken';
  return target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'other';
}

function testWarnings(routes: RouteFile[]): Diagnostic[] {
  return routes
    .filter(({ file }) => /\.(test|spec)\.[^./]+$/.test(file))
    .map(({ file, route }) => ({
      severity: 'warning',
      file,
      text: `A test among the routes: it is served as ${route}.`,
      hint: 'Move it out of pages/api.',
    }));
}

/** One line for what is not ours to serve. */
function otherPages({ root, pages }: Project, extensions: string[]): Diagnostic[] {
  const folder = join(root, pages);
  const first = entries(folder)
    .flatMap((entry) => (entry.isDirectory() ? [...under(folder, entry.name)] : [entry.name]))
    .find((path) => extensionOf(path, extensions) && routeOfFile(path, extensions) === undefined);
  const warnings: Diagnostic[] = [];
  const warn = (text: string) => warnings.push({ severity: 'warning', text });
  if (first)
    warn(`React pages are not served, only routes: ${pages}/${first} and its like are left out.`);
  if (pages === 'pages' && isFolder(join(root, 'src/pages'))) {
    warn('There is a pages folder and a src/pages folder; src/pages is left out.');
  }
  return warnings;
}

/** Files below a folder that is not `api`; links are not followed. */
function* under(folder: string, path: string): Generator<string> {
  if (path === 'api') return;
  for (const entry of entries(join(folder, path))) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* under(folder, inner);
    else yield inner;
  }
}

/** By code units: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
