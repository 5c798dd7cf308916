// SPDX-License-Identifier: MIT

// Handlers that can end without an answer, so that the client waits until it gives up. Whatever is handed `res`
// may answer, now or later, so the path ends there; only what is left then is told.

import type { AnyNode, CatchClause, SwitchStatement } from 'acorn';
import { type App, moduleRule } from '../app.ts';
import { childrenOf, type FunctionNode, isFunction, memberName, methodOf, within } from '../ast.ts';
import { exportOf, type Module, problemAt } from '../module.ts';
import { functionOf, isRequest } from '../origin.ts';
import type { Variable } from '../scope.ts';

const HINT =
  'Answer on every path: res.status(204).end(), or res.status(405).end() for a method that is not meant.';

export const noAnswer = moduleRule('no-answer', function* (module, app) {
  const handler = handlerOf(app, module);
  if (!handler) return;
  const found = new Paths(handler.module, handler.node).open();
  if (!found) return;
  yield problemAt(handler.module, found.node, {
    severity: 'warning',
    text: found.text,
    why: 'The client waits until it gives up, and the request holds its memory that long.',
    hint: HINT,
  });
});

/** The function that a route exports, when it is one as it stands: what wraps it may answer for it. */
function handlerOf(app: App, module: Module): { module: Module; node: FunctionNode } | undefined {
  const isRoute = app.routes.some(({ file }) => file === module.file);
  if (!isRoute || app.configs.get(module.file)?.runtime === 'edge') return undefined;
  const exported = exportOf(module, 'default');
  if (exported?.kind !== 'node') return undefined;
  if (isFunction(exported.node)) return { module, node: exported.node };
  return exported.node.type === 'Identifier' ? functionOf(app, module, exported.node) : undefined;
}

interface Open {
  node: AnyNode;
  text: string;
}

/** How a statement may be left while nothing has answered. */
interface Exits {
  /** On to the next statement; the value is the node that lets it. */
  next?: AnyNode;
  /** Out of the `switch` around it. */
  breaks?: AnyNode;
  /** Out of the function. */
  returns?: AnyNode;
}

/** Of `res`: what answers nothing by itself. */
const SILENT =
  /^(?:setHeader|setHeaders|appendHeader|removeHeader|getHeader|hasHeader|status|setDraftMode|setPreviewData|clearPreviewData|setTimeout|on|once)$/;

class Paths {
  readonly #module: Module;
  readonly #handler: FunctionNode;
  /** `res`, and local functions that use it. */
  readonly #answerers = new Set<Variable>();

  constructor(module: Module, handler: FunctionNode) {
    this.#module = module;
    this.#handler = handler;
  }

