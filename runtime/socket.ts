// SPDX-License-Identifier: MIT

/**
 * `req.socket`: who is at the other end, and a way to close the connection. A net.Socket by its
 * prototype; the bytes of the connection are C's, and never pass through here.
 */

import { Socket as NetSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { assignable, bare, own } from './bare.ts';
import { Facade } from './facade.ts';
import { kId, kPeer, kRequest, kResponse, kServer, kState, kTimer } from './internals.ts';
import { coded } from './node-errors.ts';
import { abort, type Response, State } from './response.ts';

interface Peer {
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  remoteFamily: string | undefined;
  localAddress: string | undefined;
  localPort: number | undefined;
}

const nobody: Peer = {
  remoteAddress: undefined,
  remotePort: undefined,
  remoteFamily: undefined,
  localAddress: undefined,
  localPort: undefined,
};

function readPeer(text: string | undefined): Peer {
  if (text === undefined) return nobody;
  const [remoteAddress, remotePort, remoteFamily, localAddress, localPort] = text.split(' ');
  return {
    remoteAddress,
    remotePort: Number(remotePort),
    remoteFamily,
    localAddress,
    localPort: Number(localPort),
  };
}

type Inherited = Pick<NetSocket, 'emit' | 'listenerCount' | 'once' | 'on'>;

export class Socket extends bare<Inherited>(NetSocket) {
  declare _events: object | undefined;
  declare timeout: number;
  declare [kResponse]: Response;
  declare [kPeer]: Peer;
  declare [kTimer]: NodeJS.Timeout | undefined;

  constructor(res: Response) {
    super();
    this[kResponse] = res;
    this[kPeer] = readPeer(res[kServer].core.peer(res[kId]));
    this[kTimer] = undefined;
  }

  get remoteAddress(): string | undefined {
    return this[kPeer].remoteAddress;
  }

  get remotePort(): number | undefined {
    return this[kPeer].remotePort;
  }

  get remoteFamily(): string | undefined {
    return this[kPeer].remoteFamily;
  }

  get localAddress(): string | undefined {
    return this[kPeer].localAddress;
  }

  get localPort(): number | undefined {
    return this[kPeer].localPort;
  }

  get localFamily(): string | undefined {
    return this[kPeer].remoteFamily;
  }

  address(): object {
    const { localAddress, localPort, remoteFamily } = this[kPeer];
    return localPort === undefined
      ? {}
      : { address: localAddress, family: remoteFamily, port: localPort };
  }

  get _httpMessage(): Response {
    return this[kResponse];
  }

  get server(): object {
    const server = this[kResponse][kServer];
    server.facade ??= new Facade(server);
    return server.facade;
  }

  // ---- How it stands ----

  get destroyed(): boolean {
    return this[kResponse][kState] === State.cut;
  }

  get readable(): boolean {
    return !this.destroyed;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  get connecting(): boolean {
    return false;
  }

  get pending(): boolean {
    return false;
  }

  // ---- What one may do with it ----

  destroy(_error?: Error): this {
    abort(this[kResponse]);
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  end(): this {
    return this.destroy();
  }

  setTimeout(ms: number, callback?: () => void): this {
    if (callback) this.once('timeout', callback);
    clearTimeout(this[kTimer]);
    this.timeout = ms;
    this[kTimer] = ms > 0 ? setTimeout(expire, ms, this).unref() : undefined;
    return this;
  }

  /** Something has been sent: the time-out begins anew. */
  touch(): void {
    this[kTimer]?.refresh();
  }

  /** The response has ended, or the connection has. */
  release(): void {
    clearTimeout(this[kTimer]);
    this[kTimer] = undefined;
  }

  // C decides these for all connections.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  _read(): void {}

  _write(_chunk: unknown, _encoding: unknown, done: (error: Error) => void): void {
    const message =
      'The bytes of a connection cannot be written past its response: use res.write and res.end';
    done(coded(new Error(message), 'ERR_CAPRA_RAW_SOCKET'));
  }

  // Stream state, for what asks a socket how a stream stands. Made when first asked for.

  get _readableState(): object {
    makeStream(this);
    return this._readableState;
  }

  set _readableState(state: object) {
    own(this, '_readableState', state);
  }

  get _writableState(): object {
    makeStream(this);
    return this._writableState;
  }

  set _writableState(state: object) {
    own(this, '_writableState', state);
  }
}

assignable(Socket.prototype, [
  'server',
  '_httpMessage',
  'connecting',
  'destroyed',
  'readable',
  'writable',
]);
Object.assign(Socket.prototype, { timeout: 0, encrypted: undefined, parser: null, _handle: null });
Object.defineProperty(Socket.prototype, 'constructor', { value: NetSocket });

function makeStream(socket: Socket): void {
  Duplex.call(socket as never, { autoDestroy: false, emitClose: false });
}

/** As Node's server does: the connection is closed unless someone listens. */
function expire(socket: Socket): void {
  const res = socket[kResponse];
  const req = res[kRequest];
  const isHeard = [
    socket.emit('timeout'),
    !req.complete && req.emit('timeout', socket),
    res.emit('timeout', socket),
  ];
  if (!isHeard.includes(true)) socket.destroy();
}
