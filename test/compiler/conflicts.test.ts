// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { discover } from '../../compiler/discover.ts';
import { openProject } from '../../compiler/project.ts';
import { makeApp } from '../support/app.ts';

function found(files: string[], isStrictParity = false) {
  const root = makeApp(Object.fromEntries(files.map((file) => [file, ''])));
  return discover(openProject(root, { mode: 'production', isStrictParity }));
}

interface Case {
  files: string[];
  /** All of them, as Next says it. */
  text: string;
}

const CASES: Case[] = [
  {
    files: ['pages/api/[a].js', 'pages/api/[b].js'],
    text: "You cannot use different slug names for the same dynamic path ('a' !== 'b').",
  },
  {
    files: ['pages/api/[a].js', 'pages/api/[b]/x.js'],
    text: "You cannot use different slug names for the same dynamic path ('a' !== 'b').",
  },
  {
    files: ['pages/api/[...a].js', 'pages/api/[...b].js'],
    text: "You cannot use different slug names for the same dynamic path ('a' !== 'b').",
  },
  {
    files: ['pages/api/[[...a]].js', 'pages/api/[[...b]].c'],
    text: "You cannot use different slug names for the same dynamic path ('a' !== 'b').",
  },
  {
    files: ['pages/api/oc/[[...s]].js', 'pages/api/oc/index.js'],
    text: 'You cannot define a route with the same specificity as a optional catch-all route ("/api/oc" and "/api/oc[[...s]]").',
  },
  {
    files: ['pages/api/[id]/[[...s]].js', 'pages/api/[id].js'],
    text: 'You cannot define a route with the same specificity as a optional catch-all route ("/api/[id]" and "/api/[id][[...s]]").',
  },
  {
    files: ['pages/api/oc/[[...s]].js', 'pages/api/oc/[...s].js'],
    text: 'You cannot use both an required and optional catch-all route at the same level ("[...s]" and "[[...s]]" ).',
  },
  {
    files: ['pages/api/oc/[[...s]].js', 'pages/api/oc/[...t].js'],
    text: 'You cannot use both an required and optional catch-all route at the same level ("[...t]" and "[[...s]]" ).',
  },
  {
    files: ['pages/api/[...s]/x.js'],
    text: 'Catch-all must be the last part of the URL.',
  },
  {
    files: ['pages/api/a/[[...s]]/b.js'],
    text: 'Catch-all must be the last part of the URL.',
  },
  {
    files: ['pages/api/[id]/[id].js'],
    text: 'You cannot have the same slug name "id" repeat within a single dynamic path',
  },
  {
    files: ['pages/api/[a-b]/[ab].js'],
    text: 'You cannot have the slug names "a-b" and "ab" differ only by non-word symbols within a single dynamic path',
  },
  {
    files: ['pages/api/[[id]].js'],
    text: 'Optional route parameters are not yet supported ("[[id]]").',
  },
  {
    files: ['pages/api/[....s].js'],
    text: "Segment names may not start with erroneous periods ('.s').",
  },
  {
    files: ['pages/api/[id]].js'],
    text: "Segment names may not start or end with extra brackets ('id]').",
  },
  {
    files: ['pages/api/[…s].js'],
    text: "Detected a three-dot character ('…') at ('…s'). Did you mean ('...')?",
  },
  { files: ['pages/api/[...].js'], text: 'Catch-all segments need a name ("[...]").' },
  {
    files: ['pages/api/hello.js', 'public/api/hello'],
    text: 'Conflicting public and page file was found. https://nextjs.org/docs/messages/conflicting-public-file-page\n/api/hello',
  },
  {
    files: ['pages/api/hello.js', 'app/api/hello/route.js'],
    text: 'App Router and Pages Router both match path: /api/hello',
  },
  {
    files: ['pages/api/hello.js', 'app/(group)/api/@slot/hello/route.ts'],
    text: 'App Router and Pages Router both match path: /api/hello',
  },
  {
    files: ['pages/api/parse.js', 'pages/api/parse/index.js'],
    text: 'Duplicate page detected. pages/api/parse.js and pages/api/parse/index.js both resolve to /api/parse.',
  },
  {
    files: ['pages/api/parse.c', 'pages/api/parse.ts'],
    text: 'Duplicate page detected. pages/api/parse.c and pages/api/parse.ts both resolve to /api/parse.',
  },
  {
    files: ['pages/api.ts', 'pages/api/index.ts'],
    text: 'Duplicate page detected. pages/api.ts and pages/api/index.ts both resolve to /api.',
  },
  {
    files: ['pages/api/[id].js', 'pages/api/[id]/index.js'],
    text: 'Duplicate page detected. pages/api/[id].js and pages/api/[id]/index.js both resolve to /api/[id].',
  },
];

describe('routes that cannot be served together', () => {
  for (const { files, text } of CASES) {
    test(files.join(' + '), () => {
      const { conflicts } = found(files);
      assert.deepEqual(
        conflicts.map((conflict) => conflict.text),
        [text],
      );
      assert.deepEqual(conflicts[0]?.files?.toSorted(), files.toSorted());
      assert.ok(conflicts[0]?.hint, 'says how to mend it');
    });
  }

  test('all of them are reported, not only the first', () => {
    const { conflicts } = found([
      'pages/api/[a]/[a].js',
      'pages/api/x/[...s]/y.js',
      'pages/api/z.js',
      'pages/api/z.ts',
    ]);
    assert.equal(conflicts.length, 3);
  });
});

describe('routes that can', () => {
  const GROUPS = [
    ['pages/api/[...s].js', 'pages/api/[id].js', 'pages/api/index.js'],
    ['pages/api/[a-b]/[a_b].js'],
    ['pages/api/[a]/x.js', 'pages/api/[a]/[b].js', 'pages/api/c/[b].js'],
    ['pages/api/[[...s]].js', 'pages/api/known.js', 'pages/api/[id].js'],
    ['pages/api/[id].js', 'public/api/pub.txt'],
    ['pages/api/hello.js', 'public/api/hello/deeper.txt'],
    ['pages/api/hello.js', 'app/page.tsx', 'app/api/other/route.ts', 'app/api/hello/helper.ts'],
  ];
  for (const files of GROUPS) {
    test(files.join(' + '), () => assert.deepEqual(found(files).conflicts, []));
  }
});

describe('with --parity next', () => {
  test('of two files for a route the index file answers, and a warning says so', () => {
    const { routes, conflicts, warnings } = found(
      ['pages/api/parse.js', 'pages/api/parse/index.js'],
      true,
    );
    assert.deepEqual(conflicts, []);
    assert.match(warnings[0]?.text ?? '', /^Duplicate page detected/);
    assert.deepEqual(
      routes.map(({ file }) => file),
      ['pages/api/parse/index.js'],
    );
  });

  test('of several extensions .jsx answers', () => {
    const files = ['js', 'jsx', 'ts', 'tsx'].map((extension) => `pages/api/parse.${extension}`);
    assert.deepEqual(
      found(files, true).routes.map(({ file }) => file),
      ['pages/api/parse.jsx'],
    );
  });
});
