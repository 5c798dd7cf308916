// SPDX-License-Identifier: MIT
// What V8 makes of the runtime, for its next start: code-cache.mjs SOURCE OUTPUT
// The functions are in it that had been called by then, so this starts a worker without its C core and serves a few
// requests. The Node that does this has to be the one that runs workers.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Script } from 'node:vm';

const [source, output] = process.argv.slice(2).map((path) => resolve(path));
if (!source || !output) {
  console.error('usage: code-cache.mjs SOURCE OUTPUT');
  process.exit(2);
}

const HANDLER = 'export default (req, res) => res.status(200).json({ id: req.query.id });';
const HEAD = 'GET /api/hello?id=1 HTTP/1.1\r\nHost: localhost\r\n\r\n';

const folder = mkdtempSync(join(tmpdir(), 'capra-'));
writeFileSync(join(folder, 'hello.mjs'), HANDLER);
const manifest = {
  mode: 'production',
  routes: [{ route: '/api/hello', file: 'hello.ts', kind: 'script', module: 'hello.mjs' }],
};

/** All functions of the core, and the end of each request. */
function standIn() {
  const ended = Promise.withResolvers();
  let left = 2;
  const end = () => {
    if (--left === 0) ended.resolve();
  };
  const core = new Proxy(
    {
      start(host) {
        host.routes(JSON.stringify(manifest));
        serve(host);
      },
      respond: end,
      respondJson: end,
    },
    { get: (own, name) => own[name] ?? (() => undefined) },
  );
  return { core, ended: ended.promise };
}

/** The first waits until its module is loaded; the next one does not. */
async function serve(host) {
  const ask = (id) =>
    host.request(
      id,
      0,
      0,
      4,
      '/api/hello?id=1'.length,
      HEAD.slice(0, -4),
      undefined,
      undefined,
      undefined,
    );
  ask(0);
  await turn();
  ask(1);
}

try {
  const script = new Script(readFileSync(source, 'latin1'), { filename: source });
  const { core, ended } = standIn();
  process.chdir(folder);
  script
    .runInThisContext()(createRequire(source))
    .startWorker(core, {
      folder: dirname(source),
      importModule: (url) => import(url),
    });
  await ended;
  writeFileSync(output, script.createCachedData());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
