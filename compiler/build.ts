// SPDX-License-Identifier: MIT

import { styleText } from 'node:util';
import { Compiler } from './compile.ts';
import { CompileError, type Diagnostic, formatDiagnostics } from './diagnostics.ts';
import { type BuiltRoute, writeManifest } from './manifest.ts';
import {
  ignoreOutputs,
  lastOutputs,
  pruneOutputs,
  rememberOutputs,
  writeOutputs,
} from './output.ts';
import type { Project } from './project.ts';
import { routeTable } from './table.ts';

/**
 * `capra build`: compiles a project for production and prints its routes. When anything is wrong everything that
 * is wrong is printed, and the last build stays as it was. Returns the exit code.
 */
export async function build(project: Project): Promise<number> {
  const { stdout, stderr } = process;
  const start = performance.now();
  const compiler = new Compiler(project);
  try {
    const envFiles = await compiler.envFiles();
    if (envFiles.length > 0) stdout.write(`- Environments: ${envFiles.join(', ')}\n\n`);
    const { routes } = await compiler.routes();
    const done = showProgress(`Compiling ${count(routes.length, 'route')} …`);
    const { manifest, errors, warnings, outputs, files } = await compiler.compile().finally(done);
    stderr.write(formatDiagnostics(warnings, stderr));
    if (errors.length > 0) return fail(errors);
    ignoreOutputs(project);
    writeOutputs(project, outputs);
    writeManifest(project, manifest);
    // A server that runs the last build may yet load a module of it.
    pruneOutputs(project, new Set([...files, ...lastOutputs(project)]));
    rememberOutputs(project, files);
    const built = manifest.routes.filter((route): route is BuiltRoute => route.kind !== 'error');
    if (built.length === 0)
      stderr.write(
        `There are no routes in ${project.pages}/api. Make ${project.pages}/api/hello.ts, and it is the route /api/hello.\n`,
      );
    else stdout.write(`${routeTable(built, stdout, manifest.proxy)}\n`);
    const check = styleText('green', '✓', { stream: stdout });
    stdout.write(
      `${check} Built ${count(built.length, 'route')} in ${duration(performance.now() - start)}\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof CompileError) return fail(error.diagnostics);
    throw error;
  } finally {
    await compiler.close();
  }
}

function fail(errors: Diagnostic[]): number {
  const { stderr } = process;
  stderr.write(formatDiagnostics(errors, stderr));
  const mark = styleText('red', '⨯', { stream: stderr });
  stderr.write(
    `${mark} Build failed: ${count(errors.length, 'error')}. The last build is as it was.\n`,
  );
  return 1;
}

/** One line that goes away again; only where somebody watches. */
function showProgress(text: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  stderr.write(styleText('dim', text, { stream: stderr }));
  return () => void stderr.write('\r\x1b[2K');
}

/**
 * A number and its noun.
 *
 * @example
 * count(2, 'route'); // '2 routes'
 */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * A time that took as long as a person waits.
 *
 * @example
 * duration(1234); // '1.2 s'
 */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
