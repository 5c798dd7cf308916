// SPDX-License-Identifier: MIT

// The samples of a well-known tutorial that do not work in Next either, as it has them in substance, and why they
// do not; then the same, mended; then what works and must not be blamed.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Files } from '../../support/app.ts';
import { root } from '../../support/paths.ts';
import { emptyPackage, findingsOf, places } from './support.ts';

const rulesAndPlaces = async (files: Files) => {
  const findings = await findingsOf({ ...PACKAGES, ...files });
  return findings.map((each, at) => `${places(findings)[at]} ${each.rule}`);
};

const PACKAGES: Files = Object.assign(
  {},
  ...['joi', 'jsonwebtoken', 'stripe', 'formidable', 'mongodb'].map((name) => emptyPackage(name)),
  emptyPackage('@prisma/client', { version: '7.10.0' }),
  { '.env': 'JWT_SECRET=1\nSTRIPE_WEBHOOK_SECRET=1\n' },
);

const MIDDLEWARE = `
export function withAuth(handler) {
  return async (req, res) => {
    try {
      req.user = verifyToken(req.headers.authorization?.split(' ')[1]);
      return handler(req, res);
    } catch {
      return res.status(401).json({ error: 'Unauthorized' });
    }
  };
}
export const withValidation = (schema) => (handler) => async (req, res) => {
  try {
    await schema.validate(req.body);
    return handler(req, res);
  } catch (error) {
    return res.status(400).json({ error: error.message });
  }
};
`;

const RATE_LIMIT = `
const requests = new Map();
export const withRateLimit = (limit) => (handler) => async (req, res) => {
  const ip = req.headers['x-forwarded-for'] || req.connection.remoteAddress;
  const count = (requests.get(ip) || 0) + 1;
  requests.set(ip, count);
  if (count > limit) return res.status(429).json({ error: 'Too many requests' });
  return handler(req, res);
};
`;

const COMPOSE = `
export const compose = (...all) =>
  all.reduce((a, b) => (req, res, next) => a(req, res, () => b(req, res, next)));
`;

const COMPLEX = `
import Joi from 'joi';
import { compose } from '../../lib/compose';
import { withAuth, withValidation } from '../../lib/middleware';
import { withRateLimit } from '../../lib/rate-limit';
const schema = Joi.object({ name: Joi.string() });
export default compose(withRateLimit(100), withAuth, withValidation(schema))((req, res) => {
  res.status(200).json({ message: 'ok' });
});
`;

const STRIPE = `
import Stripe from 'stripe';
const stripe = new Stripe('key');
export default async function handler(req, res) {
  if (req.method !== 'POST') return res.status(405).end();
  let event;
  try {
    const signature = req.headers['stripe-signature'];
    event = stripe.webhooks.constructEvent(req.body, signature, process.env.STRIPE_WEBHOOK_SECRET);
  } catch (error) {
    return res.status(400).send(error.message);
  }
  if (event.type === 'payment_intent.succeeded') await handlePayment(event.data.object);
  res.json({ received: true });
}
`;

const MONGO = `
import { MongoClient } from 'mongodb';
let clientPromise;
if (process.env.NODE_ENV === 'development') {
  if (!global._mongoClientPromise) global._mongoClientPromise = new MongoClient('').connect();
  clientPromise = global._mongoClientPromise;
} else {
  clientPromise = new MongoClient('').connect();
}
export async function connectToDatabase() {
  return await clientPromise;
}
`;

