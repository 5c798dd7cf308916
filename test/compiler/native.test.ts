// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Files, makeApp, temporaryFolder } from '../support/app.ts';
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

/** A header in lib, the source beside it, and a route that uses it. */
const withLibrary = (extension = 'c'): Files => ({
  'lib/word.h': 'const char *word(void);\n',
  [`lib/word.${extension}`]: `#include "word.h"\nconst char *word(void) { return "from lib"; }\n`,
  'pages/api/a.c': `#include "../../lib/word.h"\n${hello('capra_response_text(res, 200, word());')}`,
});

describe('sources of their own', () => {
  test('come along with the headers beside them, however deep', async () => {
    const files = withLibrary();
    files['lib/word.c'] =
      '#include "word.h"\n#include "deep/inner.h"\nconst char *word(void) { return inner(); }\n';
    files['lib/deep/inner.h'] = 'const char *inner(void);\n';
    files['lib/deep/inner.c'] =
      '#include "../word.h"\n#include "inner.h"\nconst char *inner(void) { return "deep"; }\n';
    const { compilation, root } = await compile(files);
    assert.deepEqual(compilation.errors, []);
    for (const file of ['lib/word.c', 'lib/word.h', 'lib/deep/inner.c', 'lib/deep/inner.h'])
      assert.ok(compilation.inputs.has(join(root, file)), file);
  });

  test('are compiled once for all routes, and again only when they have changed', async () => {
    const files = withLibrary();
    files['pages/api/b.c'] = files['pages/api/a.c'] as string;
    const root = makeApp(files);
    await compile(root);
    const kept = () =>
      readdirSync(join(root, '.capra/cache/native')).filter((name) => name.endsWith('.o'));
    assert.equal(kept().length, 3, 'a, b and word');
    const first = objectsOf(root);
    writeFileSync(
      join(root, 'lib/word.c'),
      files['lib/word.c']?.replace('lib"', 'elsewhere"') as string,
    );
    await compile(root);
    assert.equal(kept().length, 4);
    assert.equal(objectsOf(root).size, first.size + 2, 'both routes are linked again');
  });

  test('that are routes come along with nobody', async () => {
    const { compilation, route } = await compile({
      'pages/api/a.h': '#define WORD "a"\n',
      'pages/api/a.c': `#include "a.h"\n${hello('capra_response_text(res, 200, WORD);')}`,
      'pages/api/b.c': `#include "a.h"\n${hello('capra_response_text(res, 200, WORD);')}`,
    });
    assert.deepEqual(compilation.errors, []);
    assert.equal(route('/api/b').kind, 'native');
  });

  test('may be in C++, and so may routes', async () => {
    const files = withLibrary('cpp');
    files['lib/word.h'] = '#ifdef __cplusplus\nextern "C"\n#endif\nconst char *word(void);\n';
    files['pages/api/hello.cc'] =
      `#include <string>\n${hello('std::string text("hello"); capra_response_text(res, 200, text.c_str());')}`;
    const { compilation, route } = await compile(files);
    assert.deepEqual(compilation.errors, []);
    const entry = route('/api/hello');
    assert.match(
      entry.kind === 'native' ? entry.module : '',
      /^\.capra\/native\/hello-[0-9A-F]{8}\.so$/,
    );
  });

  test('have their errors shown at their places', async () => {
    const files = withLibrary();
    files['lib/word.c'] = '#include "word.h"\nconst char *word(void) { return wrong; }\n';
    const { compilation } = await compile(files);
    const [error] = compilation.errors;
    assert.deepEqual([error?.file, error?.line, error?.column], ['lib/word.c', 2, 33]);
  });
});

describe('packages', () => {
  const usesSqlite = `#include <sqlite3.h>\n${hello('capra_response_text(res, 200, sqlite3_libversion());')}`;

  test('are named in the file', async () => {
    const source = `${usesSqlite}CAPRA_CONFIG({ packages: ["sqlite3 >= 3.6"] });\n`;
    const { compilation, route } = await compile({ 'pages/api/a.c': source });
    assert.deepEqual(compilation.errors, []);
    const entry = route('/api/a');
    assert.ok(entry.kind === 'native' && !('packages' in entry.config));
  });

  test('or in capra.json, for all routes, with flags', async () => {
    const { compilation } = await compile({
      'pages/api/a.c': usesSqlite,
      'pages/api/b.c': hello('capra_response_text(res, 200, WORD);'),
      'capra.json': '{ "native": { "packages": ["sqlite3"], "flags": ["-DWORD=\\"w\\""] } }',
    });
    assert.deepEqual(compilation.errors, []);
  });

  test('that are not there are named, with what to install', async () => {
    const files: Files = {
      'pages/api/a.c': `${hello()}CAPRA_CONFIG({ packages: ["no-such-thing", "sqlite3 >= 99"] });\n`,
      'pages/api/b.c': hello(),
    };
    const { compilation, route } = await compile(files);
    const [unknown, tooOld] = compilation.errors;
    assert.equal(compilation.errors.length, 2);
    assert.equal(unknown?.file, 'pages/api/a.c');
    assert.match(unknown?.text ?? '', /no package `no-such-thing`/);
    assert.match(unknown?.hint ?? '', /apt-file search no-such-thing\.pc/);
    assert.match(
      tooOld?.text ?? '',
      /`sqlite3` is there, and not as it is asked for: `sqlite3 >= 99`/,
    );
    assert.match(tooOld?.hint ?? '', /'3\.\d+/);
    assert.equal(route('/api/b').kind, 'native');
  });

  test('that Debian calls otherwise are named as there', async () => {
    const source = `${hello()}CAPRA_CONFIG({ packages: ["sqlite3"] });\n`;
    const error = await errorOf(source, {}, { PKG_CONFIG_LIBDIR: '/nowhere' });
    assert.match(error?.hint ?? '', /apt-get install libsqlite3-dev/);
  });

  test('need pkg-config, and say so', async () => {
    const tools = temporaryFolder();
    symlinkSync('/usr/bin/cc', join(tools, 'cc'));
    const source = `${hello()}CAPRA_CONFIG({ packages: ["sqlite3"] });\n`;
    const error = await errorOf(source, {}, { PATH: tools });
    assert.match(error?.text ?? '', /there is no pkg-config/);
  });

  test('are not needed for jansson and libuv, which the server has', async () => {
    const { compilation } = await compile({
      'pages/api/a.c': `#include <jansson.h>\n#include <uv.h>\n${hello(
        'capra_json_value(res, 200, json_integer((json_int_t)uv_now(capra_loop(req))));',
      )}`,
    });
    assert.deepEqual(compilation.errors, []);
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

  test('a function that is declared and defined nowhere is an error, not a surprise at load', async () => {
    const source = `const char *word(void);\nint number(void);\n${hello('capra_response_text(res, number(), word());')}`;
    const { compilation } = await compile({ 'pages/api/a.c': source });
    assert.deepEqual(
      compilation.errors.map(({ file, line, text }) => [file, line, text]),
      ['word', 'number'].map((name) => [
        'pages/api/a.c',
        7,
        `\`${name}\` is used and defined nowhere.`,
      ]),
    );
    assert.match(compilation.errors[0]?.hint ?? '', /lib\/db\.c/);
    const [found] = compilation.errors;
    assert.match(found?.frame?.[3] ?? '', / \^{4}$/);
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
