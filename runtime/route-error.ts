// SPDX-License-Identifier: MIT

/** Something that whoever wrote the route can mend: the message says how, a stack would not. */
export class RouteError extends Error {}
