// SPDX-License-Identifier: MIT

import { tokenSecret } from './lib/secrets';

/**
 * Called before the server serves. In production a secret that is missing is found out now, and by whoever
 * starts it; in development only log-ins need it.
 */
export function register() {
  if (process.env.NODE_ENV === 'production') tokenSecret();
}
