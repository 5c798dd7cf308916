// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from '../app.ts';

/** Types that decorators ask for at run time: esbuild, which compiles each file by itself, knows none. */
export const decoratorMetadata: Rule = {
  name: 'decorator-metadata',
  *check({ root }) {
    const lines = readIfThere(join(root, 'tsconfig.json')).split('\n');
    const at = lines.findIndex((line) => /^[^/]*"emitDecoratorMetadata"\s*:\s*true\b/.test(line));
    if (at === -1) return;
    yield {
      severity: 'warning',
      file: 'tsconfig.json',
      line: at + 1,
      column: (lines[at] as string).indexOf('"') + 1,
      text: '`emitDecoratorMetadata` is not applied.',
      why: 'Decorators run, but `Reflect.getMetadata("design:type", …)` finds nothing. TypeORM, TypeGraphQL and class-transformer ask for it where a decorator does not name the type.',
      hint: 'Name the types: `@Column("text")`, `@Field(() => String)`, `@Type(() => Date)`.',
    };
  },
};

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
