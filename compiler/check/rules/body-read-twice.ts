// SPDX-License-Identifier: MIT

import type { AnyNode, CallExpression } from 'acorn';
import { type App, isBodyParsed, moduleRule } from '../app.ts';
import { methodOf, unwrap } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { isCallOf, isMadeBy, isRequest } from '../origin.ts';

/** Functions that read a stream to its end, by package. */
const READERS: [packages: string[], names: string[]][] = [
  [['raw-body'], ['default']],
  [['micro'], ['buffer', 'text', 'json']],
  [['co-body'], ['default', 'json', 'form', 'text']],
  [['stream/consumers'], ['buffer', 'text', 'json', 'arrayBuffer', 'blob']],
];
const FORMS = ['formidable', 'multiparty'];

/** The server has read the body, so a stream that a handler reads has ended: readers of it wait for ever. */
export const bodyReadTwice = moduleRule('body-read-twice', function* (module, app) {
  if (!isBodyParsed(app, module)) return;
  for (const node of module.nodes) {
    if (!readsStream(app, module, node)) continue;
    yield problemAt(module, node, {
      severity: 'error',
      text: 'The body is read from the request, but it was read already.',
      why: 'The body parser is on, so nothing is left in the stream: what waits for it gets an empty body or never ends.',
      hint: 'Switch the parser off in the route:\nexport const config = { api: { bodyParser: false } };',
    });
  }
});

function readsStream(app: App, module: Module, node: AnyNode): boolean {
  if (node.type === 'ForOfStatement') return node.await && isRequest(module, node.right);
  return node.type === 'CallExpression' && isReader(app, module, node);
}

function isReader(app: App, module: Module, call: CallExpression): boolean {
  const first = call.arguments[0] as AnyNode | undefined;
  const method = methodOf(call);
  if (method && isRequest(module, method.object)) {
    if (method.name === 'pipe') return true;
    const event = first?.type === 'Literal' && first.value;
    return (
      /^(?:on|once|addListener)$/.test(method.name) && (event === 'data' || event === 'readable')
    );
  }
  if (!first || !isRequest(module, unwrap(first))) return false;
  if (method?.name === 'parse')
    return isMadeBy(app, module, method.object, FORMS, [
      'default',
      'formidable',
      'IncomingForm',
      'Form',
    ]);
  return READERS.some(([packages, names]) => isCallOf(app, module, call, packages, names));
}
