// SPDX-License-Identifier: MIT

// `__dirname`, `__filename` and `import.meta` mean the file that a person wrote, not the one that was made
// of it: what lies beside the source is found. esbuild replaces the expressions by names, and a file that has
// them gets a statement in front that declares the names.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Plugin } from 'esbuild';
import { urlPath } from './prelude.ts';
import { scriptLoader } from './script-loader.ts';

/** For esbuild's option `define`. */
export const SOURCE_PATHS = {
  __filename: '__capra_filename',
  __dirname: '__capra_dirname',
  'import.meta.filename': '__capra_filename',
  'import.meta.dirname': '__capra_dirname',
  'import.meta.url': '__capra_url',
};

const MENTIONED = /\b__(?:file|dir)name\b|\bimport\s*\.\s*meta\b/;

export interface SourcePaths {
  plugin: Plugin;
  /** By how much the first line of a file was shifted. */
  shiftOf(path: string): number;
  /** The file has changed. */
  forget(path: string): void;
  /** Files that cannot be compiled: they count as empty modules, so that the rest can be. */
  stubs: Set<string>;
}

/**
 * Makes files know where their source is.
 *
 * @example
 * await esbuild.build({ define: SOURCE_PATHS, plugins: [sourcePaths('/srv/app').plugin], … });
 */
export function sourcePaths(root: string): SourcePaths {
  const stubs = new Set<string>();
  /** Files that were looked at; 0 for those without any mention. */
  const shifts = new Map<string, number>();
  const plugin: Plugin = {
    name: 'source-paths',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        if (stubs.has(path)) return { contents: 'module.exports = {};', loader: 'js' };
        if (shifts.get(path) === 0 || !/\.[cm]?[jt]sx?$/.test(path)) return undefined;
        const source = readIfThere(path);
        const front = source && MENTIONED.test(source) ? declare(relative(root, path)) : '';
        shifts.set(path, front.length);
        if (!source || front === '') return undefined;
        // On the first line, so that the lines keep their numbers. An interpreter line becomes a comment.
        const rest = source.replace(/^\uFEFF/, '').replace(/^#!/, '//');
        return { contents: front + rest, loader: scriptLoader(path) };
      });
    },
  };
  return {
    plugin,
    stubs,
    shiftOf: (path) => shifts.get(path) ?? 0,
    forget: (path) => void shifts.delete(path),
  };
}

/** Undefined when it went away meanwhile; esbuild finds that out as well, and says where it is missed. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function declare(path: string): string {
  const url = `__capraSource(${JSON.stringify(urlPath(path))})`;
  const file = `decodeURIComponent(__capra_url.slice(7))`;
  return `var __capra_url = ${url}.href, __capra_filename = ${file}, __capra_dirname = __capra_filename.replace(/\\/[^/]*$/, ''); `;
}
