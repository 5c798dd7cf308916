// SPDX-License-Identifier: MIT

/** Errors as Node's http makes them: packages look at their `code`. */

export function headersSent(what: 'write' | 'set' | 'append' | 'remove' | 'render'): Error {
  return coded(
    new Error(`Cannot ${what} headers after they are sent to the client`),
    'ERR_HTTP_HEADERS_SENT',
  );
}

export function invalidStatus(status: unknown): Error {
  return coded(
    new RangeError(`Invalid status code: ${String(status)}`),
    'ERR_HTTP_INVALID_STATUS_CODE',
  );
}

export function invalidReason(): Error {
  return coded(new TypeError('Invalid character in statusMessage'), 'ERR_INVALID_CHAR');
}

export function invalidValue(name: string, value: unknown): Error {
  return coded(
    new TypeError(`The argument '${name}' is invalid. Received ${describe(value)}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

export function invalidType(name: string, expected: string, value: unknown): Error {
  return coded(
    new TypeError(`The "${name}" argument must be ${expected}. Received ${received(value)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

export function nullChunk(): Error {
  return coded(new TypeError('May not write null values to stream'), 'ERR_STREAM_NULL_VALUES');
}

export function writeAfterEnd(): Error {
  return coded(new Error('write after end'), 'ERR_STREAM_WRITE_AFTER_END');
}

export function streamDestroyed(method: string): Error {
  return coded(
    new Error(`Cannot call ${method} after a stream was destroyed`),
    'ERR_STREAM_DESTROYED',
  );
}

/** What a request's stream meets when the client has gone. */
export function connectionReset(): Error {
  return coded(new Error('aborted'), 'ECONNRESET');
}

/** The same, when it is us who end it. */
export function timedOut(): Error {
  return coded(new Error('The route has not answered in time'), 'ERR_CAPRA_MAX_DURATION');
}

export function coded<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code });
}

function describe(value: unknown): string {
  const { inspect } = process.getBuiltinModule('node:util');
  return inspect(value);
}

function received(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : describe(value);
  }
  return `type ${typeof value} (${describe(value)})`;
}
