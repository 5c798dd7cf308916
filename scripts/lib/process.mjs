// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs a program to its end, in a process group of its own, with no input. What it leaves running
 * is named in `leftBehind` and killed.
 *
 * @returns {Promise<{ output: string, code: number | null, signal: string | null,
 *   timedOut: boolean, leftBehind: string[], ms: number }>}
 */
export async function run(command, args, { cwd, env = {}, timeoutMs = 120_000 } = {}) {
  const start = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // Not mixed: a program flushes its stdout in the middle of lines.
  const stdout = [];
  const stderr = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  const closed = new Promise((resolve) => child.on('close', resolve));
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => {
      stderr.push(Buffer.from(`${error.message}\n`));
      resolve({ code: null, signal: null });
    });
  });

  running.add(child);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, timeoutMs);
  const { code, signal } = await ended;
  clearTimeout(timer);

  const leftBehind = timedOut ? [] : await stragglers(child.pid);
  killGroup(child.pid);
  await closed;
  running.delete(child);
  const output = [stdout, stderr].map((chunks) => Buffer.concat(chunks).toString()).join('\n');
  return { output, code, signal, timedOut, leftBehind, ms: performance.now() - start };
}

/** Calls `work` for each item, `width` at a time; the answers are in the order of the items. */
export async function inParallel(items, width, work) {
  const answers = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      answers[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers;
}

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) killGroup(child.pid);
    process.exit(1);
  });
}

function killGroup(pid) {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

// Who still runs in the group although its first process has ended. A child that is just ending
// gets two seconds.
async function stragglers(group) {
  for (let tries = 0; ; tries++) {
    const members = groupMembers(group);
    if (members.length === 0 || tries === 40) return members;
    await delay(50);
  }
}

// The command lines of a group's processes. Only Linux tells without a program's help; elsewhere
// nobody is seen.
function groupMembers(group) {
  if (process.platform !== 'linux' || !group) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // pid (name) state parent group …; the name may hold anything.
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(pgrp) !== group || state === 'Z') return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`];
      } catch {
        return []; // It ended between two looks.
      }
    });
}
