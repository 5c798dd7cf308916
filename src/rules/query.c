/* SPDX-License-Identifier: MIT */
#include "rule.h"

#include <stdlib.h>

/* Queries that rules change. */

/* ---- With what a destination says ---- */

/* A key of the destination and its pairs, `key=value&key=value`. */
typedef struct addition {
    capra_slice key, pairs;
    bool is_done;
} addition;

typedef struct additions {
    addition *list;
    uint32_t count;
} additions;

static void put_component(buffer *out, capra_slice text)
{
    rule_escape(out, (rule_value){ .text = text }, RULE_IN_QUERY, false);
}

static void put_key(buffer *out, capra_slice key)
{
    if (buffer_length(out) > 0)
        buffer_append(out, "&", 1);
    put_component(out, key);
    buffer_append(out, "=", 1);
}

static void add(additions *all, capra_slice key, const buffer *pairs, arena *a)
{
    all->list[all->count++] = (addition){ .key = key, .pairs = arena_copy(a, buffer_slice(pairs)) };
}

static bool has_key(const additions *all, capra_slice key)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (slice_equal(all->list[i].key, key))
            return true;
    return false;
}

/* All pairs of the destination that have this key. */
static void add_query(additions *all, const rule *r, const rule_values values, uint32_t first,
                      arena *a)
{
    capra_slice const key = r->to.query[first].key;
    buffer pairs = { 0 };
    if (has_key(all, key))
        return;
    for (uint32_t i = first; i < r->to.query_count; i++) {
        if (!slice_equal(r->to.query[i].key, key))
            continue;
        put_key(&pairs, key);
        rule_write(&pairs, &r->to.query[i].value, values, RULE_IN_QUERY);
    }
    add(all, key, &pairs, a);
    buffer_cleanup(&pairs);
}

/* One pair, or one for each piece of a parameter that may repeat. */
static void add_param(additions *all, const rule *r, const rule_values values, int param, arena *a)
{
    capra_slice rest = values[param].text;
    capra_slice const separator = r->params[param].separator;
    buffer pairs = { 0 };
    if (rest.data == NULL)
        return;
    do {
        size_t length = rest.length;
        if (separator.length > 0) {
            const char *at = memmem(rest.data, rest.length, separator.data, separator.length);
            length = at == NULL ? rest.length : (size_t)(at - rest.data);
        }
        rule_value const value = { slice_of(rest.data, length), values[param].is_escaped };
        put_key(&pairs, r->params[param].name);
        rule_escape(&pairs, value, RULE_IN_QUERY, false);
        rest = slice_from(rest, length + separator.length);
    } while (rest.length > 0);
    add(all, r->params[param].name, &pairs, a);
    buffer_cleanup(&pairs);
}

static void put_pair(buffer *out, capra_slice pair)
{
    if (buffer_length(out) > 0)
        buffer_append(out, "&", 1);
    buffer_append_slice(out, pair);
}

/* One pair of the request's own query. */
static void put_own(buffer *out, capra_slice piece, additions *all, arena *a)
{
    capra_slice rest = piece, key, value;
    if (!http_query_next(&rest, &key, &value, a))
        return;
    for (uint32_t i = 0; i < all->count; i++) {
        addition *one = &all->list[i];
        if (!slice_equal(one->key, key))
            continue;
        if (!one->is_done)
            put_pair(out, one->pairs);
        one->is_done = true;
        return;
    }
    put_pair(out, piece);
}

