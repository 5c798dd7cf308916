// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

function textOf(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function git(root, ...argv) {
  try {
    return execFileSync('git', ['-C', root, ...argv], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}

/** What a reader must know to judge the figures: where and when they were taken, and of what. */
export function describeMachine({ root, serverCpu, loadCpu }) {
  const commit = git(root, 'rev-parse', '--short=10', 'HEAD');
  const isChanged = git(root, 'status', '--porcelain', '--untracked-files=no') !== '';
  return {
    date: new Date().toISOString(),
    commit: commit && commit + (isChanged ? ' with changes' : ''),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    governor:
      textOf(`/sys/devices/system/cpu/cpu${serverCpu}/cpufreq/scaling_governor`) || undefined,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf('/etc/os-release'))?.[1],
    serverCpu,
    loadCpu,
    loadAverage: loadavg()[0],
  };
}

/** The same in lines for people. */
export function machineLines(machine, versions) {
  const lines = [
    `${machine.date.slice(0, 16).replace('T', ' ')} UTC, Capra ${machine.commit || '(no commit)'}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; ${machine.system}, ` +
      `${machine.kernel}${machine.governor ? `, governor ${machine.governor}` : ''}`,
    `server on CPU ${machine.serverCpu}, load on CPU ${machine.loadCpu}`,
    Object.entries(versions)
      .map(([name, version]) => `${name}: ${version}`)
      .join('; '),
  ];
  if (machine.serverCpu === machine.loadCpu)
    lines.push('Only one CPU may be used: requests per second and latencies mean little.');
  if (machine.loadAverage > 0.7)
    lines.push(
      `Other programs were running (load average ${machine.loadAverage.toFixed(1)} at the start): ` +
        'do not publish these figures.',
    );
  return lines;
}
