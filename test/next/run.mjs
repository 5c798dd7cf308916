// SPDX-License-Identifier: MIT
// The tutorial under Next: run.mjs [TEST...], or `make test-next`.
//
// Copies examples/tutorial to build/next, builds it with `next build` and serves it with `next start`; then the tests
// of test/tutorial run against it, all of them or those whose names are given, as they run against
// Capra. Slow, and a proof that the routes are Next's: not a part of `make test`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { count } from '../../scripts/lib/count.mjs';
import { run } from '../../scripts/lib/process.mjs';
import { services } from '../tutorial/support.ts';

const root = resolve(import.meta.dirname, '../..');
const example = join(root, 'examples/tutorial');
const app = join(root, 'build/next');
const next = join(import.meta.dirname, 'node_modules/next/dist/bin/next');
const data = mkdtempSync(join(tmpdir(), 'capra-next-'));

// What is about Capra's own commands and not about a route.
const capraOnly = ['dev.test.ts'];

// Nothing that the person's own environment says of services; .env.local is not copied.
const environment = {
  NEXT_TELEMETRY_DISABLED: '1',
  NODE_ENV: 'production',
  JWT_SECRET: 'a secret of the tests, and of nothing else',
  DATA_FOLDER: data,
  STRIPE_DEMO: 'yes',
  ...Object.fromEntries(services.map((name) => [name, ''])),
};

let server;
try {
  copyApp();
  await step('types', join(root, 'node_modules/typescript/bin/tsc'), ['--noEmit', '-p', app]);
  await step('next build', next, ['build', app]);
  server = await serve();
  process.exitCode = await test(server.url);
} finally {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
}

/** The example as Next is to build it: its own files, and a configuration around its own. */
function copyApp() {
  const left = new Set(['node_modules', '.capra', '.next', 'data', '.env.local', 'next-env.d.ts']);
  rmSync(app, { recursive: true, force: true });
  cpSync(example, app, { recursive: true, filter: (path) => !left.has(basename(path)) });
  linkPackages();
  renameSync(join(app, 'next.config.ts'), join(app, 'tutorial.config.ts'));
  writeFileSync(
    join(app, 'next.config.ts'),
    `import tutorial from './tutorial.config';

// Packages lie outside of this folder. Types were checked already, with the TypeScript of the project.
export default {
  ...tutorial,
  turbopack: { root: ${JSON.stringify(root)} },
  typescript: { ignoreBuildErrors: true },
};
`,
  );
}

/** Those of the example and, of what there must be one only, those that stand beside this file. */
function linkPackages() {
  const folder = join(app, 'node_modules');
  const beside = join(import.meta.dirname, 'node_modules');
  const single = ['next', 'react', 'react-dom'];
  mkdirSync(folder);
  for (const name of single) symlinkSync(join(beside, name), join(folder, name));
  for (const name of readdirSync(join(example, 'node_modules')))
    if (!single.includes(name))
      symlinkSync(join(example, 'node_modules', name), join(folder, name));
}

async function step(name, program, args) {
  const options = { cwd: app, env: environment, timeoutMs: 600_000 };
  const { code, output, ms } = await run(process.execPath, [program, ...args], options);
  console.log(`${name.padEnd(24)} ${(ms / 1000).toFixed(1).padStart(6)} s`);
  if (code !== 0) throw new Error(`${name} failed\n${output}`);
}

/** `next start` on a free port, when it is ready. */
async function serve() {
  const child = spawn(process.execPath, [next, 'start', app, '-p', '0'], {
    cwd: app,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  const port = new Promise((resolve, reject) => {
    const read = (text) => {
      said += text;
      const found = said.match(/- Local: +http:\/\/\S+:(\d+)[\s\S]*Ready/);
      if (found) resolve(found[1]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', (code) => reject(new Error(`next start ended with ${code}\n${said}`)));
  });
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  const url = `http://127.0.0.1:${await port}`;
  console.log(`next start               ${url}\n`);
  return { url, stop, said: () => said };
}

/** Runs the tests one after the other; the exit code. */
async function test(url) {
  const wanted = process.argv.slice(2);
  const folder = join(root, 'test/tutorial');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && !capraOnly.includes(name))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)))
    .sort();
  const sum = { passed: 0, failed: 0 };
  for (const file of files) {
    const result = await run(process.execPath, ['--test-reporter=spec', join(folder, file)], {
      env: { CAPRA_TUTORIAL_URL: url, NO_COLOR: '1' },
      timeoutMs: 600_000,
    });
    const { passed, failed, why } = count(result);
    sum.passed += passed;
    sum.failed += failed;
    const seconds = (result.ms / 1000).toFixed(1).padStart(6);
    console.log(`${file.padEnd(24)} ${seconds} s  ${passed} passed, ${failed} failed`);
    if (failed > 0) console.log(`\n${why.join('; ')}\n${result.output}\n`);
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  if (sum.failed > 0) console.log(`\n--- next start said ---\n${server.said().slice(-20_000)}`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}
