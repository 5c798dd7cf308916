// SPDX-License-Identifier: MIT

/**
 * The border between C and JavaScript. `Core` is what the addon (`src/binding/`) offers,
 * `Host` is what it calls. Everything that crosses is here and nowhere else.
 *
 * A request has an `id`, a small integer that names it from `Host.request` until its response
 * has ended or `Host.closed` was called for it; afterwards the number may name another request,
 * so nobody keeps it. Calls with an id that names nothing do nothing.
 */

/** The part of an id that is small, and one request's own while it is under way. */
export const SLOTS = 0xfffff;

/** What the answer is besides its bytes; the bits of the `flags` argument. */
export const Flag = {
  /** Compute the ETag of the body and answer 304 when the client has it (`res.json`, `res.send`). */
  etag: 1,
  /** The ETag is that of the text `{"type":"Buffer","data":[…]}`, as Next computes it for Buffers. */
  etagOfBuffer: 2,
  /** Close the connection after this response, whatever the client asked for. */
  close: 4,
  /** The handler set its own Date header, or said `sendDate = false`. */
  noDate: 8,
  /** In chunks, although the whole body is here: as Next frames what `res.end` sends (`--parity next`). */
  chunked: 16,
  /** A 304 has no Content-Type: Next sets it only for a body that it sends (`--parity next`). */
  lateType: 32,
  /** `fields` of `Host.request` hold, unless `head` has others of the same names. */
  preset: 64,
} as const;

/** Bytes in either form. A string is sent as UTF-8. */
export type Bytes = string | Uint8Array;

export interface Core {
  /**
   * Starts serving: loads the manifest, listens on the inherited socket, tells the supervisor
   * when it is ready. Options come from the environment variable CAPRA_WORKER. Throws an Error
   * whose message is for the operator.
   */
  start(host: Host): void;

  /**
   * The whole answer in one call. `head` holds the header lines, each `Name: value\r\n`, without
   * Date, Connection, Keep-Alive, Content-Length and Transfer-Encoding, which C writes; names and values
   * are valid (JavaScript checked them) and one-byte (Latin-1). `reason` undefined: the standard
   * phrase. The body is not sent to HEAD and with 204 and 304. The request has ended afterwards. True when
   * the client had the body already (`Flag.etag`) and was answered with 304.
   */
  respond(
    id: number,
    status: number,
    reason: string | undefined,
    head: string,
    body: Bytes | undefined,
    flags: number,
  ): boolean | undefined;

  /** `respond` with the standard phrase and the type of JSON as the only line: what most answers are. */
  respondJson(id: number, status: number, text: string, flags: number): boolean | undefined;

  /**
   * The project's proxy (`Host.proxy`), or who listens (`Host.heard`), lets a request go on: to `target`, a path and query, if it says so; with `head`
   * instead of the request's own, as it was given, if it has changed that. The fields that frame the message must be the
   * same. `lines`, as `head` of `respond`, are for the answer unless who answers sets others, `cookies` are Set-Cookie
   * lines that it has besides its own. The id names nothing afterwards.
   */
  passOn(
    id: number,
    target: string | undefined,
    head: string | undefined,
    lines: string,
    cookies: string,
  ): void;

  /** Answers with the page that this status has everywhere. The request has ended afterwards. */
  page(id: number, status: number): void;

  /**
   * Starts an answer whose body follows by `write` and ends with `finish`. `length` is the
   * Content-Length that the handler declared, -1 for none (chunked, or until close for HTTP/1.0).
   * Bytes beyond the declared length are dropped; `finish` before it is reached closes the connection.
   */
  writeHead(
    id: number,
    status: number,
    reason: string | undefined,
    head: string,
    length: number,
    flags: number,
  ): void;

  /**
   * Sends a piece of the body. Returns how many bytes now wait in memory for the client. After a
   * return of 16384 or more, `Host.drained` is called once when all of them have gone.
   */
  write(id: number, chunk: Bytes): number;

  /** Ends a response that `writeHead` began. `trailers` as `head` above. The request has ended. */
  finish(id: number, chunk: Bytes | undefined, trailers: string | undefined): void;

  /** An interim response: 100, 102 or 103 with `head` lines as above. */
  writeInterim(id: number, status: number, head: string): void;

  /**
   * Takes the connection of a request that nobody has answered: its socket as a descriptor, which the caller has to close,
   * and the bytes behind the head. Undefined when earlier answers still wait to be sent. The request has ended; `closed`
   * is not called.
   */
  detach(id: number): [fd: number, rest: Buffer] | undefined;

  /** Cuts the connection without (the rest of) an answer. The request has ended; `closed` is not called. */
  abort(id: number): void;

  /**
   * Starts or resumes the flow of a streamed body: `Host.body` is called with its pieces, from later turns of the
   * loop only, never from inside this call. Also sends 100 Continue when the client waits for it.
   */
  readBody(id: number): void;

  /** Stops the flow until `readBody`; at most one more piece that was on its way may follow. */
  pauseBody(id: number): void;

  /**
   * Both ends of the connection, "192.0.2.7 40000 IPv4 192.0.2.1 3000": the client's address and
   * port, the family, ours. Undefined when the request has ended.
   */
  peer(id: number): string | undefined;

