// SPDX-License-Identifier: MIT

import type { AnyNode, CallExpression } from 'acorn';
import { type App, isBodyParsed, moduleRule } from '../app.ts';
import { methodOf, unwrap } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { isCallOf, isMadeBy, isOfRequest, originOf } from '../origin.ts';

const VERIFIERS = ['svix', 'standardwebhooks'];
const OCTOKIT = ['@octokit/webhooks', '@octokit/webhooks-methods'];

const HINT = `The exact bytes are in \`req.rawBody\`, beside the parsed body. So that it also runs in Next, read them yourself:
export const config = { api: { bodyParser: false } };
import { buffer } from 'node:stream/consumers';
const payload = await buffer(req);`;

/** A signature is over the bytes that were sent; what was parsed and printed again has others. */
export const webhookParsedBody = moduleRule('webhook-parsed-body', function* (module, app) {
  if (!isBodyParsed(app, module)) return;
  for (const node of module.nodes) {
    if (node.type !== 'CallExpression') continue;
    const payload = signedBy(app, module, node);
    const how = payload && parsedIn(app, module, payload);
    if (!payload || !how) continue;
    yield how === 'object'
      ? problemAt(module, payload, {
          severity: 'error',
          text: 'A signature is checked on the parsed body.',
          why: 'It is over the bytes that were sent, and `req.body` is an object by then: every request is refused.',
          hint: HINT,
        })
      : problemAt(module, payload, {
          severity: 'warning',
          text: 'A signature is checked on a body that was parsed and printed again.',
          why: '`JSON.stringify` gives other bytes than were sent, whenever spaces, escapes or numbers were written in another way.',
          hint: HINT,
        });
  }
});

/** What a call checks the signature of, if it does that. */
function signedBy(app: App, module: Module, call: CallExpression): AnyNode | undefined {
  const [first, second] = call.arguments as AnyNode[];
  const method = methodOf(call);
  if (method && /^constructEvent(?:Async)?$/.test(method.name)) return first;
  if (isCallOf(app, module, call, OCTOKIT, ['verify'])) return second;
  if (!method) return undefined;
  const { name, object } = method;
  if (name === 'verify' && isMadeBy(app, module, object, VERIFIERS, ['Webhook', 'default']))
    return first;
  if (/^verify(?:AndReceive)?$/.test(name) && isMadeBy(app, module, object, OCTOKIT, ['Webhooks']))
    return first;
  return name === 'update' && isHmac(app, module, object) ? first : undefined;
}

/** `createHmac(…)`, and what `update` of it gives. */
function isHmac(app: App, module: Module, node: AnyNode): boolean {
  const { node: made, module: home } = nodeOf(app, module, node);
  if (made.type !== 'CallExpression') return false;
  if (isCallOf(app, home, made, ['crypto'], ['createHmac'])) return true;
  const method = methodOf(made);
  return method?.name === 'update' && isHmac(app, home, method.object);
}

function nodeOf(app: App, module: Module, node: AnyNode): { module: Module; node: AnyNode } {
  const origin = originOf(app, module, node);
  return origin.kind === 'node' ? origin : { module, node };
}

/** How the parsed body gets into an expression: as the object that it is, or as text made of it. */
function parsedIn(app: App, module: Module, node: AnyNode): 'object' | 'text' | undefined {
  const at = unwrap(node);
  if (isOfRequest(module, at, 'body')) return 'object';
  const { module: home, node: made } = nodeOf(app, module, at);
  if (made !== at && isOfRequest(home, made, 'body')) return 'object';
  if (isTextOfBody(home, made)) return 'text';
  if (made.type === 'TemplateLiteral')
    return made.expressions.some((part) => parsedIn(app, home, part)) ? 'text' : undefined;
  if (made.type === 'BinaryExpression' && made.operator === '+' && made.right)
    return [made.left as AnyNode, made.right].some((part) => parsedIn(app, home, part))
      ? 'text'
      : undefined;
  if (made.type !== 'ConditionalExpression') return undefined;
  // Somebody thought of a body that is text; what is left are the others.
  return [made.consequent, made.alternate].some((part) => parsedIn(app, home, part) === 'text')
    ? 'text'
    : undefined;
}

/** `JSON.stringify(req.body)`, and a Buffer of that. */
function isTextOfBody(module: Module, node: AnyNode): boolean {
  if (node.type !== 'CallExpression') return false;
  const method = methodOf(node);
  if (method?.object.type !== 'Identifier' || !node.arguments[0]) return false;
  const [first] = node.arguments as AnyNode[];
  const call = `${method.object.name}.${method.name}`;
  if (call === 'JSON.stringify') return isOfRequest(module, first, 'body');
  return call === 'Buffer.from' && isTextOfBody(module, unwrap(first));
}
