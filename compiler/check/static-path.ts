// SPDX-License-Identifier: MIT

import { dirname, posix } from 'node:path';
import type { AnyNode, CallExpression } from 'acorn';
import type { App } from './app.ts';
import { memberName, unwrap } from './ast.ts';
import type { Module } from './module.ts';
import { isCallOf, originOf } from './origin.ts';

/** What is known of a path: how it starts, and whether that is all of it. */
interface Known {
  text: string;
  isWhole: boolean;
}

const UNKNOWN: Known = { text: '', isWhole: false };

/**
 * The beginning of a path in the file system, relative to the project folder, as far as the source tells it.
 *
 * @example
 * staticPath(app, module, call); // path.join(process.cwd(), 'public', name): { text: 'public', isWhole: false }
 */
export function staticPath(app: App, module: Module, node: AnyNode): Known {
  const known = evaluate(app, module, node);
  const text = posix.normalize(known.text || '.').replace(/^\.\/|\/$/g, '');
  return { ...known, text };
}

function evaluate(app: App, module: Module, node: AnyNode): Known {
  const origin = originOf(app, module, node);
  if (origin.kind === 'package') return UNKNOWN;
  const { module: home, node: at } = origin;
  switch (at.type) {
    case 'Literal':
      return typeof at.value === 'string' ? { text: at.value, isWhole: true } : UNKNOWN;
    case 'Identifier':
      return at.name === '__dirname' ? { text: dirname(home.file), isWhole: true } : UNKNOWN;
    case 'TemplateLiteral':
      return concatenate(
        at.quasis.flatMap((quasi, i): Known[] => {
          const gap = at.expressions[i];
          const text = { text: quasi.value.cooked ?? '', isWhole: true };
          return gap ? [text, evaluate(app, home, gap)] : [text];
        }),
        '',
      );
    case 'BinaryExpression':
      return at.operator === '+' && at.left.type !== 'PrivateIdentifier'
        ? concatenate([evaluate(app, home, at.left), evaluate(app, home, at.right)], '')
        : UNKNOWN;
    case 'CallExpression':
      return call(app, home, at);
    default:
      return UNKNOWN;
  }
}

function call(app: App, module: Module, node: CallExpression): Known {
  const callee = unwrap(node.callee);
  const isCwd =
    callee.type === 'MemberExpression' &&
    memberName(callee) === 'cwd' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'process';
  if (isCwd) return { text: '.', isWhole: true };
  if (!isCallOf(app, module, node, ['path', 'path/posix'], ['join', 'resolve'])) return UNKNOWN;
  return concatenate(
    node.arguments.map((argument) => evaluate(app, module, argument)),
    '/',
  );
}

function concatenate(parts: Known[], separator: string): Known {
  const end = parts.findIndex(({ isWhole }) => !isWhole);
  const texts = (end < 0 ? parts : parts.slice(0, end + 1)).map(({ text }) => text);
  return { text: texts.filter((text) => text !== '').join(separator), isWhole: end < 0 };
}
