// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until, within } from '../support/deadline.ts';
import { tutorial as folder } from '../support/paths.ts';
import {
  elsewhere,
  expect,
  expectMethods,
  type OwnTutorial,
  openTutorial,
  startTutorial,
  type Tutorial,
} from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const post = (body: unknown, at = tutorial) => at.send('POST /api/mongo/posts', body);

/** The titles of all posts, the newest first. */
async function titles(at = tutorial): Promise<string[]> {
  const answer = await expect(at.call('GET /api/mongo/posts'), 200);
  return answer.json().map(({ title }: { title: string }) => title);
}

describe('/api/mongo/posts', () => {
  test('keeps a post and lists it, the newest first', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const made = (await expect(post({ title: first, content: 'Text' }), 201)).json();
    assert.match(made._id, /^[0-9a-f]{24}$/);
    assert.ok(!Number.isNaN(Date.parse(made.createdAt)));
    assert.deepEqual(Object.keys(made), ['_id', 'title', 'content', 'createdAt']);
    await expect(post({ title: second, content: 'Text' }), 201);

    const all = (await expect(tutorial.call('GET /api/mongo/posts'), 200)).json();
    assert.deepEqual(
      all.find(({ _id }: { _id: string }) => _id === made._id),
      made,
    );
    assert.deepEqual((await titles()).slice(0, 2), [second, first]);
  });

  const incomplete = [{}, null, [], 'text', { title: 'x' }, { content: 'x' }];
  const hostile = [
    { title: { $gt: '' }, content: 'x' },
    { title: ['x'], content: 'x' },
    { title: 'x', content: { $where: 'while (true) {}' } },
    { title: ' ', content: 'x' },
  ];
  for (const body of [...incomplete, ...hostile]) {
    test(`refuses ${JSON.stringify(body)}`, async () => {
      const before = await titles();
      await expect(post(body), 400, { error: 'Title and content are required' });
      assert.deepEqual(await titles(), before);
    });
  }

  test('refuses what is too long', async () => {
    const error = 'Title or content is too long';
    await expect(post({ title: 'x'.repeat(201), content: 'x' }), 400, { error });
    await expect(post({ title: 'x', content: 'x'.repeat(10_001) }), 400, { error });
  });

  test('stores texts as they are, and no other field', async () => {
    const title = `$set {"$ne":1} ${randomUUID()} \0 é 😀`;
    const made = await expect(post({ title, content: '$where', _id: 'mine', $set: 1 }), 201);
    assert.notEqual(made.json()._id, 'mine');
    const all = (await tutorial.call('GET /api/mongo/posts')).json();
    assert.deepEqual(all[0], made.json());
    assert.equal(all[0].title, title);
  });

  test('takes GET and POST', () =>
    expectMethods(tutorial.call('DELETE /api/mongo/posts'), 'GET, POST'));
});

