// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELLO_BODY, HELLO_PATH } from '../tools/server.mjs';

const program = (bench) => bench.debian('h2o', 'usr/bin/h2o');

/** h2o with one thread, serving the answer as a file, which it keeps open. */
export const peer = {
  title: 'h2o (file)',
  apps: ['hello', 'native'],
  prepare({ bench }) {
    program(bench);
    mkdirSync(join(bench.scratch('h2o'), 'files'), { recursive: true });
    writeFileSync(join(bench.scratch('h2o'), 'files/hello'), HELLO_BODY);
  },
  command({ bench, port }) {
    const folder = bench.scratch('h2o');
    writeFileSync(
      join(folder, 'h2o.conf'),
      `num-threads: 1
max-connections: 16384
http1-request-timeout: 72
listen: { host: 127.0.0.1, port: ${port} }
hosts:
  default:
    paths:
      ${HELLO_PATH.replace(/\/[^/]*$/, '')}:
        file.dir: ${folder}/files
        file.mime.setdefaulttype: application/json
`,
    );
    return { argv: [program(bench), '-m', 'worker', '-c', join(folder, 'h2o.conf')] };
  },
  version: ({ bench }) => bench.firstLine(program(bench), '-v'),
};
