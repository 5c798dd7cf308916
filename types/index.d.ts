// SPDX-License-Identifier: MIT

/**
 * What an API route meets. The names are Next's, so that a route is typed the same in both:
 *
 *     import type { NextApiRequest, NextApiResponse } from 'capra';
 *
 *     export default function handler(req: NextApiRequest, res: NextApiResponse<{ message: string }>) {
 *       res.status(200).json({ message: `Hello ${req.query.name}` });
 *     }
 *
 * For routes that say `from 'next'` in a project without Next, add `capra/types/next` to the `types` of
 * tsconfig.json.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

export type Env = { [key: string]: string | undefined };

export type PreviewData = string | false | object | undefined;

/** The request: Node's IncomingMessage, and what API routes have besides. */
export interface NextApiRequest extends IncomingMessage {
  /** The query's pairs and the route's parameters; a name that comes twice is an array. */
  query: Partial<{ [key: string]: string | string[] }>;
  cookies: Partial<{ [key: string]: string }>;
  /**
   * The value of a JSON body, the pairs of a form, the text of anything else. Not there with
   * `bodyParser: false`: `req` is then a stream of the body's bytes.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as in Next, so that routes compile unchanged
  body: any;
  env: Env;
  draftMode?: boolean;
  preview?: boolean;
  previewData?: PreviewData;
}

/** The response: Node's ServerResponse, and what API routes have besides. */
// biome-ignore lint/suspicious/noExplicitAny: as in Next
export interface NextApiResponse<Data = any> extends ServerResponse {
  /** Sends a text, a Buffer, a stream, or the JSON of anything else. */
  send: Send<Data>;
  /** Sends the JSON of a value. */
  json: Send<Data>;
  status(statusCode: number): NextApiResponse<Data>;
  /** `res.redirect('/x')` answers 307. */
  redirect(url: string): NextApiResponse<Data>;
  redirect(status: number, url: string): NextApiResponse<Data>;
  setDraftMode(options: { enable: boolean }): NextApiResponse<Data>;
  setPreviewData(
    data: object | string,
    options?: { maxAge?: number; path?: string },
  ): NextApiResponse<Data>;
  clearPreviewData(options?: { path?: string }): NextApiResponse<Data>;
  revalidate(urlPath: string, options?: { unstable_onlyGenerated?: boolean }): Promise<void>;
}

type Send<T> = (body: T) => void;

/** The default export of a route. What it returns, if anything, is waited for and then ignored. */
// biome-ignore lint/suspicious/noExplicitAny: as in Next
export type NextApiHandler<T = any> = (
  req: NextApiRequest,
  res: NextApiResponse<T>,
) => unknown | Promise<unknown>;

/** A number of bytes, or a text such as `'500kb'` or `'4mb'`. */
export type SizeLimit = number | string;

/** What a route exports as `config`. */
export interface PageConfig {
  api?: {
    /** A response from this size on makes a warning; `false` turns it off. The default is 4 MB. */
    responseLimit?: SizeLimit | boolean;
    /** `false`: the route reads its body as a stream. The limit is 1 MB unless it is set here. */
    bodyParser?: { sizeLimit?: SizeLimit } | boolean;
    /** The answer comes from elsewhere, later: no warning in development when the handler returns. */
    externalResolver?: boolean;
  };
  env?: string[];
  /** In seconds. */
  maxDuration?: number;
  runtime?: 'nodejs' | 'edge' | 'experimental-edge';
  unstable_runtimeJS?: false;
  unstable_JsPreload?: false;
}

/** What only Capra has. */
export interface CapraRequest extends NextApiRequest {
  /**
   * The body's bytes as the client sent them, beside the parsed `body`: signatures are made over them. Not
   * there with `bodyParser: false`, where the handler reads `req` itself.
   *
   * @example
   * const event = stripe.webhooks.constructEvent(req.rawBody, req.headers['stripe-signature'], secret);
   */
  readonly rawBody: Buffer;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
export type CapraResponse<Data = any> = NextApiResponse<Data>;

// biome-ignore lint/suspicious/noExplicitAny: as above
export type CapraHandler<T = any> = (
  req: CapraRequest,
  res: CapraResponse<T>,
) => unknown | Promise<unknown>;
