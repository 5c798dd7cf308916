// SPDX-License-Identifier: MIT
// The server under a tool that watches its memory, for tests that start it: a command in the place of build/capra.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { count } from './count.mjs';
import { run } from './process.mjs';

/** What each tool puts before the server, and which lines of its reports are findings. */
const tools = {
  valgrind: {
    // Of a server with routes in JavaScript only the supervisor is watched: V8 is not ours.
    command: (reports) =>
      [
        'valgrind --quiet --vgdb=no --trace-children=yes "--trace-children-skip=*/node"',
        '--leak-check=full --errors-for-leak-kinds=definite,indirect,possible',
        `"--log-file=${reports}/%p" "${resolve('build/capra')}"`,
      ].join(' '),
    finding: /^==/m,
  },
  asan: {
    command: (reports) =>
      [
        `env "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:log_path=${reports}/asan"`,
        `"UBSAN_OPTIONS=print_stacktrace=1:log_path=${reports}/ubsan" "${resolve('build/asan/capra')}"`,
      ].join(' '),
    // That a thread ended just as the search for leaks began is none.
    finding: /^(?!==\d+==Unable to get registers from thread \d+\.$)./m,
  },
};

/**
 * Runs a test file whose servers are watched by the tool, "valgrind" or "asan". Ends as `run` does,
 * counted: what the tool has found is one more failure.
 */
export async function runWatched(tool, file, { timeoutMs }) {
  const folder = resolve('build/watched', tool, file);
  const reports = join(folder, 'reports');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  if (tool === 'asan') linkBundles('build/asan');

  const command = join(folder, 'capra');
  writeFileSync(command, wrapper(tools[tool].command(reports)), { mode: 0o755 });
  const result = await run(process.execPath, ['--test-reporter=spec', file], {
    env: { CAPRA_EXECUTABLE: command, NO_COLOR: '1' },
    timeoutMs,
  });
  const counted = count(result);
  const found = findings(reports, tools[tool].finding);
  if (found === '') return { ...result, counted };
  counted.failed++;
  counted.why.push(`${tool} has found something`);
  return { ...result, output: `${result.output}\n${found}`, counted };
}

// The compiler is Node from its first instruction on: it is run as it is.
const wrapper = (server) => `#!/bin/sh
case $1 in
build | check | dev | routes) exec "${resolve('build/capra')}" "$@" ;;
esac
exec ${server} "$@"
`;

function findings(reports, pattern) {
  return readdirSync(reports)
    .map((name) => readFileSync(join(reports, name), 'utf8'))
    .filter((text) => pattern.test(text))
    .join('\n');
}

// The command finds them beside itself.
function linkBundles(folder) {
  for (const name of [
    'worker.cjs',
    'runtime.js',
    'runtime.cache',
    'edge.cjs',
    'compiler.mjs',
    'capra.node',
  ]) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(resolve('build', name), join(folder, name));
  }
}
