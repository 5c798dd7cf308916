/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_FILES_NAMES_H
#define CAPRA_FILES_NAMES_H

#include "base/arena.h"

#include <stdint.h>

/* A set of names: filled once, then only asked. A place for each, found by a hash of the name, or
 * the next free one behind it. */
typedef struct names {
    capra_slice *places;
    uint32_t capacity, count; /* the capacity is a power of two, or 0 */
    arena arena;
} names;

/* Frees all; a set of zeroes is empty, and can be filled. */
void names_cleanup(names *n);

/* The name is copied. */
void names_add(names *n, capra_slice name);

/* Byte for byte. */
bool names_have(const names *n, capra_slice name);

#endif
