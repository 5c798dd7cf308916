// SPDX-License-Identifier: MIT

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrismaClient } from '@prisma/client';
import { dataFile } from './data-folder';
import { openSqlite } from './sqlite';

// On globalThis, so that a change to this file in `capra dev` or `next dev` does not open another.
const kept = globalThis as typeof globalThis & { prismaClient?: Promise<PrismaClient> };

/**
 * The one Prisma client of this process, with its tables made. The database is `prisma.sqlite` in the
 * data folder, or the PostgreSQL server that DATABASE_URL names.
 *
 * @example
 * const users = await (await prisma()).user.findMany();
 */
export function prisma(): Promise<PrismaClient> {
  kept.prismaClient ??= open().catch((error) => {
    // A database that was not there yet may be there for the next request.
    kept.prismaClient = undefined;
    throw error;
  });
  return kept.prismaClient;
}

function open(): Promise<PrismaClient> {
  const { DATABASE_URL: url } = process.env;
  if (!url) return sqliteClient(dataFile('prisma.sqlite'));
  if (/^postgres(ql)?:/.test(url)) return postgresClient(url);
  throw new Error(
    'DATABASE_URL must begin with postgres: or postgresql:; without it there is SQLite',
  );
}

// Only the client and the adapter that are needed are loaded.

async function sqliteClient(file: string): Promise<PrismaClient> {
  const { PrismaClient } = await import('@prisma/client');
  const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3');
  await makeSqliteTables(file);
  return new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}` }) });
}

async function makeSqliteTables(file: string): Promise<void> {
  const tables = await readTables('sqlite');
  const database = openSqlite(file);
  try {
    database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
  } finally {
    database.close();
  }
}

async function postgresClient(url: string): Promise<PrismaClient> {
  // A client made for another kind of database, and otherwise the same.
  const { PrismaClient } = (await import(
    '@prisma/client-postgresql'
  )) as unknown as typeof import('@prisma/client');
  const { PrismaPg } = await import('@prisma/adapter-pg');
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  try {
    const statements = (await readTables('postgresql')).split(/;$/m).filter((text) => text.trim());
    await client.$transaction(statements.map((text) => client.$executeRawUnsafe(text)));
    return client;
  } catch (error) {
    await client.$disconnect();
    throw error;
  }
}

function readTables(database: string): Promise<string> {
  return readFile(join('prisma/tables', `${database}.sql`), 'utf8');
}
