/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <stddef.h>

/* Not thread-local: such a variable may be allocated when it is first touched. */
static guard *volatile innermost;

void guard_push(guard *g)
{
    g->outer = innermost;
    innermost = g;
}

void guard_leave(guard *g)
{
    innermost = g->outer;
}

void guard_return(void)
{
    guard *g = innermost;
    if (g != NULL)
        siglongjmp(g->place, 1);
}
