// SPDX-License-Identifier: MIT

// Read by Capra and by Next alike.
export default {
  poweredByHeader: false,
  // The page at / is a plain file. Capra would find it by itself; Next has to be told.
  rewrites: async () => ({
    beforeFiles: [{ source: '/', destination: '/index.html' }],
    afterFiles: [],
    fallback: [],
  }),
  headers: async () =>
    ['/', '/index.html'].map((source) => ({
      source,
      headers: [
        // Only files of this app, nothing inline: what an answer brings can never run.
        { key: 'Content-Security-Policy', value: "default-src 'self'; frame-ancestors 'none'" },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'Referrer-Policy', value: 'no-referrer' },
      ],
    })),
};
