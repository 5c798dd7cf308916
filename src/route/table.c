/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "base/error.h"
#include "pattern.h"

#include <stdlib.h>

/* One pattern on its way into the table. */
typedef struct builder {
    route_table *table;
    route_complaint complaint;
    uint32_t route; /* the one that is being added */
    route_node *node;
    bool is_closed; /* by a catch-all */
    uint32_t param_count;
    capra_slice names[ROUTE_PARAMS_MAX];
} builder;

/* ---- Refusals ---- */

static int name_route(builder *b)
{
    return route_complain(&b->complaint, " Route: \"%.*s\".",
                          ROUTE_SHOWN(b->table->routes[b->route].pattern));
}

static int name_routes(builder *b, uint32_t other)
{
    return route_complain(&b->complaint, " Routes: \"%.*s\" and \"%.*s\".",
                          ROUTE_SHOWN(b->table->routes[other].pattern),
                          ROUTE_SHOWN(b->table->routes[b->route].pattern));
}

static int refuse_slugs(builder *b, uint32_t other, capra_slice theirs, capra_slice ours)
{
    route_complain(&b->complaint,
                   "You cannot use different slug names for the same dynamic path ('%.*s' !== "
                   "'%.*s').",
                   ROUTE_SHOWN(theirs), ROUTE_SHOWN(ours));
    return name_routes(b, other);
}

static int refuse_duplicate(builder *b, uint32_t other)
{
    return route_complain(&b->complaint,
                          "Duplicate page detected. Routes %u and %u both resolve to %.*s.", other,
                          b->route, ROUTE_SHOWN(b->table->routes[b->route].pattern));
}

/* ---- Names ---- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_';
}

static void skip_symbols(capra_slice *s)
{
    while (s->length > 0 && !is_word(s->data[0]))
        *s = slice_from(*s, 1);
}

static bool is_same_word(capra_slice a, capra_slice b)
{
    for (;;) {
        skip_symbols(&a);
        skip_symbols(&b);
        if (a.length == 0 || b.length == 0)
            return a.length == b.length;
        if (a.data[0] != b.data[0])
            return false;
        a = slice_from(a, 1);
        b = slice_from(b, 1);
    }
}

static int add_name(builder *b, capra_slice name)
{
    if (b->param_count == ROUTE_PARAMS_MAX) {
        route_complain(&b->complaint, "A route may have at most %d parameters.", ROUTE_PARAMS_MAX);
        return name_route(b);
    }
    for (uint32_t i = 0; i < b->param_count; i++) {
        if (slice_equal(b->names[i], name)) {
            route_complain(&b->complaint,
                           "You cannot have the same slug name \"%.*s\" repeat within a single "
                           "dynamic path.",
                           ROUTE_SHOWN(name));
            return name_route(b);
        }
        if (is_same_word(b->names[i], name)) {
            route_complain(&b->complaint,
                           "You cannot have the slug names \"%.*s\" and \"%.*s\" differ only by "
                           "non-word symbols within a single dynamic path.",
                           ROUTE_SHOWN(b->names[i]), ROUTE_SHOWN(name));
            return name_route(b);
        }
    }
    b->names[b->param_count++] = name;
    return 0;
}

/* ---- Nodes ---- */

static route_node *new_node(route_table *t, const route_node *parent, capra_slice text,
                            uint32_t maker)
{
    route_node *node = &t->nodes[t->node_count++];
    *node = (route_node){
        .parent = parent,
        .text = text,
        .route = ROUTE_NOTHING,
        .rest = ROUTE_NOTHING,
        .maker = maker,
        .param_count = parent == NULL ? 0 : parent->param_count,
    };
    return node;
}

static void index_new(route_index *out, arena *memory, uint32_t count)
{
    uint32_t size = 2;
    while (size < 2 * (uint64_t)count)
        size *= 2;
    out->slots = arena_take(memory, size * sizeof(route_slot));
    out->mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        out->slots[i].value = ROUTE_NOTHING;
}

static void index_put(route_index *index, uint32_t hash, uint32_t value)
{
    uint32_t at = hash & index->mask;
    while (index->slots[at].value != ROUTE_NOTHING)
        at = (at + 1) & index->mask;
    index->slots[at] = (route_slot){ hash, value };
}

static int add_text(builder *b, capra_slice text)
{
    route_table *const t = b->table;
    route_node *node = route_table_find_edge(t, b->node, text);
    if (node == NULL) {
        node = new_node(t, b->node, text, b->route);
        index_put(&t->edges, route_hash(text, (uint32_t)(b->node - t->nodes)),
                  (uint32_t)(node - t->nodes));
    }
    b->node = node;
    return 0;
}

static int add_param(builder *b, capra_slice name)
{
    route_node *node = b->node->param;
    if (node == NULL) {
        node = b->node->param = new_node(b->table, b->node, name, b->route);
        node->is_param = true;
        node->param_count++;
    }
    if (!slice_equal(node->text, name))
        return refuse_slugs(b, node->maker, node->text, name);
    b->node = node;
    return add_name(b, name);
}

static capra_slice last_name(const route_table *t, uint32_t index)
{
    const route_entry *r = &t->routes[index];
    return r->names[r->param_count - 1];
}

static int refuse_rest(builder *b, capra_slice name, bool is_optional)
{
    uint32_t const other = b->node->rest;
    capra_slice const theirs = last_name(b->table, other);
    if (b->node->is_rest_optional != is_optional) {
        route_complain(&b->complaint,
                       "You cannot use both an required and optional catch-all route at the same "
                       "level (\"[...%.*s]\" and \"[[...%.*s]]\" ).",
                       ROUTE_SHOWN(is_optional ? theirs : name),
                       ROUTE_SHOWN(is_optional ? name : theirs));
        return name_routes(b, other);
    }
    if (!slice_equal(theirs, name))
        return refuse_slugs(b, other, theirs, name);
    return refuse_duplicate(b, other);
}

