// SPDX-License-Identifier: MIT
import { MIB } from '../tools/figures.mjs';
import { cpuBetween, cpuOf, forgetPeak, peakRssOf, rssOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';

const SMALLER_BYTES = 64 * MIB;
const BODY_BYTES = 1024 * MIB;
const WARMUP_BYTES = 4096;
const WARMUP_UPLOADS = 20;
const MOST_ROUNDS = 3;

const COLUMNS = [
  { key: 'growthMib', title: '1 GiB: +MiB', digits: 1 },
  { key: 'keptMib', title: 'kept +MiB', digits: 1 },
  { key: 'smallerMib', title: '64 MiB before: +MiB', digits: 1 },
  { key: 'status', title: 'status', digits: 0 },
  { key: 'sentMib', title: 'sent MiB', digits: 1 },
  { key: 'seconds', title: 'seconds', digits: 2 },
  { key: 'cpuSeconds', title: 'CPU s', digits: 2 },
];

const STREAMED = { name: 'streamed', path: '/api/stream', expected: 200 };
const REFUSED = { name: 'refused', path: '/api/parsed', expected: 413 };

/** Peers are asked only to stream: how they would refuse is a setting of each. */
const casesOf = (peer) =>
  (peer.isCapra ? [REFUSED, STREAMED] : [STREAMED]).map((kind) => ({
    name: `${peer.name} ${kind.name}`,
    title: `${peer.title}, ${kind.name}`,
    peer,
    kind,
  }));

/** One upload, and how far memory rose above what was in use before. */
async function watchUpload(bench, server, upload) {
  forgetPeak(server.pid);
  const before = rssOf(server.pid);
  const answer = await bench.upload(server, upload);
  return {
    ...answer,
    growthMib: (peakRssOf(server.pid) - before) / MIB,
    keptMib: (rssOf(server.pid) - before) / MIB,
  };
}

async function measure(bench, { peer, kind }) {
  const server = await bench.start(peer, 'body');
  try {
    const { path } = kind;
    for (let i = 0; i < WARMUP_UPLOADS; i++)
      await bench.upload(server, { path, bytes: WARMUP_BYTES });
    const smaller = await watchUpload(bench, server, { path, bytes: SMALLER_BYTES });
    const cpu = cpuOf(server.pid);
    const whole = await watchUpload(bench, server, { path, bytes: BODY_BYTES });
    return {
      ...whole,
      smallerMib: smaller.growthMib,
      sentMib: whole.sent / MIB,
      cpuSeconds: cpuBetween(cpu, cpuOf(server.pid)) / 1e9,
      errors: Number(whole.status !== kind.expected),
    };
  } finally {
    await server.stop();
  }
}

/**
 * A body of 1 GiB: to a route with the usual limit, and to one that streams. One of 64 MiB goes
 * before it, during which a JavaScript heap takes its working size: what comes on top shows
 * whether memory grows with the body.
 */
export const workload = {
  order: 6,
  title: () => 'body: 1 GiB sent with Content-Length',
  async run(bench) {
    const peers = await bench.serversFor('body');
    const rows = await inTurns(bench, peers.flatMap(casesOf), {
      rounds: Math.min(bench.settings.rounds, MOST_ROUNDS),
      measure: (subject) => measure(bench, subject),
    });
    return { columns: COLUMNS, rows };
  },
  goals: ['refused', 'streamed'].map((kind) => ({
    text: `capra-js, memory for 1 GiB ${kind}`,
    unit: 'MiB',
    value: (row) => row(`capra-js ${kind}`)?.growthMib,
    first: 4,
  })),
};