const FAULTS: [name: string, files: Files, expected: string[]][] = [
  [
    'await in a handler that is not async',
    {
      'pages/api/leak.js':
        'export default function handler(req, res) {\n  const user = await getUser(req.query.id);\n  res.json(user);\n}\n',
    },
    ['error pages/api/leak.js:2 build'],
  ],
  [
    'helpers that are nowhere',
    {
      'pages/api/users.js':
        "export default async function handler(req, res) {\n  switch (req.method) {\n    case 'GET':\n      return res.json(await fetchUsers());\n    default:\n      return res.status(405).end();\n  }\n}\n",
    },
    ['error pages/api/users.js:4 undefined-name'],
  ],
  [
    'middleware: verifyToken not imported, Joi asked in the way of yup, a limiter that the client can leave',
    {
      'lib/middleware.js': MIDDLEWARE,
      'lib/rate-limit.js': RATE_LIMIT,
      'lib/compose.js': COMPOSE,
      'pages/api/complex.js': COMPLEX,
    },
    [
      'error lib/middleware.js:5 undefined-name',
      'error lib/middleware.js:14 joi-validate-awaited',
      'error pages/api/complex.js:7 compose-wrappers',
      'warning lib/rate-limit.js:4 client-sent-address',
      'warning lib/rate-limit.js:6 worker-state',
    ],
  ],
  [
    'a webhook that checks the parsed body',
    { 'pages/api/webhooks/stripe.js': STRIPE },
    [
      'error pages/api/webhooks/stripe.js:9 webhook-parsed-body',
      'error pages/api/webhooks/stripe.js:13 undefined-name',
    ],
  ],
  [
    'db taken out of a MongoClient, and a Prisma client without an adapter',
    {
      'lib/mongodb.js': MONGO,
      'lib/prisma.js':
        "import { PrismaClient } from '@prisma/client';\nexport const prisma = globalThis.prisma || new PrismaClient();\n",
      'pages/api/posts.js':
        "import { connectToDatabase } from '../../lib/mongodb';\nimport { prisma } from '../../lib/prisma';\nexport default async function handler(req, res) {\n  const { db } = await connectToDatabase();\n  res.json([await db.collection('posts').find().toArray(), await prisma.post.findMany()]);\n}\n",
    },
    ['error lib/prisma.js:2 prisma-adapter', 'error pages/api/posts.js:4 mongo-unbound-db'],
  ],
  [
    'uploads into public',
    {
      'pages/api/upload.js':
        "import formidable from 'formidable';\nexport const config = { api: { bodyParser: false } };\nexport default async function handler(req, res) {\n  const form = formidable({ uploadDir: './public/uploads' });\n  res.json(await form.parse(req));\n}\n",
    },
    [
      'warning pages/api/upload.js:4 public-upload',
      'warning pages/api/upload.js:4 upload-folder-missing',
    ],
  ],
  [
    'valid input that never gets an answer',
    {
      'pages/api/joi.js':
        "import Joi from 'joi';\nconst schema = Joi.object({});\nexport default function handler(req, res) {\n  const { error, value } = schema.validate(req.body);\n  if (error) {\n    return res.status(400).json({ error: error.message });\n  }\n}\n",
    },
    ['warning pages/api/joi.js:5 no-answer'],
  ],
];

describe('what a tutorial gets wrong is told, each where it is', () => {
  for (const [name, files, expected] of FAULTS)
    test(name, async () => assert.deepEqual(await rulesAndPlaces(files), expected));
});

test('mended, nothing is told of it', async () => {
  const mended: Files = {
    'lib/auth.js':
      "import jwt from 'jsonwebtoken';\nexport const verifyToken = (token) => jwt.verify(token, process.env.JWT_SECRET);\n",
    'lib/middleware.js': `import { verifyToken } from './auth';\n${MIDDLEWARE.replace('schema.validate(', 'schema.validateAsync(')}`,
    'lib/compose.js':
      'export const compose = (...all) => (handler) => all.reduceRight((inner, wrap) => wrap(inner), handler);\n',
    'pages/api/complex.js': COMPLEX.replace(/^import .*rate-limit.*\n/m, '').replace(
      'withRateLimit(100), ',
      '',
    ),
    'pages/api/webhooks/stripe.js': STRIPE.replace('req.body', 'req.rawBody').replace(
      'await handlePayment(event.data.object)',
      'console.log(event.data.object)',
    ),
    'lib/mongodb.js': MONGO,
    'pages/api/posts.js':
      "import { connectToDatabase } from '../../lib/mongodb';\nexport default async function handler(req, res) {\n  const db = (await connectToDatabase()).db();\n  res.json(await db.collection('posts').find().toArray());\n}\n",
  };
  assert.deepEqual(await rulesAndPlaces(mended), []);
});

describe('no false alarm', () => {
  // What the packages do with the server's own listeners is meant, and told all the same.
  const told = {
    'examples/tutorial': [],
    'test/packages/app': ['warning pages/api/socket-io.js:7', 'warning pages/api/ws.js:7'],
  };
  for (const [app, expected] of Object.entries(told))
    test(app, async () => assert.deepEqual(places(await findingsOf(join(root, app))), expected));
});
