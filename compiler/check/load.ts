// SPDX-License-Identifier: MIT

// Every file of the project that a route or the proxy reaches, read and parsed. It is not the build: what cannot be
// found or parsed is left out here, and the rest is looked at all the same. esbuild only says where an import leads,
// for it knows tsconfig.json and package.json.

import { readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import * as esbuild from 'esbuild';
import { type Module, readModule, specifiersOf, type Target } from './module.ts';

/**
 * Reads these files and all that they import, by their paths relative to the root.
 *
 * @example
 * (await loadModules('/srv/app', ['pages/api/hello.ts'])).get('lib/db.ts');
 */
export async function loadModules(root: string, files: string[]): Promise<Map<string, Module>> {
  const modules = new Map<string, Module>();
  await withResolver(root, async (resolve) => {
    const queue = [...files];
    const seen = new Set(queue);
    for (const file of queue) {
      const module = await read(root, file);
      if (!module) continue;
      modules.set(file, module);
      for (const specifier of specifiersOf(module)) {
        const target = await resolve(specifier, dirname(realpathSync(join(root, file))));
        module.imports.set(specifier, target);
        if (target.kind !== 'module' || seen.has(target.file)) continue;
        seen.add(target.file);
        queue.push(target.file);
      }
    }
  });
  return modules;
}

type Resolve = (specifier: string, folder: string) => Promise<Target>;

/** esbuild resolves only for plugins, and for them only while it builds. */
async function withResolver(root: string, run: (resolve: Resolve) => Promise<void>): Promise<void> {
  const plugin: esbuild.Plugin = {
    name: 'resolver',
    setup(build) {
      const resolve: Resolve = async (specifier, folder) => {
        if (isBuiltin(specifier)) return { kind: 'package' };
        const found = await build.resolve(specifier, {
          kind: 'import-statement',
          resolveDir: folder,
        });
        if (found.errors.length > 0) return { kind: 'missing' };
        return targetAt(root, found.path);
      };
      build.onStart(() => run(resolve));
    },
  };
  await esbuild.build({
    stdin: { contents: '', resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: 'node',
    conditions: [],
    logLevel: 'silent',
    plugins: [plugin],
  });
}

function targetAt(root: string, path: string): Target {
  const file = relative(root, path).replaceAll(sep, '/');
  const parts = (file.startsWith('..') ? path : file).split(/[\\/]/);
  return parts.includes('node_modules') ? { kind: 'package', path } : { kind: 'module', file };
}

async function read(root: string, file: string): Promise<Module | undefined> {
  if (!/\.[cm]?[jt]sx?$/.test(file) || /\.d\.[cm]?ts$/.test(file)) return undefined;
  try {
    const source = readFileSync(realpathSync(join(root, file)), 'utf8');
    return await readModule({ root, file, source });
  } catch (error) {
    // It went away, or it is a folder; the build says so.
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}
