// SPDX-License-Identifier: MIT

import { fileURLToPath } from 'node:url';
import description from '../package.json' with { type: 'json' };

/** Where Capra lies. The bundle is as deep in it as this file, so both find the same. */
export const installation = {
  version: description.version,
  /** The folder of `capra.h`. */
  include: fileURLToPath(new URL('../include', import.meta.url)),
};
