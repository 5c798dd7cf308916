// SPDX-License-Identifier: MIT

// What stands at the head of every file that esbuild makes for us. A build may be copied elsewhere, so the
// project folder is found from where the file lies: it holds `.capra`.

/**
 * `require` as a file in the project folder has it, `__capraRequire` the same and for other folders, and
 * `__capraSource`, the URL of a source file.
 */
export const PRELUDE = `import { createRequire as __capraCreateRequire } from 'node:module';
const __capraRoot = import.meta.url.slice(0, import.meta.url.lastIndexOf('/.capra/') + 1);
const require = __capraCreateRequire(__capraRoot + 'package.json');
const __capraSource = (path) => new URL(path, __capraRoot);
const __capraRequire = (name, from) => (from ? __capraCreateRequire(__capraSource(from)) : require)(name);
`;

const NEEDS_PRELUDE = /\brequire\b|\b__capra|\beval\b/;

/**
 * A file of esbuild's output without the prelude, where nothing in it can ask for that: `createRequire` is a module more to
 * load and a function more to make before the first answer. Lines keep their numbers, for the source map's sake.
 */
export function dropPrelude(contents: Uint8Array): Uint8Array {
  const text = Buffer.from(contents).toString();
  if (!text.startsWith(PRELUDE)) return contents;
  const rest = text.slice(PRELUDE.length);
  return NEEDS_PRELUDE.test(rest) ? contents : Buffer.from(PRELUDE.replace(/[^\n]/g, '') + rest);
}

/**
 * A path, relative to the project folder, as the part of a URL.
 *
 * @example
 * urlPath('pages/api/[id].ts'); // 'pages/api/%5Bid%5D.ts'
 */
export function urlPath(path: string): string {
  return path.split(/[\\/]/).map(encodeURIComponent).join('/');
}
