// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BOUNDARY, writeMultipart } from '../tools/bodies.mjs';
import { MIB } from '../tools/figures.mjs';
import { cpuBetween, cpuOf, forgetPeak, peakRssOf, rssOf } from '../tools/process-tree.mjs';
import { inTurns } from '../tools/rounds.mjs';

const FILE_MIB = 100;
const UPLOADS = 3;
const MOST_ROUNDS = 9;
const WITH_FORMIDABLE = ['capra-js', 'node', 'next'];

const COLUMNS = [
  { key: 'cpuMs', title: 'CPU ms/upload', digits: 0 },
  { key: 'ms', title: 'ms/upload', digits: 0 },
  { key: 'firstMib', title: 'first: +MiB', digits: 1 },
  { key: 'growthMib', title: 'later: +MiB', digits: 1 },
];

const upload = (bench, server, requests) =>
  bench.load(server, {
    path: '/api/upload',
    method: 'POST',
    'body-file': bench.scratch(`upload-${FILE_MIB}`),
    headers: [`Content-Type: multipart/form-data; boundary=${BOUNDARY}`],
    connections: 1,
    requests,
    seconds: 60,
  });

function emptyFolder(folder) {
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
}

async function measure(bench, peer) {
  const server = await bench.start(peer, 'api');
  const folder = bench.scratch('uploads');
  try {
    forgetPeak(server.pid);
    const before = rssOf(server.pid);
    const first = await upload(bench, server, 1);
    const firstMib = (peakRssOf(server.pid) - before) / MIB;
    emptyFolder(folder);
    forgetPeak(server.pid);
    const warm = rssOf(server.pid);
    const cpu = cpuOf(server.pid);
    const report = await upload(bench, server, UPLOADS);
    return {
      cpuMs: cpuBetween(cpu, cpuOf(server.pid)) / 1e6 / UPLOADS,
      ms: (1000 * report.seconds) / UPLOADS,
      firstMib,
      growthMib: (peakRssOf(server.pid) - warm) / MIB,
      errors: first.errors + report.errors,
    };
  } finally {
    await server.stop();
    emptyFolder(folder);
  }
}

/** A file of 100 MiB as multipart, taken apart by formidable and written to a file. */
export const workload = {
  order: 18,
  title: () => `upload: ${FILE_MIB} MiB by multipart, formidable`,
  async run(bench) {
    mkdirSync(bench.scratch('uploads'), { recursive: true });
    writeMultipart(bench.scratch(`upload-${FILE_MIB}`), FILE_MIB);
    const peers = (await bench.serversFor('api')).filter(({ name }) =>
      WITH_FORMIDABLE.includes(name),
    );
    const rows = await inTurns(bench, peers, {
      rounds: Math.min(bench.settings.rounds, MOST_ROUNDS),
      measure: (peer) => measure(bench, peer),
    });
    return { columns: COLUMNS, rows };
  },
  goals: [
    {
      text: 'capra-js ÷ node, time of an upload',
      unit: '×',
      value: (row) => row('capra-js')?.ms / row('node')?.ms,
      aim: 1,
    },
    {
      text: 'capra-js, memory that later uploads add',
      unit: 'MiB',
      value: (row) => row('capra-js')?.growthMib,
      aim: 16,
    },
  ],
};
