// SPDX-License-Identifier: MIT

// What draft mode and preview mode are made of: who has the id sees drafts, and the keys sign and hide what
// `res.setPreviewData` puts into a cookie. All workers and machines that serve a build share them.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './project.ts';

export interface PreviewKeys {
  id: string;
  signingKey: string;
  encryptionKey: string;
  /** In milliseconds since 1970. */
  madeAt: number;
}

const LIFETIME_MS = 14 * 24 * 3600 * 1000;

/** New ones; or, for production, those of the last build while they are younger than 14 days, as in Next. */
export function previewKeys(
  { root, output, mode }: Pick<Project, 'root' | 'output' | 'mode'>,
  now = Date.now(),
): PreviewKeys {
  const last = mode === 'production' ? readLast(join(root, output, 'manifest.json')) : undefined;
  if (last !== undefined && now - last.madeAt < LIFETIME_MS && last.madeAt <= now) return last;
  const key = (bytes: number) => randomBytes(bytes).toString('hex');
  return { id: key(16), signingKey: key(32), encryptionKey: key(32), madeAt: now };
}

function readLast(manifest: string): PreviewKeys | undefined {
  try {
    const { preview } = JSON.parse(readFileSync(manifest, 'utf8')) as { preview?: PreviewKeys };
    return isWhole(preview) ? preview : undefined;
  } catch {
    return undefined; // there was no build, or another version made it
  }
}

function isWhole(keys: PreviewKeys | undefined): keys is PreviewKeys {
  const isKey = (text: unknown, digits: number) =>
    typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/.test(text);
  return (
    isKey(keys?.id, 32) &&
    isKey(keys?.signingKey, 64) &&
    isKey(keys?.encryptionKey, 64) &&
    typeof keys?.madeAt === 'number'
  );
}
