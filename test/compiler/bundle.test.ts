// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeApp } from '../support/app.ts';
import { compile } from './support.ts';

/** What the default export of the one route gives. */
async function answer(files: Record<string, string>, options?: Parameters<typeof compile>[1]) {
  const { load, compilation } = await compile(files, options);
  assert.deepEqual(compilation.errors, []);
  const [route] = compilation.manifest.routes;
  const { default: handler } = await load(route?.route ?? '');
  return handler();
}

// --- The language ---

describe('what a route may be written in', () => {
  const CASES: [string, Record<string, string>, unknown][] = [
    [
      'TypeScript: types, enum, const enum, parameter properties',
      {
        'pages/api/a.ts': `
          enum Size { small = 1, big }
          const enum Fast { yes = 'y' }
          class Point { constructor(readonly x: number) {} }
          interface Unused { a: string }
          export default (): unknown => [Size.big, Fast.yes, new Point(7).x] satisfies unknown[];`,
      },
      [2, 'y', 7],
    ],
    [
      'an import of types only needs no package',
      {
        'pages/api/a.ts': `
          import type { NextApiRequest } from 'next';
          import { NextApiResponse } from 'next';
          export default (req: NextApiRequest, res: NextApiResponse) => 'fine';`,
      },
      'fine',
    ],
    [
      'legacy decorators, as tsconfig says',
      {
        'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
        'pages/api/a.ts': `
          const seen: string[] = [];
          const note = (_: unknown, name: string) => { seen.push(name); };
          class A { @note method() {} }
          export default () => (new A(), seen);`,
      },
      ['method'],
    ],
    [
      'using',
      {
        'pages/api/a.ts': `
          export default () => {
            const log: string[] = [];
            { using _ = { [Symbol.dispose]() { log.push('disposed'); } }; log.push('used'); }
            return log;
          };`,
      },
      ['used', 'disposed'],
    ],
    [
      'top-level await',
      { 'pages/api/a.ts': 'const x = await Promise.resolve(5); export default () => x;' },
      5,
    ],
    [
      'JSON, by its default and by names',
      {
        'lib/data.json': '{ "a": 1, "b": 2 }',
        'pages/api/a.ts': `
          import data, { b } from '../../lib/data.json';
          import again from '../../lib/data.json' with { type: 'json' };
          export default () => [data.a, b, again.b];`,
      },
      [1, 2, 2],
    ],
    [
      'JSX, in .js too, whatever tsconfig leaves to others',
      {
        'tsconfig.json': '{ "compilerOptions": { "jsx": "preserve" } }',
        'node_modules/react/package.json': '{ "name": "react", "version": "1.0.0" }',
        'node_modules/react/jsx-runtime.js':
          'exports.jsx = (type, props) => ({ type, ...props }); exports.jsxs = exports.jsx;',
        'pages/api/a.js': 'export default () => <p>hi</p>;',
      },
      { type: 'p', children: 'hi' },
    ],
    [
      'imports without extension, and of folders',
      {
        'lib/one.ts': 'export const one = 1;',
        'lib/two/index.js': 'export const two = 2;',
        'pages/api/a.ts':
          "import { one } from '../../lib/one'; import { two } from '../../lib/two'; export default () => [one, two];",
      },
      [1, 2],
    ],
    [
      'paths of tsconfig.json',
      {
        'tsconfig.json':
          '{ "compilerOptions": { "paths": { "@/*": ["./*"], "exact": ["./lib/exact.ts"] } } }',
        'lib/x.ts': 'export const x = 1;',
        'lib/exact.ts': 'export default 2;',
        'pages/api/a.ts':
          "import { x } from '@/lib/x'; import y from 'exact'; export default () => [x, y];",
      },
      [1, 2],
    ],
    [
      'paths of jsconfig.json, with a baseUrl',
      {
        'jsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "~/*": ["lib/*"] } } }',
        'lib/x.js': 'export const x = 1;',
        'pages/api/a.js':
          "import { x } from '~/x'; import { x as again } from 'lib/x'; export default () => [x, again];",
      },
      [1, 1],
    ],
    [
      '"imports" of package.json',
      {
        'package.json': '{ "imports": { "#lib/*": "./lib/*.js" } }',
        'lib/x.js': 'export const x = 1;',
        'pages/api/a.js': "import { x } from '#lib/x'; export default () => x;",
      },
      1,
    ],
    [
      'CommonJS, with require, in a package of ES modules or not',
      {
        'lib/x.js': 'exports.x = 1;',
        'lib/y.js': 'export const y = 2;',
        'pages/api/a.js':
          "const { x } = require('../../lib/x'); const { y } = require('../../lib/y'); module.exports = () => [x, y, typeof require('fs').readFileSync];",
      },
      [1, 2, 'function'],
    ],
    [
      'require beside import',
      { 'pages/api/a.js': "import fs from 'node:fs'; export default () => require('fs') === fs;" },
      true,
    ],
    [
      'a require of its own',
      {
        'pages/api/a.js': `
          import { createRequire } from 'node:module';
          const require = createRequire(import.meta.url);
          export default () => typeof require('node:os').cpus;`,
      },
      'function',
    ],
    [
      'dynamic import of a file of the project',
      {
        'lib/late.ts': 'export const late = true;',
        'pages/api/a.ts': "export default async () => (await import('../../lib/late')).late;",
      },
      true,
    ],
    [
      'style sheets: names of a CSS module, and nothing of any other',
      {
        'lib/a.module.css': '.title { color: red; }',
        'lib/b.css': 'body { margin: 0; }',
        'pages/api/a.ts':
          "import styles from '../../lib/a.module.css'; import '../../lib/b.css'; export default () => Object.keys(styles);",
      },
      ['title'],
    ],
    ['server-only', { 'pages/api/a.ts': "import 'server-only'; export default () => 1;" }, 1],
  ];
  for (const [name, files, expected] of CASES) {
    test(name, async () => assert.deepEqual(await answer(files), expected));
  }
});

