// SPDX-License-Identifier: MIT
// What a process and all its descendants use, as Linux counts it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const TICK_NS = 10_000_000;

/** A file below /proc, or an empty text when the process has gone meanwhile. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat behind the name, which may contain anything: [0] is the state. */
const stat = (pid) => {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** The process and its descendants, as far as they are still there. */
export function treeOf(pid) {
  const children = new Map();
  for (const entry of list('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = Number(stat(entry)[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/** When a process was started, in ticks since boot: with its PID a name that is never reused. */
export const startedAt = (pid) => stat(pid)[19];

/**
 * CPU time so far. `threads` is exact (nanoseconds on a CPU, by thread) but loses what threads and
 * processes that ended have used; `ticksNs` has that too, in steps of 10 ms. `waited` is how long
 * each process's first thread was ready to run while its CPU was busy with something else.
 */
export function cpuOf(pid) {
  const threads = new Map();
  const waited = new Map();
  let ticks = 0;
  for (const member of treeOf(pid)) {
    for (const thread of list(`/proc/${member}/task`)) {
      const [ns, delay] = read(`/proc/${member}/task/${thread}/schedstat`).split(' ');
      if (ns) threads.set(`${member}/${thread}`, Number(ns));
      if (Number(thread) === member) waited.set(member, Number(delay));
    }
    const [user, system, childUser, childSystem] = stat(member).slice(11, 15).map(Number);
    if (system !== undefined) ticks += user + system + childUser + childSystem;
  }
  return { threads, waited, ticksNs: ticks * TICK_NS };
}

/** Nanoseconds of CPU between two results of `cpuOf`. */
export function cpuBetween(before, after) {
  let ns = 0;
  for (const [thread, total] of after.threads) ns += total - (before.threads.get(thread) ?? 0);
  const ticksNs = after.ticksNs - before.ticksNs;
  const resolution = 2 * TICK_NS * Math.max(after.threads.size, 1);
  return ticksNs > ns + resolution ? ticksNs : ns;
}

/** Nanoseconds that the process which waited longest for its CPU did so, between two results. */
export function waitBetween(before, after) {
  const waits = [...after.waited].map(([pid, total]) => total - (before.waited.get(pid) ?? 0));
  return Math.max(0, ...waits);
}

const kilobytes = (text, name) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;

const sum = (pid, measure) => treeOf(pid).reduce((total, member) => total + measure(member), 0);

/** Proportional set size: memory in use, pages shared by several processes counted in shares. */
export const pssOf = (pid) =>
  sum(pid, (member) => kilobytes(read(`/proc/${member}/smaps_rollup`), 'Pss'));

/** Resident memory now. */
export const rssOf = (pid) =>
  sum(pid, (member) => kilobytes(read(`/proc/${member}/status`), 'VmRSS'));

/** The most resident memory since `forgetPeak`; each process by itself, so an upper bound. */
export const peakRssOf = (pid) =>
  sum(pid, (member) => kilobytes(read(`/proc/${member}/status`), 'VmHWM'));

/** Lets the peak of `peakRssOf` begin again at what is resident now. */
export function forgetPeak(pid) {
  for (const member of treeOf(pid)) writeFileSync(`/proc/${member}/clear_refs`, '5');
}