capra_slice rule_merge_query(const rules_walk *w, const rule *r, const rule_values values)
{
    additions all = { 0 };
    all.list = arena_take(w->arena, (r->to.query_count + r->append_count + 1) * sizeof *all.list);
    for (uint32_t i = 0; i < r->to.query_count; i++)
        add_query(&all, r, values, i, w->arena);
    for (uint32_t i = 0; i < r->append_count; i++)
        add_param(&all, r, values, r->append[i], w->arena);
    if (all.count == 0)
        return w->query;

    buffer out = { 0 };
    for (capra_slice rest = w->query; rest.length > 0;) {
        const char *end = memchr(rest.data, '&', rest.length);
        size_t const length = end == NULL ? rest.length : (size_t)(end - rest.data);
        put_own(&out, slice_of(rest.data, length), &all, w->arena);
        rest = slice_from(rest, length + 1);
    }
    for (uint32_t i = 0; i < all.count; i++)
        if (!all.list[i].is_done)
            put_pair(&out, all.list[i].pairs);
    capra_slice const merged = arena_copy(w->arena, buffer_slice(&out));
    buffer_cleanup(&out);
    return merged;
}

/* ---- As Next writes it anew ---- */

/* A pair in the order in which the keys of a JavaScript object are: those that are array indices by
 * their numbers, then the others as they came; and all of one key together. */
typedef struct pair {
    capra_slice key, value;
    uint32_t at;    /* in the query */
    uint32_t first; /* of its key */
    bool is_index;
    uint32_t index;
} pair;

static void read_index(pair *p)
{
    uint64_t number = 0;
    if (p->key.length == 0 || p->key.length > 10 || (p->key.data[0] == '0' && p->key.length > 1))
        return;
    for (size_t i = 0; i < p->key.length; i++) {
        char const c = p->key.data[i];
        if (c < '0' || c > '9')
            return;
        number = number * 10 + (uint64_t)(c - '0');
    }
    p->is_index = number < UINT32_MAX;
    p->index = (uint32_t)number;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_key(const void *left, const void *right)
{
    const pair *a = left, *b = right;
    size_t const shorter = a->key.length < b->key.length ? a->key.length : b->key.length;
    int const order = shorter == 0 ? 0 : memcmp(a->key.data, b->key.data, shorter);
    if (order != 0)
        return order;
    if (a->key.length != b->key.length)
        return a->key.length < b->key.length ? -1 : 1;
    return compare_numbers(a->at, b->at);
}

static int by_place(const void *left, const void *right)
{
    const pair *a = left, *b = right;
    if (a->is_index != b->is_index)
        return a->is_index ? -1 : 1;
    if (a->is_index && a->index != b->index)
        return compare_numbers(a->index, b->index);
    if (a->first != b->first)
        return compare_numbers(a->first, b->first);
    return compare_numbers(a->at, b->at);
}

static uint32_t count_pieces(capra_slice query)
{
    uint32_t count = 1;
    for (size_t i = 0; i < query.length; i++)
        count += query.data[i] == '&';
    return count;
}

static capra_slice regroup(capra_slice query, arena *a)
{
    pair *pairs = arena_take(a, count_pieces(query) * sizeof *pairs);
    uint32_t count = 0;
    capra_slice key, value;
    while (http_query_next(&query, &key, &value, a)) {
        pairs[count] = (pair){ .key = key, .value = value, .at = count };
        read_index(&pairs[count++]);
    }
    qsort(pairs, count, sizeof *pairs, by_key);
    for (uint32_t i = 0; i < count; i++)
        pairs[i].first =
            i > 0 && slice_equal(pairs[i].key, pairs[i - 1].key) ? pairs[i - 1].first : pairs[i].at;
    qsort(pairs, count, sizeof *pairs, by_place);

    buffer out = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append(&out, "&", 1);
        put_component(&out, pairs[i].key);
        buffer_append(&out, "=", 1);
        put_component(&out, pairs[i].value);
    }
    capra_slice const written = arena_copy(a, buffer_slice(&out));
    buffer_cleanup(&out);
    return written;
}

capra_slice rules_join(capra_slice path, capra_slice query, bool is_strict, arena *a)
{
    if (is_strict && query.data != NULL)
        query = regroup(query, a);
    if (query.data == NULL || (is_strict && query.length == 0))
        return path;
    char *data = arena_take(a, path.length + 1 + query.length);
    memcpy(data, path.data, path.length);
    data[path.length] = '?';
    memcpy(data + path.length + 1, query.data, query.length);
    return slice_of(data, path.length + 1 + query.length);
}
