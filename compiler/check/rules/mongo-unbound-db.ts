// SPDX-License-Identifier: MIT

import type { AnyNode } from 'acorn';
import { type App, importsPackage, moduleRule } from '../app.ts';
import { memberName, methodOf, returnsOf, unwrap } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { functionOf, isCallOf } from '../origin.ts';

/** `const { db } = client` takes a method of MongoClient, without the client that it is a method of. */
export const mongoUnboundDb = moduleRule('mongo-unbound-db', function* (module, app) {
  if (!importsPackage(app, 'mongodb')) return;
  for (const node of module.nodes) {
    if (node.type !== 'VariableDeclarator' || node.id.type !== 'ObjectPattern' || !node.init)
      continue;
    const taken = node.id.properties.find(
      (each) =>
        each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === 'db',
    );
    if (!taken || !isClient(app, module, node.init)) continue;
    yield problemAt(module, taken, {
      severity: 'error',
      text: '`db` is taken out of a MongoClient, where it is a method.',
      why: 'It is a function without its client, so that `db.collection` is not a function: a TypeError.',
      hint: 'const client = await connectToDatabase(); const db = client.db();',
    });
  }
});

/** Whether an expression is a MongoClient, or a promise of one. */
function isClient(app: App, module: Module, node: AnyNode, depth = 0): boolean {
  const at = unwrap(node, { awaits: true });
  if (depth > 8) return false;
  const inner = (home: Module, next: AnyNode) => isClient(app, home, next, depth + 1);
  switch (at.type) {
    case 'NewExpression':
      return isCallOf(app, module, at, ['mongodb'], ['MongoClient']);
    case 'CallExpression': {
      if (isCallOf(app, module, at, ['mongodb'], ['MongoClient.connect'])) return true;
      const method = methodOf(at);
      if (method?.name === 'connect') return inner(module, method.object);
      const made = functionOf(app, module, at.callee);
      return made !== undefined && returnsOf(made.node).some((each) => inner(made.module, each));
    }
    case 'Identifier':
    case 'MemberExpression':
      return valuesOf(app, module, at).some((value) => inner(value.module, value.node));
    default:
      return false;
  }
}

/** All that a name is ever set to in its module. */
function valuesOf(app: App, module: Module, node: AnyNode): { module: Module; node: AnyNode }[] {
  const variable = module.scopes.variableOf(node);
  if (variable?.kind === 'import') {
    const specifier = module.scopes.parentOf(variable.node);
    const source = specifier?.type === 'ImportDeclaration' ? String(specifier.source.value) : '';
    const target = module.imports.get(source);
    const home = target?.kind === 'module' ? app.modules.get(target.file) : undefined;
    const exported = home?.program.body.find((each) => each.type === 'ExportDefaultDeclaration');
    return home && exported ? [{ module: home, node: exported.declaration as AnyNode }] : [];
  }
  return module.nodes.flatMap((each) => {
    if (each.type === 'VariableDeclarator')
      return variable?.node === each && each.init ? [{ module, node: each.init }] : [];
    if (each.type !== 'AssignmentExpression' || each.right.type === node.type) return [];
    return isSame(module, each.left, node) ? [{ module, node: each.right }] : [];
  });
}

function isSame({ scopes }: Module, left: AnyNode, right: AnyNode): boolean {
  if (left.type === 'MemberExpression' && right.type === 'MemberExpression')
    return memberName(left) !== undefined && memberName(left) === memberName(right);
  const variable = scopes.variableOf(left);
  return variable !== undefined && variable === scopes.variableOf(right);
}
