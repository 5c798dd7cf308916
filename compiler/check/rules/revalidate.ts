// SPDX-License-Identifier: MIT

import { moduleRule } from '../app.ts';
import { methodOf } from '../ast.ts';
import { problemAt } from '../module.ts';

/** `res.revalidate` renders a page anew, and there are no pages. */
export const revalidate = moduleRule('revalidate', function* (module) {
  for (const node of module.nodes) {
    if (node.type !== 'CallExpression') continue;
    const method = methodOf(node);
    if (method?.name !== 'revalidate' || method.object.type !== 'Identifier') continue;
    if (module.scopes.variableOf(method.object)?.kind !== 'param') continue;
    if (!/^_?res(?:ponse)?$/i.test(method.object.name)) continue;
    yield problemAt(module, node, {
      severity: 'warning',
      text: 'There are no pages here to revalidate.',
      why: 'Capra serves API routes only: the promise is rejected, as in Next for a page that does not exist.',
      hint: 'Where Next still renders the pages, call a route of that server instead.',
    });
  }
});
