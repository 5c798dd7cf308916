// SPDX-License-Identifier: MIT
import { medians } from './figures.mjs';

/**
 * Measures several subjects in turns, A B C A B C …, so that a slow minute of the machine is
 * everybody's. A subject that fails once is left alone afterwards.
 *
 * @param {object} bench
 * @param {{ name: string, title: string }[]} subjects
 * @param {{ rounds: number, measure: (subject: object) => Promise<Record<string, number>> }} how
 * @returns {Promise<object[]>} a row for each: the medians, the `samples` they are of, the sum of
 *   `errors`; or the `failure`
 * @example const rows = await inTurns(bench, peers, { rounds: 5, measure: (peer) => … });
 */
export async function inTurns(bench, subjects, { rounds, measure }) {
  const rows = subjects.map(({ name, title }) => ({ server: name, title, samples: [] }));
  bench.progress.begin(rounds * subjects.length);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      const row = rows[index];
      bench.progress.step(`round ${round} of ${rounds}, ${subject.title}`);
      if (row.failure) continue;
      try {
        row.samples.push(await measure(subject));
      } catch (error) {
        row.failure = error.message;
      }
    }
  }
  return rows.map((row) => (row.failure ? row : summarize(row)));
}

const summarize = (row) => ({
  ...row,
  ...medians(row.samples),
  errors: row.samples.reduce((total, { errors = 0 }) => total + errors, 0),
});
