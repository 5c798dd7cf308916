// SPDX-License-Identifier: MIT

/** What log-ins are signed with. There is no default, which others would know. Throws when it is missing or too short. */
export function tokenSecret(): string {
  const { JWT_SECRET = '' } = process.env;
  if (Buffer.byteLength(JWT_SECRET) >= 32) return JWT_SECRET;
  throw new Error(
    `JWT_SECRET ${JWT_SECRET ? 'is shorter than the 32 bytes that HS256 needs' : 'is not set'}. ` +
      'There is no default: set it in the environment, or run `npm run setup`, which writes one to .env.local.',
  );
}
