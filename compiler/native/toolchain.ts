// SPDX-License-Identifier: MIT

// The system's compilers, as commands: `CC` and `CXX` name other ones than `cc` and `c++`.

import { type ExecFileException, execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';

export interface Execution {
  failure: ExecFileException | null;
  stdout: string;
  stderr: string;
}

export type Language = 'c' | 'c++';

/** How the file is compiled; undefined when it is no source in C or C++. */
export function languageOf(file: string): Language | undefined {
  if (file.endsWith('.c')) return 'c';
  return /\.(?:cc|cpp)$/.test(file) ? 'c++' : undefined;
}

/**
 * Runs commands in a project's folder, no more at once than there are processors.
 *
 * @example
 * const { stderr } = await new Toolchain('/srv/app', process.env).run(['cc', '-c', 'a.c']);
 */
export class Toolchain {
  readonly #root: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #versions = new Map<string, Promise<string>>();
  readonly #waiting: (() => void)[] = [];
  #free = availableParallelism();

  constructor(root: string, environment: NodeJS.ProcessEnv) {
    this.#root = root;
    // What is read must be in one language.
    this.#environment = { ...environment, LC_ALL: 'C' };
  }

  /** The compiler's command and what comes before all other arguments. */
  compiler(language: Language): string[] {
    const { CC, CXX } = this.#environment;
    return language === 'c' ? words(CC || 'cc') : words(CXX || 'c++');
  }

  /** What the compiler says of itself; empty when there is none. */
  version(command: string[]): Promise<string> {
    const key = command.join(' ');
    const known = this.#versions.get(key);
    if (known) return known;
    const version = this.run([...command, '--version']).then(({ stdout }) => stdout);
    this.#versions.set(key, version);
    return version;
  }

  async run([file = '', ...args]: string[]): Promise<Execution> {
    await this.#enter();
    const options = { cwd: this.#root, env: this.#environment, maxBuffer: 64 * 1024 ** 2 };
    return new Promise<Execution>((done) => {
      execFile(file, args, options, (failure, stdout, stderr) => done({ failure, stdout, stderr }));
    }).finally(() => this.#leave());
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter) => this.#waiting.push(enter));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** The words of a command line; nothing is quoted in it. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