// --- npm packages ---

const COMMON = {
  'node_modules/common/package.json': '{ "name": "common", "version": "1.0.0" }',
  'node_modules/common/index.js':
    "module.exports = { sign: () => 'signed', self: module, folder: __dirname }; module.exports['ver' + 'ify'] = () => 'verified';",
  'node_modules/common/sub/file.js': "exports.deep = 'deep';",
};
const ESM = {
  'node_modules/esm/package.json':
    '{ "name": "esm", "version": "1.0.0", "type": "module", "exports": { ".": { "import": "./index.js" }, "./typed": "./typed.ts" } }',
  'node_modules/esm/index.js':
    "export const named = 'named'; export default 'default'; export const url = import.meta.url;",
  'node_modules/esm/typed.ts': 'export const typed: number = 3;',
};
const WAITING = {
  'node_modules/waiting/package.json':
    '{ "name": "waiting", "version": "1.0.0", "type": "module", "main": "index.js" }',
  'node_modules/waiting/index.js': 'export const value = await Promise.resolve(42);',
};
const DUAL = {
  'node_modules/dual/package.json':
    '{ "name": "dual", "version": "1.0.0", "exports": { "import": "./index.mjs", "require": "./index.cjs" } }',
  'node_modules/dual/index.mjs':
    "export default function dual() { return 'esm'; } export const kind = 'esm';",
  'node_modules/dual/index.cjs':
    "exports.__esModule = true; exports.default = () => 'cjs'; exports.kind = 'cjs';",
};

