// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is source

// Each rule: what it finds, marked by a comment on the line, and what looks like it and is none.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RULES } from '../../../compiler/check/rules.ts';
import type { Files } from '../../support/app.ts';
import { root } from '../../support/paths.ts';
import { emptyPackage, findingsOf, places } from './support.ts';

/** Projects by what they show; a string is the route pages/api/a.js. `//!` ends a line with a finding. */
type Samples = Record<string, string | Files>;

const handler = (body: string) => `export default async function handler(req, res) {\n${body}\n}\n`;
const answered = (body: string) => handler(`${body}\nres.end();`);

const SAMPLES: Record<string, Samples> = {
  'webhook-parsed-body': {
    'stripe, by the parsed body': answered(
      'stripe.webhooks.constructEvent(req.body, sig, key); //!',
    ),
    'stripe, asynchronously and by a name': answered(`
      const { body: payload } = req;
      await stripe.webhooks.constructEventAsync(payload, sig, key); //!`),
    'stripe, by the body printed again': answered(
      'stripe.webhooks.constructEvent(JSON.stringify(req.body), sig, key); //!',
    ),
    'stripe, in a file that the route imports': {
      'pages/api/a.js': "import { check } from '../../lib/check';\nexport default check;\n",
      'lib/check.js':
        'export function check(req, res) {\n  res.json(stripe.webhooks.constructEvent(req.body, 1, 2)); //!\n}\n',
    },
    svix: `import { Webhook } from 'svix';\n${answered(
      'const hook = new Webhook(key);\nhook.verify(req.body, req.headers); //!',
    )}`,
    github: `import crypto from 'node:crypto';\n${answered(
      "const mac = crypto.createHmac('sha256', key).update(JSON.stringify(req.body)).digest('hex'); //!",
    )}`,
    'an HMAC with the time before the body': `import { createHmac } from 'crypto';\n${answered(
      "const mac = createHmac('sha256', key).update(`v0:${time}:${JSON.stringify(req.body)}`); //!",
    )}`,
    'an HMAC of a name for the printed body': `import { createHmac } from 'crypto';\n${answered(
      "const text = JSON.stringify(req.body);\nconst mac = createHmac('sha256', key);\nmac.update(text); //!",
    )}`,
    'octokit, whose payload comes second': `import { verify } from '@octokit/webhooks-methods';\n${answered(
      'await verify(secret, JSON.stringify(req.body), signature); //!',
    )}`,
    'not by rawBody': answered('stripe.webhooks.constructEvent(req.rawBody, sig, key);'),
    'not without the parser': `export const config = { api: { bodyParser: false } };\n${answered(
      'stripe.webhooks.constructEvent(await buffer(req), sig, key);',
    )}`,
    'not another HMAC': `import { createHmac } from 'crypto';\n${answered(
      "createHmac('sha256', key).update(JSON.stringify({ id: 1 }));\ncreateHmac('sha256', key).update(req.body.id);",
    )}`,
    'not the verify of something else': answered('jwt.verify(req.body, key);'),
    'not an edge route': `export const runtime = 'edge';\nexport default (req) => stripe.webhooks.constructEvent(req.body, 1, 2);\n`,
  },

  'body-read-twice': {
    formidable: `import formidable from 'formidable';\n${answered(
      'const form = formidable({});\nawait form.parse(req); //!',
    )}`,
    'raw-body': `import getRawBody from 'raw-body';\n${answered('await getRawBody(req); //!')}`,
    'stream/consumers': `import { buffer } from 'node:stream/consumers';\n${answered('await buffer(req); //!')}`,
    'for await': answered('for await (const part of req) console.log(part); //!'),
    'on data, and pipe': answered(
      "req.on('data', console.log); //!\nreq.pipe(process.stdout); //!",
    ),
    'not without the parser': `import formidable from 'formidable';\nexport const config = { api: { bodyParser: false } };\n${answered(
      "await formidable().parse(req);\nfor await (const part of req);\nreq.on('data', console.log);",
    )}`,
    'not where one of two routes is without it': {
      'lib/read.js': "export const read = (req) => req.on('data', console.log);\n",
      'pages/api/a.js': `import { read } from '../../lib/read';\n${answered('read(req);')}`,
      'pages/api/b.js': `import { read } from '../../lib/read';\nexport const config = { api: { bodyParser: false } };\n${answered('read(req);')}`,
    },
    'not the end of a request': answered("req.on('close', stop); req.on('end', stop);"),
    'not another stream': answered(
      "for await (const row of rows()) console.log(row); file.on('data', console.log);",
    ),
  },

  'client-sent-address': {
    'the key of a map': answered(
      "const ip = req.headers['x-forwarded-for'] || 'none'; //!\nhits.set(ip, 1);",
    ),
    'the first of several addresses': answered(
      "const ip = req.headers['x-forwarded-for']?.split(',')[0].trim() ?? req.socket.remoteAddress; //!\nif (hits[ip] > 5) throw 1;",
    ),
    'an address that is allowed': answered(
      "if (req.headers['x-real-ip'] === '10.0.0.1') console.log(1); //!",
    ),
    'in a key that is made of it': answered(
      "const ip = req.headers['x-real-ip']; //!\nawait redis.incr(`rate:${ip}`);",
    ),
    'handed to what limits': answered("await rateLimit(req.headers['x-forwarded-for']); //!"),
    'by way of functions and files': {
      'lib/ip.js':
        "export function ipOf(req) {\n  const header = req.headers['x-forwarded-for']; //!\n  return Array.isArray(header) ? header[0] : header;\n}\n",
      'pages/api/a.js': `import { ipOf } from '../../lib/ip';\n${answered('const ip = ipOf(req);\nlimiter.consume(ip);')}`,
    },
    'the option of a limiter':
      "const limit = rateLimit({ keyGenerator: (req) => req.headers['x-forwarded-for'] }); //!\nexport default (req, res) => limit(req, res);\n",
    'not in a log': answered(
      "const ip = req.headers['x-forwarded-for'];\nconsole.log(ip, `from ${ip}`);\nawait db.visit.create({ data: { ip } });",
    ),
    'not whether it is there': answered(
      "if (req.headers['x-forwarded-for'] === undefined) console.log('direct');",
    ),
    'not another header': answered("hits.set(req.headers['x-api-key'], 1);"),
  },

  'worker-state': {
    'a counter': `let hits = 0;\n${answered('hits++; //!')}`,
    'a sum and a list made anew': `let sum = 0;\nlet list = [];\n${answered('sum += 1; //!\nlist = [...list, 1]; //!')}`,
    'what a request said': `let last;\n${answered('last = req.body; //!')}`,
    'a map, a list and an object': `const seen = new Map();\nconst todos = [];\nconst counts = {};\n${answered(
      'seen.set(req.query.id, 1); //!\ntodos.push(req.body); //!\ncounts[req.query.id] = 1; //!',
    )}`,
    'an entry of an entry': `const users = { a: { n: 1 } };\n${answered('users.a.n++; //!\ndelete users.b;')}`,
    'in a file that the route imports': {
      'lib/store.js':
        'const items = [];\nexport function add(item) {\n  items.push(item); //!\n}\n',
      'pages/api/a.js': `import { add } from '../../lib/store';\n${answered('add(req.body);')}`,
    },
    'not what is made once': `let client;\nlet other;\n${answered(
      'client ??= connect();\nif (!other) other = connect();',
    )}`,
    'not a cache': `const userCache = new Map();\n${answered('userCache.set(req.query.id, await load());')}`,
    'not a table that is filled as it is asked': `const names = {};\n${answered('const a = names[req.query.id] || (names[req.query.id] = load());')}`,
    'not what is set up with the module': `const table = new Map();\nfor (const name of ['a']) table.set(name, 1);\n${answered('table.get(req.query.id);')}`,
    'not what is weakly held': `const seen = new WeakMap();\n${answered('seen.set(req, 1);')}`,
    'not the state of a request': answered('const list = [];\nlist.push(1);\nlet n = 0;\nn++;'),
  },

  'no-answer': {
    'an if without else': handler("if (req.method === 'GET') res.end(); //!"),
    'the last else if': handler(
      "if (req.method === 'GET') {\nres.end();\n} else if (req.method === 'POST') { //!\nres.json(1);\n}",
    ),
    'a switch over methods without default': handler(
      "switch (req.method) { //!\ncase 'GET':\nreturn res.end();\ncase 'POST':\nres.end();\nbreak;\n}",
    ),
    'a return': handler('if (!req.query.id) return; //!\nres.end();'),
    'a catch that only logs': handler(
      'try {\nres.json(await load());\n} catch (error) { //!\nconsole.error(error);\n}',
    ),
    'only headers and a status': handler("res.setHeader('Allow', 'GET');\nres.status(405); //!"),
    'nothing at all': 'export default function handler(req, res) {} //!\n',
    'a Response': 'export default function handler(req) { //!\nreturn Response.json(1);\n}\n',
    'behind a name':
      'const handler = (req, res) => {\nif (req.query.a) res.end(); //!\n};\nexport default handler;\n',
    'not when all paths answer': handler(
      "if (req.method !== 'GET') {\nres.setHeader('Allow', 'GET');\nreturn res.status(405).end();\n}\ntry {\nreturn res.json(await load());\n} catch (error) {\nres.status(500).end();\n}",
    ),
    'not a switch with a default': handler(
      "switch (req.method) {\ncase 'GET':\nreturn res.end();\ncase 'PUT':\ncase 'POST': {\nres.end();\nbreak;\n}\ndefault:\nres.status(405).end();\n}",
    ),
    'not a switch over what may be all there is': handler(
      "switch (kind) {\ncase 'a':\nreturn res.end('a');\ncase 'b':\nreturn res.end('b');\n}",
    ),
    'not what is handed on': handler('await middleware(req, res);'),
    'not what may answer later': handler("stream.on('end', () => res.end());"),
    'not a local function that answers': handler(
      'const done = () => res.end();\nif (req.query.a) return done();\ndone();',
    ),
    'not a throw': handler("if (!req.query.a) throw new Error('a');\nres.end();"),
    'not a return of what may have answered': handler('return proxy(req);'),
    'not when it was asked whether it has answered': handler(
      'await middleware(req, res);\nif (res.headersSent) return;\nres.end();',
    ),
    'not a loop that may answer': handler('for (const one of list) if (one.ok) return res.end();'),
    'not a handler in a wrapper': 'export default wrap(async (req, res) => ({ value: 1 }));\n',
    'not a class or an Express app': 'const app = express();\nexport default app;\n',
    'not an edge route': "export const runtime = 'edge';\nexport default () => new Response('');\n",
  },

  'undefined-name': {
    'a function that is not imported': answered('await sendEmail(req.body); //!'),
    'once for each name': answered('one(); //!\none();\ntwo(); //!'),
    'not what Node has': answered(
      'fetch(String(process.env.A), { signal: AbortSignal.timeout(1) });\nnew WebSocket(Buffer.from(__dirname));\nstructuredClone(globalThis);',
    ),
    'not what somebody puts on globalThis': `globalThis.db ??= 1;\nObject.assign(globalThis, { two: 2 });\n${answered('db; two;')}`,
    'not behind typeof': answered("if (typeof EdgeThing !== 'undefined') EdgeThing();"),
    'not in CommonJS':
      "const { a } = require('./a');\nmodule.exports = (req, res) => res.end(a);\nexports.b = 1;\n",
    'not types': {
      'pages/api/a.ts':
        "import type { NextApiRequest, NextApiResponse } from 'next';\ninterface Data { a: number }\nenum Kind { A }\ndeclare const never: unique symbol;\nexport default function <T extends Data>(req: NextApiRequest, res: NextApiResponse<T>) { res.status(Kind.A).end(); }\n",
    },
    'not the names of a pattern, a loop, a class or a catch': answered(`
      const { a, b: { c = 1 }, ...rest } = req.body;
      for (const [key, value] of Object.entries(rest)) console.log(key, value, a, c);
      label: for (var i in rest) { if (i) continue label; }
      class Own { static #x = 1; get() { return Own.#x; } }
      try { new Own(); } catch ({ message }) { console.log(message, i, arguments.length, hoisted()); }
      function hoisted() { return { message: 1, [a]: c }; }`),
    'beside decorators of parameters': {
      'pages/api/a.ts':
        "import { createHandler, Query } from 'next-api-decorators';\nclass Own {\n  get(@Query('id') id: string) {\n    return load(id); //!\n  }\n}\nexport default createHandler(Own);\n",
    },
    'not of browsers': answered('const width = () => window.innerWidth;\nwidth.name;'),
  },

  'joi-validate-awaited': {
    'a result that nobody takes': `import Joi from 'joi';\nconst schema = Joi.object({});\n${answered('await schema.validate(req.body); //!')}`,
    'a value without its error': `import Joi from 'joi';\n${answered(
      'const value = await Joi.string().validate(req.body); //!\nconsole.log(value);',
    )}`,
    'the schema of a wrapper': {
      'lib/validate.js':
        'export const withValidation = (schema) => (handler) => async (req, res) => {\n  await schema.validate(req.body); //!\n  return handler(req, res);\n};\n',
      'pages/api/a.js':
        "import Joi from 'joi';\nimport { withValidation } from '../../lib/validate';\nexport default withValidation(Joi.object())((req, res) => res.end());\n",
    },
    'not validateAsync, and not with the error': `import Joi from 'joi';\nconst schema = Joi.object();\n${answered(
      'await schema.validateAsync(req.body);\nconst { error } = schema.validate(req.body);\nconst result = await schema.validate(req.body);\nif (error || result.error) throw error;',
    )}`,
    'not Standard Schema': `import Joi from 'joi';\n${handler(
      "const result = await Joi.string()['~standard'].validate(req.body);\nif (result.issues) throw result.issues;\nres.json(result.value);",
    )}`,
    'not in a project of yup': `import * as yup from 'yup';\nconst schema = yup.object();\n${answered('await schema.validate(req.body);')}`,
  },

  'unset-secret': {
    'jsonwebtoken, both ways': `import jwt, { verify } from 'jsonwebtoken';\n${answered(
      'jwt.sign({}, process.env.NOT_SET_HERE); //!\nverify(token, process.env.NOT_SET_HERE); //!',
    )}`,
    'by a name': `const jwt = require('jsonwebtoken');\nconst SECRET = process.env.NOT_SET_HERE;\n${answered('jwt.verify(req.query.a, SECRET); //!')}`,
    'an HMAC and Stripe': `import { createHmac } from 'node:crypto';\n${answered(
      "createHmac('sha256', process.env.NOT_SET_HERE); //!\nstripe.webhooks.constructEvent(raw, sig, process.env.NOT_SET_HERE); //!",
    )}`,
    'not one in a file': {
      '.env.local': 'SET_BY_A_FILE=1\n',
      'pages/api/a.js': `import jwt from 'jsonwebtoken';\n${answered('jwt.sign({}, process.env.SET_BY_A_FILE);')}`,
    },
    'not one with another way': `import jwt from 'jsonwebtoken';\n${answered("jwt.sign({}, process.env.NOT_SET_HERE ?? 'development');")}`,
    'not any variable': answered('String(process.env.NOT_SET_HERE);'),
  },

  'public-upload': {
    'writes of fs': `import fs, { createWriteStream } from 'fs';\nimport path from 'node:path';\n${answered(
      "fs.writeFileSync('./public/a.txt', '');//!\nawait fs.promises.writeFile(path.join(process.cwd(), 'public', 'uploads', req.query.a), ''); //!\ncreateWriteStream(`public/${req.query.a}`); //!",
    )}`,
    'what is moved there': `import { rename } from 'node:fs/promises';\n${answered("await rename('/tmp/a', 'public/' + req.query.a); //!")}`,
    'folders of uploads': `import formidable from 'formidable';\nimport multer from 'multer';\nconst DIR = './public/up';\nmulter({ dest: 'public/x' }); //!\n${answered('formidable({ uploadDir: DIR }); //!')}`,
    'not elsewhere, and not reading': `import fs from 'fs';\n${answered(
      "fs.writeFileSync('data/public/a', '');\nfs.writeFileSync(`/srv/${req.query.a}`, '');\nfs.readFileSync('public/a');\nfs.renameSync('public/a', '/tmp/b');\nfs.writeFileSync('publications/a', '');",
    )}`,
  },

  'upload-folder-missing': {
    'a folder that nobody makes': `import formidable from 'formidable';\n${answered("formidable({ uploadDir: 'uploads' }); //!")}`,
    'not one that is there': {
      'uploads/.keep': '',
      'pages/api/a.js': `import formidable from 'formidable';\n${answered("formidable({ uploadDir: './uploads' });")}`,
    },
    'not one that is made': `import { mkdirSync } from 'node:fs';\nimport formidable from 'formidable';\n${answered(
      "mkdirSync('./uploads/a', { recursive: true });\nformidable({ uploadDir: './uploads' });",
    )}`,
    'not one that only the program knows': `import formidable from 'formidable';\nimport os from 'node:os';\n${answered(
      'formidable({ uploadDir: os.tmpdir() });\nformidable({ uploadDir: process.env.DIR });\nformidable();',
    )}`,
  },

  'next-module': {
    'of the app router': `import { headers } from 'next/headers'; //!\nimport { revalidatePath } from 'next/cache'; //!\n${answered('headers(); revalidatePath();')}`,
    'of pages, where Next is not there': `import Link from 'next/link'; //!\n${answered('Link;')}`,
    'inside of Next': `const cookies = require('next/dist/compiled/cookie'); //!\n${answered('cookies;')}`,
    'not next/server': `import { NextResponse } from 'next/server';\n${answered('NextResponse;')}`,
    'not types': {
      'pages/api/a.ts':
        "import type { NextApiRequest } from 'next';\nimport { ImageProps } from 'next/image';\nexport default (req: NextApiRequest & ImageProps, res: any) => res.end();\n",
    },
    'not of pages, where Next is there': {
      ...emptyPackage('next'),
      'node_modules/next/link.js': '',
      'pages/api/a.js': `import Link from 'next/link';\n${answered('Link;')}`,
    },
  },

  'needs-next': {
    'a package that asks for Next at its top': {
      ...emptyPackage('with-top', { peerDependencies: { next: '*' } }),
      'node_modules/with-top/index.js': "module.exports = require('./inner');",
      'node_modules/with-top/inner.js': "const { headers } = require('next/headers');",
      'pages/api/a.js': `import it from 'with-top'; //!\n${answered('it;')}`,
    },
    'an ES module that does': {
      ...emptyPackage('with-import', { type: 'module', peerDependencies: { next: '*' } }),
      'node_modules/with-import/index.js':
        "import { cookies } from 'next/headers.js';\nexport default cookies;",
      'pages/api/a.js': `import it from 'with-import'; //!\n${answered('it;')}`,
    },
    'not one that asks when it must': {
      ...emptyPackage('with-call', { peerDependencies: { next: '*' } }),
      'node_modules/with-call/index.js':
        "exports.a = () => require('next/headers'); try { require('next/cache'); } catch {}",
      'pages/api/a.js': `import it from 'with-call';\n${answered('it;')}`,
    },
    'not where Next is there': {
      ...emptyPackage('next'),
      'node_modules/next/headers.js': '',
      ...emptyPackage('with-top', { peerDependencies: { next: '*' } }),
      'node_modules/with-top/index.js': "require('next/headers');",
      'pages/api/a.js': `import it from 'with-top';\n${answered('it;')}`,
    },
  },

  'no-handler': {
    'a route that exports something else': { 'pages/api/a.js': 'export const a = 1;\n' },
    'an empty file': { 'pages/api/a.js': '' },
    'not a default by another way': {
      'pages/api/a.js': 'const a = () => {};\nexport { a as default };\n',
      'pages/api/b.js': "export { default } from './a';\n",
      'pages/api/c.js': 'module.exports = (req, res) => res.end();\n',
      'pages/api/d.js': 'exports.default = (req, res) => res.end();\n',
      'pages/api/e.js': "export * from './a';\n",
    },
  },

  'compose-wrappers': {
    'wrappers in a chain of middleware': `
const compose = (...all) => all.reduce((a, b) => (req, res, next) => a(req, res, () => b(req, res, next)));
const withAuth = (handler) => async (req, res) => handler(req, res);
function withLimit(n) {
  return (handler) => (req, res) => (n ? handler(req, res) : res.end());
}
export default compose(withLimit(5), withAuth)((req, res) => res.end()); //!
`,
    'not middleware in a chain': `
const compose = (...all) => all.reduce((a, b) => (req, res, next) => a(req, res, () => b(req, res, next)));
const one = (req, res, next) => next();
const chain = compose(one, one);
export default (req, res) => chain(req, res, () => res.end());
`,
    'not wrappers around a handler': `
const compose = (...all) => (handler) => all.reduceRight((inner, wrap) => wrap(inner), handler);
const withAuth = (handler) => async (req, res) => handler(req, res);
export default compose(withAuth, withAuth)((req, res) => res.end());
`,
  },

  'mongo-unbound-db': {
    'taken out of the client': {
      'lib/mongodb.js':
        "import { MongoClient } from 'mongodb';\nlet promise;\nif (!global.mongo) global.mongo = new MongoClient(process.env.URI).connect();\npromise = global.mongo;\nexport async function connect() {\n  const client = await promise;\n  return client;\n}\nexport default promise;\n",
      'pages/api/a.js': `import promise, { connect } from '../../lib/mongodb';\n${answered(
        'const { db } = await connect(); //!\nconst { db: other } = await promise; //!\ndb; other;',
      )}`,
    },
    'not of what has a db': {
      'lib/mongodb.js':
        "import { MongoClient } from 'mongodb';\nexport async function connect() {\n  const client = await MongoClient.connect('');\n  return { client, db: client.db() };\n}\n",
      'pages/api/a.js': `import { connect } from '../../lib/mongodb';\n${answered('const { db } = await connect();\ndb;')}`,
    },
  },

  'prisma-adapter': {
    'no adapter': {
      ...emptyPackage('@prisma/client', { version: '7.1.0' }),
      'pages/api/a.js': `import { PrismaClient } from '@prisma/client';\nnew PrismaClient(); //!\nnew PrismaClient({ log: [] }); //!\n${answered('')}`,
    },
    'not with an adapter, or what may have one': {
      ...emptyPackage('@prisma/client', { version: '7.1.0' }),
      'pages/api/a.js': `import { PrismaClient } from '@prisma/client';\nconst options = { adapter: 1 };\nnew PrismaClient({ adapter: 1 });\nnew PrismaClient(options);\nnew PrismaClient({ ...options });\n${answered('')}`,
    },
    'not before version 7': {
      ...emptyPackage('@prisma/client', { version: '6.9.0' }),
      'pages/api/a.js': `import { PrismaClient } from '@prisma/client';\nnew PrismaClient();\n${answered('')}`,
    },
  },

  'server-listener': {
    'who listens': answered('res.socket.server.on("upgrade", () => {}); //!\nres.socket.server;'),
    'taken apart, and perhaps': answered('const { server } = res.socket; //!\nserver;'),
    'perhaps there': answered('if (!res.socket?.server.io) res.end(); //!'),
    'not the address, nor another socket': answered(
      'const { remoteAddress } = req.socket;\nremoteAddress;\nconst other = { socket: { server: 1 } };\nother.socket.server;',
    ),
  },

  revalidate: {
    'of a response': answered("await res.revalidate('/blog'); //!"),
    'not of something else': answered("await cache.revalidate('/blog');"),
  },

  'max-duration': {
    'of a route': `export const maxDuration = 10; //!\n${answered('')}`,
    'in the config': `export const config = { maxDuration: 10 }; //!\n${answered('')}`,
    'not of a route without': answered('const maxDuration = 1;\nmaxDuration;'),
  },

  'next-config-key': {
    'what a bundler is told, and the rest': {
      'next.config.js':
        'module.exports = {\n  basePath: "",\n  images: {}, //!\n  webpack: (c) => c, //!\n  reactStrictMode: true,\n};\n',
      'pages/api/a.js': answered(''),
    },
    'not what is read': {
      'next.config.mjs':
        'export default { basePath: "/x", env: { A: "1" }, compress: false, rewrites: async () => [] };\n',
      'pages/api/a.js': answered(''),
    },
  },

  'instrumentation-file': {
    'in the wrong place': {
      'src/pages/api/a.js': answered(''),
      'instrumentation.ts': 'export function register() {}\n',
    },
    'not beside the pages folder': {
      'pages/api/a.js': answered(''),
      'instrumentation.ts': 'export function register() {}\n',
    },
  },
  'decorator-metadata': {
    'asked for': {
      'pages/api/a.js': answered(''),
      'tsconfig.json':
        '{\n  "compilerOptions": {\n    "experimentalDecorators": true,\n    "emitDecoratorMetadata": true\n  }\n}\n',
    },
    'not asked for, or commented out': {
      'pages/api/a.js': answered(''),
      'tsconfig.json':
        '{\n  "compilerOptions": {\n    // "emitDecoratorMetadata": true,\n    "experimentalDecorators": true\n  }\n}\n',
    },
  },
  'app-router': {
    'a route': {
      'pages/api/a.js': answered(''),
      'app/api/b/route.ts': 'export function GET() {}\n',
    },
    'not a folder of something else': { 'pages/api/a.js': answered(''), 'app/util.ts': '' },
  },
};

