// SPDX-License-Identifier: MIT

// All script routes in one run of esbuild, as ES modules that share what they import: a `lib/` that two routes
// use is one module with one state. Names carry a hash of the content, so an edit changes only the files on
// its way, and `import()` of the new name gives the new code beside the old.
//
// esbuild answers all or nothing. When a file cannot be compiled it is replaced by an empty module and
// everything is built again; the routes that reach such a file are broken, the others are done.

import { realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { CompileError, type Diagnostic } from './diagnostics.ts';
import { fromEsbuild } from './esbuild-message.ts';
import { packages } from './packages.ts';
import { dropPrelude, PRELUDE } from './prelude.ts';
import type { Project } from './project.ts';
import { SOURCE_PATHS, type SourcePaths, sourcePaths } from './source-paths.ts';

export interface BundledModule {
  /** Relative to the project folder. */
  module: string;
  /** Of the module and of all that it imports from the build. */
  bytes: number;
  exports: string[];
}

export interface Bundle {
  /** By the route's file; a broken route has none. */
  modules: Map<string, BundledModule>;
  /** What is wrong with each broken route, by its file. */
  broken: Map<string, Diagnostic[]>;
  warnings: Diagnostic[];
  /** Everything to be written, relative to the project folder. */
  outputs: Map<string, OutputFile>;
  /** The files that were read, absolute; those of npm packages are not among them. */
  inputs: string[];
}

export interface OutputFile {
  contents: Uint8Array;
  hash: string;
}

export interface Bundler {
  /** Builds what has changed. Rejects with a `CompileError` when no part of it can be built. */
  build(): Promise<Bundle>;
  /** These files, absolute, are not what they were. */
  forget(paths: Iterable<string>): void;
  close(): Promise<void>;
}

export interface BundleOptions {
  project: Project;
  /** Route files, relative to the project folder. */
  files: string[];
  /** Expressions and the literals that replace them. */
  define?: Record<string, string>;
}

/**
 * Opens a bundler for these routes. It keeps what it has parsed, until it is closed.
 *
 * @example
 * const bundler = await openBundler({ project, files: ['pages/api/hello.ts'] });
 * const { modules } = await bundler.build();
 */
export async function openBundler(options: BundleOptions): Promise<Bundler> {
  const { project, files, define = {} } = options;
  const { root, output, mode } = project;
  const npm = packages(root);
  const paths = sourcePaths(root);
  const context = await esbuild.context({
    entryPoints: files.map((file) => ({ in: entryName(root, file), out: outName(file) })),
    plugins: [starEntries(root), npm.plugin, paths.plugin],
    absWorkingDir: root,
    outdir: join(root, output, 'server'),
    entryNames: '[dir]/[name]-[hash]',
    chunkNames: 'chunks/[name]-[hash]',
    assetNames: 'assets/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    banner: { js: PRELUDE },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    // Empty, and so without `module`, which Node does not know.
    conditions: [],
    jsx: 'automatic',
    jsxDev: false,
    loader: { '.js': 'jsx', '.css': 'empty', '.module.css': 'local-css' },
    define: {
      ...SOURCE_PATHS,
      'process.env.NODE_ENV': JSON.stringify(mode),
      'process.env.NEXT_RUNTIME': '"nodejs"',
      ...define,
    },
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'silent',
    logLimit: 0,
  });
  let hadErrors = false;
  return {
    async build() {
      if (hadErrors) npm.forget();
      paths.stubs.clear();
      const report = new Report(root, paths);
      // What could not be found this time may be there the next time.
      const result = await buildAround(context, report).finally(() => {
        hadErrors = report.all().length > 0;
      });
      return toBundle(options, paths, result, report);
    },
    forget(changed) {
      for (const path of changed) {
        paths.forget(path);
        if (/(?:^|[\\/])(?:package|[jt]sconfig[^\\/]*)\.json$/.test(path)) npm.forget();
      }
    },
    close: () => context.dispose(),
  };
}

const STAR_ENTRY = 'route-with-star:';

/** esbuild would take an asterisk in an entry's path for a pattern. */
function entryName(root: string, file: string): string {
  return file.includes('*')
    ? STAR_ENTRY + encodeURIComponent(file).replaceAll('*', '%2A')
    : join(root, file);
}

/** Undoes `entryName`. What a plugin resolves knows no tsconfig.json, so no other entry goes this way. */
function starEntries(root: string): esbuild.Plugin {
  return {
    name: 'star-entries',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${STAR_ENTRY}`) }, ({ path }) => ({
        path: realPath(join(root, decodeURIComponent(path.slice(STAR_ENTRY.length)))),
      }));
    },
  };
}

/** `pages/api/a.ts` becomes `pages/api/a`: the extension goes, and only it. */
function outName(file: string): string {
  return file.replace(/\.[^./]+$/, '');
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It went away meanwhile; esbuild will say so.
    return path;
  }
}

// --- Building until it works ---

type Result = esbuild.BuildResult<{ metafile: true; write: false }>;
type Context = esbuild.BuildContext<{ metafile: true; write: false }>;

/** Builds again and again, each time with empty modules for the files that had errors before. */
async function buildAround(context: Context, report: Report): Promise<Result> {
  for (;;) {
    try {
      return await context.rebuild();
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (!report.add(error.errors)) throw new CompileError(...report.all());
    }
  }
}

function isFailure(error: unknown): error is esbuild.BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<esbuild.BuildFailure>).errors);
}

/** The errors of one build, by file. */
class Report {
  readonly #root: string;
  readonly #paths: SourcePaths;
  readonly #byFile = new Map<string, Diagnostic[]>();
  readonly #elsewhere: Diagnostic[] = [];

  constructor(root: string, paths: SourcePaths) {
    this.#root = root;
    this.#paths = paths;
  }

  /** False when it is of no use to build again: an error is in no file that can be left out. */
  add(errors: esbuild.Message[]): boolean {
    const { stubs } = this.#paths;
    const known = stubs.size;
    const emptied = new Set(stubs);
    for (const error of errors) {
      const path = error.location && resolve(this.#root, error.location.file);
      if (!path || emptied.has(path)) {
        this.#elsewhere.push(this.#diagnostic(error));
        continue;
      }
      stubs.add(path);
      const own = this.#byFile.get(path) ?? [];
      const cause = this.#causeOf(error, emptied);
      this.#byFile.set(path, cause ? [...own, ...cause] : [...own, this.#diagnostic(error)]);
    }
    return this.#elsewhere.length === 0 && stubs.size > known;
  }

  of(path: string): Diagnostic[] | undefined {
    return this.#byFile.get(path);
  }

  all(): Diagnostic[] {
    return [...new Set([...this.#elsewhere, ...[...this.#byFile.values()].flat()])];
  }

  /** An import from a file that was emptied finds nothing there. It is the file's errors that count. */
  #causeOf({ text }: esbuild.Message, emptied: Set<string>): Diagnostic[] | undefined {
    const file = /^No matching export in "(.*)" for import /.exec(text)?.[1];
    const path = file === undefined ? undefined : resolve(this.#root, file);
    return path !== undefined && emptied.has(path) ? this.of(path) : undefined;
  }

  #diagnostic(message: esbuild.Message): Diagnostic {
    return fromEsbuild(message, { root: this.#root, severity: 'error', paths: this.#paths });
  }
}

// --- What came out ---

function toBundle(
  { project, files }: BundleOptions,
  paths: SourcePaths,
  result: Result,
  report: Report,
): Bundle {
  const { root, output } = project;
  const { inputs, outputs } = result.metafile;
  const written = new Map(
    result.outputFiles.filter(isWanted).map(({ path, contents, hash }): [string, OutputFile] => {
      return [relative(root, path), { contents: dropPrelude(contents), hash }];
    }),
  );
  const server = `${output}/server/`;
  const made = new Map<string, string>();
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    const name = /^(.*)-[A-Z0-9]{8}\.mjs$/.exec(path)?.[1];
    if (entryPoint !== undefined && name !== undefined) made.set(name.slice(server.length), path);
  }
  const modules = new Map<string, BundledModule>();
  const broken = new Map<string, Diagnostic[]>();
  for (const file of files) {
    const faults = faultsOf(relative(root, realPath(join(root, file))), inputs, (path) =>
      report.of(resolve(root, path)),
    );
    const module = made.get(outName(file));
    if (faults.length > 0) broken.set(file, faults);
    else if (module !== undefined)
      modules.set(file, { module, ...measure(module, outputs, written) });
  }
  return {
    modules,
    broken,
    warnings:
      paths.stubs.size > 0
        ? []
        : result.warnings.map((message) =>
            fromEsbuild(message, { root, severity: 'warning', paths }),
          ),
    outputs: written,
    inputs: Object.keys(inputs)
      .filter(isFile)
      .map((path) => resolve(root, path)),
  };
}

/** The errors of a file and of all that it imports, each once. */
function faultsOf(
  entry: string,
  inputs: esbuild.Metafile['inputs'],
  errorsOf: (path: string) => Diagnostic[] | undefined,
): Diagnostic[] {
  const seen = new Set([entry]);
  const faults = new Set<Diagnostic>();
  for (const path of seen) {
    for (const error of errorsOf(path) ?? []) faults.add(error);
    for (const { path: next, external } of inputs[path]?.imports ?? [])
      if (!external) seen.add(next);
  }
  return [...faults];
}

function measure(
  module: string,
  outputs: esbuild.Metafile['outputs'],
  written: ReadonlyMap<string, OutputFile>,
): { bytes: number; exports: string[] } {
  const loaded = new Set([module]);
  for (const path of loaded) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && !external) loaded.add(next);
    }
  }
  const bytes = [...loaded].reduce(
    (sum, path) => sum + (written.get(path)?.contents.length ?? 0),
    0,
  );
  return { bytes, exports: outputs[module]?.exports ?? [] };
}

/** A route has no use for style sheets; only the class names in them count. */
function isWanted({ path }: esbuild.OutputFile): boolean {
  return !/\.css(?:\.map)?$/.test(path);
}

/** Not one of the modules that plugins and esbuild make up. */
function isFile(path: string): boolean {
  return !/^(?:[\w-]{2,}:|<|\()/.test(path);
}
