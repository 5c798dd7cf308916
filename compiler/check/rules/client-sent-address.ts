// SPDX-License-Identifier: MIT

// An address that the client may have made up, and a decision that hangs on it. The header itself is no problem,
// nor is it to log it; so its value is followed, through names and functions, until it is a key or compared.

import type { AnyNode } from 'acorn';
import type { App, Rule } from '../app.ts';
import { type FunctionNode, isFunction, memberName, methodOf, textOf } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { functionOf, isCallOf } from '../origin.ts';

const HEADERS = ['x-forwarded-for', 'x-real-ip', 'x-client-ip'];

interface Place {
  module: Module;
  node: AnyNode;
}

export const clientSentAddress: Rule = {
  name: 'client-sent-address',
  *check(app) {
    const calls = [...app.modules.values()].flatMap((module) => callsIn(app, module));
    for (const module of app.modules.values()) {
      for (const node of module.nodes) {
        const header = headerOf(app, module, node);
        if (header === undefined) continue;
        const sink = follow({ module, node }, calls);
        if (!sink) continue;
        yield problemAt(module, node, {
          severity: 'warning',
          text: `A decision hangs on \`${header}\`, which the client may set as it likes${where(module, sink)}.`,
          why: 'With a new value in each request a limit is never reached, and any address can be pretended. Next and Capra only add the header when it is missing.',
          hint: "Use `req.socket.remoteAddress`, and start with `--trust-proxy` and the networks of your proxies, or `none`: then both are the client's address.",
        });
      }
    }
  },
};

function where(from: Module, { module, node }: Place): string {
  const place = problemAt(module, node, { severity: 'warning', text: '', why: '' });
  const file = module === from ? 'line ' : `${module.file}:`;
  return place.line === undefined ? '' : ` (${file}${place.line})`;
}

/** The header that an expression reads, if it is one of these. */
function headerOf(app: App, module: Module, node: AnyNode): string | undefined {
  const known = (name: string | undefined) => HEADERS.find((each) => each === name?.toLowerCase());
  if (node.type === 'MemberExpression') {
    const isOfHeaders =
      (node.object.type === 'MemberExpression' && memberName(node.object) === 'headers') ||
      (node.object.type === 'Identifier' && node.object.name === 'headers');
    return isOfHeaders ? known(memberName(node)) : undefined;
  }
  if (node.type !== 'CallExpression') return undefined;
  const method = methodOf(node);
  if (method && /^(?:get|header)$/.test(method.name))
    return known(textOf(node.arguments[0] as AnyNode));
  const isOfPackage = isCallOf(app, module, node, ['request-ip'], ['getClientIp']);
  return isOfPackage ? 'x-forwarded-for' : undefined;
}

interface Call extends Place {
  callee: FunctionNode;
}

/** The calls of functions that the project has itself. */
function callsIn(app: App, module: Module): Call[] {
  return module.nodes.flatMap((node): Call[] => {
    const callee = node.type === 'CallExpression' && functionOf(app, module, node.callee);
    return callee ? [{ module, node, callee: callee.node }] : [];
  });
}

/** Where a value first decides something. */
function follow(source: Place, calls: Call[]): Place | undefined {
  const queue: Place[] = [source];
  const seen = new Set<AnyNode>([source.node]);
  const add = (module: Module, node: AnyNode) => {
    if (!seen.has(node)) queue.push({ module, node });
    seen.add(node);
  };
  for (const { module, node } of queue) {
    const { scopes } = module;
    const outer = scopes.parentOf(node);
    if (!outer) continue;
    if (decides(outer, node)) return { module, node: outer };
    if (carries(outer, node)) add(module, outer);
    const declared =
      outer.type === 'VariableDeclarator'
        ? scopes.references.filter(({ variable }) => variable?.node === outer)
        : outer.type === 'AssignmentExpression' && outer.right === node
          ? (scopes.variableOf(outer.left)?.references ?? [])
          : [];
    for (const { node: use, isWritten } of declared) if (!isWritten) add(module, use);
    const returned =
      outer.type === 'ReturnStatement' ? scopes.functionOf(outer) : isFunction(outer) && outer;
    if (!returned) continue;
    if (isKeyMaker(module, returned)) return { module, node: returned };
    for (const call of calls) if (call.callee === returned) add(call.module, call.node);
  }
  return undefined;
}

const TEXT_METHODS =
  /^(?:split|trim|at|pop|shift|toString|replace|replaceAll|slice|substring|toLowerCase)$/;

/** Whether the value of `node` is, or is most of, the value of `outer`. */
function carries(outer: AnyNode, node: AnyNode): boolean {
  switch (outer.type) {
    case 'LogicalExpression':
    case 'TemplateLiteral':
    case 'ChainExpression':
    case 'AwaitExpression':
    case 'ParenthesizedExpression':
      return true;
    case 'ConditionalExpression':
      return outer.test !== node;
    case 'BinaryExpression':
      return outer.operator === '+';
    case 'MemberExpression':
      if (outer.object !== node) return false;
      return outer.computed || TEXT_METHODS.test(memberName(outer) ?? '');
    case 'CallExpression':
      // A method of the value itself, or a function that only changes its form.
      if (outer.callee === node) return node.type === 'MemberExpression';
      return (
        outer.callee.type === 'Identifier' && /^(?:String|normali[sz]e\w*)$/.test(outer.callee.name)
      );
    default:
      return false;
  }
}

const KEYED =
  /^(?:get|set|has|add|delete|includes|indexOf|incr|incrBy|incrby|increment|consume|limit|check|hit|zadd|hget|hset|expire)$/;
const JUDGE = /limit|throttle|allow|block|banned|attempt|quota/i;

/** Whether `node` is a key, or is compared, in `outer`. */
function decides(outer: AnyNode, node: AnyNode): boolean {
  if (outer.type === 'MemberExpression') return outer.computed && outer.property === node;
  if (outer.type === 'BinaryExpression') {
    const other = outer.left === node ? outer.right : outer.left;
    return /^[!=]==?$/.test(outer.operator) && !isNothing(other);
  }
  if (outer.type !== 'CallExpression' || outer.callee === node) return false;
  const method = methodOf(outer);
  if (method) return KEYED.test(method.name) && outer.arguments[0] === node;
  return outer.callee.type === 'Identifier' && JUDGE.test(outer.callee.name);
}

function isNothing(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'undefined';
  if (node.type === 'UnaryExpression')
    return node.operator === 'void' || node.operator === 'typeof';
  return (
    node.type === 'Literal' &&
    (node.value === null || node.value === '' || node.value === 'unknown')
  );
}

/** `keyGenerator: (req) => …`, an option of rate limiters. */
function isKeyMaker({ scopes }: Module, node: FunctionNode): boolean {
  const outer = scopes.parentOf(node);
  return (
    outer?.type === 'Property' &&
    outer.key.type === 'Identifier' &&
    /^(?:keyGenerator|generateKey|getKey|identifier)$/.test(outer.key.name)
  );
}
