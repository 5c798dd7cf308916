// SPDX-License-Identifier: MIT
import { inTurns } from '../tools/rounds.mjs';
import { HELLO_BODY } from '../tools/server.mjs';
import { COLUMNS, measure } from '../tools/throughput.mjs';

const UNLIMITED = [
  '--max-in-flight',
  '--max-buffered-bytes',
  '--min-body-rate',
  '--min-write-rate',
  '--max-duration',
  '--stall-timeout',
].flatMap((option) => [option, '0']);

/** What is switched on in each; the access log goes to a file. */
const MODES = {
  off: { title: 'nothing', options: ['--metrics', 'off', ...UNLIMITED] },
  limits: { title: 'limits', options: ['--metrics', 'off'] },
  metrics: { title: 'limits, metrics', options: [] },
  log: { title: 'limits, metrics, access log', options: ['--log', 'json'] },
  id: {
    title: 'limits, metrics, access log, request id',
    options: ['--log', 'json', '--request-id', 'on', '--max-connections-per-address', '10000'],
  },
};

const subjectsOf = (peer) =>
  Object.entries(MODES).map(([mode, { title, options }]) => ({
    name: `${peer.name}-${mode}`,
    title: `${peer.title}: ${title}`,
    peer,
    options,
  }));

/** How much more the own work of a request is, in µs: what 16 in flight show, where system calls are shared. */
const added = (row, server, mode) =>
  row(`${server}-${mode}`)?.sharedUs - row(`${server}-off`)?.sharedUs;

/** A goal: how much of a request's CPU what is switched on in `mode` may take. */
const share = (server, mode, limits) => ({
  text: `${server} with ${MODES[mode].title} ÷ with nothing, CPU per request`,
  unit: '×',
  value: (row) => row(`${server}-${mode}`)?.cpuUs / row(`${server}-off`)?.cpuUs,
  ...limits,
});

/**
 * The same from the difference with 16 in flight. It is at most a few tenths of a microsecond, and by themselves the
 * requests of one process cost a microsecond more than those of the next.
 */
const shareOfWork = (server, mode, limits) => ({
  text: `${server} with ${MODES[mode].title} ÷ with nothing, from what they add at 16 in flight`,
  unit: '×',
  value: (row) => 1 + added(row, server, mode) / row(`${server}-off`)?.cpuUs,
  ...limits,
});

async function measureBoth(bench, { peer, options }) {
  const how = { app: 'hello', how: { options }, connections: 64, length: HELLO_BODY.length };
  const single = await measure(bench, peer, how);
  const shared = await measure(bench, peer, { ...how, pipeline: 16 });
  return { ...single, sharedUs: shared.cpuUs, errors: single.errors + shared.errors };
}

const [CPU, ...OTHERS] = COLUMNS.filter(({ key }) => !['ofLimit', 'spread'].includes(key));

/** What it costs to see in, and to be protected: the hello route with more and more switched on. */
export const workload = {
  order: 5,
  title: () => 'observed: hello with limits, metrics and the access log, 64 connections',
  async run(bench) {
    const peers = (await bench.serversFor('hello')).filter(({ isCapra }) => isCapra);
    const rows = await inTurns(bench, peers.flatMap(subjectsOf), {
      rounds: bench.settings.rounds,
      measure: (subject) => measureBoth(bench, subject),
    });
    const shared = { key: 'sharedUs', title: 'with 16 in flight', digits: 2 };
    return { columns: [CPU, shared, ...OTHERS], rows };
  },
  goals: ['capra-js', 'capra-c'].flatMap((server) => [
    share(server, 'log', { aim: 1.05 }),
    share(server, 'id', { aim: 1.1 }),
    shareOfWork(server, 'log', { aim: 1.05 }),
    shareOfWork(server, 'id', { aim: 1.1 }),
  ]),
};
