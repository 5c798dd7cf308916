// SPDX-License-Identifier: MIT

// Which name means which variable. Enough for modules in strict mode: no `with`, no `eval` that declares.

import type {
  AnyNode,
  CatchClause,
  Class,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  Identifier,
  Pattern,
  Program,
  SwitchStatement,
  VariableDeclaration,
} from 'acorn';
import { childrenOf, type FunctionNode, isFunction } from './ast.ts';

export interface Variable {
  name: string;
  kind: 'import' | 'const' | 'let' | 'var' | 'function' | 'class' | 'param' | 'catch' | 'implicit';
  /** The declarator, function, class, import specifier or catch clause that makes it. */
  node: AnyNode;
  /** The function that it belongs to; absent for one of the module. */
  owner?: FunctionNode;
  references: Reference[];
}

export interface Reference {
  node: Identifier;
  /** Set, and not only read. */
  isWritten: boolean;
  variable?: Variable;
}

interface Scope {
  names: Map<string, Variable>;
  parent?: Scope;
  /** Where `var` goes. */
  isFunction: boolean;
  owner?: FunctionNode;
}

/** The variables of one module, and who uses them. */
export class Scopes {
  readonly references: Reference[] = [];
  readonly #parents = new Map<AnyNode, AnyNode>();
  readonly #byNode = new Map<AnyNode, Reference>();
  readonly #module: Scope = { names: new Map(), isFunction: true };

  /**
   * @example
   * new Scopes(parse('let a = b', { ecmaVersion: 'latest', sourceType: 'module' })).free().map(({ name }) => name); // ['b']
   */
  constructor(program: Program) {
    this.#link(program);
    this.#enter(program.body, this.#module);
  }

  parentOf(node: AnyNode): AnyNode | undefined {
    return this.#parents.get(node);
  }

  /** The nodes around this one, the nearest first. */
  *around(node: AnyNode): Generator<AnyNode> {
    for (let at = this.parentOf(node); at; at = this.parentOf(at)) yield at;
  }

  /** The nearest function around a node. */
  functionOf(node: AnyNode): FunctionNode | undefined {
    for (const outer of this.around(node)) if (isFunction(outer)) return outer;
    return undefined;
  }

  /** What an identifier means; undefined when nothing in the module declares it. */
  variableOf(node: AnyNode): Variable | undefined {
    return this.#byNode.get(node)?.variable;
  }

  /** The variables of the module itself. */
  ofModule(): Variable[] {
    return [...this.#module.names.values()];
  }

  named(name: string): Variable | undefined {
    return this.#module.names.get(name);
  }

  /** The identifiers that nothing in the module declares. */
  free(): Identifier[] {
    return this.references.filter(({ variable }) => !variable).map(({ node }) => node);
  }

  #link(node: AnyNode): void {
    for (const child of childrenOf(node)) {
      this.#parents.set(child, node);
      this.#link(child);
    }
  }

  // --- Declarations ---

