// SPDX-License-Identifier: MIT

// The files of a build. Their names have a hash, so files of several builds lie side by side; the manifest
// says which ones count.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { OutputFile } from './bundle.ts';
import { writeWhole } from './manifest.ts';
import type { Project } from './project.ts';

/** Writes what is not there yet; `written` remembers it for the next call. */
export function writeOutputs(
  { root }: Project,
  outputs: Map<string, OutputFile>,
  written = new Map<string, string>(),
): void {
  for (const [path, { contents, hash }] of outputs) {
    if (written.get(path) === hash) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), contents);
    written.set(path, hash);
  }
}

/** Keeps what was made out of the project's history, whatever its own .gitignore says. */
export function ignoreOutputs({ root }: Project): void {
  const file = join(root, '.capra/.gitignore');
  if (!existsSync(file)) writeWhole(file, '*\n');
}

/** Removes the modules of earlier builds, but for those to keep, which are relative to the project folder. */
export function pruneOutputs({ root, output }: Project, keep: ReadonlySet<string>): void {
  for (const folder of ['server', 'native']) pruneFolder(root, `${output}/${folder}`, keep);
}

function pruneFolder(root: string, folder: string, keep: ReadonlySet<string>): void {
  if (!existsSync(join(root, folder))) return;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) pruneFolder(root, path, keep);
    else if (!keep.has(path)) rmSync(join(root, path), { force: true });
  }
  if (readdirSync(join(root, folder)).length === 0) rmdirSync(join(root, folder));
}

const LIST = 'outputs.json';

/** The files of the last build. A server that still runs it may load them yet. */
export function lastOutputs({ root, output }: Project): string[] {
  try {
    return JSON.parse(readFileSync(join(root, output, LIST), 'utf8'));
  } catch {
    return [];
  }
}

export function rememberOutputs({ root, output }: Project, files: Iterable<string>): void {
  writeWhole(join(root, output, LIST), JSON.stringify([...files]));
}
