// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';

const folder = 'build/fuzz';
export const artifacts = join(folder, 'artifacts');

/** The names of the fuzzers that were built. */
export function fuzzers() {
  if (!existsSync('test/fuzz')) return [];
  return readdirSync('test/fuzz')
    .filter((name) => name.endsWith('.c') && !/^(reference|seed)/.test(name))
    .map((name) => name.slice(0, -2));
}

const limits = ['-timeout=10', '-rss_limit_mb=2048', '-max_len=65536', '-print_final_stats=1'];
const environment = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

/** Runs each file of the fuzzer's corpus once. `inputs` is how many it says it ran. */
export async function replay(name) {
  const corpus = join('test/fuzz/corpus', name);
  const files = existsSync(corpus) ? [corpus] : [];
  const result = await run(
    join(folder, `fuzz-${name}`),
    [...limits, ...prefix(name), '-runs=0', ...files],
    {
      env: environment,
      timeoutMs: 300_000,
    },
  );
  return { ...result, inputs: executed(result.output) };
}

/** Searches for `seconds`; new inputs of interest stay in build/fuzz/corpus for the next time. */
export async function search(name, seconds) {
  const found = join(folder, 'corpus', name);
  mkdirSync(found, { recursive: true });
  const corpus = join('test/fuzz/corpus', name);
  const dictionary = join('test/fuzz', `${name}.dict`);
  const result = await run(
    join(folder, `fuzz-${name}`),
    [
      ...limits,
      ...prefix(name),
      `-max_total_time=${seconds}`,
      ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
      found,
      ...(existsSync(corpus) ? [corpus] : []),
    ],
    { env: environment, timeoutMs: (seconds + 120) * 1000 },
  );
  return { ...result, inputs: executed(result.output) };
}

function prefix(name) {
  mkdirSync(artifacts, { recursive: true });
  return [`-artifact_prefix=${artifacts}/${name}-`];
}

function executed(output) {
  return Number(output.match(/^stat::number_of_executed_units: *(\d+)$/m)?.[1] ?? 0);
}
