// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideFrames, logError, withoutOurs } from '../../runtime/log.ts';
import { logged } from './fake-core.ts';

test('what was thrown is logged as console.error would', async () => {
  const table: [thrown: unknown, text: string][] = [
    ['a % string', 'a % string'],
    [null, 'null'],
    [{ a: 1 }, '{ a: 1 }'],
  ];
  for (const [thrown, text] of table) {
    assert.equal(await logged(() => logError('x', thrown)), `⨯ x: ${text}\n`);
  }
  assert.equal(await logged(() => logError('only this')), '⨯ only this\n');
});

test('a stack ends where the runtime begins', () => {
  hideFrames('/opt/capra (1)/build', '/opt/capra (1)/runtime');
  const stack = [
    'Error: x',
    '    at handler (/srv/app/pages/api/x.js:1:7)',
    '    at runHandler (/opt/capra (1)/build/worker.cjs:2:3)',
    '    at /opt/capra (1)/build/worker.cjs:2:3',
    '    at async file:///opt/capra (1)/build/worker.cjs:2:3',
    '    at async answer (file:///opt/capra (1)/runtime/edge/edge.ts:2:3)',
    '    at ModuleJob.run (node:internal/modules/esm/module_job:569:25)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {',
    "  code: 'E'",
    '}',
  ];
  const kept = stack.filter((line) => !/capra|modules/.test(line));
  assert.equal(withoutOurs(stack.join('\n')), kept.join('\n'));
  const withBrace = [...stack.slice(0, 2), `${stack[2]} {`, ...stack.slice(-2)];
  const closed = [stack[0], `${stack[1]} {`, ...stack.slice(-2)];
  assert.equal(withoutOurs(withBrace.join('\n')), closed.join('\n'));
});
