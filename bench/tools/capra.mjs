// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Capra as a peer.
 *
 * @param {{ title: string, apps: Record<string, string> }} options `apps`: which folder of
 *   bench/apps serves which kind of app.
 * @example export const peer = capra({ title: 'Capra, C route', apps: { hello: 'hello-c' } });
 */
export function capra({ title, apps }) {
  return {
    title,
    isCapra: true,
    apps: Object.keys(apps),
    prepare({ bench, app }) {
      const executable = join(bench.root, 'build/capra');
      if (!existsSync(executable)) throw new Error('build/capra is missing: run make');
      return bench.execute(executable, ['build', join(bench.folder, 'apps', apps[app])]);
    },
    command: ({ bench, port, app, folder, command = 'start', options = [] }) => ({
      argv: [
        join(bench.root, 'build/capra'),
        command,
        folder ?? join(bench.folder, 'apps', apps[app]),
        '-H',
        '127.0.0.1',
        '-p',
        String(port),
        // The other peers write no line for a request either; a workload's options come behind.
        '--log',
        'none',
        '--workers',
        '1',
        ...options,
      ],
      env: { BENCH_UPLOADS: bench.scratch('uploads') },
    }),
    version: ({ bench }) => bench.firstLine(join(bench.root, 'build/capra'), '--version'),
  };
}
