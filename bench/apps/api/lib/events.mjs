// SPDX-License-Identifier: MIT

/** Clients of `/api/events` hear this so often. */
export const EVENT_EVERY_MS = 100;
export const EVENT = 'data: {"message":"tick"}\n\n';
