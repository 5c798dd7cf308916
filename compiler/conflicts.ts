// SPDX-License-Identifier: MIT

// Routes that cannot be served together. The sentences are Next's, so that they are found where people
// look for them; the files and the way out are added.
//
// All routes are put into one tree, a level for each segment. A level may have one name for `[id]`, one
// for `[...rest]` and one for `[[...rest]]`; who came first is kept, to be named when a second one differs.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from './diagnostics.ts';
import type { RouteFile } from './discover.ts';
import { isFolder, type Project } from './project.ts';
import { readSegment, type Segment, SegmentError, type SegmentKind } from './route-path.ts';

interface Level {
  texts: Map<string, Level>;
  dynamic: Partial<Record<SegmentKind, { name: string; file: string; next: Level }>>;
  /** The file whose route ends here. */
  file?: string;
}

interface Conflicts {
  routes: RouteFile[];
  conflicts: Diagnostic[];
  warnings: Diagnostic[];
}

/**
 * What is wrong with these routes, which are in the order of their routes. Of several files for one route only
 * one is in the answer's `routes`.
 */
export function findConflicts(project: Project, found: RouteFile[]): Conflicts {
  const { routes, duplicates } = withoutDuplicates(found);
  const top = newLevel();
  const conflicts: Diagnostic[] = [];
  for (const route of routes) conflicts.push(...insert(top, route));
  conflicts.push(...specificity(top, ''));
  conflicts.push(...publicFiles(project, routes), ...appRoutes(project, routes));
  if (project.isStrictParity) return { routes, conflicts, warnings: duplicates };
  const errors = duplicates.map((diagnostic): Diagnostic => ({ ...diagnostic, severity: 'error' }));
  return { routes, conflicts: [...errors, ...conflicts], warnings: [] };
}

// --- One file for each route ---

/** Next takes the index file, and of several extensions the first of these. */
const PREFERRED = ['.jsx', '.js', '.ts', '.tsx', '.c', '.cc', '.cpp'];

function withoutDuplicates(found: RouteFile[]): { routes: RouteFile[]; duplicates: Diagnostic[] } {
  const duplicates: Diagnostic[] = [];
  const routes = new Map<string, RouteFile>();
  for (const next of found) {
    const earlier = routes.get(next.route);
    if (earlier) {
      duplicates.push({
        severity: 'warning',
        text: `Duplicate page detected. ${earlier.file} and ${next.file} both resolve to ${next.route}.`,
        files: [earlier.file, next.file],
        hint: 'Remove or rename one of them.',
      });
    }
    if (!earlier || rank(next) < rank(earlier)) routes.set(next.route, next);
  }
  return { routes: [...routes.values()], duplicates };
}

function rank({ route, file }: RouteFile): number {
  const isIndex = /\/index\.[^/]+$/.test(file) && !route.endsWith('/index');
  const extension = PREFERRED.findIndex((ending) => file.endsWith(ending));
  return (isIndex ? 0 : 100) + (extension < 0 ? PREFERRED.length : extension);
}

// --- Segments ---

function newLevel(): Level {
  return { texts: new Map(), dynamic: {} };
}

/** Puts a route into the tree; the answer is what is wrong with it, and then it is in there in part. */
function insert(top: Level, { route, file }: RouteFile): Diagnostic[] {
  let level = top;
  const names: string[] = [];
  const segments = route.split('/').slice(1);
  for (const [index, text] of segments.entries()) {
    let segment: Segment;
    try {
      segment = readSegment(text);
    } catch (error) {
      if (!(error instanceof SegmentError)) throw error;
      return [
        conflict(
          error.message,
          [file],
          `Rename "${text}": a dynamic segment is [name], [...name] or [[...name]].`,
        ),
      ];
    }
    if (segment.kind === 'text') {
      level = child(level, text);
      continue;
    }
    const wrong =
      repeatedName(names, segment, file) ??
      (segment.kind !== 'one' && index < segments.length - 1
        ? conflict(
            'Catch-all must be the last part of the URL.',
            [file],
            `Nothing can stand below "${text}": move the file up.`,
          )
        : undefined) ??
      otherName(level, segment, file);
    if (wrong) return [wrong];
    names.push(segment.name);
    level.dynamic[segment.kind] ??= { name: segment.name, file, next: newLevel() };
    level = level.dynamic[segment.kind]?.next as Level;
  }
  level.file ??= file;
  return [];
}

