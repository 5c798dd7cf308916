// SPDX-License-Identifier: MIT
import { capra } from '../tools/capra.mjs';

/** Capra with a route that takes a Request and returns a Response. */
export const peer = capra({ title: 'Capra, edge route', apps: { edge: 'hello-edge' } });
