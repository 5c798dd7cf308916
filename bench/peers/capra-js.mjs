// SPDX-License-Identifier: MIT
import { capra } from '../tools/capra.mjs';

/** Capra with routes in TypeScript. */
export const peer = capra({
  title: 'Capra, JS route',
  apps: { hello: 'hello-js', body: 'body-js', edge: 'hello-js', api: 'api' },
});