/** Rules whose findings are of a file, or of a project, and not of a line. */
const EXPECTED: Record<string, string[]> = {
  'no-handler: a route that exports something else': ['error pages/api/a.js'],
  'no-handler: an empty file': ['error pages/api/a.js'],
  'instrumentation-file: in the wrong place': ['warning instrumentation.ts'],
  'app-router: a route': ['error'],
  'decorator-metadata: asked for': ['warning tsconfig.json:4'],
};

/** The lines that are marked. */
function marked(files: Files): string[] {
  return Object.entries(files).flatMap(([file, text]) =>
    text.split('\n').flatMap((line, at) => (line.endsWith('//!') ? [`${file}:${at + 1}`] : [])),
  );
}

test('every rule has samples, of what it finds and of what it leaves alone', () => {
  assert.deepEqual(Object.keys(SAMPLES).sort(), RULES.map(({ name }) => name).sort());
});

test('every rule is in the documentation', () => {
  const page = readFileSync(join(root, 'docs/check.md'), 'utf8');
  for (const { name } of RULES) assert.ok(page.includes(`| \`${name}\` |`), name);
});

for (const [rule, samples] of Object.entries(SAMPLES)) {
  describe(rule, { concurrency: 4 }, () => {
    for (const [name, sample] of Object.entries(samples)) {
      test(name, async () => {
        const files = typeof sample === 'string' ? { 'pages/api/a.js': sample } : sample;
        const findings = await findingsOf(files, rule);
        const expected = EXPECTED[`${rule}: ${name}`];
        if (expected) return assert.deepEqual(places(findings), expected);
        const found = findings.map(({ file, line }) => `${file}:${line}`);
        const lines = name.startsWith('not ') ? [] : marked(files);
        assert.equal(lines.length > 0, !name.startsWith('not '), 'a sample marks what is found');
        assert.deepEqual(found.sort(), lines.sort());
        for (const { text, why, hint } of findings) assert.ok(text && why && hint);
      });
    }
  });
}
