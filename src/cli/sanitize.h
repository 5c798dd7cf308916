/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_SANITIZE_H
#define CAPRA_CLI_SANITIZE_H

#include <stdbool.h>

/* `capra dev --sanitize`: routes in C are compiled with AddressSanitizer and
 * UndefinedBehaviorSanitizer. The first wants to be in a process before anything has allocated, so
 * workers are started with its runtime, which is the C compiler's. */

/* What the compiler of routes looks for in its environment. */
#define SANITIZE_VARIABLE "CAPRA_SANITIZE"

/* Sets what all children are to know. `*preload` is the line of a worker's environment that brings
 * the runtime, lent for ever. False when the C compiler has none; that was said then. */
bool sanitize_prepare(const char **preload);

#endif
