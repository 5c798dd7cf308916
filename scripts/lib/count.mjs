// SPDX-License-Identifier: MIT

/**
 * How many tests a program ran, as its output tells, judged with how it ended. There are three
 * kinds of output: cmocka's, that of node:test's `spec` reporter, and a closing line of the form
 * `N passed, N failed`. Whatever contradicts itself counts as a failure: an exit code that is not
 * 0 without a failed test, an announced test without a result, a skipped test, no test at all.
 *
 * @returns {{ passed: number, failed: number, why: string[] }} `why` says what is wrong besides
 *   the failed tests themselves
 */
export function count({ output, code, signal, timedOut, leftBehind }) {
  const read = [readCmocka, readNode, readPlain].map((reader) => reader(output)).find(Boolean);
  const { passed, failed } = read ?? { passed: 0, failed: 0 };

  const why = [];
  if (timedOut) why.push('it did not end in time');
  else if (signal) why.push(`it was ended by ${signal}`);
  else if (code !== 0 && failed === 0) why.push(`its exit code is ${code} but no test failed`);
  else if (code === 0 && failed > 0) why.push('its exit code is 0 although not all tests passed');
  if (passed + failed === 0) why.push('it ran no test');
  for (const line of leftBehind) why.push(`it left a process behind: ${line}`);

  return { passed, failed: Math.max(failed, why.length > 0 ? 1 : 0), why };
}

// What is announced and not OK has failed, whether its failure was told, it was skipped, or the
// program ended before its turn.
function readCmocka(output) {
  const announced = [...output.matchAll(/^\[={10}\] .*Running (\d+) test/gm)];
  if (announced.length === 0) return undefined;
  const total = announced.reduce((sum, [, number]) => sum + Number(number), 0);
  const passed = output.match(/^\[ {7}OK \]/gm)?.length ?? 0;
  return { passed, failed: Math.max(0, total - passed) };
}

function readNode(output) {
  const last = (name) => {
    const found = [...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))].at(-1);
    return found && Number(found[1]);
  };
  if (last('tests') === undefined) return undefined;
  return {
    passed: last('pass'),
    failed: last('fail') + last('cancelled') + last('skipped') + last('todo'),
  };
}

function readPlain(output) {
  const line = [...output.matchAll(/^(?:\S+: )?(\d+) passed, (\d+) failed$/gm)].at(-1);
  return line && { passed: Number(line[1]), failed: Number(line[2]) };
}
