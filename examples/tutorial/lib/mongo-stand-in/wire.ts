// SPDX-License-Identifier: MIT

// MongoDB's wire protocol, as far as the drivers of today speak it: OP_MSG for everything, and before
// it the one OP_QUERY with which a driver asks who is there. All numbers are little-endian.
//
//   message:  length 4 | id 4 | answers 4 | operation 4 | …
//   OP_MSG:   flags 4 | sections: 0 document, or 1 size 4, name, documents | checksum 4, if flagged
//   OP_QUERY: flags 4 | collection's name | skip 4 | return 4 | document
//   OP_REPLY: flags 4 | cursor 8 | start 4 | number 4 | documents

import { BSON, type Document } from 'bson';

/** What a server tells that it takes, and then has to refuse beyond. */
export const MESSAGE_BYTES = 48_000_000;

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;

export interface Request {
  id: number;
  /** The first name is the command's; lists that came in sections of their own are in it, too. */
  command: Document;
  /** The client asks in the old way, and has to be answered in it. */
  isLegacy: boolean;
  /** Nobody waits for an answer. */
  isUnanswered: boolean;
}

/** These bytes are not the protocol; there is no going on after them. */
export class Malformed extends Error {}

/** The first message in `bytes`, whole; undefined when its end has not come yet. */
export function takeMessage(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readInt32LE(0);
  if (length < HEADER_BYTES || length > MESSAGE_BYTES)
    throw new Malformed(`a message of ${length} bytes`);
  return bytes.length < length ? undefined : bytes.subarray(0, length);
}

/** Reads one whole message; throws when it is none. */
export function readRequest(message: Buffer): Request {
  const id = message.readInt32LE(4);
  const operation = message.readInt32LE(12);
  const body = message.subarray(HEADER_BYTES);
  if (operation === OP_MSG) return { id, ...readSections(body) };
  if (operation === OP_QUERY)
    return { id, command: readQuery(body), isLegacy: true, isUnanswered: false };
  throw new Malformed(`operation ${operation}`);
}

/** The bytes of the answer to a request. */
export function formatReply({ id, isLegacy }: Request, reply: Document): Buffer {
  const document = BSON.serialize(reply);
  const before = Buffer.alloc(isLegacy ? 20 : 5);
  if (isLegacy) before.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + before.length + document.length, 0);
  header.writeInt32LE(id, 8);
  header.writeInt32LE(isLegacy ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, before, document]);
}

function readSections(body: Buffer): Omit<Request, 'id'> {
  const flags = body.readUInt32LE(0);
  const end = body.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  const command: Document = {};
  for (let at = 4; at < end; ) {
    const kind = body[at];
    const size = body.readInt32LE(at + 1);
    if (size < 5 || at + 1 + size > end) throw new Malformed('a section that ends elsewhere');
    const section = body.subarray(at + 1, at + 1 + size);
    if (kind === 0) Object.assign(command, BSON.deserialize(section));
    else if (kind === 1) Object.assign(command, readList(section.subarray(4)));
    else throw new Malformed(`a section of kind ${kind}`);
    at += 1 + size;
  }
  return { command, isLegacy: false, isUnanswered: (flags & MORE_TO_COME) !== 0 };
}

/** `{ documents: […] }`, where that is the list's name. */
function readList(section: Buffer): Document {
  const nameEnd = endOfName(section, 0);
  const documents: Document[] = [];
  for (let at = nameEnd + 1; at < section.length; at += section.readInt32LE(at))
    documents.push(readDocument(section, at));
  return { [section.toString('utf8', 0, nameEnd)]: documents };
}

function readQuery(body: Buffer): Document {
  return readDocument(body, endOfName(body, 4) + 1 + 8);
}

function endOfName(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  if (end < 0) throw new Malformed('a name without an end');
  return end;
}

function readDocument(bytes: Buffer, at: number): Document {
  const length = bytes.readInt32LE(at);
  if (length < 5 || at + length > bytes.length) throw new Malformed('a document that is cut');
  return BSON.deserialize(bytes.subarray(at, at + length));
}
