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

/** A goal: how much of a request's CPU what is switched on in `mode` may take. */
const share = (server, mode, limits) => ({
  text: `${server} with ${MODES[mode].title} ÷ with nothing, CPU per request`,
  unit: '×',
  value: (row) => row(`${server}-${mode}`)?.cpuUs / row(`${server}-off`)?.cpuUs,
  ...limits,
});

/** What it costs to see in, and to be protected: the hello route with more and more switched on. */
export const workload = {
  order: 5,
  title: () => 'observed: hello with limits, metrics and the access log, 64 connections',
  async run(bench) {
    const peers = (await bench.serversFor('hello')).filter(({ isCapra }) => isCapra);
    const rows = await inTurns(bench, peers.flatMap(subjectsOf), {
      rounds: bench.settings.rounds,
      measure: ({ peer, options }) =>
        measure(bench, peer, {
          app: 'hello',
          how: { options },
          connections: 64,
          length: HELLO_BODY.length,
        }),
    });
    return { columns: COLUMNS.filter(({ key }) => !['ofLimit', 'spread'].includes(key)), rows };
  },
  goals: ['capra-js', 'capra-c'].flatMap((server) => [
    share(server, 'log', { aim: 1.05 }),
    share(server, 'id', { aim: 1.1 }),
  ]),
};
