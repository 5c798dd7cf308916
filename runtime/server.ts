// SPDX-License-Identifier: MIT

import type { PreviewKeys } from '../compiler/preview-keys.ts';
import type { Core } from './core.ts';
import type { Edge } from './edge/edge.ts';
import type { Facade } from './facade.ts';
import type { OnRequestError } from './instrumentation.ts';
import type { Settings } from './manifest.ts';
import type { Response } from './response.ts';

/** What all requests of a worker share. */
export interface Server {
  readonly core: Core;
  /** The responses that are answered later, by the slot of their request: `id & SLOTS`. */
  readonly live: (Response | undefined)[];
  /** Errors are shown to the client, and warnings to the developer. */
  isDev: boolean;
  settings: Settings;
  preview: PreviewKeys;
  /** What runs routes with `runtime: 'edge'`; loaded for the first of them. */
  readonly edge: () => Edge;
  /** Tasks that run on behind their answers. */
  tasks: number;
  /** What `res.socket.server` shows; made when it is first looked at. */
  facade: Facade | undefined;
  /** Told of what routes throw, if the project wants to know. */
  onRequestError: OnRequestError | undefined;
}