// What stands behind the route only whoever has started the server can know.
if (elsewhere === undefined) {
  describe('the database', () => {
    test('is named in the log for what it is', async () => {
      await titles();
      const { server } = tutorial as OwnTutorial;
      await server.logged(/a stand-in, not MongoDB\. It speaks the wire protocol at mongodb:/);
    });

    test('is the same for several workers, and through reloads and restarts', async () => {
      const own = await startTutorial({}, ['--workers', '2']);
      const kept: string[] = [];
      const write = async (at: Tutorial) => {
        const title = randomUUID();
        await expect(post({ title, content: 'x' }, at), 201);
        kept.unshift(title);
      };
      // One after the other, each on a connection of its own: both workers get some.
      for (let i = 0; i < 6; i++) await write(own);
      for (let i = 0; i < 6; i++) assert.deepEqual(await titles(own), kept);

      const old = own.server.workers();
      process.kill(own.server.pid, 'SIGHUP');
      for (let i = 0; i < 6; i++) await write(own);
      assert.deepEqual(await titles(own), kept);
      const [worker] = await until(() => {
        const now = own.server.workers();
        return now.length === 2 && !now.some((pid) => old.includes(pid)) && now;
      }, 'new workers alone');
      process.kill(worker, 'SIGKILL');
      for (let i = 0; i < 4; i++) assert.deepEqual(await titles(own), kept);
      await own.stop();

      const again = await startTutorial({ DATA_FOLDER: own.data });
      assert.deepEqual(await titles(again), kept);
      await again.stop();
    });

    test('takes writes of two workers at the same time', async () => {
      const own = await startTutorial({}, ['--workers', '2']);
      const all = Array.from({ length: 20 }, () => randomUUID());
      await Promise.all(all.map((title) => expect(post({ title, content: 'x' }, own), 201)));
      assert.deepEqual((await titles(own)).sort(), all.sort());
      await own.stop();
    });

    test('does not keep the server from stopping', async () => {
      const own = await startTutorial();
      await titles(own);
      assert.equal((await own.stop()).code, 0);
    });

    test('that is named and not there is a 500 after a while, and only here', async () => {
      const own = await startTutorial({
        MONGODB_URI: 'mongodb://127.0.0.1:1/tutorial',
      });
      const { text } = await expect(own.call('GET /api/mongo/posts'), 500);
      assert.doesNotMatch(text, /mongodb|127\.0\.0\.1|ECONN/i);
      await own.server.logged(/ECONNREFUSED/);
      await expect(own.call('GET /api/hello'), 200);
      await own.stop();
    });
  });

  // With the official driver, as a reader of the tutorial would go on from here.
  describe('the stand-in', () => {
    const { MongoClient, ObjectId } = createRequire(join(folder, 'package.json'))('mongodb');
    let uri: string;
    // biome-ignore lint/suspicious/noExplicitAny: the packages of the tutorial have their types there
    let client: any;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const collection = (name: string): any => client.db('shop').collection(name);

    before(async () => {
      await titles();
      const { server } = tutorial as OwnTutorial;
      uri = (await server.logged(/mongodb:\/\/127\.0\.0\.1:\d+/))[0];
      client = await new MongoClient(uri).connect();
    });
    after(() => client.close());

    test('finds by filter, order, projection, skip and limit', async () => {
      const things = collection('things');
      const documents = Array.from({ length: 10 }, (_, n) => ({ n, even: n % 2 === 0, at: { n } }));
      assert.equal((await things.insertMany(documents)).insertedCount, 10);
      const found = await things
        .find({ n: { $gte: 2 }, even: true }, { projection: { _id: 0, n: 1 } })
        .sort({ n: -1 })
        .skip(1)
        .limit(2)
        .toArray();
      assert.deepEqual(found, [{ n: 6 }, { n: 4 }]);
      assert.equal((await things.findOne({ 'at.n': 3 })).n, 3);
      assert.equal(await things.findOne({ n: 77 }), null);
      assert.equal(await things.countDocuments({ even: true }), 5);
      assert.equal(await things.estimatedDocumentCount(), 10);
      assert.deepEqual((await things.distinct('even')).sort(), [false, true]);
    });

    test('finds by ObjectId, and keeps the types of values', async () => {
      const typed = collection('typed');
      const document = { at: new Date(5), bytes: Buffer.from('abc'), none: null, part: 1.5 };
      const { insertedId } = await typed.insertOne({ ...document });
      const found = await typed.findOne({ _id: new ObjectId(insertedId.toHexString()) });
      assert.deepEqual(found.at, document.at);
      assert.equal(Buffer.from(found.bytes.buffer).toString(), 'abc');
      assert.deepEqual([found.none, found.part], [null, 1.5]);
      assert.equal(await typed.findOne({ _id: new ObjectId() }), null);
    });

    test('hands out many documents in batches', async () => {
      const many = collection('many');
      await many.insertMany(Array.from({ length: 1000 }, (_, n) => ({ n })));
      const seen: number[] = [];
      for await (const { n } of many.find().batchSize(90)) seen.push(n);
      assert.deepEqual(
        seen,
        Array.from({ length: 1000 }, (_, n) => n),
      );
      const some = many.find().batchSize(10);
      await some.next();
      await some.close();
    });

    test('updates, replaces and upserts', async () => {
      const changed = collection('changed');
      await changed.insertMany([
        { _id: 1, n: 1 },
        { _id: 2, n: 2 },
      ]);
      const one = await changed.updateOne({ _id: 1 }, { $inc: { n: 10 }, $push: { log: 'x' } });
      assert.deepEqual([one.matchedCount, one.modifiedCount], [1, 1]);
      const same = await changed.updateOne({ _id: 1 }, { $set: { n: 11 } });
      assert.deepEqual([same.matchedCount, same.modifiedCount], [1, 0]);
      const all = await changed.updateMany({}, { $set: { seen: true } });
      assert.deepEqual([all.matchedCount, all.modifiedCount], [2, 2]);
      await changed.replaceOne({ _id: 2 }, { only: 'this' });
      assert.deepEqual(await changed.find().toArray(), [
        { _id: 1, n: 11, log: ['x'], seen: true },
        { _id: 2, only: 'this' },
      ]);
      const made = await changed.updateOne(
        { key: 'new', n: { $gt: 5 } },
        { $set: { a: 1 }, $setOnInsert: { b: 2 } },
        { upsert: true },
      );
      assert.equal(made.upsertedCount, 1);
      const { _id, ...rest } = await changed.findOne({ _id: made.upsertedId });
      assert.deepEqual(rest, { key: 'new', a: 1, b: 2 });
      const replaced = { _id: 9, x: 1 };
      await changed.replaceOne({ _id: 9 }, { x: 1 }, { upsert: true });
      assert.deepEqual(await changed.findOne({ _id: 9 }), replaced);
    });

    test('finds and changes in one step', async () => {
      const queue = collection('queue');
      await queue.insertMany([{ n: 2 }, { n: 1 }]);
      const oldest = await queue.findOneAndUpdate(
        { done: { $exists: false } },
        { $set: { done: true } },
        { sort: { n: 1 }, returnDocument: 'after', projection: { _id: 0 } },
      );
      assert.deepEqual(oldest, { n: 1, done: true });
      assert.equal((await queue.findOneAndDelete({ n: 2 })).n, 2);
      assert.equal(await queue.findOneAndDelete({ n: 2 }), null);
      assert.equal(await queue.countDocuments(), 1);
    });

    test('deletes one or all', async () => {
      const gone = collection('gone');
      await gone.insertMany([{ a: 1 }, { a: 1 }, { a: 2 }]);
      assert.equal((await gone.deleteOne({ a: 1 })).deletedCount, 1);
      assert.equal((await gone.deleteMany({})).deletedCount, 2);
      assert.equal(await gone.countDocuments(), 0);
    });

    test('groups', async () => {
      const sales = collection('sales');
      await sales.insertMany([
        { who: 'a', n: 1 },
        { who: 'b', n: 5 },
        { who: 'a', n: 2 },
      ]);
      const sums = await sales
        .aggregate([{ $group: { _id: '$who', sum: { $sum: '$n' } } }, { $sort: { _id: 1 } }])
        .toArray();
      assert.deepEqual(sums, [
        { _id: 'a', sum: 3 },
        { _id: 'b', sum: 5 },
      ]);
    });

    test('refuses a second document with the same _id, and goes on after it if told to', async () => {
      const unique = collection('unique');
      await unique.insertOne({ _id: 'x' });
      await assert.rejects(unique.insertOne({ _id: 'x' }), { code: 11000 });
      const three = [{ _id: 'y' }, { _id: 'x' }, { _id: 'z' }];
      await assert.rejects(unique.insertMany(three, { ordered: false }), { code: 11000 });
      assert.equal(await unique.countDocuments(), 3);
      await assert.rejects(unique.updateOne({ _id: 'y' }, { $set: { _id: 'w' } }), /immutable/);
      await assert.rejects(unique.replaceOne({ _id: 'y' }, { _id: 'w' }), { code: 66 });
      await assert.rejects(
        unique.updateOne({ _id: 'nobody' }, { $bogus: { a: 1 } }, { upsert: true }),
      );
    });

    test('refuses what it does not do, and goes on', async () => {
      const some = collection('things');
      await assert.rejects(client.db('shop').command({ reIndex: 'things' }), { code: 59 });
      await assert.rejects(client.db('shop').command({ constructor: 1 }), { code: 59 });
      await assert.rejects(some.createIndex({ n: 1 }, { unique: true }), { code: 59 });
      await assert.rejects(some.find({}, { collation: { locale: 'de' } }).toArray(), {
        code: 40415,
      });
      await assert.rejects(some.find({ n: { $bogus: 1 } }).toArray(), { code: 2 });
      await assert.rejects(some.find({ $where: 'this.n == 1' }).toArray());
      await assert.rejects(some.aggregate([{ $out: 'other' }]).toArray());
      await assert.rejects(some.updateOne({ n: 1 }, [{ $set: { n: 2 } }]), { code: 2 });
      assert.equal(await some.countDocuments({ n: 1 }), 1);
    });

    const nonsense: [string, Buffer][] = [
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      ['zeros', Buffer.alloc(64)],
      ['a length below a header', Buffer.from([15, 0, 0, 0, ...Array(60).fill(0)])],
      ['an endless message', Buffer.from([255, 255, 255, 127, ...Array(60).fill(0)])],
      ['another operation', message(2012, Buffer.alloc(10))],
      ['OP_MSG without anything', message(2013, Buffer.alloc(0))],
      ['a section that is longer than the message', message(2013, section(0, 1000))],
      ['a section of no length', message(2013, section(1, 0))],
      ['a section of an unknown kind', message(2013, section(9, 5))],
      ['a list without a name', message(2013, section(1, 9, Buffer.from('aaaaa')))],
      ['OP_QUERY without an end', message(2004, Buffer.from('aaaaaaaaaaaa'))],
    ];
    for (const [what, bytes] of nonsense) {
      test(`hangs up on ${what}, and serves others`, async () => {
        const port = Number(new URL(uri).port);
        const socket = connect({ port, host: '127.0.0.1' });
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.on('error', () => {}).resume();
        socket.write(bytes);
        await within(closed, 'end of the connection');
        assert.deepEqual(await client.db('shop').command({ ping: 1 }), { ok: 1 });
      });
    }
  });
}

function message(operation: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(operation, 12);
  return Buffer.concat([header, body]);
}

function section(kind: number, size: number, rest = Buffer.alloc(5)): Buffer {
  const head = Buffer.alloc(9);
  head[4] = kind;
  head.writeInt32LE(size, 5);
  return Buffer.concat([head, rest]);
}
