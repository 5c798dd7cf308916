/* SPDX-License-Identifier: MIT */
#include "signal_stack.h"

#include "arena.h"

#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 128 * 1024 };

struct signal_stack {
    char bytes[STACK_BYTES]; /* untouched until it is needed */
};

signal_stack *signal_stack_take(void)
{
    stack_t now, ours = { .ss_size = STACK_BYTES };
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
        return NULL;
    signal_stack *s = memory_take(sizeof *s);
    ours.ss_sp = s->bytes;
    sigaltstack(&ours, NULL);
    return s;
}

void signal_stack_give_back(signal_stack *s)
{
    stack_t const none = { .ss_flags = SS_DISABLE };
    if (s == NULL)
        return;
    sigaltstack(&none, NULL);
    free(s);
}
