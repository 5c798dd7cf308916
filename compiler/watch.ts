// SPDX-License-Identifier: MIT

// Folders are watched, not files: an editor that saves by putting a new file in the old one's place would
// take the watched file away. Each folder has a watch of its own, so that node_modules costs nothing.

import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { isEditorFile } from './editor-files.ts';

export interface Watcher {
  /** Folders beside the project's own: those of files that were read from elsewhere. */
  add(folders: Iterable<string>): void;
  close(): void;
}

export interface WatchOptions {
  root: string;
  /** Below this folder, relative to the root, no folder is left out, and links are followed. */
  pages: string;
  /** A path that is not what it was. `moved`: it came, went, or was put in the place of another. */
  onChange: (path: string, moved: boolean) => void;
  /** Called once, when the system has no more watches to give: changes in this folder and others go unseen. */
  onLimit?: (folder: string) => void;
}

const SKIPPED = new Set(['node_modules', 'public', 'bower_components']);

/**
 * Watches the folders of a project, new ones as well.
 *
 * @example
 * const watcher = watchProject({ root: '/srv/app', pages: 'pages', onChange: (path) => console.log(path) });
 */
export function watchProject({ root, pages, onChange, onLimit }: WatchOptions): Watcher {
  const watched = new Map<string, FSWatcher>();
  let isClosed = false;
  let isLimited = false;
  const pagesFolder = join(root, pages);
  const isPage = (folder: string) => folder === pagesFolder || folder.startsWith(`${pagesFolder}/`);

  const addFolder = (folder: string) => {
    if (isClosed || watched.has(folder)) return;
    try {
      const watcher = watch(folder, (event, name) => name && onEvent(folder, event, String(name)));
      watcher.on('error', () => remove(folder));
      watched.set(folder, watcher);
    } catch (error) {
      // Anything else means that the folder has gone again.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (isLimited || !['ENOSPC', 'EMFILE', 'ENFILE'].includes(code)) return;
      isLimited = true;
      onLimit?.(folder);
    }
  };
  const addTree = (folder: string, parents: string[] = []) => {
    const real = realPath(folder);
    if (real === undefined || parents.includes(real)) return;
    addFolder(folder);
    for (const entry of entries(folder)) {
      const inner = join(folder, entry.name);
      const isFolder =
        entry.isDirectory() || (entry.isSymbolicLink() && isPage(folder) && isDirectory(inner));
      if (isFolder && (isPage(folder) || !isSkipped(entry.name)))
        addTree(inner, [...parents, real]);
    }
  };
  const remove = (folder: string) => {
    for (const [path, watcher] of watched) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      watched.delete(path);
    }
  };
  const onEvent = (folder: string, event: string, name: string) => {
    if (isEditorFile(name) || (!isPage(folder) && isSkipped(name))) return;
    const path = join(folder, name);
    const moved = event === 'rename';
    if (moved && isDirectory(path)) addTree(path);
    else if (moved && watched.has(path)) remove(path);
    onChange(path, moved);
  };

  addTree(root);
  return {
    add(folders) {
      for (const folder of folders) addFolder(folder);
    },
    close() {
      isClosed = true;
      for (const watcher of watched.values()) watcher.close();
      watched.clear();
    },
  };
}

/** Folders of other tools and of packages. `.env` and its like are files. */
function isSkipped(name: string): boolean {
  return SKIPPED.has(name) || (name.startsWith('.') && !name.startsWith('.env'));
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
