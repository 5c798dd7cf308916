/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_SCOREBOARD_H
#define CAPRA_BASE_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each worker does, in memory that the supervisor and all workers share: how new
 * connections are spread, how many workers there should be, and what is shown to a person all
 * come from here.
 *
 *     ┌────────┬────────────────┬────────────────┬─────┬──────────────┐
 *     │ header │ slot, counters │ slot, counters │  …  │ past workers │
 *     └────────┴────────────────┴────────────────┴─────┴──────────────┘
 *
 * A slot has one writer: the supervisor until its worker runs and after it is gone, and the
 * worker in between. Each field is one word, stored whole and relaxed, so a worker may be killed
 * between any two of them, and a reader sees at worst values of two moments. Nobody waits for
 * anybody. Behind each slot are counters whose meaning this table does not know; the number is
 * given when it is made, and slots that are never used cost no memory. */
typedef struct scoreboard scoreboard;

typedef enum score_state {
    SCORE_FREE, /* nobody's */
    SCORE_STARTING,
    SCORE_SERVING,
    SCORE_DRAINING,
} score_state;

/* What a worker serves. Where routes in C have workers of their own, a connection goes to and fro
 * between the two kinds. */
typedef enum score_group {
    SCORE_GROUP_ALL,     /* everything there is */
    SCORE_GROUP_SCRIPTS, /* all but routes in C; it takes new connections */
    SCORE_GROUP_NATIVES, /* routes in C, on connections that are handed over */
} score_group;

typedef struct score {
    _Alignas(64) _Atomic uint32_t state; /* score_state */
    _Atomic uint32_t pid;
    _Atomic uint32_t generation;   /* of the reload that started it */
    _Atomic uint32_t connections;  /* open now */
    _Atomic uint32_t in_flight;    /* requests begun and not finished */
    _Atomic uint32_t group;        /* score_group */
    _Atomic uint64_t accepted;     /* connections since the start */
    _Atomic uint64_t requests;     /* finished since the start */
    _Atomic uint64_t started_ns;   /* on the system's monotonic clock, as all times here */
    _Atomic uint64_t beat_ns;      /* when the four below were written last */
    _Atomic uint64_t idle_ns;      /* that the loop has slept since the start */
    _Atomic uint64_t lag_ns;       /* by how much the loop was late for that beat */
    _Atomic uint64_t memory_bytes; /* resident */
    _Atomic uint64_t handed_over;  /* connections, to the other group, since the start */
} score;

enum { SCOREBOARD_SLOTS = 256 }; /* as many workers as there can be, those that drain included */

/* A new table in memory that processes share which inherit scoreboard_fd. `counters` is the number
 * behind each slot. To be freed. 0, or CAPRA_E_SYSTEM with errno set. */
int scoreboard_new(scoreboard **out, uint32_t slots, uint32_t counters);

/* The one that another process made. The descriptor is taken over. CAPRA_E_INVALID, and the
 * descriptor is closed, when it is none of this version: an update of Capra came in between. */
int scoreboard_open(scoreboard **out, int fd);

/* Takes NULL. Other processes keep theirs. */
void scoreboard_free(scoreboard *b);

/* To be inherited; -1 in a table that was opened. */
int scoreboard_fd(const scoreboard *b);

/* As it was made. */
uint32_t scoreboard_slots(const scoreboard *b);

/* Lent for as long as the table. */
score *scoreboard_at(const scoreboard *b, uint32_t slot);
_Atomic uint64_t *scoreboard_counters(const scoreboard *b, uint32_t slot);

/* What workers that are gone have done: `accepted`, `requests`, `handed_over`, and their counters.
 * Add it to the sums of those that live, or totals would fall when a worker goes. */
const score *scoreboard_past(const scoreboard *b);
const _Atomic uint64_t *scoreboard_past_counters(const scoreboard *b);

/* Slots at and above this have never been used. */
uint32_t scoreboard_used(const scoreboard *b);

/* For the supervisor: a free slot, cleared, in SCORE_STARTING. -1 when there is none. */
int scoreboard_claim(scoreboard *b, uint32_t generation, score_group group);

/* For the supervisor, once the worker's process is gone: what it did is added to the past, and the
 * slot is free. */
void scoreboard_retire(scoreboard *b, uint32_t slot);

/* The worker with the fewest connections of all in its group that serve, but for this one; NULL
 * when there is no other. */
const score *scoreboard_emptiest(const scoreboard *b, uint32_t slot);

/* Whether nobody of the other group can hand a connection over to this worker any more: all of them
 * are gone, or drain and have none left. */
bool scoreboard_others_are_done(const scoreboard *b, uint32_t slot);

/* Now, on the clock of the table. */
uint64_t scoreboard_now_ns(void);

/* ---- Words: whole, in no order, and without a lock ---- */

#define score_get(word)        atomic_load_explicit(word, memory_order_relaxed)
#define score_set(word, value) atomic_store_explicit(word, value, memory_order_relaxed)

/* Not atomic as a whole, for there is one writer. */
#define score_add(word, amount) score_set(word, score_get(word) + (amount))

#endif