static int add_rest(builder *b, capra_slice name, bool is_optional)
{
    if (b->node->rest != ROUTE_NOTHING)
        return refuse_rest(b, name, is_optional);
    b->node->rest = b->route;
    b->node->is_rest_optional = is_optional;
    b->is_closed = true;
    return add_name(b, name);
}

/* ---- Routes ---- */

static int add_segment(builder *b, capra_slice source)
{
    route_segment segment;
    if (b->is_closed) {
        route_complain(&b->complaint, "Catch-all must be the last part of the URL.");
        return name_route(b);
    }
    if (route_segment_read(&segment, source, &b->complaint) < 0)
        return name_route(b);
    switch (segment.kind) {
    case ROUTE_TEXT:
        return add_text(b, segment.text);
    case ROUTE_PARAM:
        return add_param(b, segment.text);
    default:
        return add_rest(b, segment.text, segment.kind == ROUTE_OPTIONAL_REST);
    }
}

static int end_route(builder *b)
{
    route_table *const t = b->table;
    route_entry *const r = &t->routes[b->route];
    capra_slice *names = arena_take(&t->memory, b->param_count * sizeof *names);
    memcpy(names, b->names, b->param_count * sizeof *names);
    r->names = names;
    r->param_count = b->param_count;
    if (b->is_closed)
        return 0;
    if (b->node->route != ROUTE_NOTHING)
        return refuse_duplicate(b, b->node->route);
    b->node->route = b->route;
    if (r->param_count == 0)
        index_put(&t->paths, route_hash(r->pattern, 0), b->route);
    return 0;
}

static int add_route(builder *b)
{
    capra_slice const pattern = b->table->routes[b->route].pattern;
    if (pattern.length == 0 || pattern.data[0] != '/') {
        route_complain(&b->complaint, "A route must begin with a slash.");
        return name_route(b);
    }
    for (size_t at = 0; at < pattern.length && !slice_is(pattern, "/");) {
        capra_slice const segment = route_segment_behind(pattern, at);
        int const result = add_segment(b, segment);
        if (result < 0)
            return result;
        at += 1 + segment.length;
    }
    return end_route(b);
}

static int add_routes(builder *b)
{
    for (uint32_t i = 0; i < b->table->route_count; i++) {
        b->route = i;
        b->node = b->table->nodes;
        b->is_closed = false;
        b->param_count = 0;
        int const result = add_route(b);
        if (result < 0)
            return result;
    }
    return 0;
}

/* Both would take the path that ends here. */
static int check_ends(builder *b)
{
    const route_table *const t = b->table;
    for (const route_node *n = t->nodes; n < t->nodes + t->node_count; n++) {
        if (n->route == ROUTE_NOTHING || n->rest == ROUTE_NOTHING || !n->is_rest_optional)
            continue;
        capra_slice const pattern = t->routes[n->route].pattern, name = last_name(t, n->rest);
        route_complain(&b->complaint,
                       "You cannot define a route with the same specificity as a optional "
                       "catch-all route (\"%.*s\" and \"%.*s[[...%.*s]]\").",
                       ROUTE_SHOWN(pattern), ROUTE_SHOWN(pattern), ROUTE_SHOWN(name));
        b->route = n->rest;
        return name_routes(b, n->route);
    }
    return 0;
}

/* ---- The table ---- */

static void copy_patterns(route_table *t, const char *const *patterns)
{
    for (uint32_t i = 0; i < t->route_count; i++)
        t->routes[i] = (route_entry){ .pattern = arena_copy(&t->memory, slice_text(patterns[i])) };
}

/* A node for each segment, were none shared, and the root. */
static uint32_t count_nodes(const route_table *t)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < t->route_count; i++)
        for (size_t at = 0; at < t->routes[i].pattern.length; at++)
            count += t->routes[i].pattern.data[at] == '/';
    return count;
}

int route_table_new(route_table **out, const char *const *patterns, uint32_t count, char *why,
                    size_t why_size)
{
    route_table *t = memory_take(sizeof *t);
    *t = (route_table){ .route_count = count };
    arena_init(&t->memory);
    t->routes = arena_take(&t->memory, count * sizeof *t->routes);
    copy_patterns(t, patterns);
    uint32_t const most_nodes = count_nodes(t);
    t->nodes = arena_take(&t->memory, most_nodes * sizeof *t->nodes);
    new_node(t, NULL, slice_of("", 0), 0);
    index_new(&t->paths, &t->memory, count);
    index_new(&t->edges, &t->memory, most_nodes);

    builder b = { .table = t, .complaint = { .text = why, .size = why_size } };
    int result = add_routes(&b);
    if (result == 0)
        result = check_ends(&b);
    if (result < 0) {
        route_table_free(t);
        return result;
    }
    *out = t;
    return 0;
}

void route_table_free(route_table *table)
{
    if (table == NULL)
        return;
    arena_cleanup(&table->memory);
    free(table);
}

bool route_table_has_literal(const route_table *table, capra_slice path)
{
    return route_table_find_path(table, path) != ROUTE_NOTHING;
}

bool route_table_is_optional(const route_table *table, uint32_t route)
{
    capra_slice const pattern = table->routes[route].pattern;
    return table->routes[route].param_count > 0 && pattern.length > 2 &&
           memcmp(pattern.data + pattern.length - 2, "]]", 2) == 0;
}

uint32_t route_table_params(const route_table *table, uint32_t route, const capra_slice **names)
{
    *names = table->routes[route].names;
    return table->routes[route].param_count;
}
