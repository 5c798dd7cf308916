// SPDX-License-Identifier: MIT
// Runs every test, or the suites that are named: test.mjs [SUITE...]
//
// A suite is a list of programs. Each runs alone in its process group, and lib/count.mjs reads
// from its output and its end how many tests passed; a program that ran none has failed. The last
// line is the sum.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { count } from './lib/count.mjs';
import { fuzzers, replay, search } from './lib/fuzzers.mjs';
import { runWatched } from './lib/instrumented.mjs';
import { inParallel, run } from './lib/process.mjs';

const root = resolve(import.meta.dirname, '..');
process.chdir(root);
const cores = availableParallelism();
const fuzzSeconds = Number(process.env.FUZZ_SMOKE_SECONDS ?? 10);

/**
 * @typedef {{ name: string, go: () => Promise<object> }} Program `go` ends as `run` does; a result
 *   that has `passed` and `failed` was counted already
 * @typedef {{ name: string, trees: string[], width: number, programs: () => Promise<Program[]> }} Suite
 */

// --- The suites ---

/** The programs that CTest knows under a label. */
const ctest = (name, width) => ({
  name,
  trees: ['asan'],
  width,
  programs: async () => {
    const shown = await run('ctest', ['--test-dir', 'build/asan', '--show-only=json-v1']);
    const { tests } = JSON.parse(shown.output.slice(shown.output.indexOf('{')));
    const property = (test, key) => test.properties.find((p) => p.name === key)?.value;
    return tests
      .filter((test) => property(test, 'LABELS')?.includes(name) && test.command)
      .map(({ command: [file, ...args], ...test }) => ({
        name: test.name,
        go: () =>
          run(file, args, {
            cwd: property(test, 'WORKING_DIRECTORY'),
            env: Object.fromEntries(property(test, 'ENVIRONMENT').map(splitOnce)),
            timeoutMs: property(test, 'TIMEOUT') * 1000,
          }),
      }));
  },
});

/**
 * The same cases once more under valgrind, which sees reads of memory that was never written; slow,
 * so each topic is a program of its own.
 */
const valgrind = {
  name: 'valgrind',
  trees: ['release http-cases'],
  width: cores,
  programs: async () => {
    const folder = 'build/valgrind';
    rmSync(folder, { recursive: true, force: true });
    const topics = readdirSync('test/http').filter((name) => /^(?!README).*\.md$/.test(name));
    return topics.map((topic) => {
      const alone = join(folder, topic.slice(0, -3));
      mkdirSync(alone, { recursive: true });
      copyFileSync(join('test/http', topic), join(alone, topic));
      const checks = ['--leak-check=full', '--errors-for-leak-kinds=definite,indirect,possible'];
      return {
        name: `valgrind http-cases ${topic}`,
        go: () =>
          run(
            'valgrind',
            ['--quiet', '--error-exitcode=99', ...checks, 'build/release/test/http-cases', alone],
            { timeoutMs: 600_000 },
          ),
      };
    });
  },
};

/**
 * Tests of a whole server, whose processes in C are watched by a tool: see lib/instrumented.mjs. They
 * are those that ask much of C, and wait for little.
 */
const watched = (tool, trees) => ({
  name: `${tool}-server`,
  trees,
  width: cores,
  programs: async () =>
    [
      'test/process/admin.test.ts',
      'test/e2e/native.test.ts',
      'test/e2e/native-build.test.ts',
      'test/e2e/access-log.test.ts',
      'test/e2e/body.test.ts',
      'test/e2e/client.test.ts',
      'test/e2e/errors.test.ts',
      'test/e2e/http.test.ts',
      'test/e2e/isolation.test.ts',
      'test/e2e/load.test.ts',
      'test/e2e/proxy-protocol.test.ts',
      'test/e2e/response.test.ts',
      'test/routes/twins.test.ts',
    ].map((file) => ({
      name: `${tool} ${file}`,
      go: () => runWatched(tool, file, { timeoutMs: 300_000 }),
    })),
});

/** Two tests for each fuzzer: its corpus breaks nothing, and a short search finds nothing new. */
const fuzz = {
  name: 'fuzz',
  trees: ['fuzz'],
  width: cores,
  programs: async () =>
    fuzzers().flatMap((name) => [
      { name: `fuzz-${name} corpus`, go: async () => asOneTest(await replay(name)) },
      { name: `fuzz-${name} search`, go: async () => asOneTest(await search(name, fuzzSeconds)) },
    ]),
};

