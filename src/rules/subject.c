/* SPDX-License-Identifier: MIT */
#include "rule.h"

/* What conditions look at. */

/* All fields of a name as one, as Node joins them. */
static capra_slice join_fields(const rules_walk *w, capra_slice name, const char *between)
{
    const http_head *head = w->head;
    capra_slice joined = { 0 };
    buffer all = { 0 };
    for (uint32_t i = 0; i < head->field_count; i++) {
        const http_field *f = &head->fields[i];
        if (!slice_equal_nocase(slice_of(w->data + f->name, f->name_length), name))
            continue;
        capra_slice const value = slice_of(w->data + f->value, f->value_length);
        if (joined.data == NULL) {
            joined = value;
            continue;
        }
        if (buffer_length(&all) == 0)
            buffer_append_slice(&all, joined);
        buffer_append_slice(&all, slice_text(between));
        buffer_append_slice(&all, value);
    }
    if (buffer_length(&all) > 0)
        joined = arena_copy(w->arena, buffer_slice(&all));
    buffer_cleanup(&all);
    return joined;
}

static capra_slice until(capra_slice s, char mark)
{
    const char *at = s.length == 0 ? NULL : memchr(s.data, mark, s.length);
    return at == NULL ? s : slice_of(s.data, (size_t)(at - s.data));
}

/* As `req.cookies` has it: the first of its name, quotes off, escapes undone if they are right. */
static capra_slice find_cookie(const rules_walk *w, capra_slice name)
{
    capra_slice rest = join_fields(w, slice_text("cookie"), "; ");
    while (rest.length > 0) {
        capra_slice const pair = until(rest, ';');
        rest = slice_from(rest, pair.length + 1);
        capra_slice const key = until(pair, '=');
        if (key.length == pair.length || !slice_equal(slice_trim(key), name))
            continue;
        capra_slice value = slice_trim(slice_from(pair, key.length + 1));
        if (value.length > 0 && value.data[0] == '"')
            value = slice_of(value.data + 1, value.length < 2 ? 0 : value.length - 2);
        capra_slice const decoded = http_percent_decode(value, w->arena);
        return decoded.data == NULL ? value : decoded;
    }
    return slice_of(NULL, 0);
}

/* Of a name that comes more than once the last. */
static capra_slice find_in_query(const rules_walk *w, capra_slice key)
{
    capra_slice found = { 0 }, rest = w->query, name, value;
    if (rest.data == NULL)
        return found;
    while (http_query_next(&rest, &name, &value, w->arena))
        if (slice_equal(name, key))
            found = value;
    return found;
}

/* Without its port, in lower case. */
static capra_slice find_host(const rules_walk *w)
{
    capra_slice host = w->target->authority;
    if (host.data == NULL)
        host = http_head_known(w->head, w->data, HTTP_FIELD_HOST);
    host = until(host, ':');
    char *lower = arena_take(w->arena, host.length + 1);
    for (size_t i = 0; i < host.length; i++)
        lower[i] = ascii_lower(host.data[i]);
    return slice_of(lower, host.length);
}

capra_slice rule_subject_value(const rules_walk *w, const rule_condition *c)
{
    switch (c->subject) {
    case RULE_HEADER:
        return join_fields(w, c->key, slice_is(c->key, "cookie") ? "; " : ", ");
    case RULE_COOKIE:
        return find_cookie(w, c->key);
    case RULE_QUERY:
        return find_in_query(w, c->key);
    case RULE_HOST:
        return find_host(w);
    }
    return slice_of(NULL, 0);
}