describe('npm packages stay where they are', () => {
  test('names of a CommonJS package that Node cannot see from outside', async () => {
    const { load, root } = await compile({
      ...COMMON,
      'pages/api/a.ts': `
        import common, { sign, verify } from 'common';
        import * as all from 'common';
        import { deep } from 'common/sub/file';
        export default () => [sign(), verify(), common.sign === sign, all.sign === sign, deep, common.folder];`,
    });
    const { default: handler } = await load('/api/a');
    const folder = join(root, 'node_modules/common');
    assert.deepEqual(handler(), ['signed', 'verified', true, true, 'deep', folder]);
  });

  test('the default of a CommonJS package that was compiled from an ES module', async () => {
    const files = {
      'node_modules/old/package.json': '{ "name": "old", "version": "1.0.0" }',
      'node_modules/old/index.js':
        "exports.__esModule = true; exports.default = 'the default'; exports.x = 1;",
      'pages/api/a.ts': "import old, { x } from 'old'; export default () => [old, x];",
    };
    assert.deepEqual(await answer(files), ['the default', 1]);
  });

  test('a package of ES modules only', async () => {
    const files = {
      ...ESM,
      'pages/api/a.ts':
        "import d, { named, url } from 'esm'; export default () => [d, named, url.endsWith('/node_modules/esm/index.js')];",
    };
    assert.deepEqual(await answer(files), ['default', 'named', true]);
  });

  test('a package that uses top-level await', async () => {
    const files = {
      ...WAITING,
      'pages/api/a.ts': "import { value } from 'waiting'; export default () => value;",
    };
    assert.equal(await answer(files), 42);
  });

  test('of a package that is both, what Node would import', async () => {
    const route = "import dual, { kind } from 'dual'; export default () => [dual(), kind];";
    assert.deepEqual(await answer({ ...DUAL, 'pages/api/a.ts': route }), ['esm', 'esm']);
    const module = { 'package.json': '{ "type": "module" }', ...DUAL, 'pages/api/a.ts': route };
    assert.deepEqual(await answer(module), ['esm', 'esm']);
  });

  test('require and dynamic import are what they are in Node', async () => {
    const files = {
      ...COMMON,
      ...DUAL,
      'pages/api/a.ts': `
        export default async () => [
          require('common') === (await import('common')).default,
          require('dual').kind,
          (await import('dual')).kind,
          require(['com', 'mon'].join('')).sign(),
          require.resolve('common').endsWith('/node_modules/common/index.js'),
        ];`,
    };
    assert.deepEqual(await answer(files), [true, 'cjs', 'esm', 'signed', true]);
  });

  test('one instance, however and wherever it is imported', async () => {
    const { load } = await compile({
      ...COMMON,
      'lib/x.ts': "import common from 'common'; export const fromLib = common;",
      'pages/api/a.ts':
        "import { self } from 'common'; import { fromLib } from '../../lib/x'; export default () => [self, fromLib.self];",
      'pages/api/b.js': "const common = require('common'); module.exports = () => [common.self];",
    });
    const a = (await load('/api/a')).default();
    const b = (await load('/api/b')).default();
    assert.equal(new Set([...a, ...b]).size, 1);
  });

  test('TypeScript in a package is compiled', async () => {
    const files = {
      ...ESM,
      'pages/api/a.ts': "import { typed } from 'esm/typed'; export default () => typed;",
    };
    assert.equal(await answer(files), 3);
  });

  test('JSON of a package', async () => {
    const files = {
      ...COMMON,
      'pages/api/a.ts':
        "import { version } from 'common/package.json'; export default () => version;",
    };
    assert.equal(await answer(files), '1.0.0');
  });

  test('a workspace package is source, and its own packages are found', async () => {
    const root = makeApp({
      ...COMMON,
      'packages/shared/package.json':
        '{ "name": "shared", "version": "1.0.0", "main": "src/index.ts" }',
      'packages/shared/src/index.ts': `
        import { only } from 'only-here';
        import { sign } from 'common';
        import { value } from 'esm-here';
        export const shared: unknown[] = [only, sign(), value, require('only-here').only];`,
      'packages/shared/node_modules/only-here/package.json':
        '{ "name": "only-here", "version": "1.0.0" }',
      'packages/shared/node_modules/only-here/index.js': "exports['on' + 'ly'] = 'only';",
      'packages/shared/node_modules/esm-here/package.json':
        '{ "name": "esm-here", "version": "1.0.0", "type": "module" }',
      'packages/shared/node_modules/esm-here/index.js': "export const value = 'esm';",
      'pages/api/a.ts': "import { shared } from 'shared'; export default () => shared;",
    });
    symlinkSync('../packages/shared', join(root, 'node_modules/shared'));
    const { load } = await compile(root);
    assert.deepEqual((await load('/api/a')).default(), ['only', 'signed', 'esm', 'only']);
  });
});

