// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.ts';
import { Wire } from '../support/wire.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  type Tutorial,
} from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(1000, 7)]);
const boundary = 'a-line-between-parts';
const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
const person = { name: 'Ada', email: 'ada@example.com' };

interface Sent {
  bytes?: Uint8Array | string;
  filename?: string;
  type?: string;
  field?: string;
}

function formOf(fields: Record<string, string>, ...files: Sent[]): Buffer {
  const parts = Object.entries(fields).map(([name, value]) =>
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    ),
  );
  for (const { bytes = png, filename = 'a.png', type = 'image/png', field = 'file' } of files) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`;
    parts.push(Buffer.from(head), Buffer.from(bytes as string), Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
}

const post = (body: Uint8Array) => tutorial.call('POST /api/upload', { headers, body });

/** What is in the upload folder; only where the test has started the server. */
function kept(): string[] {
  const folder = join((tutorial as OwnTutorial).data, 'uploads');
  if (!existsSync(folder)) return [];
  const all = readdirSync(folder, { recursive: true }) as string[];
  return all.filter((name) => name !== 'incoming').sort();
}

describe('/api/upload', () => {
  test('keeps a file and tells about it and the fields', async () => {
    const answer = await expect(post(formOf(person, { filename: 'été & 1.png' })), 200);
    const { message, fields, file } = answer.json();
    assert.equal(message, 'File uploaded successfully');
    assert.deepEqual(fields, person);
    const { filename, ...rest } = file;
    assert.match(filename, /^[0-9a-f-]{36}\.png$/);
    assert.deepEqual(rest, {
      originalName: 'été & 1.png',
      size: png.length,
      mimetype: 'image/png',
    });
  });

  test('takes what fetch makes of a FormData', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(person)) form.append(name, value);
    form.append('file', new Blob(['%PDF-1.7 …']), 'paper.pdf');
    const answer = await fetch(`${tutorial.url}/api/upload`, { method: 'POST', body: form });
    assert.equal(answer.status, 200);
    const { file } = (await answer.json()) as { file: { mimetype: string } };
    assert.equal(file.mimetype, 'application/pdf');
  });

  test('takes a file up to the limit, and answers 413 to one byte more', async () => {
    const limit = 10 * 1024 * 1024;
    const text = { type: 'text/plain', filename: 'a.txt' };
    const { file } = (
      await expect(post(formOf(person, { bytes: Buffer.alloc(limit, 'a'), ...text })), 200)
    ).json();
    assert.deepEqual([file.size, file.mimetype], [limit, 'text/plain']);
    const larger = formOf(person, { bytes: Buffer.alloc(limit + 1, 'a'), ...text });
    await expect(post(larger), 413, { error: `The file must have at most ${limit} bytes` });
  });

  test('goes by what a file is, not by what it is called', async () => {
    const page = { bytes: '<script>1</script>', filename: 'a.png', type: 'image/png' };
    const { file } = (await expect(post(formOf(person, page)), 200)).json();
    assert.equal(file.mimetype, 'text/plain');
    assert.match(file.filename, /\.txt$/);
    const program = { bytes: Buffer.from('\x7fELF\x02\x01\x01\0\0', 'latin1') };
    await expect(post(formOf(person, program)), 415);
  });

  for (const filename of ['../../etc/passwd', '..\\..\\boot.ini', '/etc/passwd', '..', '.', '%00'])
    test(`keeps nothing of the path in ${JSON.stringify(filename)}`, async () => {
      const { file } = (await expect(post(formOf(person, { filename })), 200)).json();
      assert.doesNotMatch(file.originalName, /[/\\]/);
      assert.match(file.filename, /^[0-9a-f-]{36}\.png$/);
    });

  const refused: [string, () => Buffer, number, RegExp][] = [
    ['a form without a file', () => formOf(person), 400, /A file is required/],
    ['a file in another field', () => formOf(person, { field: 'other' }), 400, /file/],
    ['a form without a name', () => formOf({ email: person.email }, {}), 400, /Name and email/],
    ['a name of spaces', () => formOf({ ...person, name: ' ' }, {}), 400, /Name and email/],
    ['a bad address', () => formOf({ ...person, email: 'no' }, {}), 400, /Invalid email/],
    ['an empty file', () => formOf(person, { bytes: '' }), 400, /./],
    ['two files', () => formOf(person, {}, {}), 413, /./],
    ['a field of many bytes', () => formOf({ name: 'x'.repeat(20_000) }, {}), 413, /./],
    [
      'too many fields',
      () => formOf(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 'x'])), {}),
      413,
      /./,
    ],
    ['what is no form', () => Buffer.from('nonsense'), 400, /./],
  ];
  for (const [what, body, status, error] of refused) {
    test(`refuses ${what}`, async () => {
      const answer = await expect(post(body()), status);
      assert.match(answer.json().error, error);
    });
  }

  test('refuses other types of body', async () => {
    const answer = tutorial.send('POST /api/upload', person);
    await expect(answer, 415, { error: 'Send a form as multipart/form-data' });
    await expect(tutorial.call('POST /api/upload', { body: 'x' }), 400);
  });

  test('survives fields that are named after parts of an object', async () => {
    const odd = { ...person, __proto__x: '1', constructor: 'x', toString: 'x' };
    await expect(post(formOf(odd, {})), 200);
    const proto = Buffer.from(
      formOf(person, {}).toString('latin1').replace('name="name"', 'name="__proto__"'),
      'latin1',
    );
    await expect(post(proto), 400, { error: 'Name and email are required' });
  });

  test('takes POST only', () => expectMethods(tutorial.call('GET /api/upload'), 'POST'));
});

// Whoever has started the server can look into its folder.
if (elsewhere === undefined) {
  describe('the folder of the uploads', () => {
    test('has the very bytes, under our name', async () => {
      const { file } = (await expect(post(formOf(person, {})), 200)).json();
      const path = join((tutorial as OwnTutorial).data, 'uploads', file.filename);
      assert.deepEqual(readFileSync(path), png);
    });

    test('is not served', async () => {
      const { file } = (await expect(post(formOf(person, {})), 200)).json();
      for (const path of ['uploads', 'data/uploads', 'public/uploads', 'api/uploads'])
        await expect(tutorial.call(`GET /${path}/${file.filename}`), 404);
    });

    test('has nothing of a form that was refused', async () => {
      const before = kept();
      const large = Buffer.alloc(10 * 1024 * 1024 + 1, 'a');
      await expect(post(formOf(person, { bytes: large })), 413);
      await expect(post(formOf({ ...person, email: 'no' }, {})), 400);
      await expect(post(formOf(person, { bytes: 'a\0b' })), 415);
      assert.deepEqual(kept(), before);
    });

    test('has nothing of an upload that was broken off', async () => {
      const before = kept();
      const body = formOf(person, { bytes: Buffer.alloc(500_000, 'a') });
      const wire = await Wire.open(tutorial.port);
      const type = headers['Content-Type'];
      await wire.send(
        `POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      await wire.send(body.subarray(0, 300_000));
      await until(() => kept().length > before.length, 'beginning of the file', {
        found: () => kept().join('\n'),
      });
      wire.reset();
      await until(() => kept().length === before.length, 'end of the file', {
        found: () => kept().join('\n'),
      });
      await expect(post(formOf(person, {})), 200);
    });
  });
}
