// SPDX-License-Identifier: MIT

import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CompileError } from './diagnostics.ts';
import type { Mode } from './env-files.ts';

/** A project folder, and what this run of the compiler makes of it. */
export interface Project {
  /** The project folder, absolute, with no symbolic link in it. */
  root: string;
  /** `pages` or `src/pages`. */
  pages: string;
  /** Where everything that is made goes, relative to the root: `.capra`, or `.capra/dev`. */
  output: string;
  mode: Mode;
  /** `--parity next`: what Next does, also where Capra would rather not. */
  isStrictParity: boolean;
}

export interface ProjectOptions {
  mode: Mode;
  isStrictParity?: boolean;
}

function pagesOf(root: string): string | undefined {
  return ['pages', 'src/pages'].find((name) => isFolder(join(root, name)));
}

/** The project that a folder is a part of. */
function projectAbove(folder: string): string | undefined {
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const pages = pagesOf(at);
    if (pages && isFolder(join(at, pages, 'api'))) return at;
  }
  return undefined;
}

/** To whoever has named a folder without pages. */
function adviceFor(root: string): string {
  const above = projectAbove(root);
  if (above !== undefined)
    return `The project seems to be ${above}: go there, or name it behind the command.`;
  const first = 'make pages/api/hello.ts, and it is the route /api/hello.';
  return ['app', 'src/app'].some((name) => isFolder(join(root, name)))
    ? `Routes of the app router (app/**/route.ts) are not served. Those of the pages router are: ${first}`
    : `Routes are the files in pages/api: ${first}`;
}

/**
 * Finds the pages folder of a project.
 *
 * @example
 * openProject('examples/tutorial', { mode: 'production' }).pages; // 'pages'
 */
export function openProject(
  folder: string,
  { mode, isStrictParity = false }: ProjectOptions,
): Project {
  if (!isFolder(folder)) {
    throw failure(
      `There is no folder ${resolve(folder)}.`,
      'Name the folder of a project, or none to mean this one.',
    );
  }
  // As esbuild and Node see it: with no symbolic link in it.
  const root = realpathSync(folder);
  const pages = pagesOf(root);
  if (!pages) {
    throw failure(`Couldn't find a \`pages\` or \`src/pages\` folder in ${root}.`, adviceFor(root));
  }
  return {
    root,
    pages,
    output: mode === 'development' ? '.capra/dev' : '.capra',
    mode,
    isStrictParity,
  };
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function failure(text: string, hint: string): CompileError {
  return new CompileError({ severity: 'error', text, hint });
}

const EXTENSIONS = ['ts', 'js', 'tsx', 'jsx', 'mts', 'mjs'];

/** The files with these names in the project folder and in src. */
export function projectFiles(root: string, ...names: string[]): string[] {
  return ['', 'src/']
    .flatMap((folder) => names.map((name) => folder + name))
    .flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`))
    .filter((file) => existsSync(join(root, file)));
}
