/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SIGNAL_STACK_H
#define CAPRA_SIGNAL_STACK_H

/* A stack for the signal handlers of one thread: a fault may be that there is no more of the usual
 * one. */
typedef struct signal_stack signal_stack;

/* For the calling thread, until it gives it back. NULL when it has one already, as with a
 * sanitizer: then that stays. */
signal_stack *signal_stack_take(void);

/* On the same thread. Takes NULL. */
void signal_stack_give_back(signal_stack *s);

#endif
