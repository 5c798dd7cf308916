// SPDX-License-Identifier: MIT

// Where a value comes from: through names, imports and exports, as far as that is plain.

import type { AnyNode, CallExpression, NewExpression, ObjectPattern } from 'acorn';
import type { App } from './app.ts';
import { isFunction, memberName, textOf, unwrap } from './ast.ts';
import { exportOf, type Module, specifierOf } from './module.ts';

export type Origin =
  /** Something of a package. `*` is all of it, or its default. */
  | { kind: 'package'; specifier: string; name: string }
  | { kind: 'node'; module: Module; node: AnyNode };

/**
 * What an expression is, names followed to what they stand for. A name that is set again stands for itself.
 *
 * @example
 * // import { sign } from 'jsonwebtoken'; const make = sign;
 * originOf(app, module, make); // { kind: 'package', specifier: 'jsonwebtoken', name: 'sign' }
 */
export function originOf(app: Pick<App, 'modules'>, module: Module, node: AnyNode): Origin {
  let at: { module: Module; node: AnyNode } = { module, node: unwrap(node) };
  for (let steps = 0; steps < 20; steps++) {
    const next = step(app, at.module, at.node);
    if (!next) break;
    if (next.kind === 'package') return next;
    at = { module: next.module, node: unwrap(next.node) };
  }
  return { kind: 'node', ...at };
}

function step(app: Pick<App, 'modules'>, module: Module, node: AnyNode): Origin | undefined {
  const required = specifierOf(node);
  if (
    required !== undefined &&
    (node.type === 'CallExpression' || node.type === 'ImportExpression')
  )
    return imported(app, module, required, '*');
  if (node.type === 'MemberExpression') {
    const name = memberName(node);
    const object = name === undefined ? undefined : originOf(app, module, node.object);
    if (object?.kind !== 'package' || name === undefined) return undefined;
    const isWhole = object.name === '*' || object.name === 'default';
    return { ...object, name: isWhole ? name : `${object.name}.${name}` };
  }
  if (node.type === 'AwaitExpression' && node.argument.type === 'ImportExpression')
    return { kind: 'node', module, node: node.argument };
  return node.type === 'Identifier' ? named(app, module, node) : undefined;
}

function named(app: Pick<App, 'modules'>, module: Module, node: AnyNode): Origin | undefined {
  const variable = module.scopes.variableOf(node);
  if (!variable || variable.references.some(({ isWritten }) => isWritten)) return undefined;
  const { name, kind, node: declaration } = variable;
  // Of a parameter it is the function that declares it.
  if (kind === 'param' || kind === 'implicit' || kind === 'catch') return undefined;
  switch (declaration.type) {
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'ImportSpecifier': {
      const from = module.scopes.parentOf(declaration);
      const specifier = from && specifierOf(from);
      if (specifier === undefined) return undefined;
      const wanted =
        declaration.type === 'ImportDefaultSpecifier'
          ? 'default'
          : declaration.type === 'ImportNamespaceSpecifier'
            ? '*'
            : keyOf(declaration.imported);
      return imported(app, module, specifier, wanted);
    }
    case 'VariableDeclarator': {
      const { id, init } = declaration;
      if (!init) return undefined;
      if (id.type === 'Identifier') return { kind: 'node', module, node: init };
      if (id.type !== 'ObjectPattern') return undefined;
      const property = id.properties.find(
        (each) =>
          each.type === 'Property' &&
          each.value.type === 'Identifier' &&
          each.value.name === name &&
          !each.computed,
      );
      const whole = originOf(app, module, init);
      return property?.type === 'Property' && whole.kind === 'package'
        ? { ...whole, name: keyOf(property.key as AnyNode) }
        : undefined;
    }
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return { kind: 'node', module, node: declaration };
    default:
      return undefined;
  }
}

function imported(
  app: Pick<App, 'modules'>,
  module: Module,
  specifier: string,
  name: string,
): Origin | undefined {
  const target = module.imports.get(specifier);
  if (target?.kind !== 'module') return { kind: 'package', specifier, name };
  const from = app.modules.get(target.file);
  const found = from && name !== '*' ? exportOf(from, name) : undefined;
  if (!from || !found) return undefined;
  if (found.kind === 'from') return imported(app, from, found.specifier, found.name);
  return { kind: 'node', module: from, node: found.node };
}

