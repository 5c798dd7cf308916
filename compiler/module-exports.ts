// SPDX-License-Identifier: MIT

import type {
  Expression,
  Identifier,
  Literal,
  Node,
  Program,
  Statement,
  VariableDeclaration,
} from 'acorn';

/** Something that a module exports by name. */
export interface Exported {
  /** What it is set to, when that stands in this module. */
  init?: Expression;
  /** Where it is exported. */
  node: Node;
  /** The module may set it again (`export let`). */
  isMutable: boolean;
  /** By a list, `export { config }`, and not where it is declared. */
  isListed: boolean;
}

export interface ModuleExports {
  found: Map<string, Exported>;
  /** There is no `import` and no `export` in it. */
  isCommonJs: boolean;
}

/**
 * The named exports of a module. `export *` is not looked into.
 *
 * @example
 * exportsOf(parse('export const maxDuration = 5', { ecmaVersion: 'latest', sourceType: 'module' })).found.get('maxDuration');
 */
export function exportsOf(program: Program): ModuleExports {
  const found = new Map<string, Exported>();
  const body = program.body as Statement[];
  const locals = new Map(body.filter(isVariables).flatMap(declared));
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration') continue;
    const { declaration, specifiers, source } = node;
    if (declaration?.type === 'VariableDeclaration') {
      for (const [name, exported] of declared(declaration)) found.set(name, exported);
    } else if (declaration) {
      // A function or a class is its own value.
      const init = declaration as unknown as Expression;
      found.set(declaration.id.name, {
        init,
        node: declaration,
        isMutable: false,
        isListed: false,
      });
    }
    for (const specifier of specifiers) {
      const local = source ? undefined : locals.get(nameOf(specifier.local));
      const exported = { isMutable: false, ...local, node: specifier, isListed: true };
      found.set(nameOf(specifier.exported), exported);
    }
  }
  const isCommonJs = !program.body.some((node) =>
    /^(?:Import|Export).*Declaration$/.test(node.type),
  );
  return { found, isCommonJs };
}

function isVariables(node: Statement): node is VariableDeclaration {
  return node.type === 'VariableDeclaration';
}

function declared({ kind, declarations }: VariableDeclaration): [string, Exported][] {
  return declarations.flatMap(({ id, init }): [string, Exported][] => {
    const rest = { node: id, isMutable: kind !== 'const', isListed: false };
    if (id.type === 'Identifier') return [[id.name, init ? { ...rest, init } : rest]];
    if (id.type !== 'ObjectPattern') return [];
    // Taken apart: the name is known, the value is not.
    const names = id.properties.map((property) =>
      property.type === 'Property' ? property.value : property.argument,
    );
    return names.filter((name) => name.type === 'Identifier').map((name) => [name.name, rest]);
  });
}

function nameOf(node: Identifier | Literal): string {
  return node.type === 'Identifier' ? node.name : String(node.value);
}
