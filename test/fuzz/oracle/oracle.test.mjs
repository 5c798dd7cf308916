// SPDX-License-Identifier: MIT
// Capra's parser beside Node's: whatever Capra takes, Node takes too, and reads the same in it. Capra
// may refuse more; it never takes more.
//
//     CAPRA_BUILD           where test/oracle-parse is (build/asan)
//     CAPRA_ORACLE_INPUTS   how many streams to make (20000)
//     CAPRA_ORACLE_SEED     from which seed (1)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeStream, mutate, Random } from './grammar.mjs';
import { nodeReads } from './node-reads.mjs';

const root = join(import.meta.dirname, '../../..');
const program = join(process.env.CAPRA_BUILD ?? join(root, 'build/asan'), 'test/oracle-parse');
const corpus = join(import.meta.dirname, '../corpus');
const inputs = Number(process.env.CAPRA_ORACLE_INPUTS ?? 20_000);
const seed = Number(process.env.CAPRA_ORACLE_SEED ?? 1);

/** Capra's outcome of each stream. */
function capraReads(streams) {
  const pieces = streams.flatMap((bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  const { status, stdout, stderr, error } = spawnSync(program, {
    input: Buffer.concat(pieces),
    maxBuffer: 1 << 30,
  });
  assert.ok(status === 0, `${program}: ${error ?? stderr}`);
  const lines = stdout.toString().trimEnd().split('\n');
  assert.equal(lines.length, streams.length);
  return lines.map((line) => JSON.parse(line));
}

/** The members of the lists with this name, in lower case. */
function members({ rawHeaders }, name) {
  const lists = rawHeaders.filter(
    (_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name,
  );
  return lists.flatMap((list) => list.toLowerCase().split(',')).map((member) => member.trim());
}

/**
 * The only differences that may be, besides Capra's refusals. None lets Capra see a request where
 * Node, asked about the same bytes, would see another one.
 */
const exceptions = {
  /** HTTP/1.0 with both options: Capra closes, as RFC 9112, 9.3 says; Node keeps the connection. */
  closesAsRfcSays: (capra, node) =>
    capra.minor === 0 &&
    !capra.keepAlive &&
    node.keepAlive &&
    members(capra, 'connection').includes('close') &&
    members(capra, 'connection').includes('keep-alive'),

  /** Proxy-Connection, which no RFC gives a meaning (RFC 9112, C.2.2), closes Node's connection. */
  closesByProxyConnection: (capra, node) =>
    capra.keepAlive && !node.keepAlive && members(capra, 'proxy-connection').includes('close'),

  /** Behind a request for an upgrade that it does not grant, Node drops the rest of what it has read. */
  dropsBehindUpgrade: (capra) =>
    members(capra, 'connection').includes('upgrade') && members(capra, 'upgrade').length > 0,
};

/** The complaint about two readings of one request; undefined if they agree. */
function compareRequests(capra, node, { isComplete, isRefused }) {
  if (node === undefined) return 'Capra takes it, Node does not';
  for (const key of ['method', 'url', 'minor', 'framing'])
    if (capra[key] !== node[key]) return `${key}: ${capra[key]}, Node: ${node[key]}`;
  if (JSON.stringify(capra.rawHeaders) !== JSON.stringify(node.rawHeaders))
    return `headers: ${capra.rawHeaders}, Node: ${node.rawHeaders}`;
  if (
    capra.keepAlive !== node.keepAlive &&
    !exceptions.closesAsRfcSays(capra, node) &&
    !exceptions.closesByProxyConnection(capra, node)
  )
    return `keepAlive: ${capra.keepAlive}, Node: ${node.keepAlive}`;
  // Of a body that Capra refuses, Node may have read on.
  if (isRefused ? !node.body.startsWith(capra.body) : node.body !== capra.body)
    return `body: ${capra.body}, Node: ${node.body}`;
  if (!isRefused && isComplete !== node.isComplete)
    return `complete: ${isComplete}, Node: ${node.isComplete}`;
  return undefined;
}

/** The complaint about two readings of one stream; undefined if Capra takes no more than Node. */
function compare(capra, node) {
  const last = capra.requests.length - 1;
  for (const [i, request] of capra.requests.entries()) {
    const isComplete = i < last || !capra.inBody;
    const isRefused = !isComplete && capra.error !== null;
    const other = node.requests[i];
    const complaint = compareRequests(request, other, { isComplete, isRefused });
    if (complaint !== undefined) return `request ${i}: ${complaint} (Node's error: ${node.error})`;
    if (exceptions.closesByProxyConnection(request, other)) return undefined;
    if (exceptions.dropsBehindUpgrade(request)) return undefined;
    // Capra reads no further.
    if (isComplete && !request.keepAlive && other.keepAlive) return undefined;
  }
  if (capra.error !== null) return undefined;
  if (node.requests.length > capra.requests.length) return 'Node takes one more request';
  const isClosed = last >= 0 && !capra.requests[last].keepAlive && !capra.inBody;
  const isInHead = capra.more && !capra.inBody;
  if (node.error !== null && !isClosed && !isInHead) return `Node refuses: ${node.error}`;
  return undefined;
}

async function check(texts) {
  const streams = texts.map((text) => Buffer.from(text, 'latin1'));
  const outcomes = capraReads(streams);
  const tally = { requests: 0, refusals: 0 };
  for (const [i, capra] of outcomes.entries()) {
    const node = await nodeReads(streams[i]);
    const complaint = compare(capra, node);
    assert.equal(complaint, undefined, `${complaint}\nin ${JSON.stringify(texts[i])}`);
    tally.requests += capra.requests.length;
    tally.refusals += capra.error !== null;
  }
  return tally;
}

function readCorpus(name) {
  const folder = join(corpus, name);
  return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
}

test('the streams of the corpus', async () => {
  await check([...readCorpus('message'), ...readCorpus('head')]);
});

test('the streams of the corpus, changed a little', async () => {
  const random = new Random(seed);
  const texts = [...readCorpus('message'), ...readCorpus('head')];
  await check(texts.flatMap((text) => Array.from({ length: 10 }, () => mutate(random, text))));
});

test(`${inputs} streams from the grammar, seed ${seed}`, async () => {
  const random = new Random(seed);
  const tally = await check(Array.from({ length: inputs }, () => makeStream(random)));
  // A generator that makes only nonsense, or nothing odd, would prove nothing.
  assert.ok(tally.requests > inputs / 2, `only ${tally.requests} requests were taken`);
  assert.ok(tally.refusals > inputs / 10, `only ${tally.refusals} streams were refused`);
});
