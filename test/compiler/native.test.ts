// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Files, makeApp } from '../support/app.ts';
import { compile } from './support.ts';

const hello = (body = 'capra_response_text(res, 200, "hello");') => `#include <capra.h>

static void hello(capra_request *req, capra_response *res)
{
    ${body}
}

CAPRA_ROUTE(hello);
`;

/** The objects of a project: name and when it was made. */
function objectsOf(root: string): Map<string, number> {
  const folder = join(root, '.capra/native');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    names
      .map((name): [string, number] => [name, statSync(join(folder, name)).mtimeMs])
      .filter(([name]) => name.includes('.')),
  );
}

async function errorOf(source: string, more: Files = {}, environment: Record<string, string> = {}) {
  const { compilation } = await compile({ 'pages/api/a.c': source, ...more }, { environment });
  assert.equal(compilation.errors.length, 1);
  assert.equal(compilation.manifest.routes[0]?.kind, 'error');
  return compilation.errors[0];
}

describe('a route in C', () => {
  test('is a shared object, whose functions of capra.h are the host’s', async () => {
    const { root, route } = await compile({
      'pages/api/hello.c': hello(),
      'pages/api/users/[id].c': hello(),
      'pages/api.c': hello(),
    });
    const entry = route('/api/users/[id]');
    assert.equal(entry.kind, 'native');
    assert.match(entry.module, /^\.capra\/native\/users\/\[id\]-[0-9A-F]{8}\.so$/);
    assert.equal(entry.bytes, statSync(join(root, entry.module)).size);
    assert.equal(entry.config.bodyLimit, 1024 ** 2);
    assert.equal(objectsOf(root).size, 3);
  });

  test('may use the C library and libm, and headers beside it', async () => {
    const { compilation } = await compile({
      'lib/half.h':
        '#include "quarter.h"\nstatic inline double half(double x) { return quarter(x) * 2; }\n',
      'lib/quarter.h':
        '#include <math.h>\nstatic inline double quarter(double x) { return sqrt(x) / 4; }\n',
      'pages/api/a.c': `#include "../../lib/half.h"\n${hello('capra_json(res, 200, "{s:f}", "x", half(2));')}`,
    });
    assert.deepEqual(compilation.errors, []);
    assert.equal(compilation.inputs.size, 4);
  });

  test('takes flags and libraries from the environment', async () => {
    const source = hello('capra_response_text(res, 200, WORD);');
    const environment = { CAPRA_CFLAGS: '-DWORD="from-flags"', CAPRA_LDLIBS: '-lm' };
    const { compilation } = await compile({ 'pages/api/a.c': source }, { environment });
    assert.deepEqual(compilation.errors, []);
  });

  test('is compiled again only when something that it is made of has changed', async () => {
    const header = '#define WORD "one"\n';
    const root = makeApp({
      'lib/word.h': header,
      'pages/api/a.c': `#include "../../lib/word.h"\n${hello('capra_response_text(res, 200, WORD);')}`,
      'pages/api/b.c': hello(),
    });
    await compile(root);
    const first = objectsOf(root);
    assert.equal(first.size, 2);
    await compile(root);
    assert.deepEqual(objectsOf(root), first);
    writeFileSync(join(root, 'lib/word.h'), '#define WORD "two"\n');
    await compile(root);
    assert.equal(objectsOf(root).size, 3, 'a has a second object, b has not');
    writeFileSync(join(root, 'lib/word.h'), header);
    const { route } = await compile(root);
    const entry = route('/api/a');
    assert.ok('module' in entry && first.has(entry.module.replace('.capra/native/', '')));
  });
});

describe('what the compiler refuses', () => {
  for (const CC of ['gcc', 'clang']) {
    test(`is shown at its place (${CC})`, async () => {
      const error = await errorOf(hello('\tint wrong = undeclared;'), {}, { CC });
      assert.deepEqual([error?.file, error?.line, error?.column], ['pages/api/a.c', 5, 18]);
      assert.match(error?.text ?? '', /undeclared/);
      assert.equal(error?.frame?.[2], '> 5 │     \tint wrong = undeclared;');
      assert.equal(error?.frame?.[3], '    │     \t            ^^^^^^^^^^');
    });

    test(`a function that capra.h does not have is an error, not a surprise at load (${CC})`, async () => {
      const error = await errorOf(hello('capra_no_such_thing(res);'), {}, { CC });
      assert.match(error?.text ?? '', /capra_no_such_thing/);
    });

    test(`a file without CAPRA_ROUTE is told what is missing (${CC})`, async () => {
      const error = await errorOf('#include <capra.h>\n', {}, { CC });
      assert.equal(error?.file, 'pages/api/a.c');
      assert.match(error?.hint ?? '', /CAPRA_ROUTE\(hello\);/);
    });
  }

  test('in a header is shown in the header', async () => {
    const error = await errorOf(`#include "../../lib/x.h"\n${hello()}`, {
      'lib/x.h': '\nint x = ;\n',
    });
    assert.deepEqual([error?.file, error?.line], ['lib/x.h', 2]);
  });

  test('breaks no other route', async () => {
    const { compilation, route } = await compile({
      'pages/api/a.c': hello('oops;'),
      'pages/api/b.c': hello(),
      'pages/api/c.ts': 'export default () => 1;',
    });
    assert.equal(compilation.errors.length, 1);
    assert.deepEqual(
      ['/api/a', '/api/b', '/api/c'].map((name) => route(name).kind),
      ['error', 'native', 'script'],
    );
  });

  test('a warning is shown, and the route is served', async () => {
    const { compilation, route } = await compile({ 'pages/api/a.c': hello('int unused;') });
    assert.match(compilation.warnings[0]?.text ?? '', /unused variable/);
    assert.equal(route('/api/a').kind, 'native');
  });

  test('without a compiler the way to one is told', async () => {
    const error = await errorOf(hello(), {}, { CC: 'no-such-compiler -m64' });
    assert.match(error?.text ?? '', /no-such-compiler/);
    assert.match(error?.hint ?? '', /gcc or clang/);
  });
});
