// SPDX-License-Identifier: MIT

// What the stand-in can do: reading, writing, aggregating. Everything else it refuses, down to single
// options, for a command that was half obeyed would be worse than none.

import { BSON, type Document, Long, ObjectId } from 'bson';
import { Aggregator, find as findIn, Query, update as updateWith } from 'mingo';
import { DuplicateKey, type Store, type Stored } from './store';
import { MESSAGE_BYTES } from './wire';

/** An error that MongoDB has a number for. */
export class CommandFailed extends Error {
  constructor(
    readonly code: number,
    readonly codeName: string,
    message: string,
  ) {
    super(message);
  }
}

const refuse = (message: string) => new CommandFailed(2, 'BadValue', message);

const DOCUMENT_BYTES = 16 * 1024 * 1024;
const FIRST_BATCH = 101;
const CURSORS = 100;
const options = { scriptEnabled: false };

/** The commands on one store, and the cursors that wait to be read on. */
export class Commands {
  #store: Store;
  #cursors = new Map<string, { collection: string; rest: Document[] }>();
  #lastCursor = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The answer to a command; throws `CommandFailed`. */
  run(command: Document): Document {
    const name = Object.keys(command)[0] ?? '';
    const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!known)
      throw new CommandFailed(59, 'CommandNotFound', `the stand-in has no command '${name}'`);
    if (known.fields !== 'any') checkFields(name, command, known.fields);
    const collection = `${command.$db}.${command[name]}`;
    return known.run({ commands: this, store: this.#store, command, name, collection });
  }

  /** The first documents of a result, and a cursor for what is left. */
  open(collection: string, all: Document[], batch = FIRST_BATCH): Document {
    const rest = [...all];
    const firstBatch = takeBatch(rest, batch);
    const id = rest.length > 0 ? this.#keep(collection, rest) : 0;
    return { cursor: { firstBatch, id: Long.fromNumber(id), ns: collection } };
  }

  readOn(id: string, batch = Number.POSITIVE_INFINITY): Document {
    const cursor = this.#cursors.get(id);
    if (!cursor) throw new CommandFailed(43, 'CursorNotFound', `cursor ${id} not found`);
    const nextBatch = takeBatch(cursor.rest, batch);
    if (cursor.rest.length === 0) this.#cursors.delete(id);
    const left = Long.fromString(cursor.rest.length > 0 ? id : '0');
    return { cursor: { nextBatch, id: left, ns: cursor.collection } };
  }

  close(id: string): boolean {
    return this.#cursors.delete(id);
  }

  // Clients that went away leave theirs behind; the oldest go first.
  #keep(collection: string, rest: Document[]): number {
    const [oldest] = this.#cursors.keys();
    if (oldest !== undefined && this.#cursors.size >= CURSORS) this.#cursors.delete(oldest);
    this.#lastCursor++;
    this.#cursors.set(String(this.#lastCursor), { collection, rest });
    return this.#lastCursor;
  }
}

function takeBatch(rest: Document[], batch: number): Document[] {
  let count = 0;
  let bytes = 0;
  while (count < Math.min(batch, rest.length)) {
    bytes += BSON.calculateObjectSize(rest[count]);
    if (bytes > DOCUMENT_BYTES && count > 0) break;
    count++;
  }
  return rest.splice(0, count);
}

// --- The table of commands ---

interface Call {
  commands: Commands;
  store: Store;
  command: Document;
  name: string;
  /** `database.collection` */
  collection: string;
}

interface Command {
  /** The options it knows, besides those of every command. */
  fields: string[] | 'any';
  run(call: Call): Document;
}

const hello: Command = {
  fields: 'any',
  run: () => ({
    helloOk: true,
    isWritablePrimary: true,
    ismaster: true,
    // Of the sizes those of a real server; no sessions, so that a driver asks for none.
    maxBsonObjectSize: DOCUMENT_BYTES,
    maxMessageSizeBytes: MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    minWireVersion: 0,
    maxWireVersion: 25,
    readOnly: false,
  }),
};

const commands: Record<string, Command> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: { fields: [], run: () => ({}) },
  find: {
    fields: ['filter', 'sort', 'projection', 'skip', 'limit', 'batchSize', 'singleBatch'],
    run({ commands, store, command, collection }) {
      const { filter = {}, sort, projection, skip = 0, limit = 0, batchSize } = command;
      const cursor = findIn<Document>(documents(store, collection), filter, projection, options);
      if (sort) cursor.sort(sort);
      if (skip) cursor.skip(skip);
      if (limit) cursor.limit(Math.abs(limit));
      const all = cursor.all();
      return commands.open(collection, all, command.singleBatch ? all.length : batchSize);
    },
  },
  aggregate: {
    fields: ['pipeline', 'cursor'],
    run({ commands, store, command, collection }) {
      const { pipeline, cursor = {} } = command;
      const all = new Aggregator(pipeline, options).run<Document>(documents(store, collection));
      return commands.open(collection, all, cursor.batchSize);
    },
  },
  count: {
    fields: ['query'],
    run: ({ store, command, collection }) => ({
      n: matching(store, collection, command.query).length,
    }),
  },
  distinct: {
    fields: ['key', 'query'],
    run({ store, command, collection }) {
      const all = matching(store, collection, command.query).map(({ document }) => document);
      const group = [
        { $unwind: `$${command.key}` },
        { $group: { _id: null, values: { $addToSet: `$${command.key}` } } },
      ];
      const [found] = new Aggregator(group, options).run<Document>(all);
      return { values: found?.values ?? [] };
    },
  },
  getMore: {
    fields: ['collection', 'batchSize'],
    run: ({ commands, command }) => commands.readOn(String(command.getMore), command.batchSize),
  },
  killCursors: {
    fields: ['cursors'],
    run({ commands, command }) {
      const cursorsKilled = command.cursors.filter((id: unknown) => commands.close(String(id)));
      return { cursorsKilled };
    },
  },
  insert: {
    fields: ['documents', 'ordered'],
    run: ({ store, command, collection }) =>
      writeEach(store, command, 'documents', (document) => {
        insert(store, collection, document);
        return { n: 1 };
      }),
  },
  update: {
    fields: ['updates', 'ordered'],
    run: ({ store, command, collection }) =>
      writeEach(store, command, 'updates', (change) => {
        checkFields('update.updates', change, ['q', 'u', 'multi', 'upsert']);
        const found = matching(store, collection, change.q).slice(0, change.multi ? undefined : 1);
        if (found.length === 0 && change.upsert) {
          const { _id } = upsert(store, collection, change.q, change.u);
          return { n: 1, nModified: 0, upserted: _id };
        }
        const changed = found.filter((stored) => modify(store, stored, change.u));
        return { n: found.length, nModified: changed.length };
      }),
  },
  delete: {
    fields: ['deletes', 'ordered'],
    run: ({ store, command, collection }) =>
      writeEach(store, command, 'deletes', (deletion) => {
        checkFields('delete.deletes', deletion, ['q', 'limit']);
        const found = matching(store, collection, deletion.q).slice(0, deletion.limit || undefined);
        for (const stored of found) store.remove(stored);
        return { n: found.length };
      }),
  },
  findAndModify: {
    fields: ['query', 'sort', 'fields', 'update', 'remove', 'new', 'upsert'],
    run: ({ store, command, collection }) =>
      store.alone(() => findAndModify(store, collection, command)),
  },
};

