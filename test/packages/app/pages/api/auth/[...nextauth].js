// SPDX-License-Identifier: MIT

import NextAuth from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';

const credentials = CredentialsProvider.default ?? CredentialsProvider;

export default (NextAuth.default ?? NextAuth)({
  secret: 'only for this test',
  session: { strategy: 'jwt' },
  providers: [
    credentials({
      credentials: { username: {}, password: {} },
      authorize: ({ username, password }) =>
        password === 'right' ? { id: '1', name: username, email: `${username}@example.com` } : null,
    }),
  ],
});
