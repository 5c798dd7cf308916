// SPDX-License-Identifier: MIT

import type { AnyNode, Identifier } from 'acorn';
import type { App, Rule } from '../app.ts';
import { memberName, textOf } from '../ast.ts';
import type { Problem } from '../finding.ts';
import { exportOf, type Module, problemAt } from '../module.ts';

/** What a module of a project may use without declaring it, beside the globals of this very Node. */
const KNOWN = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...['require', 'module', 'exports', '__filename', '__dirname', 'arguments', 'undefined'],
  ...['EdgeRuntime', 'NodeJS'],
]);

/** Of browsers: in a file that pages use too, and then in functions that routes do not call. */
const BROWSER =
  /^(?:window|document|self|location|history|screen|alert|confirm|prompt|(?:request|cancel)AnimationFrame|XMLHttpRequest|FileReader|Image|HTML\w*Element|\w*Observer)$/;

/** A name that nothing declares: reading it throws, when the line is reached and not before. */
export const undefinedName: Rule = {
  name: 'undefined-name',
  *check(app) {
    const known = namesSetIn(app);
    for (const module of app.modules.values()) yield* undefinedIn(app, module, known);
  },
};

function* undefinedIn(app: App, module: Module, known: Set<string>): Generator<Problem> {
  const asked = namesAskedFor(module);
  const isKnown = ({ name }: Identifier) =>
    KNOWN.has(name) || BROWSER.test(name) || known.has(name) || asked.has(name);
  const free = module.scopes.free().filter((node) => !isKnown(node));
  for (const [name, [first, ...more]] of Map.groupBy(free, ({ name }) => name)) {
    if (!first) continue;
    const where = exporterOf(app, name);
    const times = more.length === 0 ? '' : ` (and ${more.length} more in this file)`;
    yield problemAt(module, first, {
      severity: 'error',
      text: `\`${name}\` is not defined here${times}.`,
      why: isCaught(module, first)
        ? 'Reaching this line throws a ReferenceError, and the `catch` around it takes that for a failure of another kind.'
        : 'Reaching this line throws a ReferenceError, and the request is answered with 500.',
      hint: where
        ? `\`${name}\` is exported by ${where}: import it from there.`
        : `Import \`${name}\`, or declare it.`,
    });
  }
}

/** Names that some module puts on `globalThis`. */
function namesSetIn({ modules }: App): Set<string> {
  return new Set([...modules.values()].flatMap(({ nodes }) => nodes.flatMap(setOnGlobal)));
}

function setOnGlobal(node: AnyNode): string[] {
  if (node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression') {
    const name = isGlobal(node.left.object) ? memberName(node.left) : undefined;
    return name === undefined ? [] : [name];
  }
  if (node.type !== 'CallExpression' || !isGlobal(node.arguments[0] as AnyNode)) return [];
  const second = node.arguments[1] as AnyNode | undefined;
  const text = textOf(second);
  if (text !== undefined) return [text];
  return second?.type === 'ObjectExpression'
    ? second.properties.flatMap((property) =>
        property.type === 'Property' && property.key.type === 'Identifier'
          ? [property.key.name]
          : [],
      )
    : [];
}

function isGlobal(node: AnyNode | undefined): boolean {
  return node?.type === 'Identifier' && (node.name === 'globalThis' || node.name === 'global');
}

/** Names behind a `typeof`: whoever asks knows that they may be missing. */
function namesAskedFor({ nodes }: Module): Set<string> {
  return new Set(
    nodes.flatMap((node) =>
      node.type === 'UnaryExpression' &&
      node.operator === 'typeof' &&
      node.argument.type === 'Identifier'
        ? [node.argument.name]
        : [],
    ),
  );
}

function isCaught({ scopes }: Module, node: AnyNode): boolean {
  let inner = node;
  for (const outer of scopes.around(node)) {
    if (outer.type === 'TryStatement' && outer.handler && inner === outer.block) return true;
    inner = outer;
  }
  return false;
}

function exporterOf({ modules }: App, name: string): string | undefined {
  for (const module of modules.values())
    if (name !== 'default' && exportOf(module, name)) return module.file;
  return undefined;
}
