// SPDX-License-Identifier: MIT

import type { AnyNode, AssignmentExpression } from 'acorn';
import { moduleRule } from '../app.ts';
import { memberName, unwrap, within } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { isRequest } from '../origin.ts';
import type { Reference, Variable } from '../scope.ts';

const COLLECTIONS = /^(?:Map|Set|Array)$/;
const CHANGES = /^(?:set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill)$/;

/**
 * State of a module that handlers change: each worker has its own. What is made once on first use (a connection, a
 * client) is meant to be of the worker, and a cache does no harm.
 */
export const workerState = moduleRule('worker-state', function* (module) {
  for (const variable of module.scopes.ofModule()) {
    if (/cache|memo/i.test(variable.name)) continue;
    const change = variable.references.find((reference) => changes(module, variable, reference));
    if (!change) continue;
    yield problemAt(module, change.node, {
      severity: 'warning',
      text: `\`${variable.name}\` is changed by requests, and every worker has its own.`,
      why: `\`capra start\` has a worker for each CPU (\`--workers\`), so requests see different values; a restart and a new version forget them.`,
      hint: 'Keep what must be shared or must last in a database or in Redis. With `--workers 1`, and for what may be lost, it can stay.',
    });
  }
});

function changes(module: Module, variable: Variable, reference: Reference): boolean {
  const { scopes } = module;
  if (!scopes.functionOf(reference.node)) return false;
  const outer = scopes.parentOf(reference.node);
  if (reference.isWritten && outer?.type === 'UpdateExpression') return true;
  if (reference.isWritten)
    return outer?.type === 'AssignmentExpression' && builds(module, variable, outer);
  return isCollection(variable) && changesInside(module, reference.node);
}

/** Whether the new value comes of the old one, or of the request. */
function builds(
  module: Module,
  variable: Variable,
  { operator, right }: AssignmentExpression,
): boolean {
  if (operator !== '=') return !/^(?:\?\?|\|\||&&)=$/.test(operator);
  const parts = [...within(right, { skipsFunctions: true })];
  if (parts.some((part) => isRequest(module, part))) return true;
  const { type } = unwrap(right);
  return (
    /^(?:Array|Object|Binary|Call)Expression$/.test(type) &&
    parts.some((part) => module.scopes.variableOf(part) === variable)
  );
}

/** Made in place, at the module's top: `new Map()`, `[…]`, `{…}`. */
function isCollection({ node }: Variable): boolean {
  const init = node.type === 'VariableDeclarator' && node.init ? unwrap(node.init) : undefined;
  if (init?.type === 'NewExpression')
    return init.callee.type === 'Identifier' && COLLECTIONS.test(init.callee.name);
  return init?.type === 'ArrayExpression' || init?.type === 'ObjectExpression';
}

/** `state.set(…)`, `state[key] = …`, `state.count += 1`, `delete state[key]` */
function changesInside({ scopes }: Module, node: AnyNode): boolean {
  let member = scopes.parentOf(node);
  if (member?.type !== 'MemberExpression' || member.object !== node) return false;
  const outer = scopes.parentOf(member);
  if (outer?.type === 'CallExpression' && outer.callee === member)
    return CHANGES.test(memberName(member) ?? '');
  for (let at = outer; at?.type === 'MemberExpression' && at.object === member; ) {
    member = at;
    at = scopes.parentOf(at);
  }
  const use = scopes.parentOf(member);
  if (use?.type === 'UpdateExpression') return true;
  if (use?.type === 'UnaryExpression') return use.operator === 'delete';
  // table[key] || (table[key] = …): looked up, and made once.
  if (use && scopes.parentOf(use)?.type === 'LogicalExpression') return false;
  return (
    use?.type === 'AssignmentExpression' &&
    use.left === member &&
    !/^(?:\?\?|\|\|)=$/.test(use.operator)
  );
}
