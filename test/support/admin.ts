// SPDX-License-Identifier: MIT

import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { type Family, parseMetrics } from './prometheus.ts';
import type { Server } from './server.ts';

export interface AdminAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Where the admin listener of the server in this folder is: a Unix socket's path or a URL. */
export function adminAddress(folder: string): string {
  const { admin } = JSON.parse(readFileSync(join(folder, '.capra/run/supervisor.json'), 'utf8'));
  return admin;
}

/** Asks a server's admin listener. */
export function askAdmin(server: Server, path: string, method = 'GET'): Promise<AdminAnswer> {
  return askAdminAt(adminAddress(server.folder), path, method);
}

export function askAdminAt(address: string, path: string, method = 'GET'): Promise<AdminAnswer> {
  const where = address.startsWith('unix:')
    ? { socketPath: address.slice('unix:'.length), path }
    : { host: new URL(address).hostname, port: new URL(address).port, path };
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, method, agent: false }, (answer) => {
      let text = '';
      answer
        .setEncoding('utf8')
        .on('data', (piece) => (text += piece))
        .on('end', () =>
          resolve({ status: answer.statusCode as number, headers: answer.headers, text }),
        );
    });
    asked.on('error', reject).end();
  });
}

export async function metricsOf(server: Server): Promise<Map<string, Family>> {
  const { status, text } = await askAdmin(server, '/metrics');
  if (status !== 200) throw new Error(`/metrics answers ${status}`);
  return parseMetrics(text);
}

// biome-ignore lint/suspicious/noExplicitAny: what it holds is what is tested
export async function statusOf(server: Server): Promise<any> {
  return JSON.parse((await askAdmin(server, '/status')).text);
}
