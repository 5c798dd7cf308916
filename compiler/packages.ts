// SPDX-License-Identifier: MIT

// npm packages are not bundled: they run from node_modules, as their authors tested them. But an `import` of a
// CommonJS package, left as it is, fails to link as soon as it names an export that Node cannot see from
// outside. So such an import goes to a small CommonJS module of our own, whose one statement requires the
// package at run time; names then become property reads, as in Next.
//
//   import { sign } from 'jsonwebtoken'    CommonJS: by way of our module
//   import { nanoid } from 'nanoid'        ES module: stays an import
//   require('ms'), await import('ms')      stay what they are
//   import { db } from '@/lib/db'          tsconfig paths, workspace packages: source, bundled
//   import … from 'next/server'            see next-server.ts

import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild, ResolveResult } from 'esbuild';
import { NEXT_SERVER, nextServerModule } from './next-server.ts';
import { urlPath } from './prelude.ts';

const NAMESPACE = 'package';
const RESOLVING = Symbol('resolving');
const DYNAMIC = new Set(['require-call', 'require-resolve', 'dynamic-import']);
/** What Node loads from node_modules; anything else there is source and needs a compiler. */
const LOADABLE = new Set(['.js', '.cjs', '.mjs', '.json', '.node']);

/** The plugin, and a way to make it look at node_modules again. */
export interface Packages {
  plugin: Plugin;
  forget(): void;
}

/**
 * Keeps npm packages out of the bundle.
 *
 * @example
 * await esbuild.build({ plugins: [packages('/srv/app').plugin], … });
 */
export function packages(root: string): Packages {
  const resolved = new Map<string, Promise<OnResolveResult | undefined>>();
  const formats = new Map<string, boolean>();
  const plugin: Plugin = {
    name: 'packages',
    setup(build) {
      const resolver = new Resolver(root, build, formats);
      build.onResolve({ filter: /^[^./]/ }, (args) => {
        if (args.pluginData === RESOLVING || args.kind === 'entry-point') return undefined;
        if (isBuiltin(args.path)) return { path: args.path, external: true };
        const key = [args.path, args.kind, args.resolveDir].join('\0');
        const result = resolved.get(key) ?? resolver.resolve(args);
        resolved.set(key, result);
        return result;
      });
      // An addon of the project itself is loaded like one of a package.
      build.onResolve({ filter: /^\.{1,2}\/.*\.node$/ }, ({ path, resolveDir }) =>
        required(`./${urlPath(relative(root, join(resolveDir, path)))}`),
      );
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ pluginData }) => ({
        contents: pluginData,
        loader: 'js',
      }));
    },
  };
  return {
    plugin,
    forget() {
      resolved.clear();
      formats.clear();
    },
  };
}

class Resolver {
  readonly #root: string;
  readonly #build: PluginBuild;
  /** Whether a folder's `.js` files are ES modules. */
  readonly #formats: Map<string, boolean>;

  constructor(root: string, build: PluginBuild, formats: Map<string, boolean>) {
    this.#root = root;
    this.#build = build;
    this.#formats = formats;
  }

  async resolve({
    path,
    kind,
    importer,
    resolveDir,
    with: attributes,
  }: OnResolveArgs): Promise<OnResolveResult | undefined> {
    // Next's guard against use in a browser. Everything here is the server.
    if (path === 'server-only') return { path, namespace: NAMESPACE, pluginData: '' };
    const ask = (from: string) =>
      this.#build.resolve(path, {
        kind,
        importer,
        resolveDir: from,
        with: attributes,
        pluginData: RESOLVING,
      });
    const found = await ask(resolveDir);
    if (NEXT_SERVER.test(path)) {
      const isDynamic = kind === 'dynamic-import';
      const pluginData = nextServerModule({ isDynamic, isInstalled: found.errors.length === 0 });
      return { path: isDynamic ? `${path} (import)` : path, namespace: NAMESPACE, pluginData };
    }
    // esbuild says what is missing, and where; it only has to be asked without us.
    if (found.errors.length > 0) return undefined;
    // Source; esbuild also knows which tsconfig.json and package.json go with it.
    if (found.external || !this.#isPackage(found)) return undefined;
    const isSeenFromRoot = resolveDir === this.#root || (await ask(this.#root)).path === found.path;
    if (isSeenFromRoot && (DYNAMIC.has(kind) || this.#isModule(found.path)))
      return { path, external: true };
    if (isSeenFromRoot) return required(path);
    // A package in the node_modules of a workspace package: what we make does not lie below it.
    return this.#isModule(found.path)
      ? undefined
      : required(path, relative(this.#root, resolveDir));
  }

  #isPackage({ path, namespace }: ResolveResult): boolean {
    if (namespace !== 'file' || !LOADABLE.has(extname(path))) return false;
    const inside = relative(this.#root, path);
    const parts = (inside.startsWith('..') ? path : inside).split(sep);
    return parts.includes('node_modules');
  }

  /** Whether Node takes the file for an ES module, by its extension or the nearest package.json. */
  #isModule(path: string): boolean {
    const extension = extname(path);
    return extension === '.mjs' || (extension === '.js' && this.#isModuleFolder(dirname(path)));
  }

  #isModuleFolder(folder: string): boolean {
    let answer = this.#formats.get(folder);
    if (answer === undefined) {
      const type = packageType(folder);
      const parent = dirname(folder);
      answer =
        type === undefined && parent !== folder ? this.#isModuleFolder(parent) : type === 'module';
      this.#formats.set(folder, answer);
    }
    return answer;
  }
}

/** The `type` of the package whose folder this is; undefined when it is no package's. */
function packageType(folder: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type ?? 'commonjs';
  } catch {
    return undefined;
  }
}

/** A CommonJS module that is what `require(name)` gives, in the project folder or in one named from there. */
function required(name: string, folder = ''): OnResolveResult {
  const from = folder && `, ${JSON.stringify(`${urlPath(folder)}/`)}`;
  return {
    path: folder ? `${name} (${folder})` : name,
    namespace: NAMESPACE,
    pluginData: `module.exports = __capraRequire(${JSON.stringify(name)}${from});`,
  };
}
