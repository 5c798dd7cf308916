// SPDX-License-Identifier: MIT

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { styleText } from 'node:util';
import { count, duration } from './build.ts';
import { collectChanges } from './burst.ts';
import { type BuildMessage, openChannel } from './channel.ts';
import { type Compilation, Compiler, type Settings } from './compile.ts';
import {
  CompileError,
  type Diagnostic,
  formatDiagnostic,
  formatDiagnostics,
} from './diagnostics.ts';
import { type Manifest, manifestPath, writeManifest } from './manifest.ts';
import { ignoreOutputs, pruneOutputs, writeOutputs } from './output.ts';
import type { Project } from './project.ts';
import { watchProject } from './watch.ts';

const STOP_MS = 2000;

/**
 * `capra dev`: compiles a project now and after every change, until nobody listens any more. A route that cannot be
 * compiled answers with the reason; the others are served. Returns the exit code.
 */
export async function dev(project: Project): Promise<number> {
  const stopped = Promise.withResolvers<void>();
  const channel = openChannel(stopped.resolve);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stopped.resolve());

  const session = new Session(project, (message) => channel.send(message));
  const changes = collectChanges((paths, moved) => session.change(paths, moved));
  const watcher = watchProject({
    root: project.root,
    pages: project.pages,
    onChange: (path, moved) => {
      if (session.concerns(path, moved)) changes.add(path, moved);
    },
    onLimit: warnOfLimit,
  });
  session.onInputs = (inputs) => watcher.add(new Set([...inputs].map(dirname)));
  session.change([], false);

  await stopped.promise;
  // Nobody waits for what is still being compiled, if that takes long.
  setTimeout(() => process.exit(0), STOP_MS).unref();
  watcher.close();
  changes.close();
  channel.close();
  await session.close();
  return 0;
}

function warnOfLimit(folder: string): void {
  const text = `Not every folder can be watched; changes in ${folder} and others go unseen.`;
  const hint = 'The system allows more with: sysctl fs.inotify.max_user_watches=524288';
  process.stderr.write(formatDiagnostic({ severity: 'warning', text, hint }, process.stderr));
}

/** The rounds of compiling, one after the other. */
class Session {
  onInputs: (inputs: Set<string>) => void = () => {};
  readonly #project: Project;
  readonly #send: (message: BuildMessage) => void;
  readonly #compiler: Compiler;
  readonly #written = new Map<string, string>();
  #inputs = new Set<string>();
  /** The build id or the failure of the last round: the same again is no news. */
  #outcome = '';
  /** What the `.env` files said to the workers that run. */
  #environment: string | undefined;
  #told = '';
  #isGreeted = false;
  #isFirst = true;
  #running: Promise<void> | undefined;
  #isDue = false;

  constructor(project: Project, send: (message: BuildMessage) => void) {
    this.#project = project;
    this.#send = send;
    this.#compiler = new Compiler(project);
  }

  /** Whether a change of this file can change the build. */
  concerns(path: string, moved: boolean): boolean {
    if (this.#inputs.has(path)) return true;
    const name = basename(path);
    if (
      dirname(path) === this.#project.root &&
      /^(?:\.env|capra\.json$|next\.config\.|[jt]sconfig|package(?:-lock)?\.json$)/.test(name)
    )
      return true;
    const isSource = /\.(?:[cm]?[jt]sx?|json|c|cc|cpp|h|hh|hpp|css|node)$/.test(name);
    const isPage = path.startsWith(`${join(this.#project.root, this.#project.pages)}/`);
    // A file that came or went may be what an import looks for; a folder may hold some.
    return isSource ? moved || isPage : moved && (isPage || !name.includes('.'));
  }

  change(paths: string[], moved: boolean): void {
    this.#compiler.forget(paths, { moved });
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    this.#isDue = false;
    await this.#running;
    await this.#compiler.close();
  }

  async #run(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      await this.#round();
    }
  }

  async #round(): Promise<void> {
    const start = performance.now();
    try {
      if (this.#isFirst) await this.#greet();
      const compilation = await this.#compiler.compile();
      this.#publish(compilation, await this.#compiler.settings(), start);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #greet(): Promise<void> {
    const files = await this.#compiler.envFiles();
    if (files.length > 0 && !this.#isGreeted)
      process.stdout.write(`  - Environments: ${files.join(', ')}\n`);
    this.#isGreeted = true;
  }

  #publish(
    { manifest, errors, warnings, outputs, files, inputs }: Compilation,
    { environment, envFiles }: Settings,
    start: number,
  ): void {
    // A broken file hides what it imports; those files are still waited for.
    this.#inputs = errors.length > 0 ? this.#inputs.union(inputs) : inputs;
    this.onInputs(this.#inputs);
    const outcome = manifest.buildId;
    const isNewEnvironment = this.#environment !== undefined && this.#environment !== environment;
    if (outcome === this.#outcome && !isNewEnvironment) return;
    this.#outcome = outcome;
    this.#environment = environment;
    const path = manifestPath(this.#project);
    // Somebody has emptied the folder.
    if (!existsSync(join(this.#project.root, path))) this.#written.clear();
    writeOutputs(this.#project, outputs, this.#written);
    writeManifest(this.#project, manifest);
    if (this.#isFirst) {
      ignoreOutputs(this.#project);
      pruneOutputs(this.#project, files);
    }
    const ms = Math.round(performance.now() - start);
    this.#tell([...warnings, ...errors]);
    this.#announce(manifest, ms);
    this.#isFirst = false;
    if (isNewEnvironment)
      process.stdout.write(`  - Reload env: ${envFiles.join(', ') || 'no file is left'}\n`);
    this.#send({ built: path, ms, ...(isNewEnvironment && { isNewEnvironment }) });
  }

  /** The line that a person waits for, in the manner of the supervisor's. */
  #announce({ routes }: Manifest, ms: number): void {
    const broken = routes.filter(({ kind }) => kind === 'error').length;
    const stream = broken === 0 ? process.stdout : process.stderr;
    const mark =
      broken === 0 ? styleText('green', '✓', { stream }) : styleText('red', '⨯', { stream });
    const what = this.#isFirst ? ` ${count(routes.length, 'route')}` : '';
    const but = broken === 0 ? '' : `, ${count(broken, 'route')} broken`;
    stream.write(`  ${mark} Compiled${what} in ${duration(ms)}${but}\n`);
  }

  #fail(error: unknown): void {
    const diagnostics: Diagnostic[] =
      error instanceof CompileError
        ? error.diagnostics
        : [{ severity: 'error', text: (error as Error).stack ?? String(error) }];
    const message = formatDiagnostics(diagnostics).trimEnd();
    if (message === this.#outcome) return;
    this.#outcome = message;
    this.#tell(diagnostics);
    this.#send({ failed: message });
  }

  /** Prints what is wrong, unless it was just what was printed last. */
  #tell(diagnostics: Diagnostic[]): void {
    const text = formatDiagnostics(diagnostics, process.stderr);
    if (text !== this.#told) process.stderr.write(text);
    this.#told = text;
  }
}
