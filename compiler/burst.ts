// SPDX-License-Identifier: MIT

import { statSync } from 'node:fs';

/** Saves come in bursts. A burst is over after so long without a change. */
export const QUIET_MS = 10;
/** And it is not waited for any longer than this. */
export const AT_MOST_MS = 100;

export interface Changes {
  add(path: string, moved: boolean): void;
  close(): void;
}

/**
 * Collects changes and calls back once for a burst of them.
 *
 * @example
 * const changes = collectChanges((paths, moved) => rebuild(paths));
 * changes.add('/srv/app/lib/db.ts', false);
 */
export function collectChanges(onQuiet: (paths: string[], moved: boolean) => void): Changes {
  let paths = new Set<string>();
  let moved = false;
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const timeLeft = () => startedAt + AT_MOST_MS - Date.now();
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(flush, Math.max(0, Math.min(QUIET_MS, timeLeft())));
  };
  const flush = () => {
    // Many editors empty a file before they write it.
    if (timeLeft() > 0 && [...paths].some(isEmpty)) return wait();
    const burst = { paths: [...paths], moved };
    paths = new Set();
    moved = false;
    onQuiet(burst.paths, burst.moved);
  };
  return {
    add(path, isMoved) {
      if (paths.size === 0) startedAt = Date.now();
      paths.add(path);
      moved ||= isMoved;
      wait();
    },
    close: () => clearTimeout(timer),
  };
}

function isEmpty(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === 0;
}
