// SPDX-License-Identifier: MIT

/**
 * What a Cookie field holds, for peers that bring nothing for it.
 *
 * @param {string | undefined | null} field
 * @example cookiesOf('a=1; b=2') // { a: '1', b: '2' }
 */
export function cookiesOf(field) {
  const cookies = {};
  for (const pair of (field ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) cookies[pair.slice(0, at).trim()] = decodeURIComponent(pair.slice(at + 1).trim());
  }
  return cookies;
}
