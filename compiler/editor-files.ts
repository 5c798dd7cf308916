// SPDX-License-Identifier: MIT

/**
 * Whether a name is one that editors give to what they leave beside a file while they work on it: locks,
 * copies, swap files.
 *
 * @example
 * isEditorFile('.#hello.ts'); // true
 */
export function isEditorFile(name: string): boolean {
  return /^\.#|^#.*#$|~$|\.sw[a-z]$|^4913$/.test(name);
}