  /** Where the handler may end without an answer. */
  open(): Open | undefined {
    const { params, body, generator } = this.#handler;
    if (generator || this.#usesArguments()) return undefined;
    const [, second] = params;
    if (params.some(({ type }) => type === 'RestElement')) return undefined;
    if (!second) return this.#withoutResponse();
    if (second.type !== 'Identifier' || body.type !== 'BlockStatement') return undefined;
    this.#findAnswerers(second.name);
    const { next, returns } = this.#list(body.body);
    if (returns)
      return { node: returns, text: 'The handler returns here, and nothing has answered.' };
    if (!next && body.body.length > 0) return undefined;
    const node = next ?? this.#handler;
    const texts: Partial<Record<AnyNode['type'], string>> = {
      IfStatement: 'When this condition does not hold, the handler ends without an answer.',
      SwitchStatement: 'For any other value the handler ends without an answer.',
      CatchClause: 'After this `catch` the handler ends without an answer.',
    };
    return { node, text: texts[node.type] ?? 'The handler ends without an answer.' };
  }

  #usesArguments(): boolean {
    return this.#module.scopes.references.some(
      ({ variable }) => variable?.kind === 'implicit' && variable.node === this.#handler,
    );
  }

  #withoutResponse(): Open | undefined {
    const inner = [...within(this.#handler)];
    // req.res is what Express leaves behind.
    if (inner.some((node) => node.type === 'MemberExpression' && memberName(node) === 'res'))
      return undefined;
    const isWeb = inner.some(
      (node) => node.type === 'Identifier' && /^(?:Next)?Response$/.test(node.name),
    );
    return {
      node: this.#handler,
      text: isWeb
        ? 'A `Response` is returned, but this handler is called with `req` and `res`: only edge routes return one.'
        : 'The handler takes no `res`, so it cannot answer.',
    };
  }

  #findAnswerers(name: string): void {
    const { scopes } = this.#module;
    const response = scopes.references.find(
      ({ variable }) =>
        variable?.kind === 'param' && variable.node === this.#handler && variable.name === name,
    )?.variable;
    if (response) this.#answerers.add(response);
    const locals = new Set(scopes.references.map(({ variable }) => variable));
    for (let size = -1; size !== this.#answerers.size; ) {
      size = this.#answerers.size;
      for (const local of locals) {
        const made = local && local.kind !== 'param' ? functionMadeBy(local.node) : undefined;
        if (local && made && local.owner && this.#mentions(made)) this.#answerers.add(local);
      }
    }
  }

  #mentions(node: AnyNode): boolean {
    return [...within(node)].some((inner) => {
      const variable = this.#module.scopes.variableOf(inner);
      return variable !== undefined && this.#answerers.has(variable);
    });
  }

  /** Whether something in an expression or statement may answer. */
  #answers(node: AnyNode): boolean {
    if (this.#isSilent(node)) return false;
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return false;
    // A function under a name answers when it is called.
    if (node.type === 'VariableDeclarator' && functionMadeBy(node)) return false;
    const variable = this.#module.scopes.variableOf(node);
    if (variable && this.#answerers.has(variable)) return true;
    return childrenOf(node).some((child) => this.#answers(child));
  }

  /** `res.setHeader(…)`, `res.status(404)` and `res.statusCode = 404`, as statements. */
  #isSilent(node: AnyNode): boolean {
    if (node.type !== 'ExpressionStatement') return false;
    const { expression } = node;
    if (expression.type === 'AssignmentExpression') {
      const { left, right } = expression;
      return (
        left.type === 'MemberExpression' && this.#isResponse(left.object) && !this.#answers(right)
      );
    }
    let call: AnyNode = expression.type === 'AwaitExpression' ? expression.argument : expression;
    while (call.type === 'CallExpression') {
      const method = methodOf(call);
      if (!method || !SILENT.test(method.name)) return false;
      if (call.arguments.some((argument) => this.#mentions(argument))) return false;
      if (this.#isResponse(method.object)) return true;
      call = method.object;
    }
    return false;
  }

  #isResponse(node: AnyNode): boolean {
    const variable = this.#module.scopes.variableOf(node);
    return variable?.kind === 'param' && this.#answerers.has(variable);
  }

  // --- Statements ---

  #list(statements: AnyNode[]): Exits {
    const exits: Exits = {};
    for (const statement of statements) {
      const { next, breaks, returns } = this.#statement(statement);
      exits.breaks ??= breaks;
      exits.returns ??= returns;
      exits.next = next;
      if (!next) return exits;
    }
    return exits;
  }

  #statement(node: AnyNode): Exits {
    switch (node.type) {
      case 'BlockStatement':
        return node.body.length === 0 ? { next: node } : this.#list(node.body);
      case 'IfStatement': {
        if (this.#answers(node.test)) return {};
        const then = this.#statement(node.consequent);
        const otherwise = node.alternate ? this.#statement(node.alternate) : { next: node };
        return merge(otherwise, then);
      }
      case 'ReturnStatement':
        return node.argument && (this.#answers(node.argument) || this.#passesRequest(node.argument))
          ? {}
          : { returns: node };
      case 'ThrowStatement':
        return {};
      case 'BreakStatement':
        return node.label ? {} : { breaks: node };
      case 'TryStatement': {
        if (node.finalizer && this.#answers(node.finalizer)) return {};
        const tried = this.#list(node.block.body);
        return node.handler && this.#mayThrow(node.block)
          ? merge(tried, this.#catch(node.handler))
          : tried;
      }
      case 'SwitchStatement':
        return this.#switch(node);
      case 'LabeledStatement':
        return this.#statement(node.body);
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.#loop(node);
      default:
        return this.#answers(node) ? {} : { next: node };
    }
  }

  #catch(node: CatchClause): Exits {
    const exits = this.#list(node.body.body);
    return exits.next || node.body.body.length === 0 ? { ...exits, next: node } : exits;
  }

  /** Whether the block can fail before it has answered. */
  #mayThrow(block: AnyNode): boolean {
    return [...within(block)].some(
      (node) =>
        node.type === 'AwaitExpression' ||
        node.type === 'ThrowStatement' ||
        (node.type === 'CallExpression' && !this.#mentions(node)),
    );
  }

  #loop(node: AnyNode): Exits {
    if (this.#answers(node)) return {};
    const isEndless =
      (node.type === 'WhileStatement' && node.test.type === 'Literal' && !!node.test.value) ||
      (node.type === 'ForStatement' && !node.test);
    if (isEndless) return {};
    const inner = [...within(node, { skipsFunctions: true })].find(
      (each) => each.type === 'ReturnStatement',
    );
    return inner ? { next: node, returns: this.#statement(inner).returns } : { next: node };
  }

  #switch(node: SwitchStatement): Exits {
    if (this.#answers(node.discriminant)) return {};
    let exits: Exits = {};
    for (const { consequent } of node.cases) {
      const { breaks, returns, next } = this.#list(consequent);
      exits = { next: exits.next ?? breaks, returns: exits.returns ?? returns };
      if (consequent.length > 0 && next && node.cases.at(-1)?.consequent === consequent)
        exits.next = next;
    }
    const hasDefault = node.cases.some(({ test }) => test === null);
    // Of another value all cases may be known; of a method there are always more.
    if (!hasDefault && isMethod(node.discriminant)) exits.next = node;
    return exits;
  }

  /** Called with `req`, somebody may find the response in it. */
  #passesRequest(node: AnyNode): boolean {
    return [...within(node)].some(
      (inner) =>
        (inner.type === 'CallExpression' || inner.type === 'NewExpression') &&
        inner.arguments.some((argument) => isRequest(this.#module, argument)),
    );
  }
}

function merge(first: Exits, second: Exits): Exits {
  return {
    next: second.next ?? first.next,
    breaks: first.breaks ?? second.breaks,
    returns: first.returns ?? second.returns,
  };
}

function functionMadeBy(node: AnyNode): FunctionNode | undefined {
  if (node.type === 'FunctionDeclaration') return node;
  const init = node.type === 'VariableDeclarator' ? node.init : undefined;
  return isFunction(init) ? init : undefined;
}

function isMethod(node: AnyNode): boolean {
  if (node.type === 'MemberExpression') return memberName(node) === 'method';
  return node.type === 'Identifier' && node.name === 'method';
}
