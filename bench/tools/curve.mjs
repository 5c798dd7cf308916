// SPDX-License-Identifier: MIT
// How a request's cost grows with something: one column for each size.
import { cpuBetween, cpuOf } from './process-tree.mjs';
import { inTurns } from './rounds.mjs';

async function measure(bench, { peer, point }, { prepare, load }) {
  const { seconds, warmup } = bench.settings;
  const server = await bench.start(peer, point.app ?? 'hello', await prepare?.(point));
  try {
    await bench.load(server, { ...load(point), seconds: warmup });
    const before = cpuOf(server.pid);
    const report = await bench.load(server, { ...load(point), seconds });
    const cpuUs = cpuBetween(before, cpuOf(server.pid)) / 1000 / report.requests;
    return { cpuUs, errors: report.errors };
  } finally {
    await server.stop();
  }
}

/** One row for each server from one for each server and point. */
function gather(rows, peers, points) {
  return peers.map(({ name, title }) => {
    const own = rows.filter((row) => row.peer === name);
    const gathered = { server: name, title, samples: own.map(({ samples }) => samples) };
    for (const [index, { key }] of points.entries()) gathered[key] = own[index].cpuUs;
    gathered.errors = own.reduce((total, { errors = 0 }) => total + errors, 0);
    const failed = own.find(({ failure }) => failure);
    if (failed) gathered.failure = failed.failure;
    gathered.growth = gathered[points.at(-1).key] / gathered[points[0].key];
    return gathered;
  });
}

/**
 * CPU µs per request of every server at every point, all in turns.
 *
 * @param {object} bench
 * @param {object[]} peers
 * @param {{ points: { key: string, title: string }[], load: (point) => object }} how `load` gives
 *   what `bench.load` takes at a point
 */
export async function curve(bench, peers, { points, ...how }) {
  const subjects = peers.flatMap((peer) =>
    points.map((point) => ({
      name: `${peer.name} ${point.key}`,
      title: `${peer.title}, ${point.title}`,
      peer,
      point,
    })),
  );
  const measured = await inTurns(bench, subjects, {
    rounds: bench.settings.rounds,
    measure: (subject) => measure(bench, subject, how),
  });
  const rows = measured.map((row, index) => ({ ...row, peer: subjects[index].peer.name }));
  return {
    isCurve: true,
    columns: [
      ...points.map(({ key, title }) => ({ key, title, digits: 2 })),
      { key: 'growth', title: 'last ÷ first', digits: 2 },
    ],
    rows: gather(rows, peers, points),
  };
}
