// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AnyNode } from 'acorn';
import { type App, moduleRule } from '../app.ts';
import { propertyOf } from '../ast.ts';
import { problemAt } from '../module.ts';
import { originOf } from '../origin.ts';

/** Since version 7 a Prisma client speaks to its database through an adapter that it must be given. */
export const prismaAdapter = moduleRule('prisma-adapter', function* (module, app) {
  for (const node of module.nodes) {
    if (node.type !== 'NewExpression') continue;
    const origin = originOf(app, module, node.callee);
    if (origin.kind !== 'package' || origin.name !== 'PrismaClient') continue;
    const options = node.arguments[0] as AnyNode | undefined;
    if (options && options.type !== 'ObjectExpression') continue;
    const isComplete =
      options?.properties.some(({ type }) => type === 'SpreadElement') ||
      propertyOf(options, 'adapter') ||
      propertyOf(options, 'accelerateUrl');
    if (isComplete || !isSince7(app)) continue;
    yield problemAt(module, node, {
      severity: 'error',
      text: '`new PrismaClient()` is given no driver adapter.',
      why: 'Since Prisma 7 it throws a PrismaClientInitializationError without one, and the route answers with 500.',
      hint: "For SQLite: import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'; new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: 'file:./dev.db' }) })",
    });
  }
});

function isSince7({ root }: App): boolean {
  try {
    const path = createRequire(join(root, 'package.json')).resolve('@prisma/client/package.json');
    return Number.parseInt(JSON.parse(readFileSync(path, 'utf8')).version, 10) >= 7;
  } catch {
    return false;
  }
}
