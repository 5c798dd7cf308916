// SPDX-License-Identifier: MIT
// One entry point and all that it imports as one file: bundle.mjs ENTRY OUTPUT
// The output's ending says which kind of module it is (.cjs or .mjs), or that it is an expression for `vm.Script`
// (.js): a function of `require` that returns what the entry exports.
import { build } from 'esbuild';

const [entry, output] = process.argv.slice(2);
if (!entry || !output) {
  console.error('usage: bundle.mjs ENTRY OUTPUT');
  process.exit(2);
}

const isExpression = output.endsWith('.js');

await build({
  entryPoints: [entry],
  outfile: output,
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: output.endsWith('.mjs') ? 'esm' : 'cjs',
  ...(isExpression && {
    banner: { js: '((require) => { "use strict"; const module = { exports: {} };' },
    footer: { js: 'return module.exports; })' },
    // It is read at every start.
    minifyWhitespace: true,
    charset: 'ascii',
  }),
  // esbuild is a program with a library around it, and addons are not text.
  external: ['esbuild', '*.node'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
}).catch(() => process.exit(1)); // esbuild has said why.
