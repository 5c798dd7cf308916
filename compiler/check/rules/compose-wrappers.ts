// SPDX-License-Identifier: MIT

// Two shapes of middleware look alike and do not mix: `(req, res, next) => …` is called for each request,
// `(handler) => (req, res) => …` once, to wrap a handler. A `compose` made for the first, given the second, calls
// one of them with a handler as its request and drops the others without a word.

import type { AnyNode, CallExpression } from 'acorn';
import { type App, moduleRule } from '../app.ts';
import { type FunctionNode, isFunction, methodOf, returnsOf, unwrap, within } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { functionOf } from '../origin.ts';

export const composeWrappers = moduleRule('compose-wrappers', function* (module, app) {
  for (const node of module.nodes) {
    // compose(a, b)(handler)
    if (node.type !== 'CallExpression' || node.arguments.length !== 1) continue;
    const inner = unwrap(node.callee);
    if (inner.type !== 'CallExpression' || inner.arguments.length < 2) continue;
    const composer = functionOf(app, module, inner.callee);
    if (!composer || !chainsRequests(composer)) continue;
    const wrapper = inner.arguments.find((each) => isWrapper(app, module, each));
    if (!wrapper) continue;
    yield problemAt(module, wrapper, {
      severity: 'error',
      text: 'This wraps a handler, but it is given to a function that chains `(req, res, next)` middleware.',
      why: 'Only one of them ever runs, with the handler in place of the request; the others, checks of who may do what among them, are skipped without an error.',
      hint: 'Compose wrappers with: (...wrappers) => (handler) => wrappers.reduceRight((inner, wrap) => wrap(inner), handler)',
    });
  }
});

/** `list.reduce((a, b) => (req, res, next) => a(req, res, () => b(…)))`: what is in the list is called with three. */
function chainsRequests({ module, node }: { module: Module; node: FunctionNode }): boolean {
  return [...within(node)].some((inner) => {
    if (inner.type !== 'CallExpression' || !isReduce(inner)) return false;
    const [step] = inner.arguments as AnyNode[];
    if (!isFunction(step)) return false;
    return [...within(step.body)].some(
      (call) =>
        call.type === 'CallExpression' &&
        call.arguments.length >= 3 &&
        module.scopes.variableOf(call.callee)?.node === step,
    );
  });
}

function isReduce(call: CallExpression): boolean {
  return /^reduce(?:Right)?$/.test(methodOf(call)?.name ?? '');
}

/** `(handler) => (req, res) => …`, or a call that makes such a function. */
function isWrapper(app: App, module: Module, node: AnyNode): boolean {
  const made = unwrap(node);
  if (made.type === 'CallExpression') {
    const maker = functionOf(app, module, made.callee);
    return (
      maker !== undefined &&
      returnsOf(maker.node).some((returned) => isWrapper(app, maker.module, returned))
    );
  }
  const found = functionOf(app, module, made);
  if (found?.node.params.length !== 1) return false;
  return returnsOf(found.node).some((returned) => {
    const inner = functionOf(app, found.module, returned);
    return inner !== undefined && inner.node.params.length >= 2;
  });
}
