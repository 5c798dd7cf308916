// SPDX-License-Identifier: MIT

import type { Signup, SignupAnswer } from '../lib/schemas.ts';

/**
 * Calls /api/validate/zod with what the server's own schema says it takes. Only types are imported: no
 * line of the server, and nothing of Zod, comes into the browser.
 *
 * @example
 * const answer = await signUp({ name: 'Ada', email: 'ada@example.com' });
 * if ('error' in answer) show(answer.details);
 */
export async function signUp(signup: Signup, { base = '' } = {}): Promise<SignupAnswer> {
  const response = await fetch(`${base}/api/validate/zod`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(signup),
  });
  return (await response.json()) as SignupAnswer;
}
