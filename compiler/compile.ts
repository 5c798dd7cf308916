// SPDX-License-Identifier: MIT

// From a project folder to a manifest: settings, routes, and every route compiled. `build` does it once, `dev`
// again after each change, and what has not changed is kept between the rounds.

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Bundle, type Bundler, type OutputFile, openBundler } from './bundle.ts';
import { CAPRA_CONFIG, readCapraConfig } from './capra-config.ts';
import { CompileError, type Diagnostic, formatDiagnostics } from './diagnostics.ts';
import { type Discovery, discover, type RouteFile } from './discover.ts';
import { readEnvFiles } from './env-files.ts';
import { installation } from './installation.ts';
import { findInstrumentation } from './instrumentation.ts';
import { type Manifest, type ManifestProxy, type ManifestRoute, makeManifest } from './manifest.ts';
import { compileNative, type NativeBuild, type NativeSettings, NativeTools } from './native.ts';
import { readNativeConfig } from './native-config.ts';
import { type NextConfig, readNextConfig } from './next-config.ts';
import { type PreviewKeys, previewKeys } from './preview-keys.ts';
import type { Project } from './project.ts';
import {
  EXAMPLE,
  findProxy,
  type ProxyFile,
  type ProxyMatcher,
  readMatcher,
  UNREADABLE,
} from './proxy.ts';
import { type ConfigReading, DEFAULT_CONFIG, DYNAMIC_CONFIG, readConfig } from './read-config.ts';
import type { Rules } from './rules.ts';

export interface Compilation {
  /** Every route that could be compiled; the others as `error`. */
  manifest: Manifest;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** Modules to be written before the manifest is; those of C routes are written already. */
  outputs: Map<string, OutputFile>;
  /** All files that the manifest needs, relative to the project folder. */
  files: Set<string>;
  /** What was read, absolute. */
  inputs: Set<string>;
}

/** The `.env` files, capra.json and next.config, and what follows from them. */
export interface Settings {
  envFiles: string[];
  /** What they say, to be compared. */
  environment: string;
  isStrictParity: boolean;
  trustProxy: string | undefined;
  native: NativeSettings;
  nextConfig: NextConfig;
  define: Record<string, string>;
}

const NO_BUNDLE: Bundle = {
  modules: new Map(),
  broken: new Map(),
  warnings: [],
  outputs: new Map(),
  inputs: [],
};

/**
 * Compiles one project, as often as it is asked.
 *
 * @example
 * const compiler = new Compiler(openProject('.', { mode: 'production' }));
 * const { manifest, errors } = await compiler.compile();
 * await compiler.close();
 */
export class Compiler {
  readonly #project: Project;
  readonly #environment: NodeJS.ProcessEnv;
  #nativeTools: NativeTools | undefined;
  #settings: Settings | undefined;
  #discovery: Found | undefined;
  #preview: PreviewKeys | undefined;
  #bundler: { key: string; bundler: Bundler } | undefined;
  /** By file, with the source that it was read from. */
  readonly #configs = new Map<string, { source: string; reading: ConfigReading }>();

  constructor(project: Project, environment: NodeJS.ProcessEnv = process.env) {
    this.#project = project;
    this.#environment = { ...environment };
  }

