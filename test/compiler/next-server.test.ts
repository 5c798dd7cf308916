// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { compile } from './support.ts';

const hook = Symbol.for('capra.next/server');

/** Stands for the worker; returns what the modules give it. */
function offer(exports: object): { load?: () => unknown }[] {
  const calls: { load?: () => unknown }[] = [];
  const value = (load?: () => unknown) => {
    calls.push(load ? { load } : {});
    return exports;
  };
  Object.defineProperty(globalThis, hook, { value, configurable: true });
  return calls;
}

async function answer(source: string, files: Record<string, string> = {}) {
  const { load, compilation } = await compile({ 'pages/api/a.ts': source, ...files });
  assert.deepEqual(compilation.errors, []);
  const { default: handler } = await load('/api/a');
  return await handler();
}

const next = (text: string) => ({
  'node_modules/next/package.json': '{ "name": "next", "version": "16.0.0" }',
  'node_modules/next/server.js': text,
});

describe('next/server', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, hook);
  });

  for (const [how, source] of [
    ['import', "import { NextResponse } from 'next/server'; export default () => NextResponse;"],
    ['import of all', "import * as s from 'next/server'; export default () => s.NextResponse;"],
    ['require', "const s = require('next/server'); export default () => s.NextResponse;"],
    ['import()', "export default async () => (await import('next/server')).NextResponse;"],
    [
      'the file',
      "import { NextResponse } from 'next/server.js'; export default () => NextResponse;",
    ],
  ] as const) {
    test(`${how}: the worker's own, without Next`, async () => {
      const calls = offer({ NextResponse: 'ours' });
      assert.equal(await answer(source), 'ours');
      assert.deepEqual(calls, [{}]);
    });
  }

  test('the same with Next, which is there for the rest', async () => {
    const calls = offer({ NextResponse: 'ours' });
    const source = "import { NextResponse } from 'next/server'; export default () => NextResponse;";
    const files = next("globalThis.capraNextLoaded = true; exports.after = 'theirs';");
    assert.equal(await answer(source, files), 'ours');
    assert.equal(Reflect.get(globalThis, 'capraNextLoaded'), undefined);
    assert.deepEqual(calls[0]?.load?.(), { after: 'theirs' });
  });

  test('types only: nothing is asked for', async () => {
    const source = `
      import type { NextRequest } from 'next/server';
      export default (_request?: NextRequest) => 1;`;
    assert.equal(await answer(source), 1);
  });
});