// --- Where a file is ---

describe('a file knows where its source is', () => {
  const WHERE = `
    import { fileURLToPath } from 'node:url';
    export const here = [__filename, __dirname, import.meta.filename, import.meta.dirname, fileURLToPath(import.meta.url)];`;

  test('routes and what they import, also with characters that a URL has to encode', async () => {
    const { load, root } = await compile({
      'lib/a b#%.ts': WHERE,
      'pages/api/[id].ts': `${WHERE}; import { here as lib } from '../../lib/a b#%'; export default () => lib;`,
    });
    const expected = (file: string, folder: string) =>
      [file, folder, file, folder, file].map((path) => join(root, path));
    const module = await load('/api/[id]');
    assert.deepEqual(module.here, expected('pages/api/[id].ts', 'pages/api'));
    assert.deepEqual(module.default(), expected('lib/a b#%.ts', 'lib'));
  });

  test('CommonJS too', async () => {
    const { load, root } = await compile({
      'lib/a.txt': 'text',
      'lib/read.js':
        "exports.text = require('fs').readFileSync(require('path').join(__dirname, 'a.txt'), 'utf8');",
      'pages/api/a.js':
        "const { text } = require('../../lib/read'); module.exports = () => [text, __filename];",
    });
    assert.deepEqual((await load('/api/a')).default(), ['text', join(root, 'pages/api/a.js')]);
  });

  test('names of its own are left alone', async () => {
    const files = { 'pages/api/a.ts': "const __dirname = 'mine'; export default () => __dirname;" };
    assert.equal(await answer(files), 'mine');
  });

  test('a file that begins with an interpreter line', async () => {
    const files = {
      'pages/api/a.js': '#!/usr/bin/env node\nexport default () => __filename.length > 0;',
    };
    assert.equal(await answer(files), true);
  });

  test('a linked route imports from where it really is', async () => {
    const root = makeApp({
      'shared/real.ts': "import { x } from './x'; export default () => x;",
      'shared/x.ts': 'export const x = 1;',
      'pages/api/a.ts': "export { default } from '../../shared/real';",
    });
    symlinkSync('../../shared/real.ts', join(root, 'pages/api/link.ts'));
    const { load } = await compile(root);
    assert.equal((await load('/api/link')).default(), 1);
    assert.equal((await load('/api/link')).default, (await load('/api/a')).default);
  });
});

// --- One module, one state ---

describe('modules are shared', () => {
  const COUNTER = {
    'lib/counter.ts': 'let n = 0; export const next = () => ++n;',
    'pages/api/a.ts': "import { next } from '../../lib/counter'; export default next;",
    'pages/api/b.ts': "import { next } from '../../lib/counter'; export default next;",
    'pages/api/c.js': "const { next } = require('../../lib/counter'); module.exports = next;",
  };

  test('a counter in lib/ is one counter', async () => {
    const { load } = await compile(COUNTER);
    const handlers = [];
    for (const route of ['/api/a', '/api/b', '/api/c']) handlers.push((await load(route)).default);
    assert.deepEqual(
      handlers.map((next) => next()),
      [1, 2, 3],
    );
  });

  test('names tell the content: the same sources give the same names', async () => {
    const [first, second] = [await compile(COUNTER), await compile(COUNTER)];
    assert.deepEqual([...first.compilation.files], [...second.compilation.files]);
    assert.equal(first.compilation.manifest.buildId, second.compilation.manifest.buildId);
    const other = await compile({
      ...COUNTER,
      'pages/api/a.ts': `${COUNTER['pages/api/a.ts']}\nexport const x = 1;`,
    });
    const names = (compiled: typeof first) =>
      compiled.compilation.manifest.routes.map((route) => 'module' in route && route.module);
    assert.notEqual(names(other)[0], names(first)[0]);
    assert.deepEqual(names(other).slice(1), names(first).slice(1));
  });
});

