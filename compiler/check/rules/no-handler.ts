// SPDX-License-Identifier: MIT

import type { App, Rule } from '../app.ts';
import { exportOf, type Module } from '../module.ts';

/** A route without a default export. */
export const noHandler: Rule = {
  name: 'no-handler',
  *check({ routes, modules }: App) {
    for (const { file, route } of routes) {
      const module = modules.get(file);
      if (!module || exportOf(module, 'default') || !isModule(module)) continue;
      yield {
        severity: 'error',
        file,
        text: `There is no default export, so there is nothing to call for ${route}.`,
        why: 'Every request to it is answered with 500.',
        hint: 'Export the handler: export default function handler(req, res) { … }. What is no route belongs outside of pages/api.',
      };
    }
  },
};

/** Written as an ES module, or with nothing in it; `export *` may have anything. */
function isModule({ program, nodes }: Module): boolean {
  if (program.body.some(({ type }) => type === 'ExportAllDeclaration')) return false;
  const isCommonJs = nodes.some(
    (node) => node.type === 'Identifier' && (node.name === 'module' || node.name === 'exports'),
  );
  return !isCommonJs;
}
