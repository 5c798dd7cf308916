// SPDX-License-Identifier: MIT

import { pathToFileURL } from 'node:url';
import type { Request } from './request.ts';
import type { Response } from './response.ts';
import { RouteError } from './route-error.ts';

export type Handler = (req: Request, res: Response) => unknown;

/** `import`: gives the namespace of the module at a URL. */
export type ImportModule = (url: string) => Promise<Record<string, unknown>>;

let importModule: ImportModule = (url) => import(url);

/** From now on modules are imported by this, for where `import` itself cannot be written. */
export function importBy(by: ImportModule): void {
  importModule = by;
}

/** A route's compiled module: imported for its first request, then kept. */
export class RouteModule {
  readonly path: string;
  readonly file: string;
  handler: Handler | undefined = undefined;
  /** What it exports as `config`. */
  config: unknown = undefined;
  /** The requests that came while it is being loaded, in order. */
  waiting: Response[] | undefined = undefined;

  /** `path`: of the compiled module. `file`: the source, as messages name it. */
  constructor(path: string, file: string) {
    this.path = path;
    this.file = file;
  }
}

/**
 * Imports a route's module. Rejects with what the module threw, or a RouteError. `names`: of exports that may be the
 * handler as well as the default one.
 */
export async function loadModule(
  module: RouteModule,
  parity: boolean,
  names: readonly string[] = [],
): Promise<Handler> {
  // Before the first module is compiled: Node notes where its source map is only then.
  process.setSourceMapsEnabled(true);
  const exports = await importModule(pathToFileURL(module.path).href);
  const handler = findNamed(exports, names) ?? findHandler(exports, parity);
  if (handler === undefined) throw new RouteError(complain(module.file, exports, names));
  module.config = exports.config ?? (exports.default as { config?: unknown } | undefined)?.config;
  module.handler = handler;
  return handler;
}

function findNamed(
  exports: Record<string, unknown>,
  names: readonly string[],
): Handler | undefined {
  const all = { ...(exports.default as object | undefined), ...exports } as typeof exports;
  return names.map((name) => all[name]).find((found) => typeof found === 'function') as
    | Handler
    | undefined;
}

/**
 * The default export; of a CommonJS module also what it calls its default export, which Next only
 * sees when it says that it was an ES module.
 */
function findHandler(exports: Record<string, unknown>, parity: boolean): Handler | undefined {
  let found = exports.default;
  if (typeof found === 'object' && found !== null) {
    const inner = found as { default?: unknown; __esModule?: unknown };
    if (!parity || inner.__esModule) found = inner.default;
  }
  return typeof found === 'function' ? (found as Handler) : undefined;
}

function complain(
  file: string,
  exports: Record<string, unknown>,
  [name]: readonly string[],
): string {
  if (name !== undefined)
    return (
      `${file} exports neither a function \`${name}\` nor a default one. ` +
      `Write: export function ${name}(request) { … }`
    );
  const methods = Object.keys(exports).filter((name) => /^[A-Z]{3,7}$/.test(name));
  const found =
    'default' in exports
      ? `Its default export is of type ${typeof exports.default}.`
      : methods.length > 0
        ? `It exports ${methods.join(', ')}; an API route is one function for all methods, which looks at req.method.`
        : 'It has no default export.';
  return (
    `${file} does not export a default function. ${found} ` +
    'Write: export default function handler(req, res) { … }'
  );
}
