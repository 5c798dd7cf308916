// SPDX-License-Identifier: MIT

import type { AnyNode, CallExpression } from 'acorn';
import { type App, importsPackage, moduleRule } from '../app.ts';
import { memberName, methodOf } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { originOf } from '../origin.ts';

const JOI = ['joi', '@hapi/joi'];
/** Whose `validate` throws or rejects. */
const OTHERS = ['yup', 'superstruct', 'class-validator', 'valibot'];

/** Joi's `validate` does not throw and gives no promise: it returns `{ error, value }`. */
export const joiValidateAwaited = moduleRule('joi-validate-awaited', function* (module, app) {
  if (!importsPackage(app, ...JOI)) return;
  for (const node of module.nodes) {
    if (node.type !== 'CallExpression') continue;
    const method = methodOf(node);
    if (method?.name !== 'validate' || !isSchema(app, module, method.object)) continue;
    if (!isErrorIgnored(module, node)) continue;
    yield problemAt(module, node, {
      severity: 'error',
      text: "The result of Joi's `validate` is not looked at.",
      why: 'It returns `{ error, value }` and does not throw, awaited or not: invalid input passes.',
      hint: 'await schema.validateAsync(data) throws for invalid input. Or: const { error, value } = schema.validate(data);',
    });
  }
});

/** Made by Joi; or a parameter, in a project that has no other library of which this could be a schema. */
function isSchema(app: App, module: Module, node: AnyNode): boolean {
  const origin = originOf(app, module, node);
  if (origin.kind === 'package') return JOI.includes(origin.specifier);
  if (origin.node.type === 'CallExpression') {
    const method = methodOf(origin.node);
    if (method) return isSchema(app, origin.module, method.object);
    return isSchema(app, origin.module, origin.node.callee);
  }
  // Standard Schema, which Joi has too: whose result tells by `issues`, and may be a promise.
  if (origin.node.type === 'MemberExpression' && memberName(origin.node) === '~standard')
    return false;
  if (origin.node.type === 'MemberExpression')
    return isSchema(app, origin.module, origin.node.object);
  const isParameter = module.scopes.variableOf(origin.node)?.kind === 'param';
  return isParameter && !importsPackage(app, ...OTHERS);
}

function isErrorIgnored({ scopes }: Module, call: CallExpression): boolean {
  const first = scopes.parentOf(call);
  const isAwaited = first?.type === 'AwaitExpression';
  const outer = isAwaited ? scopes.parentOf(first) : first;
  if (outer?.type === 'ExpressionStatement') return true;
  // Only what was awaited was surely meant to throw.
  if (!isAwaited || outer?.type !== 'VariableDeclarator') return false;
  if (outer.id.type !== 'Identifier') return false;
  const uses = scopes.references.filter(({ variable }) => variable?.node === outer);
  return !uses.some(({ node }) => {
    const use = scopes.parentOf(node);
    if (use?.type !== 'MemberExpression') return use?.type === 'VariableDeclarator';
    return use.object === node && memberName(use) === 'error';
  });
}
