// SPDX-License-Identifier: MIT

// A project as `capra check` sees it: what a build of it says, and what the rules find in its sources. A fault in
// one place does not keep the others from being looked at.

import { readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Compiler, withoutDefault } from '../compile.ts';
import { CompileError, type Diagnostic } from '../diagnostics.ts';
import { type Discovery, discover, type RouteFile } from '../discover.ts';
import { readEnvFiles } from '../env-files.ts';
import { nextConfigFile } from '../next-config.ts';
import { isFolder, openProject, type Project } from '../project.ts';
import { findProxy } from '../proxy.ts';
import { type ConfigReading, readConfig } from '../read-config.ts';
import { type App, findRoutes } from './app.ts';
import type { Finding } from './finding.ts';
import { loadModules } from './load.ts';
import { RULES } from './rules.ts';

export interface Inspection {
  findings: Finding[];
  routes: number;
  /** Files that were read, npm packages not among them. */
  files: number;
}

/**
 * Looks at a project. Rejects with a `CompileError` only when there is no such folder.
 *
 * @example
 * const { findings } = await inspect('examples/tutorial');
 */
export async function inspect(
  folder: string,
  { isStrictParity = false } = {},
): Promise<Inspection> {
  const collected: Finding[] = [];
  const add = (rule: string, diagnostics: readonly Diagnostic[]) =>
    void collected.push(...diagnostics.map((each) => ({ ...each, rule })));
  const project = open(folder, isStrictParity, add);
  const root = project?.root ?? realpathSync(folder);
  const built = project && (await build(project, add));
  const routes = built?.routes ?? [];
  const parity = built?.isStrictParity ?? isStrictParity;
  const scripts = routes.filter(({ kind }) => kind === 'script');
  const readings = await readConfigs(root, scripts);
  addConfigs(readings, parity, add);
  const ahead = [built?.proxy, built?.instrumentation].filter((file) => file !== undefined);
  const modules = await loadModules(root, [...ahead, ...readings.keys()]);
  const config = nextConfigFile(root);
  const app: App = {
    root,
    routes,
    configs: new Map([...readings].map(([file, reading]) => [file, reading.config])),
    modules,
    routesTo: findRoutes(scripts, modules),
    instrumentation: built?.instrumentation,
    variables: variablesOf(root),
    unapplied: built?.unapplied ?? [],
    ...(config && { nextConfigFile: config }),
    extra: await loadModules(root, config ? [config] : []),
  };
  for (const rule of RULES) add(rule.name, [...rule.check(app)]);
  return {
    findings: inOrder(withoutEchoes(collected)),
    routes: routes.length,
    files: modules.size,
  };
}

interface Built {
  routes: RouteFile[];
  /** The file of the project's proxy. */
  proxy?: string;
  instrumentation?: string;
  unapplied: string[];
  isStrictParity?: boolean;
}

type Add = (rule: string, diagnostics: readonly Diagnostic[]) => void;

function open(folder: string, isStrictParity: boolean, add: Add): Project | undefined {
  try {
    // A folder of its own, so that nothing of the project is touched.
    return {
      ...openProject(folder, { mode: 'production', isStrictParity }),
      output: `.capra/check-${process.pid}`,
    };
  } catch (error) {
    if (!(error instanceof CompileError) || !isFolder(folder)) throw error;
    add('project', error.diagnostics);
    return undefined;
  }
}

// --- What a build says ---

async function build(project: Project, add: Add): Promise<Built> {
  const compiler = new Compiler(project);
  const built: Built = { routes: [], unapplied: [] };
  try {
    const { nextConfig, isStrictParity } = await compiler.settings();
    const discovery = await compiler.routes();
    Object.assign(built, {
      routes: discovery.routes,
      proxy: discovery.proxy?.file,
      instrumentation: discovery.instrumentation,
      unapplied: nextConfig.unapplied,
    });
    addDiscovery(discovery, add);
    const { errors, warnings } = await compiler.compile();
    add('build', errors);
    // Rules say these in more words.
    const isKnown = (each: Diagnostic) =>
      [...nextConfig.warnings, ...discovery.warnings].includes(each) ||
      each.text === withoutDefault('').text;
    add(
      'build',
      warnings.filter((each) => !isKnown(each)),
    );
    return { ...built, isStrictParity };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    add('build', error.diagnostics);
    if (built.routes.length > 0) return built;
    const discovery = discover(project);
    addDiscovery(discovery, add);
    return { ...built, routes: discovery.routes, proxy: findProxy(project).proxy?.file };
  } finally {
    await compiler.close();
    cleanUp(project);
  }
}

function addDiscovery({ conflicts, warnings }: Discovery, add: Add): void {
  add('routes', conflicts);
  add(
    'routes',
    warnings.map((each) => (each.file ? each : { ...each, severity: 'note' as const })),
  );
}

function cleanUp({ root, output }: Project): void {
  rmSync(join(root, output), { recursive: true, force: true });
  try {
    // Only when it is empty: it was not there before.
    rmdirSync(join(root, '.capra'));
  } catch {
    // A build is in it.
  }
}

// --- What the routes say of themselves ---

async function readConfigs(
  root: string,
  scripts: RouteFile[],
): Promise<Map<string, ConfigReading>> {
  const readings = scripts.map(async ({ file }): Promise<[string, ConfigReading]> => {
    const source = readIfThere(join(root, file));
    return [file, await readConfig({ root, file, source })];
  });
  return new Map(await Promise.all(readings));
}

const NO_LIMIT =
  'Next takes it for no limit at all, without a word: any client can fill the memory.';

/** A size that is none is an error of the build, but with `--parity next` nobody else would tell. */
function addConfigs(readings: Map<string, ConfigReading>, isStrictParity: boolean, add: Add): void {
  for (const { diagnostics } of readings.values()) {
    for (const each of diagnostics) {
      const isSize = / which is no size\.$/.test(each.text);
      if (isSize) {
        const severity = isStrictParity ? 'warning' : 'error';
        add('invalid-size', [{ ...each, severity, why: NO_LIMIT } as Finding]);
      } else if (!isStrictParity) add('route-config', [each]);
    }
  }
}

/** Set here, or by a file for whichever mode. */
function variablesOf(root: string): Set<string> {
  const files = (['production', 'development'] as const).flatMap((mode) =>
    Object.keys(readEnvFiles(root, mode).values),
  );
  return new Set([...Object.keys(process.env), ...files]);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// --- One after the other ---

const SEVERITIES = ['error', 'warning', 'note'] as const;

function inOrder(findings: Finding[]): Finding[] {
  const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  return findings.toSorted(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      compare(a.file ?? '', b.file ?? '') ||
      compare(a.line ?? 0, b.line ?? 0) ||
      compare(a.column ?? 0, b.column ?? 0),
  );
}

/** Without what was said before in other words: a build says again what a rule or the config has told. */
function withoutEchoes(findings: Finding[]): Finding[] {
  const told = new Set(findings.filter(({ rule }) => rule !== 'build').map(keyOf));
  const seen = new Set<string>();
  return findings.filter((each) => {
    const key = keyOf(each);
    const isEcho = each.rule === 'build' && (told.has(key) || seen.has(key));
    seen.add(key);
    return !isEcho;
  });
}

/** An import of a module of Next that cannot be resolved is the rule's to tell: of it the place counts. */
function keyOf({ rule, file, files, line, text }: Finding): string {
  const isOfNext = rule === 'next-module' || /^Could not resolve "next\//.test(text);
  return JSON.stringify([file, files, line, isOfNext ? 'next' : text]);
}
