// SPDX-License-Identifier: MIT

export interface Deadline {
  ms?: number;
  /** What there is instead, for the error's message. */
  found?: () => string;
}

/**
 * The promise's value, or an error that says what was waited for and what there was instead. Nothing
 * waits for a deadline to pass: it only turns a hanging test into a failing one.
 */
export async function within<Value>(
  promise: Promise<Value>,
  what: string,
  { ms = 15_000, found = () => '' }: Deadline = {},
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error(`no ${what} within ${ms} ms\n${found()}`));
    timer = setTimeout(fail, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again, one question after the other, until the answer is truthy. */
export async function until<Value>(
  ask: () => Value | Promise<Value>,
  what: string,
  { ms = 15_000, found = () => '' }: Deadline = {},
): Promise<Exclude<Value, false | null | undefined>> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<Value, false | null | undefined>;
    if (performance.now() > end) throw new Error(`no ${what} within ${ms} ms\n${found()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