// --- Environment ---

describe('what is inlined', () => {
  const ROUTE = `
    export default () => {
      const { NEXT_PUBLIC_A } = process.env;
      return [process.env.NEXT_PUBLIC_A, NEXT_PUBLIC_A, process.env.NODE_ENV, process.env.SECRET];
    };`;

  test('NEXT_PUBLIC_ variables of the files and of the environment, and NODE_ENV', async () => {
    const files = { '.env': 'NEXT_PUBLIC_A=from file\nSECRET=s', 'pages/api/a.ts': ROUTE };
    assert.deepEqual(await answer(files), ['from file', undefined, 'production', undefined]);
    const environment = { NEXT_PUBLIC_A: 'from "outside"' };
    assert.deepEqual(await answer(files, { environment }), [
      'from "outside"',
      undefined,
      'production',
      undefined,
    ]);
    assert.equal((await answer(files, { mode: 'development' }))[2], 'development');
  });
});

// --- What is written ---

describe('the output', () => {
  test('has a source map for each module, and says where the sources are', async () => {
    const { root, route } = await compile({
      'pages/api/a.ts': '\n\nexport default () => {\n  throw new Error("line 4");\n};',
    });
    const entry = route('/api/a');
    const module = 'module' in entry ? entry.module : '';
    const lines = readFileSync(join(root, module), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes('line 4'));
    const map = new SourceMap(JSON.parse(readFileSync(join(root, `${module}.map`), 'utf8')));
    const origin = map.findEntry(line, lines[line]?.indexOf('throw') ?? 0);
    assert.ok('originalLine' in origin);
    assert.equal(origin.originalLine + 1, 4);
    assert.equal(join(root, module, '..', origin.originalSource), join(root, 'pages/api/a.ts'));
  });

  test('has `require` where a module can ask for it', async () => {
    const { route, root } = await compile({
      'pages/api/plain.ts': 'export default () => 1;',
      'pages/api/asks.ts': 'export default (text: string) => eval(text);',
    });
    const hasIt = (name: string) => {
      const entry = route(name);
      const module = join(root, 'module' in entry ? entry.module : '');
      return readFileSync(module, 'utf8').includes('createRequire');
    };
    assert.deepEqual(['/api/plain', '/api/asks'].map(hasIt), [false, true]);
  });

  test('counts the bytes of the module and of what it imports', async () => {
    const text = 'x'.repeat(5000);
    const { route, root } = await compile({
      'lib/big.ts': `export const big = '${text}';`,
      'pages/api/a.ts': "import { big } from '../../lib/big'; export default () => big;",
      'pages/api/b.ts': "import { big } from '../../lib/big'; export default () => big.length;",
      'pages/api/c.ts': 'export default () => 1;',
    });
    const bytes = (name: string) => {
      const entry = route(name);
      return 'bytes' in entry ? entry.bytes : 0;
    };
    assert.ok(bytes('/api/a') > 5000 && bytes('/api/b') > 5000 && bytes('/api/c') < 1000);
    const c = route('/api/c');
    assert.equal(bytes('/api/c'), readFileSync(join(root, 'module' in c ? c.module : '')).length);
  });

  test('has routes with any character in their name', async () => {
    const names = ['with space', 'ünï', 'star*', 'a#b?c', 'pct%41', '[id]', '[[...all]]', "q'(x)"];
    const { load } = await compile(
      Object.fromEntries(
        names.map((name, index) => [
          `pages/api/${index}/${name}.ts`,
          `export default () => ${index};`,
        ]),
      ),
    );
    for (const [index, name] of names.entries()) {
      assert.equal((await load(`/api/${index}/${name}`)).default(), index);
    }
  });

  test('tells that a config stands elsewhere', async () => {
    const { route } = await compile({
      'lib/shared.ts': 'export const config = { api: { bodyParser: false } };',
      'pages/api/a.ts': "export * from '../../lib/shared'; export default () => 1;",
    });
    const entry = route('/api/a');
    const config = 'config' in entry ? entry.config : undefined;
    assert.deepEqual([config?.dynamic, config?.bodyParser], [true, false]);
  });
});

