// SPDX-License-Identifier: MIT

// Packages that ask for Next as soon as they are loaded. Many name it as a peer and only need it in Next, so it is
// not the package.json that counts, but what the package's modules do at their top.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type AnyNode, type Options, type Program, parse } from 'acorn';
import { type App, isInstalled, moduleRule } from '../app.ts';
import { childrenOf, isFunction } from '../ast.ts';
import { problemAt, specifierOf } from '../module.ts';

/** More of a package is not looked at. */
const MAX_FILES = 400;

export const needsNext = moduleRule('needs-next', function* (module, app) {
  for (const node of module.nodes) {
    const specifier = specifierOf(node);
    const target = specifier === undefined ? undefined : module.imports.get(specifier);
    if (specifier === undefined || target?.kind !== 'package' || !target.path) continue;
    if (/^next(?:\/|$)/.test(specifier) || !mentionsNext(target.path)) continue;
    const needed = neededBy(app, target.path);
    if (!needed) continue;
    yield problemAt(module, 'source' in node && node.source ? node.source : node, {
      severity: 'error',
      text: `\`${specifier}\` needs Next itself: it asks for \`${needed}\`, and next is not installed.`,
      why: 'The route fails as it is loaded, and every request to it is answered with 500.',
      hint: 'npm install next. Nothing of it runs but what the package uses.',
    });
  }
});

/** Whether the package of a file has anything to do with Next, by its own word. */
function mentionsNext(path: string): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name, dependencies, peerDependencies } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      );
      if (name) return 'next' in { ...dependencies, ...peerDependencies };
    } catch {
      // No package.json here, or none that is one.
    }
    if (folder.endsWith('node_modules')) return false;
  }
  return false;
}

/** The first module of Next that is missing when this file is loaded. */
function neededBy(app: App, entry: string): string | undefined {
  const queue = [entry];
  const seen = new Set(queue);
  for (const path of queue) {
    const require = createRequire(path);
    for (const specifier of atTopOf(path)) {
      if (/^next(?:\/|$)/.test(specifier)) {
        // The server of Next's Web objects is ours; see next-module.
        if (specifier === 'next' && isInstalled(app, 'next')) continue;
        if (!isFound(require, specifier)) return specifier;
      }
      const inner = specifier.startsWith('.') ? resolve(require, specifier) : undefined;
      if (inner === undefined || seen.has(inner) || seen.size >= MAX_FILES) continue;
      seen.add(inner);
      queue.push(inner);
    }
  }
  return undefined;
}

function isFound(require: NodeJS.Require, specifier: string): boolean {
  return resolve(require, specifier) !== undefined;
}

function resolve(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}

/** What a file asks for as it is loaded, and not only when one of its functions is called. */
function atTopOf(path: string): string[] {
  if (!/\.[cm]?js$/.test(path)) return [];
  try {
    const source = readFileSync(path, 'utf8');
    const program = tryParse(source, 'module') ?? tryParse(source, 'script');
    return program ? [...top(program)].flatMap((node) => specifierOf(node) ?? []) : [];
  } catch {
    return [];
  }
}

function tryParse(source: string, sourceType: Options['sourceType']): Program | undefined {
  try {
    return parse(source, { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true });
  } catch {
    return undefined;
  }
}

/** What runs at once; a `try` knows what to do when it fails. */
function* top(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const child of childrenOf(node))
    if (!isFunction(child) && child.type !== 'TryStatement' && child.type !== 'ImportExpression')
      yield* top(child);
}
