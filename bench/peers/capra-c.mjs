// SPDX-License-Identifier: MIT
import { capra } from '../tools/capra.mjs';

/** Capra with routes in C only: no Node is started. */
export const peer = capra({ title: 'Capra, C route', apps: { hello: 'hello-c' } });
