// SPDX-License-Identifier: MIT

/** An error as the development server shows it: a page for a browser, text for everyone else. */

import { findField } from './headers.ts';
import { withoutOurs } from './log.ts';
import { RouteError } from './route-error.ts';

export interface ErrorPage {
  readonly type: string;
  readonly body: string;
}

/** `head`: of the request. `file`: of the route. */
export function errorPage(head: string, file: string, thrown: unknown): ErrorPage {
  const [title, details] = describe(thrown);
  if (!findField(head, 'accept')?.includes('text/html')) {
    return { type: 'text/plain; charset=utf-8', body: `${title}\n\n${details}\n` };
  }
  return {
    type: 'text/html; charset=utf-8',
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>500: ${escapeHtml(title)}</title>
<style>
  body { margin: 3rem auto; max-width: 60rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.25rem; }
  pre { padding: 1rem; overflow-x: auto; background: #8881; border-left: 4px solid #c00; }
</style>
<h1>${escapeHtml(title)}</h1>
<pre>${escapeHtml(details)}</pre>
<p>${escapeHtml(file)}</p>
</html>
`,
  };
}

function describe(thrown: unknown): [title: string, details: string] {
  if (thrown instanceof RouteError) return ['This route cannot run', thrown.message];
  if (thrown instanceof Error) {
    const title = `${thrown.name}: ${thrown.message}`.split('\n', 1)[0] as string;
    return [title, withoutOurs(thrown.stack ?? title)];
  }
  const { inspect } = process.getBuiltinModule('node:util');
  return ['A value that is no Error was thrown', inspect(thrown)];
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
