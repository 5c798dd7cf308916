// SPDX-License-Identifier: MIT
// Checks what no compiler does: who may include what, that the public header stands alone, and
// what every file must and must not hold. Prints what it finds and `N passed, N failed`.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);

// --- The files ---

const ignored = ['.git', 'node_modules', 'build', '.capra', '.next', 'corpus', 'tmp'];

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (ignored.includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() && entry.name !== 'next-env.d.ts' ? [path] : []; // Next writes it
  });
}

const files = walk('.').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const sources = files.filter(({ path }) => /^src\/.*\.[ch]$/.test(path));

const includesOf = (text) =>
  [...text.matchAll(/^\s*#\s*include\s+[<"]([^>"]+)[>"]/gm)].map((m) => m[1]);

// --- The checks: each returns what is wrong, one line for each finding ---

// libuv and JavaScript have their rooms. `<uv.h>` in the addon: it hands Node's loop to net/.
const libraryRooms = {
  'uv.h': ['net', 'supervisor', 'binding'],
  'pcre2.h': ['rules'],
  'node_api.h': ['binding'],
  'js_native_api.h': ['binding'],
};

function libraries() {
  return sources.flatMap(({ path, text }) => {
    const room = roomOf(path);
    return includesOf(text)
      .filter((header) => libraryRooms[header] && !libraryRooms[header].includes(room))
      .map(
        (header) =>
          `${path} includes <${header}>, which belongs to ${libraryRooms[header].join(', ')}`,
      );
  });
}

function roomOf(path) {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1] : '';
}

// Whom each room may know, by the table at the end of docs/architecture.md: rows that name rooms,
// and `nothing`. The others are held together by the server, which knows them all.
const leaves = Object.fromEntries(
  [...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `src\/(\w+)\/` \|.*\| (.*) \|$/gm)]
    .filter(([, , known]) => !known.includes('server'))
    .map(([, room, known]) => [room, [room, ...[...known.matchAll(/`(\w+)`/g)].map((m) => m[1])]]),
);

function rooms() {
  const named = Object.keys(leaves).length;
  if (named < 10) return [`docs/architecture.md says of only ${named} rooms whom they may know`];
  return sources.flatMap(({ path, text }) => {
    const allowed = leaves[roomOf(path)];
    if (!allowed) return [];
    return includesOf(text)
      .filter((header) => existsSync(join('src', header)) && !existsSync(join(path, '..', header)))
      .filter((header) => !allowed.includes(header.split('/')[0]))
      .map(
        (header) =>
          `${path} includes ${header}; ${roomOf(path)}/ may know only ${allowed.join(', ')}`,
      );
  });
}