  /** While it is held, a worker that is to end waits, though no connection is open: work goes on that no client waits for. */
  hold(isHeld: boolean): void;

  /** Whether `Host.heard` is asked about each request from now on. */
  hear(isHeard: boolean): void;

  /**
   * The handler has so many milliseconds in all to answer, counted from `Host.request`. For a module that says
   * it itself; what the manifest says C knows.
   */
  limit(id: number, ms: number): void;

  /** The process is about to end with this code, by a call that stands in `stack`. */
  exiting(code: number, stack: string): void;
}

/** Why `Host.closed` was called. */
export const Closed = {
  /** The connection broke or the client closed it. */
  gone: 0,
  /** The client sent FIN. It may still read: the answer is delivered if the handler gives one. */
  halfClosed: 1,
  /** The streamed body was cut short, malformed or too slow. C has answered if nothing was sent yet. */
  badBody: 2,
  /** The streamed body went beyond the route's limit. C has answered 413 if nothing was sent yet. */
  longBody: 3,
  /** Its handler has not answered in time. C has answered 504. */
  timedOut: 4,
} as const;

export interface Host {
  /** The manifest's text: at start and, in development, after each rebuild. */
  routes(manifest: string): void;

  /**
   * A request. Called inside one callback scope per turn of the loop; microtasks run after the
   * last request of the turn.
   *
   * `route`: index in the manifest of the newest `routes` call. `method`: index in METHODS (`methods.ts`).
   * `head`: the request's bytes from the method to the blank line, without the final CRLF CRLF, as Latin-1; it was
   * validated: lines end in CRLF, nothing is folded, no white space before a colon.
   * `targetAt`, `targetLength`: where in `head` the origin-form target is (absolute-form: its path).
   * `path`: the normalised path when it differs from the target's, else undefined.
   * `params`: undefined for a static route; else the raw (still percent-encoded, valid UTF-8 when decoded) values in
   * the order of the pattern's dynamic segments, joined by '/'; a catch-all contributes all its
   * segments, an empty optional catch-all contributes nothing (the text then is '' or has no piece for it).
   * `body`: undefined when there is none; a string when the whole body was read and is valid UTF-8 that does
   * not start with a byte order mark; a Uint8Array when it was read and is anything else; null when the route
   * streams (`bodyParser: false`) and the request has a body: call `readBody`. (A small body that came with its head
   * is handed over as it would be to any other route.)
   *
   * The last four are seldom there. Three are when rules of next.config have applied. `query`: with a rewrite, the query with what the
   * rewrite has added; `hidden`: names, as a query (`a&b`), that `req.url` does not show then. `fields`: header
   * lines, as `head` of `respond`, that hold unless the handler sets others: they are the answer's if it has
   * `Flag.preset`, and else those of them that are to be sent stand in its `head`. `trailers`: the lines behind a body in
   * chunks that was read beforehand.
   */
  request(
    id: number,
    route: number,
    method: number,
    targetAt: number,
    targetLength: number,
    head: string,
    path: string | undefined,
    params: string | undefined,
    body: string | Uint8Array | undefined | null,
    query?: string,
    hidden?: string,
    fields?: string,
    trailers?: string,
  ): void;

  /**
   * A request that is to be passed on to `address`, on another host. `head`, `body` and `fields` are those of `request`;
   * a body that is not small comes by `body`.
   */
  forward(
    id: number,
    method: number,
    head: string,
    body: string | Uint8Array | undefined | null,
    address: string,
    fields: string | undefined,
  ): void;

  /**
   * A request that the project's proxy is asked about. It is answered as others are, or passed on. The arguments are
   * those of `request`; the target has the base path. `body`: undefined when there is none; null when there is one, which
   * comes by `body`, whole, after `readBody`.
   */
  proxy(
    id: number,
    method: number,
    targetAt: number,
    targetLength: number,
    head: string,
    path: string | undefined,
    body: undefined | null,
  ): void;

  /**
   * A request, before anything else is made of it, while `Core.hear` wants it. Arguments and answers are as those of
   * `proxy`.
   */
  heard(
    id: number,
    method: number,
    targetAt: number,
    targetLength: number,
    head: string,
    path: string | undefined,
    body: undefined | null,
  ): void;

  /**
   * A request for another protocol, wherever it leads. Who wants it calls `detach`, before this returns. The arguments are
   * those of `proxy`, without the base path in the target.
   */
  upgrade(
    id: number,
    method: number,
    targetAt: number,
    targetLength: number,
    head: string,
    path: string | undefined,
  ): void;

  /** A piece of a streamed body, owned by JavaScript; null is its end, with the trailers' lines if there were any. */
  body(id: number, chunk: Uint8Array | null, trailers: string | undefined): void;

  /** What waited has been sent; see `Core.write`. */
  drained(id: number): void;

  /** Something ended the request from outside; see `Closed`. After all but `halfClosed` the id names nothing. */
  closed(id: number, why: number): void;

  /** Where JavaScript stands. Called in the middle of whatever runs, when that has held the loop for too long. */
  stack(): string;
}
