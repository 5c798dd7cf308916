// SPDX-License-Identifier: MIT

// `next/server` in modules of the project. What routes are called with and answer with is the server's own, whether
// Next is installed or not: its NextResponse costs several times as much, and its NextRequest is not what a route
// is given. The rest comes from Next where it is installed.

/** Matches the names under which a module imports it. */
export const NEXT_SERVER = /^next\/server(?:\.js)?$/;

/** What the worker has of its own, and what is Next's. */
const OURS =
  'NextFetchEvent, NextRequest, NextResponse, URLPattern, userAgent, userAgentFromString';
const THEIRS = 'after, connection, ImageResponse';

/**
 * A module that takes its exports from the worker (`runtime/edge/next-server.ts`). For `import()` it is an ES module,
 * with names; otherwise CommonJS, so that of Next's exports only those are loaded that are used.
 *
 * @example
 * nextServerModule({ isDynamic: false, isInstalled: false });
 */
export function nextServerModule({ isDynamic, isInstalled }: Importer): string {
  const load = isInstalled ? "() => __capraRequire('next/server')" : '';
  const exports = `globalThis[Symbol.for('capra.next/server')](${load})`;
  if (!isDynamic) return `module.exports = ${exports};`;
  const names = isInstalled ? `${OURS}, ${THEIRS}` : OURS;
  return `const exports = ${exports};\nexport default exports;\nexport const { ${names} } = exports;`;
}

interface Importer {
  isDynamic: boolean;
  isInstalled: boolean;
}