function keyOf(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : (textOf(node) ?? '');
}

/** The function that an expression is, if its source is at hand. */
export function functionOf(app: Pick<App, 'modules'>, module: Module, node: AnyNode) {
  const origin = originOf(app, module, node);
  return origin.kind === 'node' && isFunction(origin.node)
    ? { module: origin.module, node: origin.node }
    : undefined;
}

/**
 * Whether a call is one of these functions of a package: `sign(…)`, `jwt.sign(…)`, `new Webhook(…)`.
 *
 * @example
 * isCallOf(app, module, call, ['jsonwebtoken'], ['sign', 'verify']);
 */
export function isCallOf(
  app: Pick<App, 'modules'>,
  module: Module,
  call: CallExpression | NewExpression,
  packages: readonly string[],
  names: readonly string[],
): boolean {
  const origin = originOf(app, module, call.callee);
  return (
    origin.kind === 'package' &&
    packages.includes(origin.specifier.replace(/^node:/, '')) &&
    (names.includes(origin.name) || (origin.name === '*' && names.includes('default')))
  );
}

/** Whether an expression was made by one of these calls: `new Webhook(…)`, `formidable(…)`. */
export function isMadeBy(
  app: Pick<App, 'modules'>,
  module: Module,
  node: AnyNode,
  packages: readonly string[],
  names: readonly string[],
): boolean {
  const origin = originOf(app, module, node);
  if (origin.kind !== 'node') return false;
  const { type } = origin.node;
  return (
    (type === 'CallExpression' || type === 'NewExpression') &&
    isCallOf(app, origin.module, origin.node, packages, names)
  );
}

/** The name of `NAME` when an expression is `process.env.NAME`, directly or through a name. */
export function variableNameOf(
  app: Pick<App, 'modules'>,
  module: Module,
  node: AnyNode,
): string | undefined {
  const origin = originOf(app, module, node);
  if (origin.kind !== 'node' || origin.node.type !== 'MemberExpression') return undefined;
  const object = unwrap(origin.node.object);
  const isEnv =
    object.type === 'MemberExpression' &&
    memberName(object) === 'env' &&
    object.object.type === 'Identifier' &&
    object.object.name === 'process';
  return isEnv ? memberName(origin.node) : undefined;
}

/** Whether an expression is a function's parameter that looks like a request, or a name for one. */
export function isRequest(module: Module, node: AnyNode): boolean {
  const plain = unwrap(node);
  if (plain.type !== 'Identifier') return false;
  const variable = module.scopes.variableOf(plain);
  return variable?.kind === 'param' && /^_?req(?:uest)?$/i.test(variable.name);
}

/** Whether an expression is `req.[name]`, `const { [name] } = req`, or a name for either. */
export function isOfRequest(module: Module, node: AnyNode, name: string): boolean {
  const plain = unwrap(node, { awaits: true });
  if (plain.type === 'MemberExpression')
    return memberName(plain) === name && isRequest(module, plain.object);
  if (plain.type !== 'Identifier') return false;
  const variable = module.scopes.variableOf(plain);
  // handler({ body }, res)
  if (variable?.kind === 'param' && isFunction(variable.node)) {
    const [first, second] = variable.node.params;
    return first?.type === 'ObjectPattern' && !!second && binds(first, name, plain.name);
  }
  if (variable?.node.type !== 'VariableDeclarator') return false;
  if (variable.references.some(({ isWritten }) => isWritten)) return false;
  const { id, init } = variable.node;
  if (!init) return false;
  if (id.type === 'Identifier') return isOfRequest(module, init, name);
  return id.type === 'ObjectPattern' && isRequest(module, init) && binds(id, name, plain.name);
}

/** Whether a pattern takes the property `key` out under the name `name`. */
function binds({ properties }: ObjectPattern, key: string, name: string): boolean {
  return properties.some(
    (each) =>
      each.type === 'Property' &&
      !each.computed &&
      keyOf(each.key as AnyNode) === key &&
      each.value.type === 'Identifier' &&
      each.value.name === name,
  );
}
