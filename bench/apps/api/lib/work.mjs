// SPDX-License-Identifier: MIT
// What the routes of the larger workloads do, the same for every server in JavaScript: each brings
// only its own way of reading a request and giving an answer.
import bcrypt from 'bcryptjs';
import Joi from 'joi';
import jwt from 'jsonwebtoken';

/** For the workload `fields`: what was asked for, said again. */
export const user = ({ id, expand, session, theme, language, agent, trace }) => ({
  id,
  expand,
  session,
  theme,
  language,
  agent,
  trace,
});

const shape = Joi.object({
  name: Joi.string().min(2).max(80).required(),
  email: Joi.string().email().required(),
  age: Joi.number().integer().min(0).max(150),
  tags: Joi.array().items(Joi.string().max(20)).max(10),
  address: Joi.object({ street: Joi.string(), city: Joi.string().required() }),
});

/** The status and the body of an answer to something that was sent in. */
export function validate(body) {
  const { error, value } = shape.validate(body, { abortEarly: false });
  return error
    ? { status: 400, body: { errors: error.details.map(({ message }) => message) } }
    : { status: 200, body: { ok: true, name: value.name } };
}

// The password is "correct horse"; nobody logs in with it anywhere but here.
const PASSWORD_HASH = bcrypt.hashSync('correct horse', 10);
const KEY = 'a key for measurements only';

/** bcrypt at cost 10, then a signed token. */
export async function login({ email, password }) {
  if (!(await bcrypt.compare(String(password), PASSWORD_HASH)))
    return { status: 401, body: { error: 'Invalid credentials' } };
  return { status: 200, body: { token: jwt.sign({ email }, KEY, { expiresIn: '1h' }) } };
}

const NOTES = 1000;

/** The SQLite that the runtime brings along; only Bun knows Bun's. */
async function openNotes() {
  const name = globalThis.Bun ? 'bun:sqlite' : 'node:sqlite';
  const { Database, DatabaseSync } = await import(/* webpackIgnore: true */ name);
  return new (Database ?? DatabaseSync)(':memory:');
}

let reader;
async function notes() {
  const db = await openNotes();
  db.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT)');
  const insert = db.prepare('INSERT INTO notes (title, body) VALUES (?, ?)');
  for (let i = 1; i <= NOTES; i++) insert.run(`Note ${i}`, `The body of note ${i}. `.repeat(8));
  return db.prepare('SELECT id, title, body FROM notes WHERE id = ?');
}

/** One row by its key. */
export async function note(id) {
  reader ??= notes();
  return (await reader).get(Number(id));
}

/** What one megabyte is streamed in. */
export const PIECES = 16;
export const PIECE = Buffer.alloc(64 * 1024, 'a');