function publicHeader() {
  const strict = [
    '-pedantic-errors',
    '-Wall',
    '-Wextra',
    '-Wconversion',
    '-Wshadow',
    '-Werror',
    '-fsyntax-only',
  ];
  const languages = [
    ['C11', [['cc'], ['clang']], ['-std=c11', '-Wstrict-prototypes', '-x', 'c']],
    [
      'C++17',
      [['c++'], ['clang++']],
      ['-std=c++17', '-Wold-style-cast', '-Wzero-as-null-pointer-constant', '-x', 'c++'],
    ],
  ];
  // Twice, and with all that a route file says with its macros.
  const input = `#include "include/capra.h"
#include "include/capra.h"
static void handle(capra_request *req, capra_response *res) { (void)req; (void)res; }
static const char *begin(void **state) { (void)state; return "never"; }
static void end(void *state) { (void)state; }
CAPRA_CONFIG({ blocking: true, packages: ["libpq >= 13"] });
CAPRA_INIT(begin);
CAPRA_EXIT(end);
CAPRA_ROUTE(handle);
`;
  return languages.flatMap(([language, compilers, flags]) => {
    const found = compilers.map(([name]) => name).find(isProgram);
    if (!found) return [`there is no compiler to try include/capra.h as ${language} with`];
    try {
      execFileSync(found, [...strict, ...flags, '-'], {
        input,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      return [];
    } catch (error) {
      return [`include/capra.h as ${language}: ${error.stderr}`];
    }
  });
}

function isProgram(name) {
  return process.env.PATH.split(':').some((folder) => existsSync(join(folder, name)));
}

// The index of a method crosses the border to JavaScript as a number.
function methods() {
  const list = (path, pattern) =>
    [...(files.find((file) => file.path === path)?.text ?? '').matchAll(pattern)].map((m) => m[1]);
  const c = list('src/http/method.h', /^\s+X\(\w+, "([A-Z-]+)"\)/gm);
  const js = list('runtime/methods.ts', /'([A-Z-]+)'/g);
  if (c.length === 0) return ['src/http/method.h has no table of methods'];
  return c.join() === js.join()
    ? []
    : [`runtime/methods.ts and src/http/method.h differ:\n  ${js}\n  ${c}`];
}

const sourceFile =
  /\.(c|h|ts|mts|mjs|cjs|js|sh|cmake)$|(^|\/)(Makefile|CMakeLists\.txt)$|^\.ci\/run$/;

function licences() {
  return files
    .filter(({ path }) => sourceFile.test(path))
    .filter(({ text }) => {
      const [first, second] = text.split('\n', 2);
      return !/SPDX-License-Identifier: MIT/.test(first.startsWith('#!') ? second : first);
    })
    .map(({ path }) => `${path} does not begin with an SPDX line`);
}

// A checkout tells nothing of the machine it was made on.
function traces() {
  const registry = registryHost();
  const forbidden = [
    [root, 'the folder of this checkout'],
    [/(^|[\s"'`=(])\/(home|Users)\/\w/m, "a person's folder"],
    [homedir() === '/' ? undefined : `${homedir()}/`, 'the home folder'],
    [registry, "a package registry's host"],
  ];
  return files.flatMap(({ path, text }) =>
    forbidden
      .filter(([what]) => what && (what instanceof RegExp ? what.test(text) : text.includes(what)))
      .map(([, name]) => `${path} names ${name}`),
  );
}

function registryHost() {
  try {
    const url = execFileSync('npm', ['config', 'get', 'registry'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return new URL(url.toString().trim()).host;
  } catch {
    return undefined; // No npm, so no registry that could have left a trace.
  }
}

// Nothing is put off and nothing is left out.
function leftovers() {
  const marks = /\b(TO-?DO|FIX-?ME)\b/;
  const skips = /\b(test|it|describe|suite)\.(skip|only|todo)\(|\bskip:\s*true|^\s*skip\(\);/m;
  return files
    .filter(({ path }) => sourceFile.test(path) && basename(path) !== 'borders.mjs')
    .flatMap(({ path, text }) => [
      ...(marks.test(text) ? [`${path} has something still to do`] : []),
      ...(/^test\//.test(path) && skips.test(text) ? [`${path} leaves out a test`] : []),
    ]);
}

function textFiles() {
  const plain = ['.c', '.h', '.ts', '.mjs', '.md', '.sh', '.cmake', '.json'];
  return files
    .filter(({ path, text }) => plain.includes(extname(path)) && text.length > 0)
    .flatMap(({ path, text }) => [
      ...(text.includes('\r\n') ? [`${path} has CR LF line ends`] : []),
      ...(text.endsWith('\n') ? [] : [`${path} does not end with a line end`]),
    ]);
}

const checks = {
  'libuv and Node-API stay in their rooms': libraries,
  'the leaf rooms know nothing of the others': rooms,
  'include/capra.h compiles alone as C11 and C++17': publicHeader,
  'C and JavaScript list the same methods': methods,
  'every source file names its licence': licences,
  'no file tells of the machine it was made on': traces,
  'nothing is put off or left out': leftovers,
  'text files end their lines alike': textFiles,
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const found = check();
  if (found.length > 0) failed++;
  console.log(`${found.length === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  for (const line of found) console.log(`         ${line}`);
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
