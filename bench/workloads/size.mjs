// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIB } from '../tools/figures.mjs';

const COLUMNS = [
  { key: 'wholeMib', title: 'MiB', digits: 1 },
  { key: 'ownMib', title: 'without the engine', digits: 1 },
  { key: 'files', title: 'files', digits: 0 },
];

/** Bytes and files below a path; a link counts as itself. */
function measureTree(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return { bytes: stat.size, files: 1 };
  return readdirSync(path)
    .map((name) => measureTree(join(path, name)))
    .reduce(add, { bytes: 0, files: 0 });
}

const add = (a, b) => ({ bytes: a.bytes + b.bytes, files: a.files + b.files });

/** The folders of npm packages and of all that they depend on, by a lock file. */
function closureOf(folder, names) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const visit = (name, from) => {
    const path = [...parentsOf(from), '']
      .map((parent) => `${parent}${parent && '/'}node_modules/${name}`)
      .find((place) => packages[place]);
    if (!path || found.has(path) || !existsSync(join(folder, path))) return;
    found.add(path);
    const { dependencies, optionalDependencies } = packages[path];
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
      visit(needed, path);
  };
  for (const name of names) visit(name, '');
  return [...found].map((path) => join(folder, path));
}

function parentsOf(path) {
  const parents = [];
  for (let at = path; at; at = at.slice(0, at.lastIndexOf('/node_modules/'))) {
    parents.push(at);
    if (!at.includes('/node_modules/')) break;
  }
  return parents;
}

/** A package that stands inside another one of the list is counted with it. */
const outermost = (paths) =>
  paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));

const sizeOf = (paths) => outermost(paths).map(measureTree).reduce(add, { bytes: 0, files: 0 });

function row(name, title, own, engine) {
  const [mine, its] = [sizeOf(own), sizeOf(engine)];
  return {
    server: name,
    title,
    samples: [],
    wholeMib: (mine.bytes + its.bytes) / MIB,
    ownMib: mine.bytes / MIB,
    files: mine.files + its.files,
  };
}

/** What must be on a machine to serve a build, Node's executable included where it is needed. */
export const workload = {
  order: 42,
  title: () => 'size: what a machine needs to serve a build',
  async run(bench) {
    const inBuild = (...names) => names.map((name) => join(bench.root, 'build', name));
    const node = [process.execPath];
    const core = inBuild('capra');
    const addon = inBuild('capra.node', 'worker.cjs', 'edge.cjs');
    const ofPeer = (name, packages) => {
      const title = bench.peers.find((peer) => peer.name === name)?.title;
      return title && row(name, title, closureOf(bench.folder, packages), node);
    };
    await bench.serversFor('hello');
    return {
      columns: COLUMNS,
      rows: [
        row('capra-c', 'Capra, C routes', core, []),
        row('capra-js', 'Capra, JS routes', [...core, ...addon], node),
        ofPeer('fastify', ['fastify']),
        ofPeer('express', ['express']),
        ofPeer('hono', ['hono', '@hono/node-server']),
        ofPeer('next', ['next', 'react', 'react-dom']),
      ].filter(Boolean),
    };
  },
};
