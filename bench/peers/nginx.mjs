// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELLO_BODY, HELLO_PATH } from '../tools/server.mjs';

const program = (bench) => bench.debian('nginx', 'usr/sbin/nginx');

/** nginx with one worker, answering from its configuration: no file is opened. */
export const peer = {
  title: 'nginx (return)',
  apps: ['hello', 'native'],
  prepare({ bench }) {
    program(bench);
    mkdirSync(join(bench.scratch('nginx'), 'logs'), { recursive: true });
  },
  command({ bench, port }) {
    const folder = bench.scratch('nginx');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/logs/error.log;
events { worker_connections 16384; multi_accept on; }
http {
  access_log off;
  keepalive_timeout 72;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = ${HELLO_PATH} {
      default_type application/json;
      return 200 '${HELLO_BODY}';
    }
  }
}
`,
    );
    return { argv: [program(bench), '-p', folder, '-c', join(folder, 'nginx.conf')] };
  },
  version: ({ bench }) => bench.firstLine('sh', '-c', 'exec "$0" -v 2>&1', program(bench)),
};
