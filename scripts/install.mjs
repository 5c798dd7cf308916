// SPDX-License-Identifier: MIT
// Installs a build: install.mjs PREFIX. What runs stands together in PREFIX/lib/capra, laid out as
// in the checkout: build/ beside the node_modules that it needs (Node itself and esbuild).
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const prefix = resolve(process.argv[2]);
process.chdir(resolve(import.meta.dirname, '..'));
const home = join(prefix, 'lib/capra');

// What the lock file does not mark as for development, as far as it is for this platform.
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const needed = Object.entries(packages)
  .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.dev && !entry.link)
  .map(([path]) => path)
  .filter((path) => existsSync(path));

const files = [
  'capra',
  'capra.node',
  'worker.cjs',
  'runtime.js',
  'runtime.cache',
  'edge.cjs',
  'compiler.mjs',
];

rmSync(home, { recursive: true, force: true });
const paths = files.map((name) => `build/${name}`);
for (const path of [...paths, 'include', 'types', 'package.json', 'LICENSE', ...needed]) {
  cpSync(path, join(home, path), { recursive: true, preserveTimestamps: true });
}
link('bin/capra', '../lib/capra/build/capra');
link('include/capra.h', '../lib/capra/include/capra.h');
installLibrary();
console.log(`installed ${join(prefix, 'bin/capra')}`);

// For programs that have the server inside: pkg-config --cflags --libs capra.
function installLibrary() {
  const libraries = readdirSync('build').filter((name) => /^libcapra\.(a$|so|.*dylib$)/.test(name));
  const lib = join(prefix, 'lib');
  mkdirSync(join(lib, 'pkgconfig'), { recursive: true });
  for (const name of libraries) {
    rmSync(join(lib, name), { force: true });
    cpSync(join('build', name), join(lib, name), { verbatimSymlinks: true });
  }
  cpSync('build/capra.pc', join(lib, 'pkgconfig/capra.pc'));
}

function link(name, target) {
  const path = join(prefix, name);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}
