// SPDX-License-Identifier: MIT

/** Seconds as a person reads them: "42 s", "3 min 05 s". */
function inWords(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/**
 * What is going on, on standard error: one line that is rewritten on a terminal, else one line for
 * each step. The time that is left is estimated from the steps of the same workload so far.
 *
 * @example progress.name = 'hello'; progress.begin(12); progress.step('Bun.serve'); progress.end();
 */
export class Progress {
  #stream;
  #total = 0;
  #done = 0;
  #begunAt = 0;
  #hasLine = false;
  name = '';

  constructor({ stream = process.stderr } = {}) {
    this.#stream = stream;
  }

  /** A line that stays. */
  say(text) {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /** So many steps follow. */
  begin(total) {
    this.#total = total;
    this.#done = 0;
    this.#begunAt = Date.now();
  }

  /** The next of the steps begins. */
  step(text) {
    const passed = Date.now() - this.#begunAt;
    const left = this.#done ? (passed / this.#done) * (this.#total - this.#done) : undefined;
    this.#done++;
    const count = `[${String(this.#done).padStart(String(this.#total).length)}/${this.#total}]`;
    const rest = left === undefined ? '' : ` (about ${inWords(left)} left)`;
    this.#line(`${count} ${this.name}: ${text}${rest}`);
  }

  end() {
    this.#clear();
  }

  #line(text) {
    if (!this.#stream.isTTY) return this.#stream.write(`${text}\n`);
    this.#clear();
    this.#stream.write(text.slice(0, (this.#stream.columns ?? 80) - 1));
    this.#hasLine = true;
  }

  #clear() {
    if (this.#hasLine) this.#stream.write('\r\x1b[K');
    this.#hasLine = false;
  }
}