// --- What cannot be compiled ---

describe('a file that cannot be compiled', () => {
  const APP = {
    'lib/good.ts': 'export const good = 1;',
    'lib/bad.ts': 'export const bad = ;',
    'lib/user.ts': "import { bad } from './bad'; export const user = bad;",
    'pages/api/good.ts': "import { good } from '../../lib/good'; export default () => good;",
    'pages/api/self.ts': 'export default () => { const = 1 };',
    'pages/api/uses.ts': "import { user } from '../../lib/user'; export default () => user;",
    'pages/api/late.ts': "export default async () => (await import('../../lib/bad')).bad;",
    'pages/api/missing.ts': "import './gone'; import 'no-such-package'; export default () => 1;",
    'pages/api/name.ts':
      "import { nothing } from '../../lib/good.js'; export default () => nothing;",
  };

  for (const type of ['commonjs', 'module']) {
    test(`breaks the routes that reach it, and no other (package of type ${type})`, async () => {
      const { compilation, load } = await compile({
        ...APP,
        'package.json': JSON.stringify({ type }),
      });
      const broken = Object.fromEntries(
        compilation.manifest.routes
          .filter((route) => route.kind === 'error')
          .map(({ route, message }) => [route, message]),
      );
      assert.deepEqual(Object.keys(broken), [
        '/api/late',
        '/api/missing',
        '/api/name',
        '/api/self',
        '/api/uses',
      ]);
      assert.match(broken['/api/uses'] ?? '', /lib\/bad\.ts:1:20.*Unexpected ";"/s);
      assert.equal(broken['/api/uses'], broken['/api/late']);
      assert.match(broken['/api/self'] ?? '', /pages\/api\/self\.ts:1:30/);
      assert.match(
        broken['/api/missing'] ?? '',
        /Could not resolve "\.\/gone".*npm install no-such-package/s,
      );
      assert.match(broken['/api/name'] ?? '', /No matching export in "lib\/good\.ts"/);
      assert.equal(compilation.errors.length, 5);
      assert.equal((await load('/api/good')).default(), 1);
    });
  }

  test('on its first line, the place is right although something was put in front', async () => {
    const { compilation } = await compile({
      'pages/api/a.ts': 'export default () => [__dirname, ;',
    });
    const [error] = compilation.errors;
    assert.deepEqual([error?.line, error?.column], [1, 34]);
    assert.equal(error?.frame?.[0], '> 1 │ export default () => [__dirname, ;');
  });

  test('the underline counts characters, not bytes', async () => {
    const { compilation } = await compile({
      'pages/api/a.ts': "const ü = 'äöü'; import x from './größe'; export default x;",
    });
    const [error] = compilation.errors;
    assert.equal(error?.frame?.[1]?.indexOf('^'), (error?.frame?.[0] ?? '').indexOf("'./größe'"));
    assert.match(error?.frame?.[1] ?? '', / \^{9}$/);
  });

  test('there is a hint for await in a function that is not async', async () => {
    const { compilation } = await compile({
      'pages/api/a.js': 'export default function handler() {\n  await 1;\n}',
    });
    assert.match(
      compilation.errors[0]?.text ?? '',
      /"await" can only be used inside an "async" function/,
    );
    assert.match(compilation.errors[0]?.hint ?? '', /async/);
  });
});

test('a route without a default export is compiled, with a warning', async () => {
  const { compilation, route } = await compile({
    'pages/api/a.ts': 'export const x = 1;',
    'pages/api/b.ts': '',
  });
  assert.deepEqual(
    compilation.warnings.map(({ file }) => file),
    ['pages/api/a.ts', 'pages/api/b.ts'],
  );
  assert.equal(route('/api/a').kind, 'script');
});
