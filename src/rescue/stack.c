/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include "line.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <unwind.h>

enum { FRAMES = 12 };

typedef struct walk {
    const void *ours; /* where this code was loaded */
    int count;
    bool is_behind_signal;
} walk;

static void log_frame(const Dl_info *place, uintptr_t at)
{
    line l = { 0 };
    line_put(&l, "    at ");
    if (place->dli_sname != NULL) {
        line_put(&l, place->dli_sname);
        line_put(&l, " ");
    }
    line_put(&l, "(");
    line_put(&l, place->dli_fname);
    line_put(&l, "+");
    line_put_hex(&l, at - (uintptr_t)place->dli_fbase);
    line_put(&l, ")");
    line_log(&l);
}

/* The frames before the signal's are the handler's. */
static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *data)
{
    walk *w = data;
    int is_interrupted = 0;
    Dl_info place;
    uintptr_t const at = _Unwind_GetIPInfo(context, &is_interrupted);
    w->is_behind_signal |= is_interrupted != 0;
    if (!w->is_behind_signal)
        return _URC_NO_REASON;
    if (w->count == FRAMES || dladdr((const void *)at, &place) == 0 ||
        (w->count > 0 && place.dli_fbase == w->ours))
        return _URC_END_OF_STACK;
    w->count++;
    log_frame(&place, at);
    return _URC_NO_REASON;
}

void stack_log(void)
{
    Dl_info here;
    walk w = { 0 };
    if (dladdr((const void *)(uintptr_t)stack_log, &here) != 0)
        w.ours = here.dli_fbase;
    _Unwind_Backtrace(on_frame, &w);
}
