/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESCUE_WATCH_H
#define CAPRA_RESCUE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A thread that sees whether the loop goes on. It only looks; what is to be done is done on the
 * loop's own thread, which is interrupted for it, so that nobody reads what another one writes.
 *
 * The loop says where it is with one store at each end of a visit. */
typedef struct watch watch;

typedef struct watch_config {
    void *loop; /* a uv_loop_t */
    /* The shortest time that anybody may hold the loop; asked for whenever it matters. */
    uint64_t (*limit_ms)(void *data);
    /* The loop has stood still for `held_ms`: interrupt it, gently, or by force when that was in
     * vain. It is to answer with watch_allow, or never. */
    void (*knock)(void *data, bool by_force);
    void *data;
} watch_config;

/* Starts the thread. The config is copied. To be freed. */
watch *watch_new(const watch_config *config);

/* Ends the thread, and waits for it. Takes NULL. */
void watch_free(watch *w);

/* On the loop's thread, around each visit. */
void watch_enter(watch *w);
void watch_leave(watch *w);

/* For how long the loop has stood still. */
uint64_t watch_held_ms(const watch *w);

/* Who holds the loop may do so until it has stood still for `ms`. */
void watch_allow(watch *w, uint64_t ms);

#endif
