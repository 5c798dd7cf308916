// SPDX-License-Identifier: MIT

import { SourceMap } from 'node:module';
import { type AnyNode, type Program, parse } from 'acorn';
import * as esbuild from 'esbuild';
import { type Diagnostic, diagnosticAt } from '../diagnostics.ts';
import { scriptLoader } from '../script-loader.ts';
import { isFunction, memberName, propertyOf, textOf, within } from './ast.ts';
import type { Problem } from './finding.ts';
import { Scopes } from './scope.ts';

/** Where an import leads. */
export type Target =
  | { kind: 'module'; file: string }
  /** `path`: the file that Node would load; absent for what is part of Node. */
  | { kind: 'package'; path?: string }
  | { kind: 'missing' };

/** A file of the project, as rules see it: a tree of plain JavaScript whose places are those of the source. */
export interface Module {
  root: string;
  /** Relative to the project folder. */
  file: string;
  source: string;
  program: Program;
  /** Every node, in the order of the source. */
  nodes: AnyNode[];
  scopes: Scopes;
  map: SourceMap;
  /** By specifier. */
  imports: Map<string, Target>;
}

/**
 * Reads a file. Undefined when it does not parse: whoever builds it says what is wrong.
 *
 * @example
 * const module = await readModule({ root, file: 'pages/api/a.ts', source });
 */
export async function readModule({
  root,
  file,
  source,
}: Pick<Module, 'root' | 'file' | 'source'>): Promise<Module | undefined> {
  try {
    const { code, map } = await esbuild.transform(source, {
      loader: scriptLoader(file),
      jsx: 'automatic',
      sourcemap: 'external',
      sourcefile: file,
      // With decorators of parameters too: what is not known as a syntax is not looked at.
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      logLevel: 'silent',
    });
    const program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowReturnOutsideFunction: true,
      locations: true,
    });
    return {
      root,
      file,
      source,
      program,
      nodes: [...within(program)],
      scopes: new Scopes(program),
      map: new SourceMap(JSON.parse(map)),
      imports: new Map(),
    };
  } catch {
    return undefined;
  }
}

/** What a module asks for, once each: `import`, `export … from`, `import('…')` and `require('…')`. */
export function specifiersOf({ nodes }: Pick<Module, 'nodes'>): string[] {
  return [...new Set(nodes.map((node) => specifierOf(node)).filter((name) => name !== undefined))];
}

/** What this node asks for, if it asks for a module. */
export function specifierOf(node: AnyNode): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
      return textOf(node.source ?? undefined);
    case 'CallExpression': {
      const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require';
      return isRequire ? textOf(node.arguments[0] as AnyNode) : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * A problem at a node, with the source around it.
 *
 * @example
 * problemAt(module, call, { severity: 'warning', text: 'No.', why: 'Because.', hint: 'Do not.' });
 */
export function problemAt(
  module: Module,
  node: AnyNode,
  rest: Pick<Diagnostic, 'severity' | 'text' | 'hint'> & { why: string },
): Problem {
  const { root, file, source } = module;
  const place = placeOf(module, node);
  if (!place) return { ...rest, file };
  const here = source.split(/\r\n?|\n/)[place.line - 1]?.slice(place.column - 1) ?? '';
  const length = /^(?:(['"`]).*?\1|[\w$]+(?:\.[\w$]+)*)/.exec(here)?.[0].length ?? 1;
  return { ...diagnosticAt(root, { file, source, length, ...place }, rest), why: rest.why };
}

/** Counted from 1. */
function placeOf({ map }: Module, { loc }: AnyNode): { line: number; column: number } | undefined {
  const entry = loc && map.findEntry(loc.start.line - 1, loc.start.column);
  if (!entry || !('originalLine' in entry)) return undefined;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/** What a module exports under a name, as far as its own source tells. */
export function exportOf(module: Module, name: string): ExportedAs | undefined {
  for (const node of module.program.body) {
    const found = exportIn(module, node as AnyNode, name);
    if (found) return found;
  }
  return undefined;
}

export type ExportedAs =
  | { kind: 'node'; node: AnyNode }
  | { kind: 'from'; specifier: string; name: string };

function exportIn({ scopes }: Module, node: AnyNode, name: string): ExportedAs | undefined {
  if (node.type === 'ExportDefaultDeclaration' && name === 'default')
    return { kind: 'node', node: node.declaration };
  if (node.type === 'ExportNamedDeclaration') {
    const { declaration, specifiers, source } = node;
    if (isFunction(declaration) || declaration?.type === 'ClassDeclaration')
      return declaration.id?.name === name ? { kind: 'node', node: declaration } : undefined;
    for (const { id, init } of declaration?.type === 'VariableDeclaration'
      ? declaration.declarations
      : [])
      if (id.type === 'Identifier' && id.name === name && init) return { kind: 'node', node: init };
    for (const { exported, local } of specifiers) {
      if (nameOf(exported) !== name) continue;
      if (source) return { kind: 'from', specifier: String(source.value), name: nameOf(local) };
      return { kind: 'node', node: local };
    }
    return undefined;
  }
  // CommonJS: module.exports = { name }, module.exports.name = …, exports.name = …, module.exports = default
  const assignment = node.type === 'ExpressionStatement' ? node.expression : undefined;
  if (assignment?.type !== 'AssignmentExpression') return undefined;
  const { left, right } = assignment;
  if (left.type !== 'MemberExpression' || scopes.named('module')) return undefined;
  if (isModuleExports(left)) {
    const property = propertyOf(right, name) ?? (name === 'default' ? right : undefined);
    return property && { kind: 'node', node: property };
  }
  const isOfExports =
    (left.object.type === 'Identifier' && left.object.name === 'exports') ||
    isModuleExports(left.object);
  return isOfExports && memberName(left) === name ? { kind: 'node', node: right } : undefined;
}

function isModuleExports(node: AnyNode): boolean {
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module' &&
    memberName(node) === 'exports'
  );
}

function nameOf(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as { value?: unknown }).value);
}
