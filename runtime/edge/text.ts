// SPDX-License-Identifier: MIT

/** Bodies as text (Fetch, 5.3). */

const decoder = new TextDecoder();

export function decodeText(body: string | Uint8Array): string {
  if (typeof body !== 'string') return decoder.decode(body);
  const text = body.isWellFormed() ? body : body.toWellFormed();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

export function parseJson(text: string): unknown {
  return JSON.parse(text);
}

/** What a second reader meets. */
export function unusable(): TypeError {
  return new TypeError('Body is unusable: Body has already been read');
}
