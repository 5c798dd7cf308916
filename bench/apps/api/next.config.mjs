// SPDX-License-Identifier: MIT
import { join } from 'node:path';

/** @type {import('next').NextConfig} */
export default {
  // Packages are one folder above the apps; without this Next looks for the whole checkout's.
  turbopack: { root: join(import.meta.dirname, '../..') },
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
};
