// SPDX-License-Identifier: MIT

import * as edge from '../../runtime/edge/edge.ts';
import { type App, type AppOptions, appOf } from './fake-core.ts';

export const edgeConfig = { runtime: 'edge', bodyParser: false };

// biome-ignore lint/suspicious/noExplicitAny: tests do what users may not
export type AnyEdgeHandler = (request: any, event: any) => unknown;

/** An app of one edge route. */
export function edgeApp(handler: AnyEdgeHandler, options: AppOptions = {}): App {
  const [route = {}] = options.routes ?? [];
  const config = { ...edgeConfig, ...route.config };
  return appOf(handler, { loadEdge: () => edge, ...options, routes: [{ ...route, config }] });
}
