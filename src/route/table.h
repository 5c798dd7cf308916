/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_ROUTE_TABLE_H
#define CAPRA_ROUTE_TABLE_H

#include "base/arena.h"
#include "route.h"

/* What a table is made of. The patterns /api, /api/users/[id] and /api/users/[id]/[...rest] are
 *
 *     root ──"api"──▶ node ──"users"──▶ node ──[id]──▶ node
 *                     route 0                          route 1, rest 2
 *
 * Edges with text are found in one index for the whole table, keyed by the node they leave and
 * their text; a node has at most one edge for a parameter, and a catch-all needs no node. Routes
 * without parameters are also in an index of their own, by their whole path: that is one hash and
 * one comparison for most requests.
 *
 * A path leads to a node in one way only, so a match visits no node twice, and it goes back by the
 * parents, without a stack. */

#define ROUTE_NOTHING UINT32_MAX

typedef struct route_node {
    const struct route_node *parent; /* NULL for the root */
    struct route_node *param;        /* behind [x]; NULL when there is none */
    capra_slice text;                /* of the edge from the parent: literal, or the name */
    uint32_t route;                  /* that ends here, or ROUTE_NOTHING */
    uint32_t rest;                   /* whose catch-all begins here, or ROUTE_NOTHING */
    uint32_t maker;                  /* the first route that comes by */
    uint8_t param_count;             /* on the way from the root, the last edge included */
    bool is_param;                   /* the edge from the parent is [x] */
    bool is_rest_optional;
} route_node;

typedef struct route_entry {
    capra_slice pattern;
    const capra_slice *names; /* of its parameters */
    uint32_t param_count;
} route_entry;

/* Open addressing, at most half full. What a value stands for is the user's affair. */
typedef struct route_slot {
    uint32_t hash;
    uint32_t value; /* ROUTE_NOTHING where the slot is free */
} route_slot;

typedef struct route_index {
    route_slot *slots;
    uint32_t mask; /* of a power of two */
} route_index;

struct route_table {
    arena memory; /* all that follows */
    route_entry *routes;
    route_node *nodes; /* the root first */
    uint32_t route_count, node_count;
    route_index paths; /* routes without parameters, by their whole path */
    route_index edges; /* nodes behind literal text */
};

/* Eight bytes at a time; the seed tells the same text below different nodes apart. Nothing a client
 * sends is ever put into an index, so there is no flooding to fear. */
static inline uint32_t route_hash(capra_slice s, uint32_t seed)
{
    uint64_t const odd = 0x9e3779b97f4a7c15;
    uint64_t hash = (s.length ^ (uint64_t)seed << 32) * odd;
    for (; s.length >= 8; s = slice_from(s, 8)) {
        uint64_t word;
        memcpy(&word, s.data, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < s.length; i++)
        tail = tail << 8 | (unsigned char)s.data[i];
    hash = (hash ^ tail) * odd;
    return (uint32_t)(hash >> 32);
}

/* The route without parameters whose pattern is the path, byte for byte; or ROUTE_NOTHING. */
static inline uint32_t route_table_find_path(const route_table *t, capra_slice path)
{
    uint32_t const hash = route_hash(path, 0);
    for (uint32_t at = hash & t->paths.mask;; at = (at + 1) & t->paths.mask) {
        route_slot const slot = t->paths.slots[at];
        if (slot.value == ROUTE_NOTHING ||
            (slot.hash == hash && slice_equal(t->routes[slot.value].pattern, path)))
            return slot.value;
    }
}

/* The node behind the edge with this text; NULL when there is none. */
static inline route_node *route_table_find_edge(const route_table *t, const route_node *parent,
                                                capra_slice text)
{
    uint32_t const hash = route_hash(text, (uint32_t)(parent - t->nodes));
    for (uint32_t at = hash & t->edges.mask;; at = (at + 1) & t->edges.mask) {
        route_slot const slot = t->edges.slots[at];
        if (slot.value == ROUTE_NOTHING)
            return NULL;
        route_node *const node = &t->nodes[slot.value];
        if (slot.hash == hash && node->parent == parent && slice_equal(node->text, text))
            return node;
    }
}

#endif
