// SPDX-License-Identifier: MIT

const UNITS = ['b', 'kb', 'mb', 'gb', 'tb', 'pb'];
const SIZE = /^([+-]?\d+(?:\.\d+)?) *(b|kb|mb|gb|tb|pb)?$/i;

/** What `parseSize` takes, said to a person. */
export const SIZE_RULE = "a number of bytes, or a text such as '500kb', '4mb' or '1.5 gb'";

/**
 * Bytes of a size as `export const config` gives it: a number, or a text with a unit of b, kb, mb, gb, tb or
 * pb (steps of 1024). Undefined when it is neither, or negative.
 *
 * @example
 * parseSize('1.5 kb'); // 1536
 */
export function parseSize(value: unknown): number | undefined {
  const bytes = measure(value);
  return bytes !== undefined && bytes >= 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

function measure(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.floor(value);
  const match = typeof value === 'string' ? SIZE.exec(value) : null;
  if (!match) return undefined;
  const power = UNITS.indexOf((match[2] ?? 'b').toLowerCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}

/**
 * The same as Next reads it: a text that is no size counts by the number it starts with, and a negative one
 * lets only empty bodies pass. Null when there is no number: no limit.
 *
 * @example
 * parseSizeAsNext('abc'); // null
 */
export function parseSizeAsNext(value: unknown): number | null {
  const leading = typeof value === 'string' ? Number.parseInt(value, 10) : Number.NaN;
  const bytes = measure(value) ?? leading;
  return Number.isNaN(bytes) ? null : Math.max(0, bytes);
}

/**
 * A size for the route table.
 *
 * @example
 * formatSize(12_345); // '12.1 kB'
 */
export function formatSize(bytes: number): string {
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1024)), 3);
  const unit = ['B', 'kB', 'MB', 'GB'][power];
  const count = bytes / 1024 ** power;
  return `${power === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${unit}`;
}