/** The *.test.* files under a folder, each in a Node of its own. */
const nodeSuite = (name, folder, { trees, width = 1, timeoutMs = 300_000 }) => ({
  name,
  trees,
  width,
  programs: async () =>
    testFiles(folder).map((file) => ({
      name: file,
      go: () =>
        run(process.execPath, ['--test-reporter=spec', file], {
          env: { CAPRA_BUILD: resolve('build/asan'), NO_COLOR: '1' },
          timeoutMs,
        }),
    })),
});

/** What a look at the sources tells. */
const borders = {
  name: 'borders',
  trees: [],
  width: 1,
  programs: async () => [
    { name: 'scripts/borders.mjs', go: () => run(process.execPath, ['scripts/borders.mjs']) },
  ],
};

const suites = [
  borders,
  ctest('unit', cores),
  ctest('http', cores),
  nodeSuite('oracle', 'test/fuzz/oracle', { trees: ['asan'] }),
  nodeSuite('runtime', 'test/runtime', { trees: ['release'], width: cores }),
  nodeSuite('compiler', 'test/compiler', { trees: ['release'], width: cores }),
  nodeSuite('contract', 'test/contract', { trees: ['release'] }),
  nodeSuite('e2e', 'test/e2e', { trees: ['release'], width: cores }),
  nodeSuite('process', 'test/process', { trees: ['release'] }),
  nodeSuite('packages', 'test/packages', { trees: ['release'] }),
  valgrind,
  watched('valgrind', ['release']),
  watched('asan', ['release', 'asan']),
  fuzz,
];
suites.push(
  ...readdirSync('test', { withFileTypes: true })
    .filter(({ name }) => name !== 'fuzz' && !suites.some((suite) => suite.name === name))
    .filter((entry) => entry.isDirectory() && testFiles(join('test', entry.name)).length > 0)
    .map(({ name }) => nodeSuite(name, join('test', name), { trees: ['release'] })),
);

// --- Running them ---

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `no such suite: ${unknown.join(', ')}; there are ${suites.map((s) => s.name).join(', ')}`,
  );
  process.exit(2);
}
const chosen = suites.filter((suite) => wanted.length === 0 || wanted.includes(suite.name));

const broken = new Set();
for (const tree of new Set(chosen.flatMap((suite) => suite.trees))) {
  const result = await run('scripts/build.sh', tree.split(' '), { timeoutMs: 1_200_000 });
  if (result.code !== 0) broken.add(tree);
  report(`build ${tree}`, result.code === 0 ? '' : 'FAILED', result.ms);
  if (result.code !== 0) console.log(result.output);
}

let passed = 0;
let failed = 0;
for (const suite of chosen) {
  const start = performance.now();
  const results = await runSuite(suite);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  passed += sum('passed');
  failed += sum('failed');
  report(suite.name, tally(sum('passed'), sum('failed')), performance.now() - start);
  for (const { name, output, failed, why } of results) {
    if (failed === 0) continue;
    console.log(
      `\n--- FAILED ${[name, ...why].join('; ')} ---\n${output}\n--- end of ${name} ---\n`,
    );
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runSuite(suite) {
  const lost = suite.trees.filter((tree) => broken.has(tree));
  if (lost.length > 0) return [failure(suite.name, `build ${lost.join(', ')} failed, see above`)];
  try {
    const programs = await suite.programs();
    if (programs.length === 0) return [failure(suite.name, 'the suite has no test')];
    return await inParallel(programs, suite.width, async ({ name, go }) => {
      const result = await go();
      return { name, output: result.output, ...(result.counted ?? count(result)) };
    });
  } catch (error) {
    return [failure(suite.name, error.stack)];
  }
}

function failure(name, message) {
  return { name, output: message, passed: 0, failed: 1, why: [] };
}

// A fuzzer says nothing of tests: it passes when it ended well and ran at least one input.
function asOneTest(result) {
  const { code, signal, timedOut, inputs } = result;
  const why = [];
  if (timedOut) why.push('it did not end in time');
  else if (code !== 0) why.push(`it ended with ${signal ?? `exit code ${code}`}`);
  if (inputs === 0) why.push('it ran no input');
  const ok = why.length === 0;
  return { ...result, counted: { passed: ok ? 1 : 0, failed: ok ? 0 : 1, why } };
}

function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.test\.(mjs|js|ts)$/.test(entry.name))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)))
    .filter((file) => !/\/(node_modules|fixtures)\//.test(file))
    .sort();
}

function splitOnce(text) {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function tally(passed, failed) {
  return `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed`;
}

function report(name, result, ms) {
  console.log(`${name.padEnd(20)} ${result.padEnd(26)} ${(ms / 1000).toFixed(1).padStart(7)} s`);
}
