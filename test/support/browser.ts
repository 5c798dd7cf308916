// SPDX-License-Identifier: MIT

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

// As the distributions call it.
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The system's Chromium without a window; CHROMIUM names another one. Close it when done.
 *
 * @example
 * const browser = await openBrowser();
 * const page = await browser.newPage({ colorScheme: 'dark' });
 */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? find(),
    // Chromium refuses to sandbox for root, and a container's /dev/shm is often too small for it.
    args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : [],
  });
}

function find(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (!found)
    throw new Error(
      `no ${names.join(', ')} on PATH: scripts/setup.sh test installs it, CHROMIUM names one elsewhere`,
    );
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