function child(level: Level, text: string): Level {
  const next = level.texts.get(text) ?? newLevel();
  level.texts.set(text, next);
  return next;
}

function repeatedName(names: string[], { name }: Segment, file: string): Diagnostic | undefined {
  if (names.includes(name)) {
    return conflict(
      `You cannot have the same slug name "${name}" repeat within a single dynamic path`,
      [file],
      'Give each dynamic segment of the path a name of its own.',
    );
  }
  const word = (text: string) => text.replace(/\W/g, '');
  const alike = names.find((other) => word(other) === word(name));
  if (alike === undefined) return undefined;
  return conflict(
    `You cannot have the slug names "${alike}" and "${name}" differ only by non-word symbols within a single dynamic path`,
    [file],
    'Give the two segments names that differ in a letter or a digit.',
  );
}

function otherName(
  level: Level,
  { text, kind, name }: Segment,
  file: string,
): Diagnostic | undefined {
  const { rest, optional } = level.dynamic;
  const same = level.dynamic[kind];
  if (same && same.name !== name) {
    return conflict(
      `You cannot use different slug names for the same dynamic path ('${same.name}' !== '${name}').`,
      [same.file, file],
      `Use one name at this place in both: ${text.replace(name, same.name)} or ${text}.`,
    );
  }
  if (kind === 'optional' && rest) {
    return conflict(
      `You cannot use both an required and optional catch-all route at the same level ("[...${rest.name}]" and "${text}" ).`,
      [rest.file, file],
      'Keep the optional one: it takes what the other one takes, and the path without the segment.',
    );
  }
  if (kind === 'rest' && optional) {
    return conflict(
      `You cannot use both an optional and required catch-all route at the same level ("[[...${optional.name}]]" and "${text}").`,
      [optional.file, file],
      'Keep the optional one: it takes what the other one takes, and the path without the segment.',
    );
  }
  return undefined;
}

/** `[[...s]]` also takes the path without the segment, so no other file may. */
function specificity(level: Level, path: string): Diagnostic[] {
  const { optional } = level.dynamic;
  const here =
    optional && level.file
      ? [
          conflict(
            `You cannot define a route with the same specificity as a optional catch-all route ("${path}" and "${path}[[...${optional.name}]]").`,
            [level.file, optional.file],
            `Remove ${level.file}, or make the other one required: [...${optional.name}].`,
          ),
        ]
      : [];
  const texts = [...level.texts].flatMap(([text, next]) => specificity(next, `${path}/${text}`));
  const one = level.dynamic.one;
  return [...here, ...texts, ...(one ? specificity(one.next, `${path}/[${one.name}]`) : [])];
}

// --- Other folders that claim the same paths ---

function publicFiles({ root }: Project, routes: RouteFile[]): Diagnostic[] {
  if (!existsSync(join(root, 'public/api'))) return [];
  return routes
    .filter(({ route }) =>
      statSync(join(root, 'public', route), { throwIfNoEntry: false })?.isFile(),
    )
    .map(({ route, file }) =>
      conflict(
        `Conflicting public and page file was found. https://nextjs.org/docs/messages/conflicting-public-file-page\n${route}`,
        [file, `public${route}`],
        'Rename one of them: both answer the same path.',
      ),
    );
}

function appRoutes({ root }: Project, routes: RouteFile[]): Diagnostic[] {
  const app = ['app', 'src/app'].find((name) => isFolder(join(root, name)));
  if (!app) return [];
  const files = new Map(routes.map(({ route, file }) => [route, file]));
  return readdirSync(join(root, app), { recursive: true, encoding: 'utf8' })
    .sort()
    .flatMap((path) => {
      const match = /^(?:(.*)\/)?(?:route|page)\.(?:js|jsx|ts|tsx)$/.exec(path);
      const route = match && appRoute(match[1] ?? '');
      const file = route && files.get(route);
      return file
        ? [
            conflict(
              `App Router and Pages Router both match path: ${route}`,
              [file, `${app}/${path}`],
              'Remove one of them; Capra serves the one in pages/api.',
            ),
          ]
        : [];
    });
}

/** Groups `(shop)` and slots `@side` are folders that do not show in the path. */
function appRoute(folder: string): string {
  const segments = folder.split('/').filter((segment) => !/^(\(.*\)|@.*)$/.test(segment));
  return `/${segments.join('/')}`;
}

function conflict(text: string, files: string[], hint: string): Diagnostic {
  return { severity: 'error', text, files, hint };
}
