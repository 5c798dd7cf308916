// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is source

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_CONFIG, type RouteConfig, readConfig } from '../../compiler/read-config.ts';

const HANDLER = '\nexport default function handler(req, res) { res.end(); }\n';

function read(source: string, { file = 'pages/api/a.ts', isStrictParity = false } = {}) {
  return readConfig({ root: '/nowhere', file, source: source + HANDLER, isStrictParity });
}

async function configOf(source: string, options?: Parameters<typeof read>[1]) {
  const { config, diagnostics } = await read(source, options);
  assert.deepEqual(diagnostics, []);
  return config;
}

const limit = (bodyLimit: number, bodyLimitText: string) => ({ bodyLimit, bodyLimitText });
/** Whoever answers such a route reads the body, too. */
const edge = { runtime: 'edge', bodyParser: false, bodyLimit: null } as const;
const api = (text: string) => `export const config = { api: { ${text} } };`;

/** What has no effect although somebody meant something by it, and the word that is pointed at. */
const WITHOUT_EFFECT: [string, string][] = [
  ['export const config = { bodyParser: false };', 'bodyParser'],
  ["export const config = { sizeLimit: '4mb' };", 'sizeLimit'],
  ['export const config = { maxduration: 3 };', 'maxduration'],
  ['export const config = { API: { bodyParser: false } };', 'API'],
  [api('bodyparser: false'), 'bodyparser'],
  [api("sizeLimit: '4mb'"), 'sizeLimit'],
  [api("bodyParser: { limit: '4mb' }"), 'limit'],
];

/** What the source says, where it differs from the default. */
const READ: [string, Partial<RouteConfig>][] = [
  ['', {}],
  ['const config = { api: { bodyParser: false } };', {}],
  ['export const config = {};', {}],
  ['export const config = { api: null };', {}],
  ['export const config = { regions: ["iad1"], unknown: 1, amp: true };', {}],
  [api('bodyParser: false'), { bodyParser: false, bodyLimit: null }],
  [api('bodyParser: true'), {}],
  [api('bodyParser: "yes"'), {}],
  [api('bodyParser: {}'), {}],
  [api("bodyParser: { sizeLimit: '4mb' }"), limit(4 * 1024 ** 2, '4mb')],
  [api("'bodyParser': { 'sizeLimit': '1.5 kb' }"), limit(1536, '1.5 kb')],
  [api('bodyParser: { sizeLimit: `10b` }'), limit(10, '10b')],
  [api('bodyParser: { sizeLimit: 500 }'), limit(500, '500')],
  [api('bodyParser: { sizeLimit: 2 * 1024 }'), limit(2048, '2048')],
  [api('bodyParser: { sizeLimit: 0 }'), {}],
  [api('bodyParser: { sizeLimit: undefined }'), {}],
  [api("bodyParser: { sizeLimit: '0kb' }"), limit(0, '0kb')],
  [api('responseLimit: false'), { responseLimit: null }],
  [api("responseLimit: '8mb'"), { responseLimit: 8 * 1024 ** 2 }],
  [api('responseLimit: 1000'), { responseLimit: 1000 }],
  [api('externalResolver: true'), { externalResolver: true }],
  [api('externalResolver: !1'), {}],
  ['export const maxDuration = 30;', { maxDuration: 30 }],
  ['export const config = { maxDuration: 10 };', { maxDuration: 10 }],
  [
    'export const config = { maxDuration: 10 }; export const maxDuration = 30;',
    { maxDuration: 30 },
  ],
  ["export const runtime = 'edge';", edge],
  ["export const config = { runtime: 'experimental-edge' };", edge],
  ["export const runtime = 'nodejs'; export const config = { runtime: 'edge' };", edge],
  [
    "export const runtime = 'edge'; export const config = { maxDuration: 5 };",
    { ...edge, maxDuration: 5 },
  ],
  [
    'const config = { api: { bodyParser: false } }; export { config };',
    { bodyParser: false, bodyLimit: null },
  ],
  ['const c = { maxDuration: 7 }; export { c as config };', { maxDuration: 7 }],
  ['export const config = { ...shared, api: {} };', {}],
];

