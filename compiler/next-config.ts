// SPDX-License-Identifier: MIT

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openBundler } from './bundle.ts';
import { CompileError, type Diagnostic, diagnosticAt } from './diagnostics.ts';
import { PAGE_EXTENSIONS } from './discover.ts';
import type { Settings } from './manifest.ts';
import type { Project } from './project.ts';
import { compileRules, type RuleOptions, type Rules } from './rules.ts';
import { parseSize, SIZE_RULE } from './size.ts';

/** What the compiler and the server need of next.config. */
export interface NextConfig extends NextOptions {
  warnings: Diagnostic[];
  /** What it says that has no meaning for routes, `experimental.` before the options there. */
  unapplied: string[];
  /** The files that it was made of, absolute. */
  inputs: string[];
}

/** What of the settings next.config decides, and what only the build needs of it. */
interface NextOptions extends Omit<Settings, 'parity' | 'trustProxy'> {
  /** The extensions of pages, when the project has its own. */
  pageExtensions?: string[];
  /** Names that are replaced by their values: `process.env.NAME`. */
  env: Record<string, string>;
  /** What patterns of paths depend on. */
  ruleOptions: RuleOptions;
}

const FILES = ['next.config.js', 'next.config.mjs', 'next.config.ts', 'next.config.mts'];

/** What Next assumes where next.config says nothing; a function in next.config is given it. */
const DEFAULTS = {
  basePath: '',
  trailingSlash: false,
  skipTrailingSlashRedirect: false,
  compress: true,
  poweredByHeader: true,
  generateEtags: true,
  pageExtensions: PAGE_EXTENSIONS,
  env: {},
  i18n: null,
  distDir: '.next',
  serverExternalPackages: [],
  experimental: {},
};

const FLAGS = [
  'trailingSlash',
  'skipTrailingSlashRedirect',
  'compress',
  'poweredByHeader',
  'generateEtags',
] as const;

/** `serverExternalPackages` and `i18n` say what holds here anyway: packages are never bundled, routes have no locale. */
const READ = [
  ...FLAGS,
  'basePath',
  'env',
  'experimental',
  'headers',
  'i18n',
  'pageExtensions',
  'redirects',
  'rewrites',
  'serverExternalPackages',
];

/**
 * Reads next.config, if the project has one. It is compiled as routes are, and then run.
 *
 * @example
 * (await readNextConfig(project)).pageExtensions; // ['api.ts']
 */
export async function readNextConfig(project: Project): Promise<NextConfig> {
  const file = nextConfigFile(project.root);
  if (!file) return { ...(await check({}, '')), inputs: [] };
  const bundler = await openBundler({ project, files: [file] });
  try {
    const { modules, broken, outputs, inputs } = await bundler.build();
    const entry = modules.get(file);
    if (!entry) throw new CompileError(...(broken.get(file) ?? []));
    const written = [...outputs].map(([path, { contents }]): [string, Uint8Array] => [
      join(project.root, path),
      contents,
    ]);
    return { ...(await run(project, file, entry.module, written)), inputs };
  } finally {
    await bundler.close();
  }
}

/** The file that counts, relative to the root. */
export function nextConfigFile(root: string): string | undefined {
  return FILES.find((name) => existsSync(join(root, name)));
}

async function run(
  project: Project,
  file: string,
  module: string,
  outputs: [path: string, contents: Uint8Array][],
): Promise<Omit<NextConfig, 'inputs'>> {
  const had = process.sourceMapsEnabled;
  try {
    for (const [path, contents] of outputs) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contents);
    }
    process.setSourceMapsEnabled(true);
    const { default: exported } = await import(pathToFileURL(join(project.root, module)).href);
    const phase =
      project.mode === 'development' ? 'phase-development-server' : 'phase-production-build';
    const value = await (typeof exported === 'function'
      ? exported(phase, { defaultConfig: structuredClone(DEFAULTS) })
      : exported);
    return await check(value, file);
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw new CompileError(explain(error, project.root, file));
  } finally {
    process.setSourceMapsEnabled(had);
    for (const [path] of outputs) rmSync(path, { force: true });
  }
}