  /** The `.env` files in use, the one that wins first. */
  async envFiles(): Promise<string[]> {
    return (await this.#readSettings()).envFiles;
  }

  async settings(): Promise<Settings> {
    return this.#readSettings();
  }

  /** The routes, without compiling them. */
  async routes(): Promise<Found> {
    const { nextConfig, isStrictParity } = await this.#readSettings();
    const project = { ...this.#project, isStrictParity };
    this.#discovery ??= findAll(project, nextConfig.pageExtensions);
    return this.#discovery;
  }

  /** Rejects with a `CompileError` when nothing can be served. */
  async compile(): Promise<Compilation> {
    const settings = await this.#readSettings();
    const { nextConfig, define, isStrictParity } = settings;
    const { routes, proxy, instrumentation, conflicts, warnings } = await this.routes();
    const filesOf = (kind: RouteFile['kind']) =>
      routes.filter((route) => route.kind === kind).map(({ file }) => file);
    const failures: Diagnostic[] = [...conflicts];
    const readings = this.#readConfigs(routes, isStrictParity);
    const [bundle, native, configs, reading] = await Promise.all([
      this.#bundle(
        [
          ...filesOf('script'),
          ...(proxy ? [proxy.file] : []),
          ...(instrumentation ? [instrumentation] : []),
        ],
        define,
      ).catch((error: unknown) => {
        if (!(error instanceof CompileError)) throw error;
        failures.push(...error.diagnostics);
        return NO_BUNDLE;
      }),
      readings.then((read) => this.#compileNative(filesOf('native'), read, settings.native)),
      readings,
      proxy && this.#readMatcher(proxy, nextConfig),
    ]);
    const made = routes.map((route) =>
      isStrictParity && isPage(route, this.#project)
        ? pageAsNext(route)
        : this.#finish(route, bundle, native, configs),
    );
    const ahead = proxy && reading && finishProxy(proxy, bundle, reading);
    const first = instrumentation && bundle.modules.get(instrumentation);
    const errors = [
      ...new Set([
        ...[...made, ...(ahead ? [ahead] : [])].flatMap((each) => each.errors),
        ...((instrumentation && bundle.broken.get(instrumentation)) || []),
      ]),
    ];
    if (failures.length > 0) throw new CompileError(...failures, ...errors);
    this.#preview ??= previewKeys(this.#project);
    const manifest = makeManifest({
      capra: installation.version,
      mode: this.#project.mode,
      settings: manifestSettings(settings),
      preview: this.#preview,
      ...(ahead && { proxy: ahead.entry }),
      ...(first && { instrumentation: { file: instrumentation, module: first.module } }),
      ...(forwards(nextConfig.rules) && { forwards: true as const }),
      routes: made.map(({ entry }) => entry),
    });
    const modules = [...native.modules.values()].map(({ module }) => module);
    return {
      manifest,
      errors,
      warnings: [
        ...nextConfig.warnings,
        ...warnings,
        ...made.flatMap((route) => route.warnings),
        ...bundle.warnings,
        ...native.warnings,
      ],
      outputs: bundle.outputs,
      files: new Set([...bundle.outputs.keys(), ...modules]),
      inputs: new Set([...bundle.inputs, ...native.inputs, ...nextConfig.inputs]),
    };
  }

  /**
   * These files, absolute, have changed; of `moved` ones it is new whether they are there.
   *
   * @example
   * compiler.forget(['/srv/app/lib/db.ts'], { moved: false });
   */
  forget(paths: string[], { moved }: { moved: boolean }): void {
    const { root } = this.#project;
    const isSetting = (path: string) =>
      this.#settings?.nextConfig.inputs.includes(path) ||
      (dirname(path) === root && isSettingFile(basename(path)));
    if (paths.some(isSetting)) {
      this.#settings = undefined;
      this.#discovery = undefined;
      this.#configs.clear();
    }
    if (moved) this.#discovery = undefined;
    this.#bundler?.bundler.forget(paths);
  }

  async close(): Promise<void> {
    await this.#bundler?.bundler.close();
    this.#bundler = undefined;
  }

  async #readSettings(): Promise<Settings> {
    this.#settings ??= await readSettings(this.#project, this.#environment);
    return this.#settings;
  }

  async #bundle(files: string[], define: Record<string, string>): Promise<Bundle> {
    const key = JSON.stringify([files, define]);
    if (this.#bundler?.key !== key) {
      await this.close();
      if (files.length === 0) return NO_BUNDLE;
      this.#bundler = {
        key,
        bundler: await openBundler({ project: this.#project, files, define }),
      };
    }
    return this.#bundler.bundler.build();
  }

  async #compileNative(
    files: string[],
    configs: Map<string, ConfigReading>,
    settings: NativeSettings,
  ): Promise<NativeBuild> {
    const { include } = installation;
    const routes = files.map((file) => ({ file, packages: configs.get(file)?.packages ?? [] }));
    const environment = this.#environment;
    const project = this.#project;
    if (routes.length > 0) this.#nativeTools ??= new NativeTools(project.root, environment);
    const tools = this.#nativeTools;
    return compileNative({ project, routes, settings, include, environment, tools });
  }

  async #readMatcher({ file }: ProxyFile, { ruleOptions }: NextConfig): Promise<ProxyMatcher> {
    const { root } = this.#project;
    return readMatcher({ root, file, source: readIfThere(join(root, file)) }, ruleOptions);
  }

