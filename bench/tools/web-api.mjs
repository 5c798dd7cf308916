// SPDX-License-Identifier: MIT
// The larger workloads' routes for servers that take a Request and return a Response.
import { EVENT, EVENT_EVERY_MS } from '../apps/api/lib/events.mjs';
import { cookiesOf } from './cookies.mjs';

/**
 * A handler for all of them.
 *
 * @returns {Promise<(request: Request) => Response | Promise<Response>>}
 * @example Bun.serve({ fetch: await webApi() });
 */
export async function webApi() {
  const work = await import('../apps/api/lib/work.mjs');
  const { priced } = await import('../apps/api/lib/chain.ts');
  const answer = ({ status, body }) => Response.json(body, { status });

  const stream = () => {
    let left = work.PIECES;
    const pull = (controller) => {
      controller.enqueue(new Uint8Array(work.PIECE));
      if (--left === 0) controller.close();
    };
    return new Response(new ReadableStream({ pull }), {
      headers: { 'Content-Type': 'application/octet-stream' },
    });
  };
  const events = () => {
    let timer;
    const bytes = new TextEncoder().encode(EVENT);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        timer = setInterval(() => controller.enqueue(bytes), EVENT_EVERY_MS);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body, {
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' },
    });
  };
  const exact = {
    '/api/hello': () => Response.json({ message: 'Hello from Next.js API!' }),
    '/api/echo': async (request) => Response.json(await request.json()),
    '/api/validate': async (request) => answer(work.validate(await request.json())),
    '/api/login': async (request) => answer(await work.login(await request.json())),
    '/api/stream': stream,
    '/api/events': events,
  };
  const below = {
    '/api/users/': (id, { headers }, url) => {
      const { session, theme } = cookiesOf(headers.get('cookie'));
      const trace = headers.get('x-request-id');
      const expand = url.searchParams.get('expand');
      const language = headers.get('accept-language');
      const agent = headers.get('user-agent');
      return Response.json(work.user({ id, expand, session, theme, language, agent, trace }), {
        headers: { 'Cache-Control': 'private, no-store', 'X-Request-Id': trace },
      });
    },
    '/api/notes/': async (id) => Response.json(await work.note(id)),
    '/api/chain/': async (id) => Response.json(await priced(id)),
  };
  return (request) => {
    const url = new URL(request.url);
    const handler = exact[url.pathname];
    if (handler) return handler(request);
    const at = url.pathname.lastIndexOf('/') + 1;
    const dynamic = below[url.pathname.slice(0, at)];
    if (!dynamic) return Response.json({ error: 'Not found' }, { status: 404 });
    return dynamic(decodeURIComponent(url.pathname.slice(at)), request, url);
  };
}
