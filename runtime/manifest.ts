// SPDX-License-Identifier: MIT

/** The manifest that the compiler writes, as far as the runtime needs it. */

import type { PreviewKeys } from '../compiler/preview-keys.ts';
import { RouteModule } from './load-route.ts';
import { type ParamNames, paramNames } from './query.ts';

export interface Route {
  /** The pattern: `/api/users/[id]`. */
  readonly pattern: string;
  readonly params: ParamNames;
  /** The source file, relative to the project folder. */
  readonly file: string;
  /** Undefined for a route that JavaScript does not run. */
  readonly module: RouteModule | undefined;
  /** Why the route could not be built; undefined when it was. */
  readonly message: string | undefined;
  /** What the module's `config` says. */
  readonly limits: Limits;
  /** The compiler could not tell: `limits` are the module's once it is loaded. */
  readonly isDynamic: boolean;
  /** The handler takes a Request and returns a Response (`runtime: 'edge'`). */
  readonly isEdge: boolean;
}

export interface Limits {
  /** The body is read before the handler is called (`bodyParser` is not false). */
  readsBody: boolean;
  bodyLimit: number;
  bodyLimitText: string;
  /** A response of so many bytes is worth a warning. */
  responseLimit: number;
  externalResolver: boolean;
}

/** What concerns all routes, as far as JavaScript has to know it. */
export interface Settings {
  /** What Next does, also where Capra would rather not. */
  readonly parity: boolean;
  readonly basePath: string;
  /** What can be is compressed. */
  readonly compress: boolean;
}

export const defaultSettings: Settings = { parity: false, basePath: '', compress: true };

/** No client has these. */
export const noKeys: PreviewKeys = { id: '', signingKey: '', encryptionKey: '', madeAt: 0 };

export interface Manifest {
  readonly isDev: boolean;
  readonly settings: Settings;
  readonly preview: PreviewKeys;
  readonly routes: readonly Route[];
  /** The project's proxy, which is a route that other routes stand behind. */
  readonly proxy: Route | undefined;
}

interface ProxyText {
  file: string;
  kind: string;
  module?: string;
  message?: string;
}

interface RouteText {
  route: string;
  file: string;
  kind: string;
  module?: string;
  message?: string;
  config?: {
    bodyParser?: boolean;
    bodyLimit?: number | null;
    bodyLimitText?: string;
    responseLimit?: number | null;
    externalResolver?: boolean;
    dynamic?: boolean;
    runtime?: string;
  };
}

/**
 * Reads a manifest. A module that `before` had under the same name is the same module: names hold a
 * hash of the content, and what a module has in memory outlives a rebuild of other files.
 * `folder`: of the project.
 */
export function readManifest(text: string, folder: string, before?: Manifest): Manifest {
  const { mode, settings, preview, proxy, routes } = JSON.parse(text) as {
    mode: string;
    settings?: Partial<Settings>;
    preview?: PreviewKeys;
    proxy?: ProxyText;
    routes: RouteText[];
  };
  const modules = new Map<string, RouteModule>();
  for (const { module } of [...(before?.routes ?? []), before?.proxy ?? noRoute])
    if (module) modules.set(module.path, module);
  const all = { ...defaultSettings, ...settings };
  return {
    isDev: mode === 'development',
    settings: all,
    preview: preview ?? noKeys,
    routes: routes.map((route) => readRoute(route, folder, modules, all)),
    proxy: proxy && readProxy(proxy, folder, modules, all),
  };
}

const noRoute = { module: undefined };

/** It reads its body itself, and answers as edge routes do. */
function readProxy(
  proxy: ProxyText,
  folder: string,
  modules: Map<string, RouteModule>,
  settings: Settings,
): Route {
  const config = { bodyParser: false, externalResolver: true, runtime: 'edge' };
  return readRoute({ ...proxy, route: '/', config }, folder, modules, settings);
}

function readRoute(
  { route, file, kind, module, message, config = {} }: RouteText,
  folder: string,
  modules: Map<string, RouteModule>,
  settings: Settings,
): Route {
  return {
    pattern: route,
    params: paramNames(route),
    file,
    module:
      kind === 'script' && module ? moduleAt(`${folder}/${module}`, file, modules) : undefined,
    message: kind === 'error' ? (message ?? 'The route could not be built.') : undefined,
    limits: {
      readsBody: config.bodyParser !== false,
      bodyLimit: config.bodyLimit ?? Number.POSITIVE_INFINITY,
      bodyLimitText: config.bodyLimitText ?? '',
      responseLimit: config.responseLimit ?? Number.POSITIVE_INFINITY,
      externalResolver: config.externalResolver === true,
    },
    isDynamic: config.dynamic === true,
    isEdge: config.runtime === 'edge',
  };
}

/** Whether a module's `config` says so. */
export function isEdge(config: unknown): boolean {
  const { runtime } = (config ?? {}) as { runtime?: unknown };
  return runtime === 'edge' || runtime === 'experimental-edge';
}

/** Whether the handler takes a Request, going by all that is known. */
export function takesRequests(route: Route): boolean {
  return route.isEdge || isEdge(route.module?.config);
}

function moduleAt(path: string, file: string, modules: Map<string, RouteModule>): RouteModule {
  let module = modules.get(path);
  if (module === undefined) {
    module = new RouteModule(path, file);
    modules.set(path, module);
  }
  return module;
}