// What every command may bring along and none here acts on; a write is on disk before its answer.
const common = ['$db', '$readPreference', 'comment', 'maxTimeMS', 'readConcern', 'writeConcern'];

function checkFields(name: string, given: Document, known: string[]): void {
  const all = [name, ...common, ...known];
  const unknown = Object.keys(given).find((field) => !all.includes(field));
  if (unknown !== undefined)
    throw new CommandFailed(40415, 'Location40415', `the stand-in has no '${name}.${unknown}'`);
}

// --- Reading and writing ---

function documents(store: Store, collection: string): Document[] {
  return store.all(collection).map(({ document }) => document);
}

function matching(store: Store, collection: string, filter: Document = {}): Stored[] {
  const query = new Query<Document>(filter, options);
  return store.all(collection).filter(({ document }) => query.test(document));
}

interface Written {
  n: number;
  nModified?: number;
  upserted?: unknown;
}

/** Does the writes of a command one after the other; after one that failed only where none depends on it. */
function writeEach(
  store: Store,
  command: Document,
  list: string,
  write: (each: Document) => Written,
): Document {
  const sum: Document = { n: 0, ...(list === 'updates' ? { nModified: 0 } : {}) };
  const upserted: Document[] = [];
  const writeErrors: Document[] = [];
  store.alone(() => {
    for (const [index, each] of (command[list] as Document[]).entries()) {
      try {
        const done = write(each);
        sum.n += done.n;
        if (done.nModified !== undefined) sum.nModified += done.nModified;
        if (done.upserted !== undefined) upserted.push({ index, _id: done.upserted });
      } catch (error) {
        const { code, message } = asFailure(error);
        writeErrors.push({ index, code, errmsg: message });
        if (command.ordered !== false) break;
      }
    }
  });
  return {
    ...sum,
    ...(upserted.length > 0 && { upserted }),
    ...(writeErrors.length > 0 && { writeErrors }),
  };
}

