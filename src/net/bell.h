/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_NET_BELL_H
#define CAPRA_NET_BELL_H

/* A word to the loop from a place where little is allowed: a signal handler, another thread. */
typedef struct bell bell;

/* `on_ring(data)` is called on the loop's thread, once for one or more rings. `loop` is a
 * uv_loop_t. It keeps the loop from ending. */
bell *bell_open(void *loop, void (*on_ring)(void *data), void *data);

/* From anywhere. What was rung before the loop ran is heard when it does. */
void bell_ring(bell *b);

/* On the loop's thread; it is gone once the loop has turned again. Takes NULL. */
void bell_close(bell *b);

#endif