const WRAPPERS = [
  'export const config = X as const;',
  'export const config = X satisfies PageConfig;',
  'export const config = X as const satisfies PageConfig;',
  'export const config = <PageConfig>X;',
  'export const config = (X) as unknown as PageConfig;',
  'export const config: PageConfig = X;',
];

describe('what is known without running the module', () => {
  for (const [source, expected] of READ) {
    test(source || 'nothing', async () => {
      assert.deepEqual(await configOf(source), { ...DEFAULT_CONFIG, ...expected });
    });
  }
  for (const wrapper of WRAPPERS) {
    test(wrapper, async () => {
      const { maxDuration } = await configOf(wrapper.replace('X', '{ maxDuration: 9 }'));
      assert.equal(maxDuration, 9);
    });
  }

  test('in JavaScript with JSX, and in TSX', async () => {
    for (const file of ['pages/api/a.js', 'pages/api/a.jsx', 'pages/api/a.tsx']) {
      const config = await configOf('export const maxDuration = 5; const page = <p>hi</p>;', {
        file,
      });
      assert.equal(config.maxDuration, 5);
    }
  });

  test('a source with a syntax error has the default; the bundler says what is wrong', async () => {
    assert.deepEqual(await configOf('export const config = {'), DEFAULT_CONFIG);
  });
});

/** What the server does until the module is loaded, where it differs from the default. */
const streamed = { bodyParser: false, bodyLimit: null };
const DYNAMIC: [string, Partial<RouteConfig>][] = [
  [
    'const n = 4; export const config = { api: { bodyParser: { sizeLimit: `${n}kb` } } };',
    streamed,
  ],
  [
    "import { limit } from '../../lib/limit'; export const config = { api: { bodyParser: { sizeLimit: limit } } };",
    streamed,
  ],
  [api('bodyParser: process.env.RAW !== "1"'), streamed],
  [api('responseLimit: size(), bodyParser: false'), streamed],
  [api("responseLimit: size(), bodyParser: { sizeLimit: '2kb' }"), limit(2048, '2kb')],
  ['export const config = { api: shared };', streamed],
  ['export const config = { ...shared };', streamed],
  ['export const config = { ...shared, maxDuration: 3 };', { ...streamed, maxDuration: 3 }],
  ['export const config = makeConfig({ api: {} });', streamed],
  ["export { config } from '../../lib/config';", streamed],
  ["import { config } from '../../lib/config'; export { config };", streamed],
  ['export let config = { api: { externalResolver: true } };', { externalResolver: true }],
  ['export const { config } = shared;', streamed],
  ['export const config = { get api() { return {}; } };', streamed],
];

describe('what only the module knows', () => {
  for (const [source, expected] of DYNAMIC) {
    test(source, async () => {
      assert.deepEqual(await configOf(source), { ...DEFAULT_CONFIG, ...expected, dynamic: true });
    });
  }

  test('module.exports.config of a CommonJS route', async () => {
    const source =
      'module.exports = (req, res) => res.end();\nmodule.exports.config = { api: {} };';
    const from = { root: '/nowhere', file: 'pages/api/a.js', source };
    assert.equal((await readConfig(from)).config.dynamic, true);
  });
});

/** A source with a mark before what is wrong in it, and what the message says. */
const REFUSED: [string, RegExp][] = [
  [api("bodyParser: { sizeLimit: ‸'abc' }"), /`config\.api\.bodyParser\.sizeLimit` is "abc"/],
  [api("bodyParser: { sizeLimit: ‸'-1kb' }"), /is "-1kb"/],
  [api('bodyParser: { sizeLimit: ‸-1 }'), /is -1/],
  [api("bodyParser: { sizeLimit: ‸'5 apples' }"), /is "5 apples"/],
  [api('bodyParser: { sizeLimit: ‸true }'), /is true/],
  [api('bodyParser: { sizeLimit: ‸false }'), /is false/],
  [api('bodyParser: { sizeLimit: ‸{} }'), /is an object/],
  [api("\n  responseLimit: ‸'big'"), /`config\.api\.responseLimit` is "big"/],
  ["\nexport const runtime = ‸'bogus';", /`runtime` is "bogus"/],
  ["export const config = { runtime: ‸'bogus' };", /`config\.runtime` is "bogus"/],
  ["export const maxDuration = ‸'x';", /`maxDuration` is "x"/],
  ['export const maxDuration = ‸-5;', /`maxDuration` is -5/],
  ['export const config = { maxDuration: ‸0 };', /`config\.maxDuration` is 0/],
  ['export const maxDuration = ‸seconds();', /`maxDuration` .* must be a plain value/],
  ['export const config = { runtime: ‸process.env.RUNTIME };', /`config\.runtime` .* plain value/],
  ["export { ‸maxDuration } from '../../lib/config';", /`maxDuration` .* must be a plain value/],
  ['export const config = ‸null;', /`config` must be an object, and here it is null/],
  ['export const config = ‸5;', /here it is 5/],
  ['export const config = ‸() => ({});', /here it is a function/],
  ['export ‸function config() {}', /here it is a function/],
  ['type A = { a: string };\nenum E { x }\nexport const config: A = ‸5 as any;', /here it is 5/],
];

