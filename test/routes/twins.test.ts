// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../support/paths.ts';
import { type Server, startCapra } from '../support/server.ts';
import { format, type Message, Wire } from '../support/wire.ts';

// One suite for the routes of examples/twins, in C and in TypeScript: each must pass it, and what one sends is what the
// other sends, byte for byte, but for the date.

interface Case {
  request: string;
  message?: Message;
  /** The status line and the body, which may be given in part. */
  status: string;
  body?: string | RegExp;
}

const TEXT = { 'Content-Type': 'text/plain' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const UPLOAD = Buffer.alloc(200_000, 'capra');

const cases: Case[] = [
  { request: 'GET /api/hello', status: '200 OK', body: '{"message":"Hello, twin!"}' },
  { request: 'HEAD /api/hello', status: '200 OK', body: '' },
  {
    request: 'POST /api/hello',
    message: { body: 'x' },
    status: '200 OK',
    body: '{"message":"Hello, twin!"}',
  },
  {
    request: 'GET /api/hello?x=1',
    message: { headers: { 'Accept-Encoding': 'gzip' } },
    status: '200 OK',
  },
  { request: 'GET /api/hello/', status: '308 Permanent Redirect' },
  { request: 'GET /api/none', status: '404 Not Found' },

  { request: 'GET /api/users/7', status: '200 OK', body: '{"id":"7"}' },
  { request: 'GET /api/users/a%20b%2F%C3%A4', status: '200 OK', body: '{"id":"a b/ä"}' },
  { request: 'GET /api/users/%22%5C%01%7F', status: '200 OK', body: '{"id":"\\"\\\\\\u0001\x7f"}' },
  { request: 'GET /api/users/%zz', status: '400 Bad Request' },
  { request: 'DELETE /api/users/7', status: '204 No Content', body: '' },
  {
    request: 'PUT /api/users/7',
    status: '405 Method Not Allowed',
    body: '{"error":"Method Not Allowed"}',
  },

  { request: 'GET /api/docs/a/b%20c/d', status: '200 OK', body: '{"slug":["a","b c","d"]}' },
  { request: 'GET /api/docs', status: '404 Not Found' },

  { request: 'GET /api/search', status: '200 OK', body: '{"q":"","all":[]}' },
  {
    request: 'GET /api/search?q=a+b&q=2&x=%C3%A4&&y',
    status: '200 OK',
    body: '{"q":"a b","all":[["q","a b"],["q","2"],["x","ä"],["y",""]]}',
  },
  {
    request: 'GET /api/search?q=%ff%zz',
    status: '200 OK',
    body: '{"q":"\ufffd%zz","all":[["q","\ufffd%zz"]]}',
  },

  { request: 'GET /api/cookies', status: '200 OK', body: '{"visits":1,"name":""}' },
  {
    request: 'GET /api/cookies',
    message: { headers: { Cookie: 'visits=41; name="J%C3%BCrgen"; name=x' } },
    status: '200 OK',
    body: '{"visits":42,"name":"Jürgen"}',
  },
  {
    request: 'GET /api/cookies',
    message: { headers: { Cookie: ' name = %zz ;visits' } },
    status: '200 OK',
    body: '{"visits":1,"name":"%zz"}',
  },

  {
    request: 'GET /api/headers',
    message: { headers: { 'User-Agent': 'twin', Accept: ['text/html', '*/*'] } },
    status: '200 OK',
    body: '{"agent":"twin","accept":"text/html, */*"}',
  },

  {
    request: 'POST /api/echo',
    message: { headers: TEXT, body: '{"a":[1,2.5,"x",null,true],"b":{"c":""}}' },
    status: '200 OK',
    body: '{"a":[1,2.5,"x",null,true],"b":{"c":""}}',
  },
  {
    request: 'POST /api/echo',
    message: { headers: TEXT, body: '"\\u00e4\\ud83d\\ude00"' },
    status: '200 OK',
    body: '"ä😀"',
  },
  {
    request: 'POST /api/echo',
    message: { headers: TEXT, body: '{a' },
    status: '422 Unprocessable Entity',
    body: '{"error":"This is not JSON."}',
  },
  {
    request: 'POST /api/echo',
    message: { headers: TEXT, body: 'x'.repeat(2049) },
    status: '413 Payload Too Large',
    body: 'Body exceeded 2kb limit',
  },

  {
    request: 'POST /api/form',
    message: { headers: FORM, body: 'a=1&a=%C3%A4&b=x+y' },
    status: '200 OK',
    body: '{"fields":[["a","1"],["a","ä"],["b","x y"]]}',
  },
  {
    request: 'POST /api/form',
    message: { headers: TEXT, body: 'a=1' },
    status: '200 OK',
    body: '{"fields":[]}',
  },

  { request: 'GET /api/go', status: '307 Temporary Redirect', body: '/api/hello?from=go' },
  { request: 'GET /api/go?for=good', status: '308 Permanent Redirect', body: '/api/hello?from=go' },

  { request: 'GET /api/text', status: '200 OK', body: 'plain text, and ümlauts\n' },
  { request: 'HEAD /api/text', status: '200 OK', body: '' },

  { request: 'GET /api/fails', status: '500 Internal Server Error', body: 'Internal Server Error' },

  {
    request: 'GET /api/stream',
    status: '200 OK',
    body: '2\r\n3\n\r\n2\r\n2\n\r\n2\r\n1\n\r\n0\r\n\r\n',
  },
  { request: 'HEAD /api/stream', status: '200 OK', body: '' },

  {
    request: 'POST /api/upload',
    message: { body: '' },
    status: '200 OK',
    body: '{"bytes":0,"sum":0}',
  },
  {
    request: 'POST /api/upload',
    message: { body: 'abc' },
    status: '200 OK',
    body: '{"bytes":3,"sum":294}',
  },
  {
    request: 'POST /api/upload',
    message: { body: UPLOAD },
    status: '200 OK',
    body: /^\{"bytes":200000,"sum":\d+\}$/,
  },
  {
    request: 'POST /api/upload',
    message: {
      headers: { 'Transfer-Encoding': 'chunked' },
      body: '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    },
    status: '200 OK',
    body: '{"bytes":5,"sum":495}',
  },
  {
    request: 'POST /api/upload',
    message: { headers: { 'Transfer-Encoding': 'chunked' }, body: '3\r\nabcde' },
    status: '400 Bad Request',
  },

  {
    request: 'GET /api/file?name=notes.txt',
    status: '200 OK',
    body: 'A file of a few lines,\nthe same for both.\n',
  },
  {
    request: 'GET /api/file?name=../pages/api/file.c',
    status: '404 Not Found',
    body: '{"error":"No such file."}',
  },
  { request: 'GET /api/file', status: '404 Not Found', body: '{"error":"No such file."}' },

  {
    request: 'POST /api/wait',
    message: { headers: TEXT, body: 'patience' },
    status: '200 OK',
    body: '{"waitedWith":"patience"}',
  },
  { request: 'GET /api/wait', status: '200 OK', body: '{"waitedWith":""}' },

  { request: 'GET /api/state', status: '200 OK', body: '{"words":["one","two"]}' },
];

const twins = ['c', 'ts'] as const;
const folderOf = (twin: string) => join(root, 'examples/twins', twin);
const servers = new Map<string, Server>();

/** All that comes back on a connection of its own. */
async function ask(server: Server, { request, message }: Case): Promise<string> {
  const wire = await Wire.open(server.port);
  const headers = { Connection: 'close', ...message?.headers };
  await wire.send(format(request, { ...message, headers }));
  return (await wire.rest()).toString();
}

const nameOf = ({ request, message }: Case) =>
  `${request} ${message ? JSON.stringify(message).slice(0, 80) : ''}`.trim();
const withoutDate = (answer: string) => answer.replace(/^date: .*$/im, 'Date: …');

describe('twins', () => {
  before(async () => {
    const moment = new Date('2026-01-02T03:04:05Z');
    for (const twin of twins) utimesSync(join(folderOf(twin), 'data/notes.txt'), moment, moment);
    for (const twin of twins) servers.set(twin, await startCapra({ app: folderOf(twin) }));
  });
  after(async () => {
    for (const server of servers.values()) await server.stop();
  });

  for (const each of cases) {
    test(nameOf(each), async () => {
      const answers: string[] = [];
      for (const twin of twins) {
        const answer = withoutDate(await ask(servers.get(twin) as Server, each));
        const split = answer.indexOf('\r\n\r\n');
        assert.match(answer, /^HTTP\/1\.1 (.*)\r\n/);
        assert.equal(answer.slice('HTTP/1.1 '.length, answer.indexOf('\r\n')), each.status, twin);
        const body = answer.slice(split + 4);
        if (typeof each.body === 'string') assert.equal(body, each.body, twin);
        else if (each.body) assert.match(body, each.body, twin);
        answers.push(answer);
      }
      assert.equal(answers[0], answers[1]);
    });
  }
});
