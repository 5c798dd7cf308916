// SPDX-License-Identifier: MIT

// What the example needs besides its packages, made once: `npm run setup`. `make run` does it, too.
// Run again it finds everything in place and is done at once.

import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const packages = join(root, 'node_modules');

generateClients();
// Of this checkout's own: there is no secret that every copy of the example would share.
keep('JWT_SECRET', randomBytes(32).toString('base64url'), 'Signs the log-ins of this checkout');
keep('STRIPE_DEMO', 'yes', 'Lets /api/webhooks/sample sign events in the place of Stripe');

/** Prisma's clients: `@prisma/client` for SQLite, `@prisma/client-postgresql` for PostgreSQL. */
function generateClients() {
  const schema = join(root, 'prisma/schema.prisma');
  const text = readFileSync(schema, 'utf8');
  const { version } = JSON.parse(readFileSync(join(packages, 'prisma/package.json'), 'utf8'));
  // In what npm does not know and so takes away when it installs: the stamp goes with it.
  const stamp = join(packages, '@prisma/client-postgresql/.made-from');
  const made = createHash('sha256').update(`${version}\n${text}`).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return;

  const copy = join(packages, '.prisma/postgresql.prisma');
  mkdirSync(join(packages, '.prisma'), { recursive: true });
  writeFileSync(copy, forPostgres(text));
  generate(schema);
  generate(copy);
  writeFileSync(stamp, made);
}

function forPostgres(text) {
  const changed = text
    .replace('provider = "sqlite"', 'provider = "postgresql"')
    .replace(/provider = "prisma-client-js"/, '$&\n  output   = "../@prisma/client-postgresql"');
  if (!changed.includes('"postgresql"') || !changed.includes('output'))
    throw new Error('prisma/schema.prisma no longer has the lines that setup.mjs changes');
  return changed;
}

function generate(schema) {
  const prisma = join(packages, 'prisma/build/index.js');
  const { status, error, stdout, stderr } = spawnSync(
    process.execPath,
    [prisma, 'generate', '--schema', schema, '--no-hints'],
    {
      cwd: root,
      encoding: 'utf8',
      // Every command of Prisma's first fetches its engine for migrations, from a host of its own.
      // Generating does not use it: any file that exists will do in its place.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    },
  );
  if (status !== 0)
    throw new Error(`prisma generate failed\n${error ?? ''}${stdout ?? ''}${stderr ?? ''}`);
}

/** A line of .env.local, unless it has one of this name. */
function keep(name, value, why) {
  const file = join(root, '.env.local');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (new RegExp(`^\\s*(?:export\\s+)?${name}\\s*[=:]`, 'm').test(text)) return;
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  const line = `# ${why}; made by scripts/setup.mjs.\n${name}=${value}\n`;
  writeFileSync(file, `${text}${gap}${line}`, { mode: 0o600 });
}
