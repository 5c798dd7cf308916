// SPDX-License-Identifier: MIT

// Routes in C and C++: each becomes a shared object, of its own source and of the sources that come along with the
// headers it includes. Its name holds a hash of everything that it was made of, so what is there need not be made again.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Diagnostic } from './diagnostics.ts';
import { otherFailure, readUndefined } from './native/messages.ts';
import { digest, ObjectCache } from './native/object-cache.ts';
import { findPackages, type PackageFlags, type Packages } from './native/pkg-config.ts';
import { type Execution, Toolchain, words } from './native/toolchain.ts';
import {
  type CompiledUnit,
  companionsOf,
  compileUnit,
  ownInputs,
  quotedIncludes,
  type Unit,
} from './native/unit.ts';
import type { Project } from './project.ts';

export interface NativeModule {
  /** Relative to the project folder. */
  module: string;
  bytes: number;
  /** It is linked with the library of C++. */
  cpp?: true;
}

export interface NativeBuild {
  /** By the route's file; a broken route has none. */
  modules: Map<string, NativeModule>;
  broken: Map<string, Diagnostic[]>;
  warnings: Diagnostic[];
  /** The files that were read, absolute, without those of the system. */
  inputs: string[];
}

export interface NativeRoute {
  /** Relative to the project folder. */
  file: string;
  /** The pkg-config packages that it names. */
  packages: string[];
}

/** What capra.json says of C: `"native": { "packages": ["sqlite3"], "flags": ["-DDEBUG"] }`. */
export interface NativeSettings {
  packages: string[];
  flags: string[];
}

/** What one build of a project leaves to the next: what compilers and pkg-config have said, and hashes of files. */
export class NativeTools {
  readonly toolchain: Toolchain;
  readonly cache: ObjectCache;
  /** By their names. */
  readonly #packages = new Map<string, Promise<Packages>>();

  constructor(root: string, environment: NodeJS.ProcessEnv) {
    this.toolchain = new Toolchain(root, environment);
    this.cache = new ObjectCache(root);
  }

  /** What is missing may be installed before it is asked for again. */
  async findPackages(names: string[]): Promise<Packages> {
    const key = JSON.stringify(names);
    const finding = this.#packages.get(key) ?? findPackages(this.toolchain, names);
    this.#packages.set(key, finding);
    const found = await finding;
    if ('missing' in found) this.#packages.delete(key);
    return found;
  }
}

export interface NativeOptions {
  project: Project;
  routes: NativeRoute[];
  settings: NativeSettings;
  /** The folder of `capra.h`. */
  include: string;
  /**
   * `CC` and `CXX` name the compilers; `CAPRA_CFLAGS` and `CAPRA_LDLIBS` are added to their commands; `CAPRA_SANITIZE`
   * is set by `capra dev --sanitize`.
   */
  environment?: NodeJS.ProcessEnv;
  /** Of the project, made with the same environment. */
  tools?: NativeTools;
}

/**
 * The functions of capra.h and libuv's are in whoever loads the route. What else is not found is a warning, and
 * `readUndefined` tells which of them are errors. The route itself must be in the object.
 */
const LINK_FLAGS = [
  ...['-shared', '-Wl,--require-defined=capra_route', '-Wl,--as-needed'],
  ...['-Wl,-z,defs', '-Wl,--warn-unresolved-symbols'],
];

