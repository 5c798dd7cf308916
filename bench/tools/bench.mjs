// SPDX-License-Identifier: MIT
// What a workload and a peer get to work with.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { environment, freePort, startServer } from './server.mjs';

const PROGRAMS = ['epoll', 'listen', 'load', 'start', 'upload'];

// As the release build compiles Capra (cmake/flags.cmake), so that the limit has no advantage.
const FLAGS =
  '-std=gnu17 -D_GNU_SOURCE -O2 -g -fno-omit-frame-pointer -fPIE -pie -fstack-protector-strong ' +
  '-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Wl,-z,relro,-z,now';

/** The CPUs that this process may use, as the kernel lists them ("0-2,5"). */
function allowedCpus() {
  const line = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return line[1].split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

const modifiedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

export class Bench {
  #ready = new Map();
  #packages;

  /**
   * @param {{ folder: string, progress: object, rounds: number, seconds: number, warmup: number,
   *   starts: number, connections: number, cpus?: number[] }} options
   */
  constructor({ folder, progress, cpus = allowedCpus(), ...settings }) {
    this.folder = folder;
    this.root = dirname(folder);
    this.output = join(this.root, 'build/bench');
    this.progress = progress;
    this.settings = settings;
    this.serverCpu = cpus[0];
    this.loadCpu = cpus[1] ?? cpus[0];
    this.peers = [];
    this.versions = {};
    this.missing = [];
    mkdirSync(join(this.output, 'tools'), { recursive: true });
  }

  /** One of the programs in C beside this folder, compiled when its source is newer. */
  program(name) {
    return join(this.output, 'tools', name);
  }

  compilePrograms() {
    for (const name of PROGRAMS) {
      const source = join(this.folder, `${name}.c`);
      const changed = Math.max(modifiedAt(source), modifiedAt(join(this.folder, 'target.h')));
      if (modifiedAt(this.program(name)) > changed) continue;
      this.progress.say(`compiling ${name}.c`);
      execFileSync(
        process.env.CC ?? 'cc',
        [...FLAGS.split(' '), source, '-o', this.program(name)],
        {
          stdio: ['ignore', 'inherit', 'inherit'],
        },
      );
    }
  }

  /** A folder of its own for files that a peer writes. */
  scratch(name) {
    return join(this.output, name);
  }

  /** An executable in bench/node_modules by a pattern, for its package is named after the platform. */
  package(pattern) {
    const [found] = globSync(join(this.folder, 'node_modules', pattern));
    if (!found) throw new Error(`its npm package has no ${pattern} for this platform`);
    return found;
  }

  /**
   * A program of Debian, unpacked into a folder of ours: nothing is installed, and no service is
   * started by the way. Elsewhere, the one on the PATH.
   *
   * @returns {string} its path
   * @example const nginx = bench.debian('nginx', 'usr/sbin/nginx');
   */
  debian(name, program) {
    const folder = this.scratch('debian');
    const path = join(folder, program);
    if (existsSync(path)) return path;
    const found = process.env.PATH.split(':')
      .map((place) => join(place, basename(program)))
      .find((place) => existsSync(place));
    if (found) return found;
    mkdirSync(folder, { recursive: true });
    this.progress.say(`fetching ${name} (once)`);
    execFileSync('apt-get', ['download', '-qq', name], { cwd: folder, stdio: 'pipe' });
    const [file] = globSync(join(folder, `${name}_*.deb`));
    execFileSync('dpkg-deb', ['-x', file, folder], { stdio: 'pipe' });
    return path;
  }

  /** Installs what package-lock.json names, once. */
  async #installPackages() {
    const lock = join(this.folder, 'package-lock.json');
    if (modifiedAt(join(this.folder, 'node_modules/.package-lock.json')) > modifiedAt(lock)) return;
    const names = Object.keys(
      JSON.parse(readFileSync(join(this.folder, 'package.json'))).dependencies,
    );
    this.progress.say(`installing ${names.join(', ')} into bench/node_modules (once)`);
    await this.execute('npm', ['ci', '--no-progress', '--loglevel=error'], { cwd: this.folder });
  }

  /** Runs a program to its end. Its output is in the error when it fails. */
  execute(file, argv, options = {}) {
    return new Promise((resolve, reject) => {
      const onEnd = (error, stdout, stderr) =>
        error
          ? reject(new Error(`${[file, ...argv].join(' ')}\n${(stdout + stderr).trim() || error}`))
          : resolve(stdout);
      execFile(file, argv, { env: environment(), maxBuffer: 2 ** 24, ...options }, onEnd);
    });
  }

  firstLine(file, ...argv) {
    const text = execFileSync(file, argv, { encoding: 'utf8', env: environment() });
    return text.split('\n')[0].trim();
  }

  /** Those of the peers that can serve this kind of app, built. Why one cannot is in `missing`. */
  async serversFor(app) {
    const servers = [];
    for (const peer of this.peers)
      if ((peer.apps ?? ['hello']).includes(app) && (await this.#isReady(peer, app)))
        servers.push(peer);
    return servers;
  }

  /** Prepares a peer once for each kind of app. */
  async #isReady(peer, app) {
    const key = `${peer.name} ${app}`;
    if (!this.#ready.has(key)) this.#ready.set(key, this.#prepare(peer, app));
    return this.#ready.get(key);
  }

  async #prepare(peer, app) {
    try {
      this.#packages ??= peer.isFromNpm ? this.#installPackages() : undefined;
      if (peer.isFromNpm) await this.#packages;
      await peer.prepare?.({ bench: this, app });
      this.versions[peer.name] ??= peer.version({ bench: this });
      return true;
    } catch (error) {
      this.missing.push({ server: peer.name, app, failure: error.message });
      this.progress.say(`${peer.name} is left out of ${app}: ${error.message}`);
      return false;
    }
  }

  /**
   * Starts a peer with an app and waits for its first answer. The caller stops it. `how` goes to the
   * peer's `command`: a `folder` to serve instead, `options` of Capra's own. `cpu`: a list of CPUs
   * for the server, as taskset takes it, in place of its one.
   */
  async start(peer, app, how = {}) {
    const port = await freePort();
    const command = peer.command({ bench: this, port, app, ...how });
    const logFile = join(this.output, `${peer.name}.log`);
    return startServer({ command, port, cpu: how.cpu ?? this.serverCpu, logFile });
  }

  /**
   * Puts load on a server. Returns the report of load.c; answers that were wrong or missing are in
   * it and no exception.
   *
   * @example const report = await bench.load(server, { connections: 64, seconds: 2, length: 37 });
   */
  async load(server, { path = '/api/hello', headers = [], ...options }) {
    const argv = this.#loadArguments({ headers, ...options });
    const child = spawn(this.program('load'), [...argv, server.origin + path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (!output) throw new Error(complaint.trim() || 'load ended without a report');
    return JSON.parse(output);
  }

  /** Opens connections that have asked once and then idle until `release`. */
  async hold(server, { connections, path = '/api/hello', seconds = 120 }) {
    const argv = this.#loadArguments({ connections, seconds, headers: [] });
    const child = spawn(this.program('load'), [...argv, '--hold', server.origin + path], {
      stdio: 'pipe',
    });
    const next = this.#linesOf(child);
    const { held } = await next();
    return {
      held,
      /** Asks once more on each connection and closes them. Returns load's report. */
      async release() {
        child.stdin.end('\n');
        return next();
      },
    };
  }

  /**
   * Clients that listen to server-sent events until `close`. Each has heard its first one.
   *
   * @example const listeners = await bench.listen(server, { path: '/api/events', clients: 1000 });
   */
  async listen(server, { path, clients }) {
    const argv = ['--cpu', String(this.loadCpu), String(clients), server.origin + path];
    const child = spawn(this.program('listen'), argv, { stdio: 'pipe' });
    const next = this.#linesOf(child);
    const heard = (await next()).clients;
    if (heard !== clients) throw new Error(`only ${heard} of ${clients} clients heard anything`);
    return {
      /** How many events have come so far, at all of them. */
      async count() {
        child.stdin.write('\n');
        const { events, lost } = await next();
        if (lost > 0) throw new Error(`${lost} clients were cut off`);
        return events;
      },
      async close() {
        child.stdin.end();
        await once(child, 'exit');
      },
    };
  }

  /** The lines of JSON that a program says, one at each call. */
  #linesOf(child) {
    const complaint = text(child.stderr);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error((await complaint).trim() || 'it ended without a report');
      return JSON.parse(value);
    };
  }

  /** Sends one large body. Returns the answer's `status` (0: none), the bytes `sent`, the `seconds`. */
  async upload(server, { path, bytes }) {
    return JSON.parse(
      await this.execute(this.program('upload'), [String(bytes), server.origin + path]),
    );
  }

  /** Microseconds from the start of a command to its first answer, or to its end without a `url`. */
  async startTime(command, url) {
    const argv = ['--cpu', String(this.serverCpu), ...(url ? ['--url', url] : []), '--'];
    const options = { cwd: command.cwd, env: environment(command.env) };
    const output = await this.execute(this.program('start'), [...argv, ...command.argv], options);
    return JSON.parse(output).us;
  }

  #loadArguments({ headers, ...options }) {
    const argv = ['--cpu', String(this.loadCpu)];
    for (const [name, value] of Object.entries(options))
      if (value !== undefined) argv.push(`--${name}`, String(value));
    for (const header of headers) argv.push('--header', header);
    return argv;
  }
}
