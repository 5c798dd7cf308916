// SPDX-License-Identifier: MIT

// A handler that fails costs one answer: the client learns nothing, the log everything, and the
// process lives.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Server, startCapra } from '../support/server.ts';
import { format, Wire } from '../support/wire.ts';

// The line numbers of what throws are part of the tests.
const app = {
  'lib/deep.ts': `interface Wish {
  name: string;
}

export function deep({ name }: Wish): never {
  throw new Error(\`deep secret of \${name}\`);
}
`,
  'pages/api/throws.ts': `import type { NextApiRequest, NextApiResponse } from 'next';
import { deep } from '../../lib/deep';

interface Padding {
  onlyForTypes: string;
}

export default function handler(req: NextApiRequest, res: NextApiResponse): void {
  const wish: Padding = { onlyForTypes: 'one' };
  deep({ name: wish.onlyForTypes });
}
`,
  'pages/api/rejects.ts': `
type Later = Promise<void>;

export default async function handler(): Later {
  await null;
  throw new TypeError('late secret');
}
`,
  'pages/api/odd.js': `
    const odd = {
      null() { throw null; },
      string() { throw 'a string'; },
      object() { throw { statusCode: 418, message: 'tea' }; },
      status() { throw Object.assign(new Error('tea'), { statusCode: 418 }); },
      reject() { return Promise.reject(); },
    };
    export default (req) => odd[req.query.how]();`,
  'pages/api/after.js': `
    export default function handler(req, res) {
      res.json({ a: 1 });
      throw new Error('after the answer');
    }`,
  'pages/api/headers.js': `
    export default function handler(req, res) {
      res.status(201).setHeader('X-K', '1');
      throw new Error('before the answer');
    }`,
  'pages/api/part.js': `
    export default function handler(req, res) {
      res.write('part');
      throw new Error('in the answer');
    }`,
  'pages/api/timer.js': `
    export default function handler(req, res) {
      setTimeout(() => { throw new Error('in a timer'); }, 1);
      res.end('ok');
    }`,
  'pages/api/forgotten.js': `
    export default function handler(req, res) {
      Promise.reject(new Error('forgotten promise'));
      res.end('ok');
    }`,
  'pages/api/later.js': `
    export default function handler(req, res) {
      setTimeout(() => res.end('later'), 20);
    }`,
  'pages/api/returns.js': `
    export default function handler(req, res) {
      res.end('x');
      return new Response('hi');
    }`,
  'pages/api/nodef.js': 'export const nothing = 1;',
  'pages/api/objdef.js': 'export default { a: 1 };',
  'pages/api/broken.js': `
    throw new Error('while loading');
    export default () => {};`,
  'pages/api/ok.js': "export default (req, res) => res.end('alive');",
};

let server: Server;
before(async () => {
  server = await startCapra({ app });
});
after(() => server.stop());

async function fails(path: string) {
  const answer = await server.call(`GET ${path}`);
  assert.equal(answer.status, 500);
  assert.equal(answer.text, 'Internal Server Error');
  return answer;
}

async function lives() {
  assert.equal((await server.call('GET /api/ok')).text, 'alive');
}

describe('a handler that', () => {
  test('throws: 500, and the stack in lines of the TypeScript source (P284)', async () => {
    await fails('/api/throws');
    await server.logged(/deep secret of one/);
    await server.logged(/lib\/deep\.ts:6:\d+/);
    await server.logged(/pages\/api\/throws\.ts:10:\d+/);
    await lives();
  });

  test('rejects: the same (P285)', async () => {
    await fails('/api/rejects');
    await server.logged(/TypeError: late secret/);
    await server.logged(/pages\/api\/rejects\.ts:6:\d+/);
    await lives();
  });

  for (const [how, row] of [
    ['null', 'P286'],
    ['string', 'P287'],
    ['object', 'P288'],
    ['status', 'P289'],
    ['reject', 'P285'],
  ]) {
    test(`throws something odd, ${how}: 500 all the same (${row})`, async () => {
      await fails(`/api/odd?how=${how}`);
      await lives();
    });
  }

  test('throws after it set status and headers: 500, the headers stay (P290, P291)', async () => {
    assert.equal((await fails('/api/headers')).headers['x-k'], '1');
  });

  test('throws after its answer: the answer stands (P294)', async () => {
    assert.equal((await server.call('GET /api/after')).text, '{"a":1}');
    await server.logged(/after the answer/);
  });

  test('throws in the middle of its answer: the connection is cut (P292)', async () => {
    const wire = await Wire.open(server.port);
    await wire.send(format('GET /api/part'));
    const received = (await wire.rest()).toString();
    assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
    assert.doesNotMatch(received, /Internal Server Error/);
    await server.logged(/in the answer/);
    wire.close();
  });

  test('throws in a timer: the answer stands, and the process lives (P298)', async () => {
    const worker = server.worker();
    assert.equal((await server.call('GET /api/timer')).text, 'ok');
    await server.logged(/in a timer/);
    await lives();
    assert.equal(server.worker(), worker);
  });

  test('forgets a promise that rejects: the same (P299)', async () => {
    const worker = server.worker();
    assert.equal((await server.call('GET /api/forgotten')).text, 'ok');
    await server.logged(/forgotten promise/);
    await lives();
    assert.equal(server.worker(), worker);
  });

  test('answers after it returned (P297)', async () => {
    assert.equal((await server.call('GET /api/later')).text, 'later');
  });

  test('returns a value after its answer (P295)', async () => {
    assert.equal((await server.call('GET /api/returns')).text, 'x');
  });
});

describe('a module that', () => {
  test('has no default export: 500, and the log says so (P034)', async () => {
    await fails('/api/nodef');
    await server.logged(/nodef.*default|default.*nodef/);
  });

  test('exports no function: the same (P035)', async () => {
    await fails('/api/objdef');
  });

  test('throws while it is loaded: the same, every time (P039)', async () => {
    await fails('/api/broken');
    await fails('/api/broken');
    await server.logged(/while loading/);
    await lives();
  });
});

test('no answer ever tells what was thrown', async () => {
  for (const path of ['throws', 'rejects', 'odd?how=status', 'headers', 'broken', 'nodef']) {
    const { text, lines } = await server.call(`GET /api/${path}`);
    assert.doesNotMatch(text + lines.join(), /secret|tea|loading|before|\.ts|\.js|Error:|at /);
  }
});

test('a client cannot forge a line of the log', async () => {
  await server.call('GET /api/odd?how=%0Aforged%20line');
  assert.doesNotMatch(server.stderr(), /^forged line/m);
});
