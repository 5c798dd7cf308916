// SPDX-License-Identifier: MIT

import type { AnyNode, CallExpression, NewExpression } from 'acorn';
import { type App, moduleRule } from '../app.ts';
import { methodOf } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { isCallOf, variableNameOf } from '../origin.ts';

/** A secret that comes from a variable which nothing sets: signing throws, and so does checking. */
export const unsetSecret = moduleRule('unset-secret', function* (module, app) {
  for (const node of module.nodes) {
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') continue;
    const secret = secretOf(app, module, node);
    const name = secret && variableNameOf(app, module, secret);
    if (!secret || name === undefined || app.variables.has(name)) continue;
    yield problemAt(module, secret, {
      severity: 'warning',
      text: `The secret \`${name}\` is not set.`,
      why: 'Neither the environment nor an .env file has it. Without a secret nothing can be signed or checked: the call throws.',
      hint: `Set it where the server runs, or write ${name}=… into .env.local, which is not committed.`,
    });
  }
});

/** The argument that is a secret. */
function secretOf(
  app: App,
  module: Module,
  call: CallExpression | NewExpression,
): AnyNode | undefined {
  const [first, second, third] = call.arguments as AnyNode[];
  if (isCallOf(app, module, call, ['jsonwebtoken'], ['sign', 'verify'])) return second;
  if (isCallOf(app, module, call, ['crypto'], ['createHmac'])) return second;
  if (call.type === 'NewExpression')
    return isCallOf(app, module, call, ['svix', 'standardwebhooks'], ['Webhook'])
      ? first
      : undefined;
  return /^constructEvent(?:Async)?$/.test(methodOf(call)?.name ?? '') ? third : undefined;
}
