// SPDX-License-Identifier: MIT
// Searches for inputs that break the parsers: fuzz.mjs [--seconds N] [NAME...]
// What it finds is kept in build/fuzz/artifacts. Once mended, move it to test/fuzz/corpus/NAME.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { artifacts, fuzzers, search } from './lib/fuzzers.mjs';
import { inParallel, run } from './lib/process.mjs';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '600' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
const names = positionals.length > 0 ? positionals : fuzzers();

const built = await run('scripts/build.sh', ['fuzz'], { timeoutMs: 1_200_000 });
if (built.code !== 0) {
  console.error(built.output);
  process.exit(1);
}

console.log(`${names.join(', ')}: ${seconds} s each`);
const found = await inParallel(names, availableParallelism(), async (name) => {
  const { code, inputs, output } = await search(name, seconds);
  const edges =
    output
      .match(/.* cov: (\d+)/gs)
      ?.at(-1)
      ?.match(/cov: (\d+)(?!.*cov:)/s)?.[1] ?? '?';
  console.log(`${name.padEnd(14)} ${inputs} inputs, ${edges} edges${code === 0 ? '' : ', FOUND'}`);
  if (code !== 0) console.log(output);
  return code !== 0 || inputs === 0;
});
if (found.some(Boolean)) {
  console.log(`what was found is in ${artifacts}`);
  process.exit(1);
}