/** What the file's own code threw, at the line that did. */
function explain(error: unknown, root: string, file: string): Diagnostic {
  const text = `${file} failed: ${error instanceof Error ? error.message : String(error)}`;
  const stack = error instanceof Error ? String(error.stack) : '';
  for (const [, url = '', line, column] of stack.matchAll(/(\/[^\s()]+?):(\d+):(\d+)\)?$/gm)) {
    const path = relative(
      root,
      stack.includes(`file://${url}`) ? fileURLToPath(`file://${url}`) : url,
    );
    if (path.startsWith('..') || /(?:^|\/)(?:node_modules|\.capra)\//.test(path)) continue;
    const place = { file: path, line: Number(line), column: Number(column) };
    return diagnosticAt(root, place, { severity: 'error', text });
  }
  return { severity: 'error', file, text };
}

// --- What it says ---

type Fields = Record<string, unknown>;

/** Every fault is told, not only the first. */
class Faults {
  readonly file: string;
  readonly list: Diagnostic[] = [];

  constructor(file: string) {
    this.file = file;
  }

  add(text: string): void {
    this.list.push({ severity: 'error', file: this.file, text });
  }
}

async function check(value: unknown, file: string): Promise<Omit<NextConfig, 'inputs'>> {
  const faults = new Faults(file);
  if (typeof value !== 'object' || value === null) {
    const what = value === null ? 'null' : typeof value;
    faults.add(`${basename(file)} must export an object, and exports ${what}.`);
    throw new CompileError(...faults.list);
  }
  const config = value as Fields;
  const options = {
    ...readFlags(config, faults),
    ...readExtensions(config, faults),
    basePath: readBasePath(config, faults),
    env: readEnv(config, faults),
    ...readProxyLimit(config, faults),
  };
  const ruleOptions = readRuleOptions(config, options.basePath, faults);
  const rules = await readRules(config, ruleOptions, faults);
  if (faults.list.length > 0) throw new CompileError(...faults.list);
  const unapplied = unappliedIn(config);
  return {
    ...options,
    ruleOptions,
    ...(rules && { rules }),
    unapplied,
    warnings: warningsOf(unapplied, file),
  };
}

function readFlags(config: Fields, faults: Faults) {
  const flags = FLAGS.map((name): [(typeof FLAGS)[number], boolean] => {
    const flag = config[name] ?? DEFAULTS[name];
    if (typeof flag !== 'boolean')
      faults.add(`\`${name}\` must be true or false, and is ${JSON.stringify(flag)}.`);
    return [name, flag === true];
  });
  return Object.fromEntries(flags) as Record<(typeof FLAGS)[number], boolean>;
}

function readExtensions({ pageExtensions }: Fields, faults: Faults): { pageExtensions?: string[] } {
  if (pageExtensions === undefined) return {};
  if (isTexts(pageExtensions)) return { pageExtensions };
  faults.add(
    "`pageExtensions` must be a list of extensions without a leading dot, such as ['ts', 'api.ts'].",
  );
  return {};
}

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && /^[^./][^/]*$/.test(item))
  );
}