function insert(store: Store, collection: string, document: Document): Document {
  // First in the document, as a server puts it.
  const whole = { _id: new ObjectId(), ...document };
  if (BSON.calculateObjectSize(whole) > DOCUMENT_BYTES)
    throw new CommandFailed(10334, 'BSONObjectTooLarge', 'a document of more than 16 MiB');
  try {
    store.insert(collection, whole);
  } catch (error) {
    if (!(error instanceof DuplicateKey)) throw error;
    const key = JSON.stringify(whole._id);
    const message = `E11000 duplicate key error collection: ${collection} index: _id_ dup key: { _id: ${key} }`;
    throw new CommandFailed(11000, 'DuplicateKey', message);
  }
  return whole;
}

/** Whether the document is another one afterwards. */
function modify(store: Store, stored: Stored, change: Document): boolean {
  const before = BSON.serialize(stored.document);
  const document = applied(stored.document, change);
  if (Buffer.compare(before, BSON.serialize(document)) === 0) return false;
  store.replace({ ...stored, document });
  return true;
}

function upsert(store: Store, collection: string, query: Document, change: Document): Document {
  const { _id, ...fields } = equalities(query);
  const { $setOnInsert, ...rest } = change;
  const base = updated(_id === undefined ? {} : { _id }, { $set: fields });
  const start = $setOnInsert ? updated(base, { $set: $setOnInsert }) : base;
  return insert(store, collection, applied(start, rest));
}

/** The document changed by operators, or replaced; its `_id` stays what it was. */
function applied(document: Document, change: Document): Document {
  if (Array.isArray(change)) throw refuse('the stand-in does not update by pipelines');
  const { _id } = document;
  const id = idText(document);
  const byOperators = Object.keys(change).some((name) => name.startsWith('$'));
  const { $setOnInsert: _, ...operators } = change;
  const result = byOperators
    ? updated(document, operators)
    : { ...(_id !== undefined && { _id }), ...change };
  if (_id !== undefined && idText(result) !== id)
    throw new CommandFailed(66, 'ImmutableField', "the field '_id' cannot be changed");
  return result;
}

const idText = ({ _id }: Document) => BSON.EJSON.stringify({ _id });

function updated(document: Document, operators: Document): Document {
  updateWith(document, operators, [], {}, { queryOptions: options });
  return document;
}

/** What a filter says of a document that there is not yet: `{ a: 1 }`, but not `{ a: { $gt: 1 } }`. */
function equalities(query: Document): Document {
  const isOperator = (value: unknown) =>
    Object.keys(Object(value)).some((name) => name.startsWith('$'));
  return Object.fromEntries(
    Object.entries(query).filter(([name, value]) => !name.startsWith('$') && !isOperator(value)),
  );
}

function findAndModify(store: Store, collection: string, command: Document): Document {
  const { query = {}, sort, fields, update, remove, upsert: inserts } = command;
  const found = matching(store, collection, query);
  const sorted = sort
    ? findIn<Document>(documentsOf(found), {}, undefined, options).sort(sort).limit(1).all()
    : documentsOf(found).slice(0, 1);
  const stored = found.find(({ document }) => sorted[0] && idText(document) === idText(sorted[0]));
  const show = (document: Document) =>
    fields ? findIn<Document>([document], {}, fields, options).all()[0] : document;

  if (!stored && (remove || !inserts))
    return { lastErrorObject: { n: 0, ...(!remove && { updatedExisting: false }) }, value: null };
  if (!stored) {
    const made = upsert(store, collection, query, update);
    const lastErrorObject = { n: 1, updatedExisting: false, upserted: made._id };
    return { lastErrorObject, value: command.new ? show(made) : null };
  }
  const before = BSON.deserialize(BSON.serialize(stored.document));
  if (remove) {
    store.remove(stored);
    return { lastErrorObject: { n: 1 }, value: show(before) };
  }
  const after = applied(stored.document, update);
  store.replace({ ...stored, document: after });
  return {
    lastErrorObject: { n: 1, updatedExisting: true },
    value: show(command.new ? after : before),
  };
}

const documentsOf = (found: Stored[]) => found.map(({ document }) => document);

/** An error as MongoDB would name it. What mingo throws is about what the client asked. */
export function asFailure(error: unknown): CommandFailed {
  return error instanceof CommandFailed ? error : refuse((error as Error).message);
}
