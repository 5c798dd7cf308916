/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_SCALE_H
#define CAPRA_SUPERVISOR_SCALE_H

#include <stdint.h>

/* How many workers there should be. Knows numbers only: what was measured comes in, a number
 * goes out. It grows soon and shrinks late, and what makes it shrink lies well below what makes it
 * grow, so that a steady load never makes it do both in turns. */

typedef struct scale_limits {
    uint32_t min, max;
    uint64_t idle_ms; /* with `min` 0: the last worker goes after as long without a request */
} scale_limits;

typedef struct scale_sample {
    uint64_t now_ms;
    uint32_t serving, starting; /* workers */
    double busy;       /* the share of the time, 0 to 1, that those who serve do not sleep */
    uint32_t queued;   /* connections that nobody has taken yet */
    uint64_t quiet_ms; /* since there was anything to do */
} scale_sample;

typedef struct scale {
    scale_limits limits;
    uint32_t wanted;
    uint64_t hot_ms, cool_ms; /* for how long there have been too few, too many */
    uint64_t sampled_ms;
} scale;

enum {
    SCALE_HOT_PERCENT = 80,  /* busier than this is too busy */
    SCALE_COOL_PERCENT = 50, /* with one worker less, nobody would be busier than this */
    SCALE_UP_MS = 2000,      /* how long it is too busy before there are more */
    SCALE_DOWN_MS = 15000,   /* how long it is not busy before there is one less */
};

/* The least number is wanted, but one at least. The limits are copied. */
void scale_init(scale *s, const scale_limits *limits);

/* The number that there should be from now on; `wanted` holds it, too. */
uint32_t scale_decide(scale *s, const scale_sample *m);

/* Somebody is at the door, and nobody serves. */
void scale_wake(scale *s);

#endif
