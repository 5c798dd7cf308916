// SPDX-License-Identifier: MIT

// What rules know of a project.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { RouteFile } from '../discover.ts';
import type { RouteConfig } from '../read-config.ts';
import type { Problem } from './finding.ts';
import type { Module } from './module.ts';

export interface App {
  /** The project folder, absolute. */
  root: string;
  routes: RouteFile[];
  /** Of script routes, by file. */
  configs: Map<string, RouteConfig>;
  /** Every file that a route or the proxy reaches, by its path relative to the root. */
  modules: Map<string, Module>;
  /** The script routes that reach a file, themselves included; none for what only the proxy reaches. */
  routesTo: Map<string, RouteFile[]>;
  /** What is run before a worker serves, relative to the root. */
  instrumentation: string | undefined;
  /** Names that are set, in the environment or in `.env` files. */
  variables: Set<string>;
  /** What next.config says that has no meaning for routes. */
  unapplied: string[];
  nextConfigFile?: string;
  /** Files that no route reaches and rules ask about all the same: next.config. */
  extra: Map<string, Module>;
}

/** One thing to look for. It tells a project's owner what happens and how to mend it. */
export interface Rule {
  /** `kebab-case`, for reports and the documentation. */
  name: string;
  check(app: App): Iterable<Problem>;
}

/** A rule that looks at one module at a time. */
export function moduleRule(
  name: string,
  check: (module: Module, app: App) => Iterable<Problem>,
): Rule {
  return {
    name,
    *check(app) {
      for (const module of app.modules.values()) yield* check(module, app);
    },
  };
}

/** The routes that reach each module. */
export function findRoutes(
  routes: RouteFile[],
  modules: Map<string, Module>,
): Map<string, RouteFile[]> {
  const found = new Map<string, RouteFile[]>();
  for (const route of routes) {
    const reached = new Set([route.file]);
    for (const file of reached) {
      if (!modules.has(file)) continue;
      found.set(file, [...(found.get(file) ?? []), route]);
      for (const target of modules.get(file)?.imports.values() ?? [])
        if (target.kind === 'module') reached.add(target.file);
    }
  }
  return found;
}

/** Whether every route that reaches a module has its body parsed by the server. */
export function isBodyParsed({ routesTo, configs }: App, { file }: Module): boolean {
  const routes = routesTo.get(file) ?? [];
  return (
    routes.length > 0 &&
    routes.every((route) => {
      const config = configs.get(route.file);
      return config?.bodyParser === true && config.runtime === 'nodejs' && !config.dynamic;
    })
  );
}

/** Whether some module imports this package. */
export function importsPackage({ modules }: Pick<App, 'modules'>, ...names: string[]): boolean {
  return [...modules.values()].some(({ imports }) => names.some((name) => imports.has(name)));
}

/** Whether a package, or a module of one, is found from the project folder. */
export function isInstalled({ root }: Pick<App, 'root'>, name: string): boolean {
  try {
    createRequire(join(root, 'package.json')).resolve(name);
    return true;
  } catch {
    return false;
  }
}
