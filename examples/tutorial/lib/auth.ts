// SPDX-License-Identifier: MIT

import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import bcrypt from 'bcryptjs';
import jwt from 'jsonwebtoken';
import type { NextApiRequest, NextApiResponse } from 'next';
import { type Account, findAccount } from './accounts';
import { database } from './database';
import { tokenSecret } from './secrets';

/** How long a log-in lasts. */
const SESSION_SECONDS = 60 * 60;
const COOKIE = 'token';
const ALGORITHM = 'HS256';
const ROUNDS = 10;

/** A log-in that holds. */
export interface Session {
  account: Account;
  id: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

// --- Passwords ---

/** What is wrong with this as a new password, or undefined. */
export function passwordProblem(password: unknown): string | undefined {
  if (typeof password !== 'string' || password === '') return 'Password is required';
  if (password.length < 8) return 'Password must have at least 8 characters';
  // bcrypt looks at the first 72 bytes only: of two long passwords it could take one for the other.
  if (bcrypt.truncates(password)) return 'Password must have at most 72 bytes';
  return undefined;
}

export function hashPassword(password: string): Promise<string> {
  return bcrypt.hash(password, ROUNDS);
}

// Of no password that anybody has: what a log-in with an unknown address is compared with.
let nobody: Promise<string> | undefined;

/**
 * Whether the password is the one of this hash. Without a hash the answer is no, and takes the same
 * time: an answer that came sooner would tell which addresses have an account.
 */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  nobody ??= hashPassword(randomUUID());
  const known = await nobody;
  return (await bcrypt.compare(password, hash ?? known)) && hash !== undefined;
}

// --- Tokens ---

/** A token that says, signed, who this is, for an hour. */
export function generateToken(account: Account): string {
  return jwt.sign({}, secret(), {
    algorithm: ALGORITHM,
    subject: String(account.id),
    jwtid: randomUUID(),
    expiresIn: SESSION_SECONDS,
  });
}

/**
 * The session that this token stands for; undefined when it is not signed by us, has expired or was
 * logged out, or when the account is gone. Which of these it is would only help a thief.
 *
 * @example
 * const name = verifyToken(text)?.account.name;
 */
export function verifyToken(token: string): Session | undefined {
  const { sub, jti, exp } = readClaims(token);
  const account = sub === undefined ? undefined : findAccount(Number(sub));
  if (!account || jti === undefined || exp === undefined || hasEnded(jti)) return undefined;
  return { account, id: jti, expiresAt: exp };
}

function readClaims(token: string): jwt.JwtPayload {
  const key = secret();
  try {
    // The algorithm is ours to say. A token may name another one, or none.
    return jwt.verify(token, key, { algorithms: [ALGORITHM] }) as jwt.JwtPayload;
  } catch {
    return {};
  }
}

let key: KeyObject | undefined;

// Read when it is first used: a build does not need it.
function secret(): KeyObject {
  key ??= createSecretKey(tokenSecret(), 'utf8');
  return key;
}

// --- Sessions ---

/**
 * Who asks: by `Authorization: Bearer …` if there is such a header, else by the cookie; undefined
 * when nobody is logged in.
 *
 * @example
 * const session = currentSession(req);
 * if (!session) return unauthorized(res);
 */
export function currentSession(req: NextApiRequest): Session | undefined {
  const { authorization } = req.headers;
  const bearer = authorization?.match(/^Bearer +([\w.~+/-]+=*)$/i)?.[1];
  const token = authorization === undefined ? req.cookies[COOKIE] : bearer;
  return token ? verifyToken(token) : undefined;
}

/** Starts a session: the token that is returned is in the answer's cookie, too. */
export function startSession(req: NextApiRequest, res: NextApiResponse, account: Account): string {
  const token = generateToken(account);
  setCookie(req, res, token, SESSION_SECONDS);
  return token;
}

/** Ends this session, wherever else its token may be kept, and takes the cookie back. */
export function endSession(req: NextApiRequest, res: NextApiResponse, session: Session): void {
  const now = Math.floor(Date.now() / 1000);
  database().prepare('DELETE FROM endedSessions WHERE expiresAt < ?').run(now);
  database()
    .prepare('INSERT OR IGNORE INTO endedSessions (id, expiresAt) VALUES (?, ?)')
    .run(session.id, session.expiresAt);
  setCookie(req, res, '', 0);
}

function hasEnded(id: string): boolean {
  return database().prepare('SELECT 1 FROM endedSessions WHERE id = ?').get(id) !== undefined;
}

// HttpOnly: no script of a page can read it. Lax: no other site's form or script can send it with a
// POST. Secure only where the request came by https, or it would not come back on localhost.
function setCookie(req: NextApiRequest, res: NextApiResponse, value: string, seconds: number) {
  const secure = req.headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
  res.appendHeader(
    'Set-Cookie',
    `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`,
  );
}

/** Answers 401 as RFC 9110, 11.6.1 asks for it. */
export function unauthorized(res: NextApiResponse, error = 'Unauthorized') {
  res.setHeader('WWW-Authenticate', 'Bearer');
  res.status(401).json({ error });
}
