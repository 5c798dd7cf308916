/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_STACK_H
#define CAPRA_RESCUE_STACK_H

/* Writes to the log where this thread was when the signal came, down to where Capra called it:
 * file, offset for addr2line, and the function's name where the file exports it. For a signal
 * handler; without one nothing is written. */
void stack_log(void);

#endif
