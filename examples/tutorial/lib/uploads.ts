// SPDX-License-Identifier: MIT

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import formidable, { errors, type Fields, type File, multipart } from 'formidable';
import { dataFile } from './data-folder';

/** The largest file that is taken, in bytes. */
const LARGEST = 10 * 1024 * 1024;

// What is taken, by what the file begins with, one character for each byte. What the client says of
// it, and how its name ends, anybody can write.
const kinds: { type: string; extension: string; is: (start: string) => boolean }[] = [
  { type: 'image/png', extension: 'png', is: (start) => start.startsWith('\x89PNG\r\n\x1a\n') },
  { type: 'image/jpeg', extension: 'jpg', is: (start) => start.startsWith('\xff\xd8\xff') },
  { type: 'image/gif', extension: 'gif', is: (start) => /^GIF8[79]a/.test(start) },
  { type: 'application/pdf', extension: 'pdf', is: (start) => start.startsWith('%PDF-') },
  { type: 'text/plain', extension: 'txt', is: (start) => !start.includes('\0') },
];

/** A file that is kept in `data/uploads`. */
export interface Upload {
  /** The name it is kept under: ours, with nothing of the client's in it. */
  filename: string;
  /** What the client called it; for people to read, never a path. */
  originalName: string;
  /** Bytes. */
  size: number;
  mimetype: string;
}

/** A form that cannot be taken, and the status that says so to the client. */
export class UploadRefused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads a form with one file in the field `file`. `check` makes of the other fields what the caller
 * wants of them, before the file is kept; what it throws is thrown on, and no file stays behind.
 * Throws `UploadRefused` itself.
 *
 * @example
 * const { fields, file } = await readUpload(req, ({ name }) => ({ name: name?.[0] ?? '' }));
 */
export async function readUpload<Checked>(
  req: IncomingMessage,
  check: (fields: Fields) => Checked,
): Promise<{ fields: Checked; file: Upload }> {
  // A folder for this one request: whatever happens, it goes with everything in it.
  const folder = dataFile(`uploads/incoming/${randomUUID()}`);
  await mkdir(folder);
  try {
    const [fields, files] = await parse(req, folder);
    const file = files.file?.[0];
    if (!file) throw new UploadRefused(400, 'A file is required in the field "file"');
    return { fields: check(fields), file: await keep(file) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function parse(req: IncomingMessage, folder: string) {
  const form = formidable({
    uploadDir: folder,
    enabledPlugins: [multipart],
    maxFiles: 1,
    maxFileSize: LARGEST,
    maxFields: 10,
    maxFieldsSize: 16 * 1024,
  });
  try {
    return await form.parse(req);
  } catch (error) {
    throw refusal(error as { code?: number; httpCode?: number; message: string }) ?? error;
  }
}

/** What the client has to be told of an error of formidable; undefined when it is no fault of theirs. */
function refusal({
  code,
  httpCode,
  message,
}: {
  code?: number;
  httpCode?: number;
  message: string;
}) {
  if (code === errors.biggerThanMaxFileSize || code === errors.biggerThanTotalMaxFileSize)
    return new UploadRefused(413, `The file must have at most ${LARGEST} bytes`);
  if (code === errors.noParser) return new UploadRefused(415, 'Send a form as multipart/form-data');
  if (code === errors.aborted) return new UploadRefused(400, 'The request ended too early');
  if (httpCode !== undefined && httpCode >= 400 && httpCode < 500)
    return new UploadRefused(httpCode, message);
  return undefined;
}

async function keep(file: File): Promise<Upload> {
  const start = await firstBytes(file.filepath);
  const kind = kinds.find(({ is }) => is(start));
  if (!kind)
    throw new UploadRefused(415, `Only these types: ${kinds.map(({ type }) => type).join(', ')}`);
  const filename = `${randomUUID()}.${kind.extension}`;
  // The same file system, so that it is there whole or not at all.
  await rename(file.filepath, dataFile(join('uploads', filename)));
  const originalName = (file.originalFilename ?? '').split(/[/\\]/).at(-1) || 'unnamed';
  return { filename, originalName, size: file.size, mimetype: kind.type };
}

/** One character for each byte. */
async function firstBytes(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(512), length: 512 });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
