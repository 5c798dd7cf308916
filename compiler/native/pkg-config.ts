// SPDX-License-Identifier: MIT

// Libraries by their pkg-config names: how a source that uses them is compiled, and what it is linked with.

import type { Diagnostic } from '../diagnostics.ts';
import { type Toolchain, words } from './toolchain.ts';

export interface PackageFlags {
  compile: string[];
  link: string[];
}

export type Packages = { flags: PackageFlags } | { missing: Diagnostic[] };

/** Where Debian's name does not follow from pkg-config's. */
const DEBIAN: Record<string, string> = {
  gdlib: 'libgd-dev',
  jansson: 'libjansson-dev',
  libcrypt: 'libcrypt-dev',
  libcrypto: 'libssl-dev',
  libcurl: 'libcurl4-openssl-dev',
  libjpeg: 'libjpeg-dev',
  libjwt: 'libjwt-dev',
  'libmongoc-1.0': 'libmongoc-dev',
  libpng: 'libpng-dev',
  libpq: 'libpq-dev',
  libssl: 'libssl-dev',
  libuv: 'libuv1-dev',
  libxcrypt: 'libcrypt-dev',
  'libxml-2.0': 'libxml2-dev',
  openssl: 'libssl-dev',
  sqlite3: 'libsqlite3-dev',
  vips: 'libvips-dev',
  zlib: 'zlib1g-dev',
};

/** What a package's name may be, with the version that it needs behind it. */
const PACKAGE = /^[A-Za-z0-9][\w.+-]*(?: *(?:=|<|>|<=|>=) *[\w.+~-]+)?$/;

/** Whether a text can name a package: `sqlite3`, or `sqlite3 >= 3.35`. */
export function isPackageName(text: unknown): text is string {
  return typeof text === 'string' && PACKAGE.test(text);
}

/**
 * The flags of packages, or what is said of each one that is not there.
 *
 * @example
 * await findPackages(toolchain, ['sqlite3']); // { flags: { compile: [], link: ['-lsqlite3'] } }
 */
export async function findPackages(toolchain: Toolchain, names: string[]): Promise<Packages> {
  if (names.length === 0) return { flags: { compile: [], link: [] } };
  const ask = (...args: string[]) => toolchain.run(['pkg-config', ...args]);
  const [compile, link] = await Promise.all([ask('--cflags', ...names), ask('--libs', ...names)]);
  if (!compile.failure && !link.failure) {
    // The server has libuv, and a loop of another one's would not be served by it.
    const libraries = words(link.stdout).filter((word) => word !== '-luv');
    return { flags: { compile: words(compile.stdout), link: libraries } };
  }
  if (compile.failure?.code === 'ENOENT') return { missing: [withoutPkgConfig(names)] };
  const told = await Promise.all(
    names.map(async (name) => ({ name, ...(await ask('--print-errors', '--exists', name)) })),
  );
  const missing = told.filter(({ failure }) => failure);
  return { missing: missing.map(({ name, stderr }) => notFound(name, stderr)) };
}

function notFound(name: string, stderr: string): Diagnostic {
  const [, bare = name, version] = /^(\S+?) *([<>=].*)?$/.exec(name) ?? [];
  const isThere =
    version !== undefined && !/not found in the pkg-config search path|No package/.test(stderr);
  const debian = DEBIAN[bare];
  const install = debian
    ? `Install it; on Debian: apt-get install ${debian}`
    : `Install it; on Debian, \`apt-file search ${bare}.pc\` names its package.`;
  return {
    severity: 'error',
    text: isThere
      ? `The package \`${bare}\` is there, and not as it is asked for: \`${name}\`.`
      : `There is no package \`${bare}\` on this system (pkg-config knows none).`,
    hint: isThere ? stderr.trim() : install,
  };
}

function withoutPkgConfig(names: string[]): Diagnostic {
  return {
    severity: 'error',
    text: `Packages are asked for (${names.join(', ')}), and there is no pkg-config to find them.`,
    hint: 'Install it; on Debian: apt-get install pkg-config',
  };
}
