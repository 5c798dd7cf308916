/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_PACE_H
#define CAPRA_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a peer is fast enough, as an account of time. It begins full. Waiting is paid from it,
 * and bytes that go by fill it up again, at the slowest rate that is allowed; it never holds more
 * than at the beginning. So a peer may stand still for a while, or be slow for a while, and a byte
 * now and then buys it nothing. */
typedef struct pace_rule {
    uint64_t patience_ms; /* a full account; 0: every peer is fast enough */
    uint64_t bytes_per_s; /* 0: whoever has sent a byte has a full account again */
} pace_rule;

typedef struct pace {
    int64_t left_ms;
    int64_t since_ms; /* 0: nobody waits, and nothing is paid */
} pace;

/* A full account. */
void pace_init(pace *p, const pace_rule *rule);

/* Somebody waits, until pace_stop; `now_ms` is on any clock that only goes forward and is not 0.
 * `bytes` have gone by since the last call. False when the account is empty. */
bool pace_wait(pace *p, const pace_rule *rule, int64_t now_ms, uint64_t bytes);

/* Nobody waits for the peer. */
void pace_stop(pace *p, int64_t now_ms);

#endif
