// SPDX-License-Identifier: MIT

import type { AnyNode } from 'acorn';
import { moduleRule } from '../app.ts';
import { memberName } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';

/** `res.socket.server`: whoever listens there (socket.io, `ws`) hears of one worker's connections only. */
export const serverListener = moduleRule('server-listener', function* (module) {
  const node = module.nodes.find((each) => isServer(module, each));
  if (!node) return;
  yield problemAt(module, node, {
    severity: 'warning',
    text: 'What listens on `res.socket.server` hears of the connections of its own worker only.',
    why: '`capra start` has a worker for each CPU (`--workers`): a client whose connection goes to another one finds nobody.',
    hint: 'Start with `--workers 1`.',
  });
});

/** `res.socket.server`, `res.socket?.server`, `const { server } = res.socket`, and the same of `req`. */
function isServer({ scopes }: Module, node: AnyNode): boolean {
  if (node.type !== 'MemberExpression' || memberName(node) !== 'socket') return false;
  const { object } = node;
  if (object.type !== 'Identifier' || scopes.variableOf(object)?.kind !== 'param') return false;
  let outer = scopes.parentOf(node);
  if (outer?.type === 'ChainExpression') outer = scopes.parentOf(outer);
  if (outer?.type === 'MemberExpression') return memberName(outer) === 'server';
  return (
    outer?.type === 'VariableDeclarator' &&
    outer.id.type === 'ObjectPattern' &&
    outer.id.properties.some(
      (each) =>
        each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === 'server',
    )
  );
}