  async #readConfigs(
    routes: RouteFile[],
    isStrictParity: boolean,
  ): Promise<Map<string, ConfigReading>> {
    const { root } = this.#project;
    const readings = routes.map(async ({ file, kind }): Promise<[string, ConfigReading]> => {
      const source = readIfThere(join(root, file));
      const last = this.#configs.get(file);
      if (last?.source === source) return [file, last.reading];
      const read = kind === 'native' ? readNativeConfig : readConfig;
      const reading = await read({ root, file, source, isStrictParity });
      this.#configs.set(file, { source, reading });
      return [file, reading];
    });
    return new Map(await Promise.all(readings));
  }

  /** What became of one route. */
  #finish(
    { route, file, kind }: RouteFile,
    bundle: Bundle,
    native: NativeBuild,
    configs: Map<string, ConfigReading>,
  ): Finished {
    const reading = configs.get(file) ?? NO_CONFIG;
    const build = kind === 'script' ? bundle : native;
    const told = [...(build.broken.get(file) ?? []), ...reading.diagnostics];
    const errors = told.filter(isError);
    const made = build.modules.get(file);
    if (!made || errors.length > 0) {
      return {
        entry: { route, file, kind: 'error', message: formatDiagnostics(errors).trimEnd() },
        errors,
        warnings: [],
      };
    }
    const { module, bytes } = made;
    const language = 'cpp' in made && made.cpp ? { cpp: made.cpp } : {};
    const exported = bundle.modules.get(file)?.exports;
    // By `export *`, which is not seen in the route's own source.
    const isElsewhere = !reading.isDeclared && exported?.includes('config');
    const config = isElsewhere ? { ...reading.config, ...DYNAMIC_CONFIG } : reading.config;
    const warnings = told.filter((each) => !isError(each));
    if (exported && !exported.includes('default')) warnings.push(withoutDefault(file));
    const entry = { route, file, kind, module, bytes, ...language, config };
    return { entry, errors, warnings };
  }
}

