// SPDX-License-Identifier: MIT

import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mode } from './env-files.ts';
import type { PreviewKeys } from './preview-keys.ts';
import type { Project } from './project.ts';
import type { RouteConfig } from './read-config.ts';
import type { Rule, Rules } from './rules.ts';

/** What the server reads: every route, what runs it and under which limits. Paths are relative to the project. */
export interface Manifest {
  version: 1;
  /** Of Capra. */
  capra: string;
  mode: Mode;
  /** Of the content: two builds of the same sources have the same. */
  buildId: string;
  settings: Settings;
  /** Secrets: who has them sees drafts. */
  preview: PreviewKeys;
  /** Absent when there is none. */
  proxy?: ManifestProxy;
  /** Absent when there is none. */
  instrumentation?: ManifestModule;
  /** A rewrite leads to another host, which is for Node to ask. */
  forwards?: true;
  routes: ManifestRoute[];
}

/** What is run before a worker serves. */
export interface ManifestModule {
  file: string;
  module: string;
}

/** What concerns all routes, from next.config, capra.json and the command line. */
export interface Settings {
  /** What Next does, also where Capra would rather not. */
  parity: boolean;
  /** Whose word about clients is believed; absent when capra.json says nothing. */
  trustProxy?: string;
  /** `/docs`, or nothing. */
  basePath: string;
  trailingSlash: boolean;
  skipTrailingSlashRedirect: boolean;
  compress: boolean;
  poweredByHeader: boolean;
  generateEtags: boolean;
  /** Of a body that the project's proxy reads: in bytes, and as it was written. */
  proxyBodyLimit: number;
  proxyBodyLimitText: string;
  /** Absent when there are none. */
  rules?: Rules;
}

/** What is asked about requests before their routes are looked for. */
export interface ManifestProxy {
  file: string;
  /** `error`: in development, one that cannot be compiled. */
  kind: 'script' | 'error';
  module?: string;
  bytes?: number;
  message?: string;
  /** The requests that it is asked about; absent: all. */
  matcher?: Rule[];
}

export type ManifestRoute = BuiltRoute | BrokenRoute;

export interface BuiltRoute {
  route: string;
  file: string;
  kind: 'script' | 'native';
  module: string;
  bytes: number;
  config: RouteConfig;
  /** Of a native one: it is linked with the library of C++, which Node has as well. */
  cpp?: true;
}

/**
 * A route that cannot be compiled answers, in development, with the reason. In production there is one only with
 * `--parity next`, for `pages/api.js`, and it answers with the page for 500.
 */
export interface BrokenRoute {
  route: string;
  file: string;
  kind: 'error';
  message: string;
}

export function makeManifest(content: Omit<Manifest, 'version' | 'buildId'>): Manifest {
  const { capra, mode, settings, preview, proxy, instrumentation, forwards, routes } = content;
  const buildId = createHash('sha256')
    .update(JSON.stringify([capra, mode, settings, routes, proxy, instrumentation]))
    .digest('base64url')
    .slice(0, 16);
  return {
    version: 1,
    capra,
    mode,
    buildId,
    settings,
    preview,
    ...(proxy && { proxy }),
    ...(instrumentation && { instrumentation }),
    ...(forwards && { forwards }),
    routes,
  };
}

/** Where the manifest of a project is, relative to it. */
export function manifestPath({ output }: Project): string {
  return `${output}/manifest.json`;
}

/** Whoever reads it finds the old one or the new one, never a part. */
export function writeManifest(project: Project, manifest: Manifest): void {
  writeWhole(join(project.root, manifestPath(project)), `${JSON.stringify(manifest, null, 2)}\n`);
}

export function writeWhole(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, contents);
  renameSync(partial, path);
}
