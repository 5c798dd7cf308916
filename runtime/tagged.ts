// SPDX-License-Identifier: MIT

/**
 * The header fields that C writes for a body (`Flag.etag`), as they look to who asks for them after the
 * answer: those who log it, mostly. Until somebody asks they cost nothing.
 */

import { etagOf } from './etag.ts';
import { type Field, type Fields, findField, removeField, setField } from './fields.ts';

/** Worked out when it is looked at. */
class Tag implements Field {
  readonly key = 'etag';
  readonly kind = 0;
  readonly name = 'ETag';
  readonly #body: string | Buffer;
  #value: string | undefined;

  constructor(body: string | Buffer) {
    this.#body = body;
  }

  get value(): string {
    this.#value ??= tagOf(this.#body);
    return this.#value;
  }
}

/** Of what `res.send` is given, as Next has it: of a Buffer it is that of its JSON text. */
export function tagOf(body: string | Buffer): string {
  return etagOf(typeof body === 'string' ? body : JSON.stringify(body));
}

/** `fields` and what C has added. `isKnown`: the client had the body already, and was told no more than that. */
export function withTag(
  fields: Fields | null,
  body: string | Buffer,
  { isKnown, keepsType }: { isKnown: boolean; keepsType: boolean },
): Fields {
  const all = [...(fields ?? [])];
  if (findField(all, 'etag') === undefined) all.push(new Tag(body));
  if (!isKnown) setField(all, 'Content-Length', Buffer.byteLength(body));
  else if (!keepsType) removeField(all, 'content-type');
  return all;
}
