// SPDX-License-Identifier: MIT

// Files of a Next project that are not API routes below pages, and what becomes of them.

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isFolder, projectFiles } from '../../project.ts';
import type { Rule } from '../app.ts';

const SHOWN = 8;

/** Hooks of the server's start, where they are not looked for. */
export const instrumentationFile: Rule = {
  name: 'instrumentation-file',
  *check({ root, instrumentation }) {
    for (const file of projectFiles(root, 'instrumentation'))
      if (file !== instrumentation)
        yield {
          severity: 'warning',
          file,
          text: `${file} is not run.`,
          why: '`register()` is not called as the server starts, and `onRequestError()` not for errors: tracing and error reports that it sets up are missing.',
          hint: 'One file is run, and it stands beside the pages folder, in `src` if that does.',
        };
  },
};

/** Routes of the app router answer 404 here, and its pages are not rendered. */
export const appRouter: Rule = {
  name: 'app-router',
  *check({ root }) {
    for (const folder of ['app', 'src/app'].filter((each) => isFolder(join(root, each)))) {
      const files = under(root, folder);
      const handlers = files.filter((file) => /(?:^|\/)route\.[jt]sx?$/.test(file));
      const pages = files.filter((file) => /(?:^|\/)page\.(?:[jt]sx?|mdx?)$/.test(file));
      if (handlers.length > 0)
        yield {
          severity: 'error',
          ...some(handlers),
          text: `${handlers.length === 1 ? 'A route' : `${handlers.length} routes`} of the app router: not served.`,
          why: 'Capra serves what is below pages/api. A request to one of these is answered with 404.',
          hint: 'Write it as pages/api/….ts with (req, res), or keep its form and add `export const runtime = "edge"` to a route whose default export takes a Request.',
        };
      if (pages.length > 0)
        yield {
          severity: 'note',
          ...some(pages),
          text: `${pages.length === 1 ? 'A page' : `${pages.length} pages`} of the app router: not rendered.`,
          why: 'Capra serves API routes and the files of public/, and no pages.',
          hint: 'Let Next, or whatever built them, serve the pages, and send /api to Capra.',
        };
    }
  },
};

function some(files: string[]): { files: string[] } {
  const more = files.length - SHOWN;
  return { files: more > 0 ? [...files.slice(0, SHOWN), `… and ${more} more`] : files };
}

function under(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((file) => !file.includes('node_modules'))
    .sort();
}
