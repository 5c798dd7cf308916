// SPDX-License-Identifier: MIT

// Files of a Next project that are not API routes below pages, and what becomes of them.

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { AnyNode } from 'acorn';
import { isFolder, projectFiles } from '../../project.ts';
import { compileSource } from '../../rule-pattern.ts';
import type { App, Rule } from '../app.ts';
import { propertyOf, textOf } from '../ast.ts';
import { exportOf, type Module } from '../module.ts';

const SHOWN = 8;

/** `proxy.ts`, formerly `middleware.ts`, is not run. What it guards, nobody does. */
export const proxyFile: Rule = {
  name: 'proxy-file',
  *check(app) {
    for (const file of projectFiles(app.root, 'proxy', 'middleware')) {
      const reached = reachedBy(app, app.extra.get(file));
      const isForRoutes = reached === undefined || reached.length > 0;
      yield {
        severity: isForRoutes ? 'error' : 'note',
        file,
        text: `${file} is not run.`,
        why: isForRoutes
          ? `${reached ? `Its matcher names ${reached[0]}${reached.length > 1 ? ` and ${reached.length - 1} more` : ''}` : 'It stands before every route'}: what it checks, redirects or adds does not happen here.`
          : 'Its matcher names no API route, so the routes do not miss it.',
        hint: isForRoutes
          ? 'Wrap the handlers with a function that does the same: export default withAuth(handler). Redirects, rewrites and headers can be rules of next.config.'
          : 'Nothing has to be done.',
      };
    }
  },
};

/** The routes that the matcher names; undefined when it names all, or cannot be read. */
function reachedBy({ routes }: App, module: Module | undefined): string[] | undefined {
  const exported = module && exportOf(module, 'config');
  const matcher = exported?.kind === 'node' ? propertyOf(exported.node, 'matcher') : undefined;
  const sources = matcher && sourcesOf(matcher);
  if (!sources) return undefined;
  try {
    const patterns = sources.map((source) => new RegExp(compileSource(source).regex, 'i'));
    return routes
      .map(({ route }) => route)
      .filter((route) => patterns.some((pattern) => pattern.test(examplePath(route))));
  } catch {
    return undefined;
  }
}

function sourcesOf(matcher: AnyNode): string[] | undefined {
  const items = matcher.type === 'ArrayExpression' ? matcher.elements : [matcher];
  const texts = items.map((item) =>
    item ? (textOf(item) ?? textOf(propertyOf(item, 'source'))) : undefined,
  );
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** A path that leads to a route: `/api/users/[id]` by `/api/users/x`. */
function examplePath(route: string): string {
  return route.replace(/\[+(?:\.\.\.)?[^\]]+\]+/g, 'x');
}

/** Hooks of Next's own start. */
export const instrumentationFile: Rule = {
  name: 'instrumentation-file',
  *check({ root }) {
    for (const file of projectFiles(root, 'instrumentation'))
      yield {
        severity: 'warning',
        file,
        text: `${file} is not run.`,
        why: '`register()` is not called as the server starts, and `onRequestError()` not for errors: tracing and error reports that it sets up are missing.',
        hint: "What register() does can be done by a module that the routes import, or by node's own NODE_OPTIONS=--import=./tracing.mjs. Errors of handlers are on stderr.",
      };
  },
};

/** Routes of the app router answer 404 here, and its pages are not rendered. */
export const appRouter: Rule = {
  name: 'app-router',
  *check({ root }) {
    for (const folder of ['app', 'src/app'].filter((each) => isFolder(join(root, each)))) {
      const files = under(root, folder);
      const handlers = files.filter((file) => /(?:^|\/)route\.[jt]sx?$/.test(file));
      const pages = files.filter((file) => /(?:^|\/)page\.(?:[jt]sx?|mdx?)$/.test(file));
      if (handlers.length > 0)
        yield {
          severity: 'error',
          ...some(handlers),
          text: `${handlers.length === 1 ? 'A route' : `${handlers.length} routes`} of the app router: not served.`,
          why: 'Capra serves what is below pages/api. A request to one of these is answered with 404.',
          hint: 'Write it as pages/api/….ts with (req, res), or keep its form and add `export const runtime = "edge"` to a route whose default export takes a Request.',
        };
      if (pages.length > 0)
        yield {
          severity: 'note',
          ...some(pages),
          text: `${pages.length === 1 ? 'A page' : `${pages.length} pages`} of the app router: not rendered.`,
          why: 'Capra serves API routes and the files of public/, and no pages.',
          hint: 'Let Next, or whatever built them, serve the pages, and send /api to Capra.',
        };
    }
  },
};

function some(files: string[]): { files: string[] } {
  const more = files.length - SHOWN;
  return { files: more > 0 ? [...files.slice(0, SHOWN), `… and ${more} more`] : files };
}

function under(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((file) => !file.includes('node_modules'))
    .sort();
}