/** Reports show who has called whom, and optimisation hides nothing from them. */
const SANITIZE_FLAGS = ['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];

/**
 * Compiles routes in C, as many sources at once as there are processors.
 *
 * @example
 * const routes = [{ file: 'pages/api/primes.c', packages: [] }];
 * const { modules } = await compileNative({ project, routes, settings, include });
 */
export async function compileNative(options: NativeOptions): Promise<NativeBuild> {
  const build: NativeBuild = { modules: new Map(), broken: new Map(), warnings: [], inputs: [] };
  if (options.routes.length === 0) return build;
  const compiler = new NativeCompiler(options, build);
  await Promise.all(options.routes.map((route) => compiler.compile(route)));
  build.inputs = [...new Set(build.inputs)];
  return build;
}

class NativeCompiler {
  readonly #root: string;
  readonly #project: Project;
  readonly #include: string;
  readonly #settings: NativeSettings;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #build: NativeBuild;
  readonly #tools: NativeTools;
  readonly #routes: Set<string>;
  readonly #offered: Set<string>;
  /** By file and flags: what several routes include is compiled once. */
  readonly #units = new Map<string, Promise<Unit>>();

  constructor(options: NativeOptions, build: NativeBuild) {
    const { project, include, settings, routes, environment = process.env } = options;
    this.#root = project.root;
    this.#project = project;
    this.#include = include;
    this.#settings = settings;
    this.#environment = environment;
    this.#build = build;
    this.#tools = options.tools ?? new NativeTools(project.root, environment);
    this.#routes = new Set(routes.map(({ file }) => file));
    const header = readFileSync(join(include, 'capra.h'), 'utf8');
    this.#offered = new Set(Array.from(header.matchAll(/\bcapra_\w+(?=\()/g), ([name]) => name));
  }

  async compile({ file, packages }: NativeRoute): Promise<void> {
    const { broken, modules, warnings, inputs } = this.#build;
    const found = await this.#findPackages(file, packages);
    if ('missing' in found) {
      inputs.push(join(this.#root, file));
      broken.set(file, found.missing);
      return;
    }
    const units = await this.#compileAll(file, found.flags.compile);
    warnings.push(...units.flatMap((unit) => unit.warnings));
    const errors = units.flatMap((unit) => unit.errors);
    const compiled = units.filter((unit): unit is CompiledUnit => 'object' in unit);
    const own = compiled.flatMap((unit) => ownInputs(unit.inputs));
    inputs.push(join(this.#include, 'capra.h'), ...own.map((path) => resolve(this.#root, path)));
    if (errors.length === 0) {
      const made = await this.#link(file, compiled, found.flags);
      if (made.module === undefined) errors.push(...made.errors);
      else modules.set(file, made);
    } else {
      inputs.push(...quotedIncludes(join(this.#root, file)));
    }
    if (errors.length > 0) broken.set(file, [...new Set(errors)]);
  }

  /** capra.json's and the file's own. What several routes miss is said of each. */
  async #findPackages(file: string, own: string[]): Promise<Packages> {
    const names = [...new Set([...this.#settings.packages, ...own])];
    const packages = await this.#tools.findPackages(names);
    if (!('missing' in packages)) return packages;
    return { missing: packages.missing.map((diagnostic) => ({ ...diagnostic, file })) };
  }

  /** The route's own source, and those that come along, and those that come along with them. */
  async #compileAll(file: string, packageFlags: string[]): Promise<Unit[]> {
    const flags = ['-I', this.#include, ...packageFlags, ...this.#ownFlags()];
    const units = new Map<string, Unit>();
    for (let next = [file]; next.length > 0; ) {
      const made = await Promise.all(next.map((each) => this.#unit(each, flags)));
      for (const [at, unit] of made.entries()) units.set(next[at] as string, unit);
      const companions = companionsOf(this.#root, made.flatMap(inputsOf));
      next = companions.filter((each) => !units.has(each) && !this.#routes.has(each));
    }
    return [...units.values()];
  }

  /** Those that no package brings; the linker gets them as well. */
  #ownFlags(): string[] {
    const { CAPRA_CFLAGS = '', CAPRA_SANITIZE } = this.#environment;
    const sanitize = CAPRA_SANITIZE ? [`-fsanitize=${CAPRA_SANITIZE}`, ...SANITIZE_FLAGS] : [];
    return [...sanitize, ...this.#settings.flags, ...words(CAPRA_CFLAGS)];
  }

  #unit(file: string, flags: string[]): Promise<Unit> {
    const key = JSON.stringify([file, flags]);
    const known = this.#units.get(key);
    if (known) return known;
    const { toolchain, cache } = this.#tools;
    const unit = compileUnit({ root: this.#root, toolchain, cache, file, flags });
    this.#units.set(key, unit);
    return unit;
  }

  async #link(file: string, units: CompiledUnit[], flags: PackageFlags): Promise<Linked> {
    const isCpp = units.some(({ language }) => language === 'c++');
    const compiler = this.#tools.toolchain.compiler(isCpp ? 'c++' : 'c');
    const version = await this.#tools.toolchain.version(compiler);
    const libraries = [...flags.link, ...implied(units), '-lm'];
    const own = [...this.#ownFlags(), ...words(this.#environment.CAPRA_LDLIBS ?? '')];
    const objects = units.map(({ object }) => object);
    const after = [...LINK_FLAGS, ...objects, ...libraries, ...own];
    const module = this.#nameOf(file, [version, process.arch, ...compiler, ...after]);
    const path = join(this.#root, module);
    if (!existsSync(path)) {
      await mkdir(dirname(path), { recursive: true });
      const partial = `${module}.${process.pid}.partial`;
      const ended = await this.#tools.toolchain.run([...compiler, ...after, '-o', partial]);
      const errors = this.#readLinker(file, compiler, ended);
      if (errors.length > 0) {
        await rm(join(this.#root, partial), { force: true });
        return { errors };
      }
      // Whoever finds it under its name finds it whole.
      await rename(join(this.#root, partial), path);
    }
    return { module, bytes: statSync(path).size, ...(isCpp && { cpp: true }) };
  }

  #readLinker(file: string, compiler: string[], ended: Execution): Diagnostic[] {
    if (ended.failure) return [otherFailure(file, compiler[0] ?? '', ended)];
    // libuv is the server's; what begins with an underscore belongs to compilers.
    const isKnown = (name: string) => this.#offered.has(name) || /^(?:uv_|_)/.test(name);
    return readUndefined(this.#root, ended.stderr, { file, isKnown });
  }

  #nameOf(file: string, parts: string[]): string {
    const { pages, output } = this.#project;
    const name = file
      .slice(pages.length + 1)
      .replace(/\.\w+$/, '')
      .replace(/^api\//, '');
    return `${output}/native/${name}-${digest(parts).slice(0, 8).toUpperCase()}.so`;
  }
}

type Linked = NativeModule | { module?: undefined; errors: Diagnostic[] };

const inputsOf = (unit: Unit): string[] => ('inputs' in unit ? unit.inputs : []);

/** capra.h hands out values of jansson, which the server has too: who includes it need not name it. */
function implied(units: CompiledUnit[]): string[] {
  const hasJansson = units.some(({ inputs }) =>
    inputs.some((path) => basename(path) === 'jansson.h'),
  );
  return hasJansson ? ['-ljansson'] : [];
}
