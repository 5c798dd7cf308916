// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { environment } from '../tools/server.mjs';

const manifest = 'next/package.json';

/** Next itself, `next start` on a production build, with the very files that Capra serves. */
export const peer = {
  title: 'Next',
  apps: ['hello', 'api'],
  isFromNpm: true,
  async prepare({ bench }) {
    const argv = [bench.package('next/dist/bin/next'), 'build', join(bench.folder, 'apps/api')];
    await bench.execute(process.execPath, argv, {
      env: environment({ NEXT_TELEMETRY_DISABLED: '1' }),
    });
  },
  command: ({ bench, port }) => ({
    argv: [
      process.execPath,
      bench.package('next/dist/bin/next'),
      'start',
      join(bench.folder, 'apps/api'),
      '-H',
      '127.0.0.1',
      '-p',
      String(port),
    ],
    env: { NEXT_TELEMETRY_DISABLED: '1', BENCH_UPLOADS: bench.scratch('uploads') },
  }),
  version: () => `Next ${createRequire(import.meta.url)(manifest).version}`,
};
