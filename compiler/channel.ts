// SPDX-License-Identifier: MIT

import { fstatSync, type Stats } from 'node:fs';
import { Socket } from 'node:net';

/** Tells the supervisor how a build ended. */
export interface Channel {
  send(message: BuildMessage): void;
  close(): void;
}

export type BuildMessage =
  /** A manifest was written; the path is relative to the project. The `.env` files may say something else than before. */
  | { built: string; ms: number; isNewEnvironment?: true }
  /** None was; the last one still counts. */
  | { failed: string };

const FD = 3;
const LOOK_FOR_PARENT_MS = 500;

/**
 * Opens the pipe that the supervisor has put at descriptor 3; without one, messages go nowhere. `onGone` is called once, when
 * nobody is left to compile for: the pipe is closed, or standard input is, or the parent process has ended.
 */
export function openChannel(onGone: () => void): Channel {
  const stats = statOf(FD);
  const isSocket = stats?.isSocket() ?? false;
  // Of a pipe only the end that writes is ours, and it does not see the other one close.
  const socket =
    isSocket || stats?.isFIFO()
      ? new Socket({ fd: FD, readable: isSocket, writable: true })
      : undefined;
  socket?.on('error', onGone).on('close', onGone);
  if (isSocket) socket?.resume();

  const input = statOf(0);
  // A terminal or a file is no sign of life, and not ours to read.
  const stdin = input?.isSocket() || input?.isFIFO() ? process.stdin : undefined;
  stdin?.on('error', onGone).on('close', onGone).on('end', onGone).resume();

  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, LOOK_FOR_PARENT_MS);
  return {
    send: (message) => void socket?.write(`${JSON.stringify(message)}\n`),
    close() {
      clearInterval(timer);
      socket?.removeAllListeners('close').end();
      stdin?.removeAllListeners().destroy();
    },
  };
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}
