// SPDX-License-Identifier: MIT

/// <reference path="./next-server.d.ts" />

/** The types that API routes take from `next`, for a project that does not have Next installed. */
declare module 'next' {
  export type NextApiRequest = import('./index.d.ts').NextApiRequest;
  // biome-ignore lint/suspicious/noExplicitAny: as in Next
  export type NextApiResponse<Data = any> = import('./index.d.ts').NextApiResponse<Data>;
  // biome-ignore lint/suspicious/noExplicitAny: as in Next
  export type NextApiHandler<T = any> = import('./index.d.ts').NextApiHandler<T>;
  export type PageConfig = import('./index.d.ts').PageConfig;
}