  #declare(scope: Scope, name: string, kind: Variable['kind'], node: AnyNode): void {
    // Of two functions the last counts, and a function before a variable.
    if (scope.names.has(name) && kind !== 'function') return;
    const variable: Variable = { name, kind, node, references: [] };
    if (scope.owner) variable.owner = scope.owner;
    scope.names.set(name, variable);
  }

  /** Declares what a list of statements declares, then visits them. */
  #enter(statements: AnyNode[], scope: Scope): void {
    for (const statement of statements) this.#hoist(statement, scope, scope.isFunction);
    for (const statement of statements) this.#visit(statement, scope);
  }

  /** `isOwn`: `let`, `const`, classes and functions at this place belong to the scope as well. */
  #hoist(node: AnyNode, scope: Scope, takesVars: boolean, isOwn = true): void {
    switch (node.type) {
      case 'ImportDeclaration':
        for (const each of node.specifiers) this.#declare(scope, each.local.name, 'import', each);
        return;
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        if (node.declaration) this.#hoist(node.declaration, scope, takesVars, isOwn);
        return;
      case 'FunctionDeclaration':
        // Also seen outside of its block, as sloppy code has it: better one name too many than one too few.
        if (node.id && (isOwn || !scope.names.has(node.id.name)))
          this.#declare(scope, node.id.name, 'function', node);
        return;
      case 'ClassDeclaration':
        if (node.id && isOwn) this.#declare(scope, node.id.name, 'class', node);
        return;
      case 'VariableDeclaration':
        if (node.kind === 'var' ? takesVars : isOwn) this.#declareAll(node, scope);
        break;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return;
    }
    if (!takesVars) return;
    for (const child of childrenOf(node)) this.#hoist(child, scope, true, false);
  }

  #declareAll({ kind, declarations }: VariableDeclaration, scope: Scope): void {
    const known = kind === 'var' || kind === 'let' ? kind : 'const';
    for (const declarator of declarations)
      for (const { name } of namesIn(declarator.id)) this.#declare(scope, name, known, declarator);
  }

  // --- References ---

  #refer(node: Identifier, scope: Scope, isWritten = false): void {
    const reference: Reference = { node, isWritten };
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const variable = at.names.get(node.name);
      if (!variable) continue;
      reference.variable = variable;
      variable.references.push(reference);
      break;
    }
    this.references.push(reference);
    this.#byNode.set(node, reference);
  }

  #visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node, scope);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope);
        return;
      case 'BlockStatement':
      case 'StaticBlock':
        this.#enter(node.body, inner(scope));
        return;
      case 'SwitchStatement':
        this.#switch(node, scope);
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#loop(node, inner(scope));
        return;
      case 'CatchClause':
        this.#catch(node, inner(scope));
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, inner(scope));
        return;
      case 'VariableDeclarator':
        this.#pattern(node.id, scope, false);
        if (node.init) this.#visit(node.init, scope);
        return;
      case 'AssignmentExpression':
        this.#pattern(node.left, scope, true);
        this.#visit(node.right, scope);
        return;
      case 'UpdateExpression':
        if (node.argument.type === 'Identifier') this.#refer(node.argument, scope, true);
        else this.#visit(node.argument, scope);
        return;
      case 'MemberExpression':
        this.#visit(node.object, scope);
        if (node.computed) this.#visit(node.property, scope);
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.#visit(node.key, scope);
        if (node.value) this.#visit(node.value, scope);
        return;
      case 'LabeledStatement':
        this.#visit(node.body, scope);
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.#visit(node.declaration, scope);
        for (const { local } of node.source ? [] : node.specifiers)
          if (local.type === 'Identifier') this.#refer(local, scope);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'MetaProperty':
        return;
      default:
        this.#children(node, scope);
    }
  }

  #children(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) this.#visit(child, scope);
  }

  /** All cases are one block. */
  #switch({ discriminant, cases }: SwitchStatement, scope: Scope): void {
    this.#visit(discriminant, scope);
    const block = inner(scope);
    for (const { consequent } of cases)
      for (const statement of consequent) this.#hoist(statement, block, false);
    for (const each of cases) this.#children(each, block);
  }

  #loop(node: ForStatement | ForInStatement | ForOfStatement, block: Scope): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    const isAssigned = node.type !== 'ForStatement' && head?.type !== 'VariableDeclaration';
    if (head?.type === 'VariableDeclaration') this.#hoist(head, block, false);
    if (isAssigned) this.#pattern(head as Pattern, block, true);
    for (const child of childrenOf(node))
      if (!(isAssigned && child === head)) this.#visit(child, block);
  }

  #catch(node: CatchClause, block: Scope): void {
    for (const { name } of node.param ? namesIn(node.param) : [])
      this.#declare(block, name, 'catch', node);
    if (node.param) this.#pattern(node.param, block, false);
    this.#enter(node.body.body, block);
  }

  /** A class knows its own name inside. */
  #class(node: Class, block: Scope): void {
    if (node.id) this.#declare(block, node.id.name, 'class', node as AnyNode);
    if (node.superClass) this.#visit(node.superClass, block);
    this.#visit(node.body, block);
  }

  #function(node: FunctionNode, scope: Scope): void {
    const own: Scope = { names: new Map(), parent: scope, isFunction: true, owner: node };
    if (node.type === 'FunctionExpression' && node.id)
      this.#declare(own, node.id.name, 'function', node);
    if (node.type !== 'ArrowFunctionExpression') this.#declare(own, 'arguments', 'implicit', node);
    for (const param of node.params)
      for (const { name } of namesIn(param)) {
        own.names.delete(name);
        this.#declare(own, name, 'param', node);
      }
    for (const param of node.params) this.#pattern(param, own, false);
    if (node.body.type === 'BlockStatement') this.#enter(node.body.body, own);
    else this.#visit(node.body, own);
  }

  /** Defaults and computed keys are expressions; names are references when it is an assignment. */
  #pattern(node: Pattern, scope: Scope, isAssignment: boolean): void {
    switch (node.type) {
      case 'Identifier':
        if (isAssignment) this.#refer(node, scope, true);
        return;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement')
            this.#pattern(property.argument, scope, isAssignment);
          else {
            if (property.computed) this.#visit(property.key, scope);
            this.#pattern(property.value, scope, isAssignment);
          }
        }
        return;
      case 'ArrayPattern':
        for (const element of node.elements)
          if (element) this.#pattern(element, scope, isAssignment);
        return;
      case 'AssignmentPattern':
        this.#pattern(node.left, scope, isAssignment);
        this.#visit(node.right, scope);
        return;
      case 'RestElement':
        this.#pattern(node.argument, scope, isAssignment);
        return;
      default:
        this.#visit(node, scope);
    }
  }
}

function inner(scope: Scope): Scope {
  const block: Scope = { names: new Map(), parent: scope, isFunction: false };
  if (scope.owner) block.owner = scope.owner;
  return block;
}

/** The names that a pattern binds. */
export function namesIn(pattern: Pattern): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesIn(property.type === 'Property' ? property.value : property.argument),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? namesIn(element) : []));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}