function readBasePath({ basePath = '' }: Fields, faults: Faults): string {
  if (typeof basePath !== 'string') {
    faults.add(`\`basePath\` must be a text, and is ${JSON.stringify(basePath)}.`);
  } else if (basePath === '/') {
    faults.add("`basePath` must not be `/`: leave it out, or say ''.");
  } else if (basePath !== '' && !basePath.startsWith('/')) {
    faults.add(`\`basePath\` must start with \`/\`, and is \`${basePath}\`: say \`/${basePath}\`.`);
  } else if (basePath.endsWith('/')) {
    faults.add(`\`basePath\` must not end with \`/\`, and is \`${basePath}\`.`);
  } else if (/[?#:*(){}\\\s]|\/\//.test(basePath)) {
    faults.add(`\`basePath\` must be a plain path, and is \`${basePath}\`.`);
  } else {
    return basePath;
  }
  return '';
}

function readEnv({ env = {} }: Fields, faults: Faults): Record<string, string> {
  if (typeof env !== 'object' || env === null) {
    faults.add('`env` must be an object of texts.');
    return {};
  }
  const values = Object.entries(env).filter(([, text]) => text !== undefined);
  for (const [name] of values) {
    if (/^(?:NODE_|__)/.test(name) || name === 'NEXT_RUNTIME')
      faults.add(`\`env\` must not set ${name}, which has a meaning of its own.`);
  }
  return Object.fromEntries(values.map(([name, text]) => [name, String(text)]));
}

/** Next calls it by the proxy's former name as well. */
const PROXY_LIMITS = ['proxyClientMaxBodySize', 'middlewareClientMaxBodySize'];

function readProxyLimit(
  config: Fields,
  faults: Faults,
): { proxyBodyLimit: number; proxyBodyLimitText: string } {
  const experimental = (config.experimental ?? {}) as Fields;
  const name = PROXY_LIMITS.find((each) => experimental[each] !== undefined);
  const value = name === undefined ? '10mb' : experimental[name];
  const bytes = parseSize(value);
  if (bytes === undefined)
    faults.add(
      `\`experimental.${name}\` is ${JSON.stringify(value)}, which is no size. A size is ${SIZE_RULE}.`,
    );
  return { proxyBodyLimit: bytes ?? 0, proxyBodyLimitText: String(value) };
}

function readRuleOptions(config: Fields, basePath: string, faults: Faults): RuleOptions {
  const { experimental, i18n } = config as { experimental?: Fields; i18n?: Fields | null };
  const locales = i18n?.locales ?? [];
  const isList = Array.isArray(locales) && locales.every((locale) => typeof locale === 'string');
  if (!isList) faults.add('`i18n.locales` must be a list of texts.');
  return {
    basePath,
    isCaseSensitive: experimental?.caseSensitiveRoutes === true,
    locales: isList ? locales : [],
  };
}

async function readRules(
  config: Fields,
  options: RuleOptions,
  faults: Faults,
): Promise<Rules | undefined> {
  const { rules, errors } = compileRules(
    {
      headers: await call('headers', config, faults),
      redirects: await call('redirects', config, faults),
      rewrites: await call('rewrites', config, faults),
    },
    options,
  );
  for (const { text, hint } of errors)
    faults.list.push({ severity: 'error', file: faults.file, text, ...(hint && { hint }) });
  return rules;
}

async function call(name: string, config: Fields, faults: Faults): Promise<unknown> {
  const list = config[name];
  if (list === undefined || list === null) return undefined;
  if (typeof list === 'function') return (await list.call(config)) ?? [];
  faults.add(`\`${name}\` must be a function that returns the rules, and is a ${typeof list}.`);
  return undefined;
}

/** One line for all that has no meaning for routes. */
function warningsOf(unapplied: string[], file: string): Diagnostic[] {
  if (unapplied.length === 0) return [];
  return [{ severity: 'warning', file, text: `Not applied to routes: ${unapplied.join(', ')}.` }];
}

function unappliedIn(config: Fields): string[] {
  const names = Object.keys(config).filter(
    (name) => !READ.includes(name) && config[name] !== undefined && !isDefault(name, config[name]),
  );
  const experimental = Object.keys((config.experimental ?? {}) as object)
    .filter((name) => name !== 'caseSensitiveRoutes' && !PROXY_LIMITS.includes(name))
    .map((name) => `experimental.${name}`);
  return [...names, ...experimental];
}

/** Of a config that was made from `defaultConfig`. */
function isDefault(name: string, value: unknown): boolean {
  return name in DEFAULTS && JSON.stringify(value) === JSON.stringify(DEFAULTS[name as 'distDir']);
}
