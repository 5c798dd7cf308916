// SPDX-License-Identifier: MIT

import type { AnyNode } from 'acorn';
import { isInstalled, moduleRule } from '../app.ts';
import { problemAt, specifierOf } from '../module.ts';

interface Verdict {
  /** Why it does not do here what it does in Next. */
  why: string;
  hint: string;
  /** It runs as it is, once Next is installed. */
  runsInstalled?: true;
}

const PAGE: Verdict = {
  why: 'It is a part of pages, which Capra does not render; only what runs on the server counts here.',
  hint: 'Move what the route needs into a file without this import, or install next: then the import is found, and does nothing.',
  runsInstalled: true,
};
const INTERNAL: Verdict = {
  why: "It is inside of Next, and only there when Next is installed. Nothing of Next's own state is set up here.",
  hint: 'Use what Next documents, or a package of its own.',
  runsInstalled: true,
};

/** `next` (its types) and `next/server` need no Next. All others by their first part. */
const VERDICTS: Record<string, Verdict> = {
  headers: {
    why: 'headers(), cookies() and draftMode() are of the app router: they throw in API routes, in Next too. A proxy has them in Next only.',
    hint: 'Use req.headers, req.cookies, req.draftMode and res.setDraftMode(); in a proxy request.headers and request.cookies.',
  },
  cache: {
    why: 'There is no cache of pages here, so there is nothing to revalidate or to look up.',
    hint: 'Keep results in a cache of your own, or let a proxy keep answers by their Cache-Control header.',
  },
  navigation: {
    why: 'redirect() and notFound() are of the app router: in an API route they only throw.',
    hint: 'Use res.redirect(…) and res.status(404).json(…).',
  },
  config: {
    why: 'getConfig() gives what next.config says to pages; Next 16 has it no more.',
    hint: 'Use process.env, which .env files fill.',
  },
  og: {
    why: 'ImageResponse is a part of Next, with its fonts and its renderer.',
    hint: 'npm install next, or use @vercel/og, which is the same by itself.',
    runsInstalled: true,
  },
  constants: INTERNAL,
  dist: INTERNAL,
  jest: INTERNAL,
  ...Object.fromEntries(
    [
      ...['app', 'document', 'dynamic', 'error', 'font', 'form', 'head', 'image', 'legacy'],
      ...['link', 'router', 'script', 'web-vitals', 'amp', 'client'],
    ].map((name) => [name, PAGE]),
  ),
};

/** Modules of Next that mean nothing here, or are not there. */
export const nextModule = moduleRule('next-module', function* (module, app) {
  for (const node of module.nodes) {
    const specifier = specifierOf(node);
    const part = specifier === undefined ? undefined : /^next\/([\w-]+)/.exec(specifier)?.[1];
    if (specifier === undefined || part === undefined || part === 'server') continue;
    const verdict = VERDICTS[part] ?? INTERNAL;
    if (verdict.runsInstalled && isInstalled(app, specifier)) continue;
    yield problemAt(module, sourceOf(node), {
      severity: 'error',
      text: `\`${specifier}\` does not work here.`,
      why: verdict.why,
      hint: verdict.hint,
    });
  }
});

function sourceOf(node: AnyNode): AnyNode {
  return 'source' in node && node.source ? node.source : node;
}