/** Whether a rewrite leads to another host. */
function forwards(rules: Rules | undefined): boolean {
  const all = rules && [...rules.beforeFiles, ...rules.afterFiles, ...rules.fallback];
  return all?.some(({ to }) => to.origin !== undefined) ?? false;
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

/** Everything in a project that may be compiled. */
export interface Found extends Discovery {
  proxy?: ProxyFile;
  /** A file, relative to the project folder. */
  instrumentation?: string;
}

function findAll(project: Project, pageExtensions: string[] | undefined): Found {
  const discovery = discover(project, pageExtensions);
  const { proxy, conflicts, warnings } = findProxy(project, pageExtensions);
  const instrumentation = findInstrumentation(project, pageExtensions);
  return {
    ...discovery,
    ...(proxy && { proxy }),
    ...(instrumentation && { instrumentation }),
    conflicts: [...discovery.conflicts, ...conflicts],
    warnings: [...discovery.warnings, ...warnings],
  };
}

/** What became of the proxy. One that is broken still is asked about what it was to guard. */
function finishProxy(
  { file, name }: ProxyFile,
  bundle: Bundle,
  { matcher, isDeclared, diagnostics }: ProxyMatcher,
): { entry: ManifestProxy; errors: Diagnostic[] } {
  const made = bundle.modules.get(file);
  const errors = [...(bundle.broken.get(file) ?? []), ...diagnostics];
  const hasHandler = made?.exports.some((each) => each === name || each === 'default');
  if (made && !hasHandler) errors.push(withoutProxy(file, name));
  // By `export *`: the matcher in it would be passed over.
  if (!isDeclared && made?.exports.includes('config'))
    errors.push({ severity: 'error', file, text: UNREADABLE, hint: EXAMPLE });
  const rest = { file, ...(matcher && { matcher }) };
  if (!made || errors.length > 0) {
    const message = formatDiagnostics(errors).trimEnd();
    return { entry: { ...rest, kind: 'error', message }, errors };
  }
  return { entry: { ...rest, kind: 'script', module: made.module, bytes: made.bytes }, errors };
}

function withoutProxy(file: string, name: string): Diagnostic {
  return {
    severity: 'error',
    file,
    text: `The proxy must export a function \`${name}\` or a default one, and exports neither.`,
    hint: `For example: export function ${name}(request) { … }`,
  };
}

/** What became of a route. */
interface Finished {
  entry: ManifestRoute;
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

/** `pages/api.js` itself. */
function isPage({ file, kind }: RouteFile, { pages }: Project): boolean {
  return kind === 'script' && !file.slice(pages.length + 1).includes('/');
}

/** Next takes it for a React page, which it is not: every request is answered with 500. */
function pageAsNext({ route, file }: RouteFile): Finished {
  const text = 'Next takes this file for a page and not for a route: every request to it fails.';
  const hint = 'Name it pages/api/index.js, or do without --parity next.';
  const warning: Diagnostic = { severity: 'warning', file, text, hint };
  return { entry: { route, file, kind: 'error', message: text }, errors: [], warnings: [warning] };
}

const NO_CONFIG: ConfigReading = { config: DEFAULT_CONFIG, isDeclared: false, diagnostics: [] };

/** What is said of a route that exports no handler. */
export function withoutDefault(file: string): Diagnostic {
  return {
    severity: 'warning',
    file,
    text: 'There is no default export, so every request to this route is answered with 500.',
    hint: 'Export the handler: export default function handler(req, res) { … }',
  };
}

async function readSettings(project: Project, environment: NodeJS.ProcessEnv): Promise<Settings> {
  const { isStrictParity, trustProxy, native } = readCapraConfig(project.root);
  const { files, values } = readEnvFiles(project.root, project.mode, environment);
  // next.config may read them; nothing else in this process should.
  const before = { ...process.env };
  Object.assign(process.env, values);
  const nextConfig = await readNextConfig(project).finally(() => {
    for (const name of Object.keys(values)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const inlined = { ...publicVariables({ ...environment, ...values }), ...nextConfig.env };
  const define = Object.entries(inlined)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, value]) => [`process.env.${name}`, JSON.stringify(value)]);
  return {
    envFiles: files,
    environment: JSON.stringify(values),
    isStrictParity: isStrictParity || project.isStrictParity,
    trustProxy,
    native,
    nextConfig,
    define: Object.fromEntries(define),
  };
}

function manifestSettings(settings: Settings): Manifest['settings'] {
  const { isStrictParity, trustProxy, nextConfig } = settings;
  const { env, pageExtensions, ruleOptions, warnings, unapplied, inputs, ...rest } = nextConfig;
  return { parity: isStrictParity, ...(trustProxy && { trustProxy }), ...rest };
}

function isSettingFile(name: string): boolean {
  return name === CAPRA_CONFIG || /^(?:\.env|next\.config\.)/.test(name);
}

function publicVariables(variables: NodeJS.ProcessEnv): Record<string, string> {
  const isPublic = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[0].startsWith('NEXT_PUBLIC_') && entry[1] !== undefined;
  return Object.fromEntries(Object.entries(variables).filter(isPublic));
}

/** Empty when it went away meanwhile. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
