// SPDX-License-Identifier: MIT

/**
 * Whether this can be an e-mail address: one `@` with something before it, and a domain of at least
 * two labels behind it. That it exists only a mail to it can show.
 */
export function isValidEmail(text: string): boolean {
  // Each part excludes what ends it, so that the time is linear in the length of hostile input.
  return (
    text.length <= 254 && /^[^\s@<>"(),;:\\]+@[^\s@.<>"(),;:\\]+(\.[^\s@.<>"(),;:\\]+)+$/.test(text)
  );
}

/**
 * A row id from a path, query or body: a plain whole number from 1 up; undefined for anything else.
 *
 * @example
 * const id = readId(req.query.id);
 * if (id === undefined) return res.status(400).json({ error: 'Invalid user id' });
 */
export function readId(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}
