// SPDX-License-Identifier: MIT

/** The middle value; NaN of an empty list. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How far apart the values are, in percent of their median. */
export const spread = (values) =>
  (100 * (Math.max(...values) - Math.min(...values))) / median(values);

/** The median of each number in a list of like records. */
export function medians(records) {
  const numbers = Object.keys(records[0]).filter((key) => typeof records[0][key] === 'number');
  return Object.fromEntries(
    numbers.map((key) => [key, median(records.map((record) => record[key]))]),
  );
}

export const KIB = 1024;
export const MIB = 1024 * 1024;