describe('what is refused', () => {
  for (const [marked, message] of REFUSED) {
    test(marked, async () => {
      const before = marked.slice(0, marked.indexOf('‸')).split('\n');
      const { diagnostics } = await read(marked.replace('‸', ''));
      assert.equal(diagnostics.length, 1);
      const [found] = diagnostics;
      assert.match(found?.text ?? '', message);
      assert.equal(found?.severity, 'error');
      assert.equal(found?.file, 'pages/api/a.ts');
      assert.ok(found?.hint, 'says what is accepted');
      assert.ok(
        found?.frame?.some((row) => row.startsWith('>')),
        'shows the line',
      );
      assert.deepEqual(
        [found?.line, found?.column],
        [before.length, (before.at(-1)?.length ?? 0) + 1],
      );
    });
  }
});

describe('with --parity next', () => {
  const parity = { isStrictParity: true };
  const LIMITS: [string, number | null, string][] = [
    ["'abc'", null, 'abc'],
    ["'-1kb'", 0, '-1kb'],
    ["'5 apples'", 5, '5 apples'],
    ['0', 1024 ** 2, '1mb'],
    ['false', 1024 ** 2, '1mb'],
    ['true', null, 'true'],
  ];
  for (const [written, bytes, text] of LIMITS) {
    test(`sizeLimit: ${written}`, async () => {
      const config = await configOf(api(`bodyParser: { sizeLimit: ${written} }`), parity);
      assert.deepEqual([config.bodyLimit, config.bodyLimitText], [bytes, text]);
    });
  }

  for (const source of [
    api('bodyParser: { sizeLimit: size }'),
    'export const config = makeConfig();',
    "export { config } from '../../lib/config';",
    'const config = {}; export { config };',
    api('bodyParser: !1'),
    api('...rest'),
    api('["bodyParser"]: false'),
    api('bodyParser: { sizeLimit: 1024 * 1024 }'),
    api('bodyParser: { sizeLimit: -1 }'),
    api('get bodyParser() { return false; }'),
    'export const config = { api: { bodyParser: false } } as const satisfies object;',
    'export const config = <object>{ api: {} } as PageConfig;',
  ]) {
    test(`must be static: ${source}`, async () => {
      assert.equal((await read(source, parity)).diagnostics.length, 1);
    });
  }

  for (const source of [
    api('bodyParser: { sizeLimit: `2kb` }'),
    api('bodyParser: false, other: [1, "as b satisfies c", { d: null }]'),
    'export const config = { api: { /* } as a as b */ bodyParser: false } } as const;',
    'export const config: PageConfig = { api: { bodyParser: undefined } };',
  ]) {
    test(`is static: ${source}`, async () => {
      assert.deepEqual((await read(source, parity)).diagnostics, []);
    });
  }
});

describe('a key without an effect', () => {
  for (const [source, word] of WITHOUT_EFFECT) {
    test(source, async () => {
      const { config, diagnostics } = await read(source);
      assert.deepEqual(config, DEFAULT_CONFIG);
      assert.equal(diagnostics.length, 1);
      const [{ severity, column = 0, text }] = diagnostics;
      assert.equal(severity, 'warning');
      assert.ok(source.slice(column - 1).startsWith(word), `column ${column}`);
      assert.match(text, new RegExp(`\\b${word}\\b.*has no effect`));
      assert.deepEqual((await read(source, { isStrictParity: true })).diagnostics, []);
    });
  }
});
