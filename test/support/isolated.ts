// SPDX-License-Identifier: MIT

import { askAdmin } from './admin.ts';
import type { Files } from './app.ts';
import type { Server } from './server.ts';

export const ISOLATED = ['--native-isolation', 'process'];

/** Routes of both kinds: what they do, and which process does it. */
export const mixed: Files = {
  'pages/api/js.js': `
    export default function handler(req, res) {
      if (req.query.pid) return res.json({ pid: process.pid });
      res.json({ by: 'js', method: req.method, q: req.query.q ?? '', from: req.headers.host, body: req.body.length ?? 0 });
    }`,
  'pages/api/slow.js': `
    export default function handler(req, res) {
      console.error('slow begins');
      setTimeout(() => res.json({ by: 'slow' }), Number(req.query.ms));
    }`,
  'pages/api/c.c': `
    #include <capra.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    CAPRA_CONFIG({ maxDuration: 60 });

    static int is(capra_slice text, const char *word)
    {
        return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
    }

    static void on_due(capra_request *req, void *data)
    {
        (void)req;
        capra_json(data, 200, "{s:s}", "by", "c, later");
    }

    static void c(capra_request *req, capra_response *res)
    {
        capra_slice const does = capra_request_query(req, "does"), q = capra_request_query(req, "q");
        volatile int *volatile nowhere = NULL;
        if (is(does, "crash"))
            *nowhere = 1;
        if (is(does, "later")) {
            fputs("later begins\\n", stderr);
            capra_defer(req);
            capra_after(req, (unsigned)atoi(capra_text(req, capra_request_query(req, "ms"))), on_due, res);
            return;
        }
        if (capra_request_query(req, "pid").length > 0) {
            capra_json(res, 200, "{s:i}", "pid", (int)getpid());
            return;
        }
        capra_json(res, 200, "{s:s, s:s%, s:s%, s:i}", "by", "c", "q", q.data == NULL ? "" : q.data, q.length, "from",
                   capra_request_header(req, "Host").data, capra_request_header(req, "Host").length, "body",
                   (int)capra_request_body(req).length);
    }

    CAPRA_ROUTE(c);`,
  'pages/api/spin.c': `
    #include <capra.h>

    CAPRA_CONFIG({ maxDuration: 1 });

    static void spin(capra_request *req, capra_response *res)
    {
        volatile int turns = 0;
        (void)req;
        (void)res;
        for (;;)
            turns = turns + 1;
    }

    CAPRA_ROUTE(spin);`,
};

export interface Worker {
  pid: number;
  group?: 'scripts' | 'natives';
  state: string;
  connections: number;
  active_requests: number;
}

export interface Status {
  workers: Worker[];
  workers_wanted: number;
  connections_handed_over?: number;
}

export async function statusOf(server: Server): Promise<Status> {
  return JSON.parse((await askAdmin(server, '/status')).text);
}

/** The process ids of the workers for routes in C. */
export async function nativesOf(server: Server): Promise<number[]> {
  const { workers } = await statusOf(server);
  return workers.filter(({ group }) => group === 'natives').map(({ pid }) => pid);
}
