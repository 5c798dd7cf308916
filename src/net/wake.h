/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_WAKE_H
#define CAPRA_NET_WAKE_H

/* What other threads hand to the loop's own. */
typedef struct wake wake;

/* Lives in something of the caller's, until it has run. */
typedef struct wake_task {
    struct wake_task *next;
    void (*run)(struct wake_task *task);
} wake_task;

/* `loop` is a uv_loop_t. It does not keep the loop from ending. */
wake *wake_open(void *loop);

/* From any thread: `task->run` is called on the loop's, in the order of posting. */
void wake_post(wake *w, wake_task *task);

/* Runs what has been posted; what comes from now on never runs. */
void wake_close(wake *w);

/* After wake_close, when nobody can post any more. */
void wake_free(wake *w);

#endif
