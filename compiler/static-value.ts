// SPDX-License-Identifier: MIT

import type { Expression, Node, ObjectExpression, Property, SpreadElement } from 'acorn';

/** An expression's value as far as it can be told without running the program. */
export type StaticValue =
  | { kind: 'value'; value: unknown }
  /** An object literal; its properties are asked for one by one. */
  | { kind: 'object'; node: ObjectExpression }
  /** Only the running program knows. */
  | { kind: 'unknown' };

const UNKNOWN: StaticValue = { kind: 'unknown' };
const known = (value: unknown): StaticValue => ({ kind: 'value', value });

/**
 * Literals, arithmetic on them, and object literals. An identifier is unknown, `undefined` excepted.
 *
 * @example
 * staticValue(parseExpressionAt('2 * 1024', 0, { ecmaVersion: 'latest' })); // { kind: 'value', value: 2048 }
 */
export function staticValue(node: Expression): StaticValue {
  switch (node.type) {
    case 'Literal':
      return known(node.value);
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? known(node.quasis[0]?.value.cooked) : UNKNOWN;
    case 'Identifier':
      return node.name === 'undefined' ? known(undefined) : UNKNOWN;
    case 'ObjectExpression':
      return { kind: 'object', node };
    case 'ArrayExpression':
      return arrayValue(node.elements);
    case 'UnaryExpression':
      return unaryValue(node.operator, staticValue(node.argument));
    case 'BinaryExpression':
      return node.left.type === 'PrivateIdentifier'
        ? UNKNOWN
        : binaryValue(node.operator, staticValue(node.left), staticValue(node.right));
    case 'ParenthesizedExpression':
      return staticValue(node.expression);
    default:
      return UNKNOWN;
  }
}

/**
 * The property of an object literal: known to be absent is `{ kind: 'value', value: undefined }`. Unknown also
 * when a spread or a computed key may have set it.
 */
export function staticProperty(
  object: ObjectExpression,
  name: string,
): { value: StaticValue; node?: Expression } {
  for (const property of object.properties.toReversed()) {
    const key = keyOf(property);
    if (key === undefined) return { value: UNKNOWN };
    if (key !== name) continue;
    const { kind, method, value } = property as Property;
    return kind === 'init' && !method
      ? { value: staticValue(value), node: value }
      : { value: UNKNOWN, node: value };
  }
  return { value: known(undefined) };
}

/** The keys of an object literal that stand there as they are, and where. */
export function staticKeys(object: ObjectExpression): { key: string; node: Node }[] {
  return object.properties.flatMap((property) => {
    const key = keyOf(property);
    return property.type === 'Property' && key !== undefined ? [{ key, node: property.key }] : [];
  });
}

/**
 * The first part of an expression that is more than a plain literal: a name, a sum, a spread, a computed key. Undefined
 * when there is none. `isAsWritten` may refuse a literal that a compiler has made of something else.
 *
 * @example
 * partThatIsNotPlain(parseExpressionAt('{ a: [1, x] }', 0, { ecmaVersion: 'latest' })); // the node of x
 */
export function partThatIsNotPlain(
  node: Expression,
  isAsWritten: (literal: Expression) => boolean = () => true,
): Node | undefined {
  switch (node.type) {
    case 'Literal':
      return isAsWritten(node) ? undefined : node;
    case 'TemplateLiteral':
      return node.expressions[0];
    case 'Identifier':
      return node.name === 'undefined' ? undefined : node;
    case 'UnaryExpression':
      // What esbuild makes of `undefined`.
      return node.operator === 'void' ? undefined : node;
    case 'ArrayExpression':
      return first(node.elements, (element) =>
        element === null || element.type === 'SpreadElement'
          ? (element ?? node)
          : partThatIsNotPlain(element, isAsWritten),
      );
    case 'ObjectExpression':
      return first(node.properties, (property) => {
        const isPlain =
          property.type === 'Property' && property.kind === 'init' && !property.computed;
        return isPlain ? partThatIsNotPlain(property.value, isAsWritten) : property;
      });
    default:
      return node;
  }
}

function first<T, F>(list: T[], find: (item: T) => F | undefined): F | undefined {
  for (const item of list) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What a plain literal is, lists and objects with all that is in them.
 *
 * @example
 * plainValue(parseExpressionAt('{ a: [1] }', 0, { ecmaVersion: 'latest' })); // { a: [1] }
 */
export function plainValue(node: Expression): unknown {
  if (node.type === 'ArrayExpression')
    return node.elements.map((element) => plainValue(element as Expression));
  if (node.type !== 'ObjectExpression') {
    const value = staticValue(node);
    return value.kind === 'value' ? value.value : undefined;
  }
  return Object.fromEntries(
    node.properties.map((property) => [keyOf(property), plainValue((property as Property).value)]),
  );
}

function keyOf(property: Property | SpreadElement): string | undefined {
  if (property.type !== 'Property') return undefined;
  if (!property.computed && property.key.type === 'Identifier') return property.key.name;
  return property.key.type === 'Literal' ? String(property.key.value) : undefined;
}

function arrayValue(elements: (Expression | SpreadElement | null)[]): StaticValue {
  const values = elements.map((element) =>
    element && element.type !== 'SpreadElement' ? staticValue(element) : UNKNOWN,
  );
  return values.every((value) => value.kind === 'value')
    ? known(values.map(({ value }) => value))
    : UNKNOWN;
}

function unaryValue(operator: string, argument: StaticValue): StaticValue {
  if (argument.kind !== 'value') return UNKNOWN;
  const { value } = argument;
  if (operator === '!') return known(!value);
  if (operator === 'void') return known(undefined);
  if (typeof value !== 'number') return UNKNOWN;
  return operator === '-' ? known(-value) : operator === '+' ? known(value) : UNKNOWN;
}

function binaryValue(operator: string, left: StaticValue, right: StaticValue): StaticValue {
  if (left.kind !== 'value' || right.kind !== 'value') return UNKNOWN;
  const [a, b] = [left.value, right.value];
  if (typeof a === 'string' && typeof b === 'string')
    return operator === '+' ? known(a + b) : UNKNOWN;
  if (typeof a !== 'number' || typeof b !== 'number') return UNKNOWN;
  const results: Record<string, number> = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': a / b,
    '**': a ** b,
    '<<': a << b,
  };
  const result = results[operator];
  return result === undefined ? UNKNOWN : known(result);
}
