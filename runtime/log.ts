// SPDX-License-Identifier: MIT

/** Lines on stderr for the operator, with the marks of `src/base/log.c`. */

export function warn(message: string): void {
  console.error(`⚠ ${message}`);
}

/** `thrown` may be anything; of an Error the stack is printed, in the lines of the sources. */
export function logError(message: string, ...thrown: [] | [thrown: unknown]): void {
  if (thrown.length === 0) console.error(`⨯ ${message}`);
  else console.error(`⨯ ${message}: ${show(thrown[0])}`);
}

/** As console.error would. */
function show(thrown: unknown): string {
  const { formatWithOptions } = process.getBuiltinModule('node:util');
  return withoutOurs(formatWithOptions({ colors: process.stderr.isTTY }, thrown));
}

/** The lines of a stack that are the runtime's, and the brace behind the last line. */
let ours = linesFrom([]);

function linesFrom(folders: string[]): RegExp {
  const places = ['node:internal/modules', ...folders].map((folder) => RegExp.escape(`${folder}/`));
  const place = `(?:async )?(?:.*\\()?(?:file://)?(?:${places.join('|')}).*?`;
  return new RegExp(`\n +at ${place}( \\{)?$`, 'gm');
}

/** From now on stacks are shown without the lines from these folders. */
export function hideFrames(...folders: string[]): void {
  ours = linesFrom(folders);
}

const NODES = /\n +at [^\n]*(?:\(| )node:[^\n]*/g;

/** Where the caller stands, in the lines of the sources, without what is Node's or ours. */
export function stackNow(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return withoutOurs(stack)
    .replace(NODES, '')
    .replace(/^[^\n]*\n?/, '');
}

/** Who wrote the handler can mend nothing in what called it. */
export function withoutOurs(stack: string): string {
  return stack.replace(ours, '$1');
}
