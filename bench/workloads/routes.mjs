// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { curve } from '../tools/curve.mjs';
import { HELLO_BODY } from '../tools/server.mjs';

const COUNTS = [10, 100, 1000, 5000];

const HELLO = `export default function handler(_req, res) {
  res.status(200).json({ message: 'Hello from Next.js API!' });
}
`;
const OTHER = `export default function handler(req, res) {
  res.status(200).json(req.query);
}
`;

/** A project with so many routes: hello, and half static and half dynamic ones. */
function writeProject(folder, count) {
  const api = join(folder, 'pages/api');
  if (existsSync(join(folder, 'whole'))) return;
  mkdirSync(api, { recursive: true });
  writeFileSync(join(api, 'hello.js'), HELLO);
  for (let i = 1; i < count; i++) {
    const group = join(api, `group${i % 50}`);
    const name = i % 2 ? `item${i}.js` : `item${i}/[id].js`;
    mkdirSync(join(group, i % 2 ? '' : `item${i}`), { recursive: true });
    writeFileSync(join(group, name), OTHER);
  }
  writeFileSync(join(folder, 'whole'), '');
}

/** hello in projects with ever more routes. */
export const workload = {
  order: 33,
  title: () => 'routes: CPU µs per hello, by routes of the project',
  async run(bench) {
    const peers = (await bench.serversFor('hello')).filter(({ name }) => name === 'capra-js');
    const folders = new Map();
    for (const count of COUNTS) {
      const folder = bench.scratch(`routes-${count}`);
      bench.progress.say(`building a project of ${count} routes`);
      writeProject(folder, count);
      await bench.execute(join(bench.root, 'build/capra'), ['build', folder]);
      folders.set(count, folder);
    }
    return curve(bench, peers, {
      points: COUNTS.map((count) => ({ key: `n${count}`, title: `${count}`, count })),
      prepare: ({ count }) => ({ folder: folders.get(count) }),
      load: () => ({ connections: 64, length: HELLO_BODY.length }),
    });
  },
  goals: [
    {
      text: 'capra-js, hello among 5,000 routes ÷ among 10',
      unit: '×',
      value: (row) => row('capra-js')?.growth,
      aim: 1.03,
    },
  ],
};
