// SPDX-License-Identifier: MIT

import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  ArrowFunctionExpression,
  CallExpression,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  MemberExpression,
  NewExpression,
} from 'acorn';

export type FunctionNode =
  | FunctionDeclaration
  | AnonymousFunctionDeclaration
  | FunctionExpression
  | ArrowFunctionExpression;

/** A node's own nodes, in the order of the source. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc') continue;
    for (const part of Array.isArray(value) ? value : [value]) if (isNode(part)) found.push(part);
  }
  return found;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string';
}

/** A node and everything in it, functions too unless told otherwise. */
export function* within(
  node: AnyNode,
  { skipsFunctions = false }: { skipsFunctions?: boolean } = {},
): Generator<AnyNode> {
  yield node;
  for (const child of childrenOf(node))
    if (!(skipsFunctions && isFunction(child))) yield* within(child, { skipsFunctions });
}

export function isFunction(node: AnyNode | null | undefined): node is FunctionNode {
  return (
    node?.type === 'FunctionDeclaration' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'ArrowFunctionExpression'
  );
}

/** Without what only wraps an expression: parentheses, the bounds of `?.`, and `await` if asked. */
export function unwrap<N extends AnyNode>(node: N, { awaits = false } = {}): AnyNode {
  if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression')
    return unwrap(node.expression, { awaits });
  return awaits && node.type === 'AwaitExpression' ? unwrap(node.argument, { awaits }) : node;
}

/** `name` of `object.name` and of `object['name']`. */
export function memberName({ computed, property }: MemberExpression): string | undefined {
  if (!computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string'
    ? property.value
    : undefined;
}

/** `name` and `object` of a call of a method: `object.name(…)`. */
export function methodOf(
  call: CallExpression | NewExpression,
): { object: AnyNode; name: string } | undefined {
  const callee = unwrap(call.callee);
  if (callee.type !== 'MemberExpression') return undefined;
  const name = memberName(callee);
  return name === undefined ? undefined : { object: unwrap(callee.object), name };
}

/** The text of a literal, or of a template without gaps. */
export function textOf(node: AnyNode | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/** The value of a property that an object literal names; undefined when it does not. */
export function propertyOf(node: AnyNode | undefined, name: string): Expression | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  for (const property of node.properties) {
    if (property.type !== 'Property' || property.computed) continue;
    const { key } = property;
    if ((key.type === 'Identifier' ? key.name : textOf(key as AnyNode)) === name)
      return property.value;
  }
  return undefined;
}

/** What a function gives back: the arguments of its own `return`s, or the expression that it is. */
export function returnsOf(node: FunctionNode): AnyNode[] {
  if (node.body.type !== 'BlockStatement') return [unwrap(node.body)];
  return [...within(node.body, { skipsFunctions: true })].flatMap((inner) =>
    inner.type === 'ReturnStatement' && inner.argument ? [unwrap(inner.argument)] : [],
  );
}
