// SPDX-License-Identifier: MIT

/**
 * The members of `req`, `res` and `socket` that are ours. They are symbols, so that no package's
 * `req._body` meets them, and not private names, so that a Proxy around `req` still finds them.
 */

export const kServer: unique symbol = Symbol('server');
export const kResponse: unique symbol = Symbol('response');
export const kRequest: unique symbol = Symbol('request');

// Of a request.
export const kRoute: unique symbol = Symbol('route');
export const kHead: unique symbol = Symbol('head');
export const kTargetAt: unique symbol = Symbol('targetAt');
export const kTargetLength: unique symbol = Symbol('targetLength');
export const kPath: unique symbol = Symbol('path');
export const kParams: unique symbol = Symbol('params');
export const kRewrite: unique symbol = Symbol('rewrite');
export const kRaw: unique symbol = Symbol('raw');
export const kUrl: unique symbol = Symbol('url');
export const kHeaders: unique symbol = Symbol('headers');
export const kQuery: unique symbol = Symbol('query');
export const kCookies: unique symbol = Symbol('cookies');
export const kBody: unique symbol = Symbol('body');
export const kTrailers: unique symbol = Symbol('trailers');
export const kAbort: unique symbol = Symbol('abort');
export const kPreview: unique symbol = Symbol('preview');
export const kSocket: unique symbol = Symbol('socket');
export const kRelease: unique symbol = Symbol('release');
export const kLose: unique symbol = Symbol('lose');
export const kListens: unique symbol = Symbol('listens');

// Of a response.
export const kId: unique symbol = Symbol('id');
export const kState: unique symbol = Symbol('state');
export const kFields: unique symbol = Symbol('fields');
export const kPreset: unique symbol = Symbol('preset');
export const kMore: unique symbol = Symbol('more');
export const kCleared: unique symbol = Symbol('cleared');
export const kTagged: unique symbol = Symbol('tagged');

// Of a socket.
export const kPeer: unique symbol = Symbol('peer');
export const kTimer: unique symbol = Symbol('timer');
