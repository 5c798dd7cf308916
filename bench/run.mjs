// SPDX-License-Identifier: MIT
// The benchmarks: Capra beside its peers, in turns, in one run. README.md says how to read them.
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench } from './tools/bench.mjs';
import { chart } from './tools/chart.mjs';
import { describeMachine, machineLines } from './tools/machine.mjs';
import { Progress } from './tools/progress.mjs';
import { jsonReport, markdownReport, painter, terminalReport } from './tools/report.mjs';
import { stopAllNow } from './tools/server.mjs';

const folder = import.meta.dirname;
const ALWAYS = ['capra-js', 'capra-edge', 'capra-c', 'epoll'];

class UsageError extends Error {}

/** Every module of a folder, by its file's name. */
async function modulesIn(name, key) {
  const found = new Map();
  for (const file of globSync(join(folder, name, '*.mjs')).sort()) {
    const module = await import(file);
    found.set(basename(file, '.mjs'), module[key]);
  }
  return found;
}

const workloads = await modulesIn('workloads', 'workload');
const peers = await modulesIn('peers', 'peer');
const workloadNames = [...workloads.keys()].sort(
  (a, b) => workloads.get(a).order - workloads.get(b).order,
);

const help = () => `usage: make bench ARGS="[WORKLOAD…] [options]"

workloads (default: all)
  ${workloadNames.join(' ')}

options
  --peers LIST       beside Capra and epoll, only these: ${[...peers.keys()]
    .filter((name) => !ALWAYS.includes(name))
    .join(',')}; "none"
  --only LIST        exactly these: ${[...peers.keys()].join(',')}
  --rounds N         rounds in turns, figures are medians over them (5)
  --seconds S        load on each server in each round (3)
  --warmup S         load before it that does not count (1)
  --starts N         starts of each server in the workload start (20)
  --connections N    idle connections in the workload idle (10000)
  --cpus A,B         the server's and the load's CPU (the first two)
  --markdown FILE    write the tables as Markdown, for example docs/benchmarks/latest.md
  --json FILE        write everything that was measured
  --charts FOLDER    draw each workload as FOLDER/NAME.svg
  --help             this text
`;

const number = (text, name, least, most) => {
  const value = Number(text);
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name}: expected a number from ${least} to ${most}, found "${text}"`);
  return value;
};

const whole = (text, name, least, most) => Math.floor(number(text, name, least, most));

function readArguments(argv) {
  const text = (value) => ({ type: 'string', default: value });
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      only: { type: 'string' },
      rounds: text('5'),
      seconds: text('3'),
      warmup: text('1'),
      starts: text('20'),
      connections: text('10000'),
      cpus: { type: 'string' },
      markdown: { type: 'string' },
      json: { type: 'string' },
      charts: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return {
    ...values,
    workloads: chosen(positionals, workloadNames, 'workload'),
    peers: choosePeers(values),
    settings: {
      rounds: whole(values.rounds, 'rounds', 1, 100),
      seconds: number(values.seconds, 'seconds', 0.1, 600),
      warmup: number(values.warmup, 'warmup', 0.1, 600),
      starts: whole(values.starts, 'starts', 1, 1000),
      connections: whole(values.connections, 'connections', 1, 60_000),
    },
    cpus: values.cpus?.split(',').map((cpu) => whole(cpu, 'cpus', 0, 4095)),
  };
}

/** The names asked for, or all of them. */
function chosen(names, all, kind) {
  for (const name of names)
    if (!all.includes(name))
      throw new UsageError(`there is no ${kind} "${name}"; there are ${all.join(', ')}`);
  return names.length ? names : all;
}

function choosePeers({ peers: others, only }) {
  const all = [...peers.keys()];
  if (only) return chosen(only.split(','), all, 'server');
  if (!others) return all;
  return [...ALWAYS, ...(others === 'none' ? [] : chosen(others.split(','), all, 'server'))];
}

/** Keeps this program and all it starts off the server's CPU; servers are then put there. */
function keepOff(bench) {
  execFileSync('taskset', ['-a', '-p', '-c', String(bench.loadCpu), String(process.pid)]);
}

function write(file, text, progress) {
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  progress.say(`written: ${file}`);
}

/** The command that repeats this run, without the files that it writes. */
function commandOf(argv) {
  const text = argv
    .join(' ')
    .replace(/ ?--(markdown|json|charts)[ =]\S+/g, '')
    .trim();
  return `make bench${text && ` ARGS="${text}"`}`;
}

async function main(argv) {
  const options = readArguments(argv);
  if (options.help) return process.stdout.write(help());

  const progress = new Progress();
  const paint = painter(process.stdout);
  const bench = new Bench({ folder, progress, cpus: options.cpus, ...options.settings });
  const machine = describeMachine(bench);
  bench.peers = options.peers.map((name) => ({ ...peers.get(name), name }));
  keepOff(bench);
  bench.compilePrograms();

  const results = [];
  for (const name of options.workloads) {
    const workload = workloads.get(name);
    progress.name = name;
    const { columns, rows, isCurve } = await workload.run(bench);
    progress.end();
    results.push({
      name,
      title: workload.title(bench),
      goals: workload.goals ?? [],
      columns,
      rows,
      isCurve,
    });
    process.stdout.write(`${terminalReport(results.at(-1), paint)}\n`);
  }

  const lines = machineLines(machine, bench.versions);
  for (const { server, app, failure } of bench.missing)
    lines.push(`${server} was left out of ${app}: ${failure.split('\n')[0]}`);
  process.stdout.write(`\n${lines.map((line) => paint('dim', line)).join('\n')}\n`);
  if (options.markdown) {
    const command = commandOf(argv);
    write(options.markdown, markdownReport({ machineLines: lines, command, results }), progress);
  }
  for (const result of options.charts ? results : []) {
    const picture = chart(result);
    if (picture) write(join(options.charts, `${result.name}.svg`), picture, progress);
  }
  if (options.json) {
    const { versions, settings, missing } = bench;
    write(options.json, jsonReport({ machine, versions, settings, missing, results }), progress);
  }
  const isWhole = bench.missing.length === 0 && results.every(({ rows }) => rows.every(isSound));
  process.exitCode = isWhole ? 0 : 1;
}

const isSound = (row) => !row.failure && !row.errors;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => {
    stopAllNow();
    process.stderr.write('\n');
    process.exit(code);
  });

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`bench: ${isUsage ? `${error.message}\nTry --help.` : error.stack}\n`);
  stopAllNow();
  process.exitCode = isUsage ? 2 : 1;
}
