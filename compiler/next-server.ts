// SPDX-License-Identifier: MIT

// `next/server` in modules of the project. What routes are called with and answer with is the server's own, whether
// Next is installed or not: its NextResponse costs several times as much, and its NextRequest is not what a route
// is given. The rest comes from Next where it is installed.

/** Matches the names under which a module imports it. */
export const NEXT_SERVER = /^next\/server(?:\.js)?$/;

/**
 * A CommonJS module that takes its exports from the worker (`runtime/edge/next-server.ts`).
 *
 * @example
 * nextServerModule({ isInstalled: false });
 */
export function nextServerModule({ isInstalled }: { isInstalled: boolean }): string {
  const load = isInstalled ? "() => __capraRequire('next/server')" : '';
  return `module.exports = globalThis[Symbol.for('capra.next/server')](${load});`;
}
