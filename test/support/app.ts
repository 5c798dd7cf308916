// SPDX-License-Identifier: MIT

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { capra } from './command.ts';

/** A project's files: path and text. */
export type Files = Record<string, string>;

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder under the system's temporary one, removed when the test process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capra-test-'));
  folders.push(folder);
  return folder;
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/**
 * A project with these files in a temporary folder.
 *
 * @example
 * const folder = makeApp({ 'pages/api/hello.js': 'export default (req, res) => res.end("hello")' });
 */
export function makeApp(files: Files): string {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  return folder;
}

const built = new Map<string, Promise<string>>();

/** The folder of a built project: files are written and built once for the same content. */
export function buildApp(app: Files | string): Promise<string> {
  const key = typeof app === 'string' ? app : JSON.stringify(app);
  const known = built.get(key);
  if (known) return known;
  const folder = build(typeof app === 'string' ? app : makeApp(app));
  built.set(key, folder);
  return folder;
}

async function build(folder: string): Promise<string> {
  const { code, stdout, stderr } = await capra(['build', folder]);
  if (code !== 0) throw new Error(`capra build ended with ${code}\n${stdout}${stderr}`);
  return folder;
}
