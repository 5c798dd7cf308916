// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../../examples/tutorial/client/signup.ts';
import { expect, expectMethods, openTutorial, type Tutorial } from './support.ts';

let tutorial: Tutorial;
before(async () => {
  tutorial = await openTutorial();
});
after(() => tutorial.stop());

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', age: 36 };
const { age: _, ...ageless } = ada;

const good = [
  ada,
  ageless,
  { ...ada, age: 18 },
  { ...ada, age: 120 },
  { ...ada, name: 'Jo' },
  { ...ada, name: "Robert'); DROP TABLE users; --" },
  { ...ada, email: 'first.last+tag@mail.example.co.uk' },
];

// The fault, and the paths that the details name.
const bad: [unknown, string[]][] = [
  [{}, ['name', 'email']],
  [{ ...ada, name: undefined }, ['name']],
  [{ ...ada, name: 'A' }, ['name']],
  [{ ...ada, name: 'x'.repeat(51) }, ['name']],
  [{ ...ada, name: { toString: 'x' } }, ['name']],
  [{ ...ada, email: 'ada' }, ['email']],
  [{ ...ada, email: 'ada@example.com\r\nBcc: x@example.com' }, ['email']],
  [{ ...ada, email: ['ada@example.com'] }, ['email']],
  [{ ...ada, age: '36' }, ['age']],
  [{ ...ada, age: 36.5 }, ['age']],
  [{ ...ada, age: 17 }, ['age']],
  [{ ...ada, age: 121 }, ['age']],
  [{ ...ada, age: null }, ['age']],
  [{ name: 'A', email: 'x', age: 7 }, ['name', 'email', 'age']],
  [null, ['']],
  [[], ['']],
  [7, ['']],
  ['text', ['']],
];

for (const path of ['/api/validate', '/api/validate/zod']) {
  describe(path, () => {
    for (const body of good) {
      test(`accepts ${JSON.stringify(body)}`, async () => {
        await expect(tutorial.send(`POST ${path}`, body), 200, { message: 'Valid', data: body });
      });
    }

    for (const [body, paths] of bad) {
      test(`refuses ${JSON.stringify(body)?.slice(0, 70)}`, async () => {
        const { error, details } = (await expect(tutorial.send(`POST ${path}`, body), 400)).json();
        assert.equal(error, 'Validation failed');
        // One field may break two rules.
        assert.deepEqual([...new Set(details.map((fault: { path: string }) => fault.path))], paths);
        for (const fault of details)
          assert.deepEqual(Object.keys(fault).sort(), ['message', 'path']);
      });
    }

    test('refuses what it does not know', async () => {
      const answer = await expect(tutorial.send(`POST ${path}`, { ...ada, isAdmin: true }), 400);
      assert.match(answer.text, /isAdmin/);
    });

    test('does not repeat what was sent', async () => {
      const email = 'a password, in the wrong field';
      const answer = await expect(tutorial.send(`POST ${path}`, { ...ada, email }), 400);
      assert.ok(!answer.text.includes('password'));
    });

    test('lets no body reach a prototype', async () => {
      const headers = { 'Content-Type': 'application/json' };
      const body = '{"name":"Ada","email":"ada@example.com","__proto__":{"age":1}}';
      const answer = await tutorial.call(`POST ${path}`, { headers, body });
      assert.ok([200, 400].includes(answer.status), answer.text);
      assert.equal(answer.json().data?.age, undefined);
      await expect(tutorial.send(`POST ${path}`, ageless), 200, {
        message: 'Valid',
        data: ageless,
      });
    });

    test('takes long input in time that grows with its length only', async () => {
      const email = `${'a.'.repeat(100_000)}@${'b.'.repeat(100_000)}`;
      await expect(tutorial.send(`POST ${path}`, { ...ada, email }), 400);
    });

    test('refuses what is not JSON before the handler runs', async () => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await tutorial.call(`POST ${path}`, { headers, body: '{"name":' });
      assert.deepEqual([answer.status, answer.text], [400, 'Invalid JSON']);
    });

    test('takes POST only', () => expectMethods(tutorial.call(`GET ${path}`), 'POST'));
  });
}

describe('client/signup.ts', () => {
  test('sends and gets what the schema says', async () => {
    const answer = await signUp(ada, { base: tutorial.url });
    assert.deepEqual(answer, { message: 'Valid', data: ada });
  });

  test('tells the faults of what the types cannot see', async () => {
    const answer = await signUp({ ...ada, email: 'ada' }, { base: tutorial.url });
    assert.ok('error' in answer);
    assert.deepEqual(
      answer.details?.map(({ path }) => path),
      ['email'],
    );
  });

  test('does not compile with what the schema does not take', () => {
    // Checked by tsc, in `make lint`: an error that is expected and not there is one.
    // @ts-expect-error
    const wrong: Parameters<typeof signUp>[0] = { name: 'Ada', email: 'x@example.com', age: '36' };
    assert.equal(typeof wrong.age, 'string');
  });
});
