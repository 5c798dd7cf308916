/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RULES_H
#define CAPRA_RULES_H

#include "base/arena.h"
#include "http/http.h"

#include <jansson.h>

/* What next.config says about requests on their way to a route: the base path, slashes at the end,
 * `headers`, `redirects` and `rewrites`. Made once from the manifest, where the compiler has put
 * patterns as regular expressions and destinations as lists of parts; then only read, but for
 * scratch memory of the matcher: one thread.
 *
 *     path and query ─▶ fields ─▶ redirect ─▶ proxy? ─▶ before files ─▶ [table of routes, literal]
 *                                 ─▶ after files ─▶ [table, dynamic] ─▶ fallback
 *
 * Who walks asks the table of routes in between; rules know nothing of it. */
typedef struct rules rules;

/* `settings` and `proxy` are the manifest's objects of these names; the second may be NULL. Puts
 * NULL in `out` when it asks for nothing that would have to be done here. Returns 0, or
 * CAPRA_E_MANIFEST with a sentence in `why`. */
int rules_new(rules **out, const json_t *settings, const json_t *proxy, char *why, size_t why_size);

/* Takes NULL. */
void rules_free(rules *r);

enum { RULES_NAMES_MAX = 64 };

/* A request among the rules. All slices are lent by the request or its arena. */
typedef struct rules_walk {
    const rules *rules;
    const http_head *head;
    const char *data; /* the head's bytes */
    const http_target *target;
    arena *arena;
    capra_slice path;  /* as rewritten so far, base path included */
    capra_slice query; /* with what rewrites have added; NULL data: none */
    bool is_rewritten;
    capra_slice elsewhere; /* a rewrite leads to this address on another host, and none behind it
                              counts; NULL data: none does */
    /* What rewrites have given names to, for rules_hidden. */
    uint32_t name_count;
    capra_slice names[RULES_NAMES_MAX];
} rules_walk;

/* At the start of the path. All that is given is lent, and outlives the walk. */
void rules_walk_init(rules_walk *w, const rules *r, const http_head *head, const char *data,
                     const http_target *target, arena *a);

/* The header lines of `headers` that apply, each with its CR LF; of equal names the last counts.
 * Empty when there are none. */
capra_slice rules_fields(rules_walk *w);

/* Slashes first, then `redirects`. The status, with the address in `location`; 0: none applies. */
int rules_redirect(rules_walk *w, capra_slice *location);

/* Whether the project's proxy is to be asked before a rewrite is looked for. */
bool rules_want_proxy(const rules_walk *w);

typedef enum rules_list {
    RULES_BEFORE_FILES,
    RULES_AFTER_FILES,
    RULES_FALLBACK,
    RULES_REWRITES
} rules_list;

/* Applies the first rewrite of the list, from `*at` on, that matches the walk's path as it is now,
 * and puts `*at` behind it. False when none does. */
bool rules_rewrite(rules_walk *w, rules_list list, uint32_t *at);

/* Takes the base path off a path; of the base path itself `/` is left. False for a path outside of
 * it. */
bool rules_strip(const rules *r, capra_slice path, capra_slice *inner);

/* Takes the base path off what a route sees of the target. */
void rules_strip_target(const rules *r, http_target *target);

/* The walk's path as the table of routes knows it: without base path, without a slash at the end.
 * False outside of the base path. */
bool rules_inner_path(const rules_walk *w, capra_slice *inner);

/* Names that are not shown in `req.url`, as a query (`a&b`): for a dynamic route all that the
 * rewrites' parameters and queries have; else those to which the client gave the very same value.
 */
capra_slice rules_hidden(const rules_walk *w, bool is_dynamic);

/* A path and a query behind it; `query` as it is, or, `is_strict`, as Next writes it anew. */
capra_slice rules_join(capra_slice path, capra_slice query, bool is_strict, arena *a);

#endif
