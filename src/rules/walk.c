/* SPDX-License-Identifier: MIT */
#include "rule.h"

/* A request's way through the rules; see rules.h for the order. */

void rules_walk_init(rules_walk *w, const rules *r, const http_head *head, const char *data,
                     const http_target *target, arena *a)
{
    w->rules = r;
    w->head = head;
    w->data = data;
    w->target = target;
    w->arena = a;
    w->path = target->path;
    w->query = target->query;
    w->is_rewritten = false;
    w->elsewhere = slice_of(NULL, 0);
    w->name_count = 0;
}

/* ---- Base path and slashes ---- */

bool rules_strip(const rules *r, capra_slice path, capra_slice *inner)
{
    capra_slice const base = r->base_path;
    if (path.length < base.length || !slice_equal(slice_of(path.data, base.length), base))
        return false;
    capra_slice const rest = slice_from(path, base.length);
    if (base.length > 0 && rest.length > 0 && rest.data[0] != '/')
        return false;
    *inner = rest.length == 0 ? slice_text("/") : rest;
    return true;
}

void rules_strip_target(const rules *r, http_target *target)
{
    capra_slice const base = r->base_path;
    if (base.length == 0 || !rules_strip(r, target->path, &target->path))
        return;
    capra_slice const origin = target->origin;
    bool const is_plain =
        origin.length > base.length && memcmp(origin.data, base.data, base.length) == 0;
    if (is_plain)
        target->origin = slice_from(origin, base.length);
    /* Else the path cannot be read out of the origin any more. */
    if (!is_plain || origin.data[base.length] != '/')
        target->is_path_rewritten = true;
}

bool rules_inner_path(const rules_walk *w, capra_slice *inner)
{
    if (!rules_strip(w->rules, w->path, inner))
        return false;
    if (inner->length > 1 && inner->data[inner->length - 1] == '/')
        inner->length--;
    return true;
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_';
}

/* A file's name: something, a dot, and letters. */
static bool has_extension(capra_slice segment)
{
    size_t at = segment.length;
    while (at > 0 && is_word_byte(segment.data[at - 1]))
        at--;
    return at >= 2 && at < segment.length && segment.data[at - 1] == '.';
}

static capra_slice last_segment(capra_slice path)
{
    const char *slash = memrchr(path.data, '/', path.length);
    return slash == NULL ? path : slice_from(path, (size_t)(slash - path.data) + 1);
}

static bool is_well_known(capra_slice inner)
{
    capra_slice const name = slice_text("/.well-known");
    return inner.length >= name.length && memcmp(inner.data, name.data, name.length) == 0 &&
           (inner.length == name.length || inner.data[name.length] == '/');
}

/* Puts the path in its other form when it has not the project's own. */
static bool change_slash(const rules_walk *w, capra_slice *path)
{
    const rules *r = w->rules;
    capra_slice inner;
    if (!r->redirects_slash || !rules_strip(r, w->path, &inner))
        return false;
    /* The root is `/`, or, below a base path, the base path in either form. */
    if (w->path.length == 1)
        return false;
    bool const has_slash = w->path.data[w->path.length - 1] == '/';
    capra_slice bare = w->path;
    if (has_slash)
        bare.length--;
    capra_slice const last = last_segment(bare);
    if (has_slash) {
        bool const stays = r->has_trailing_slash && (is_well_known(inner) || !has_extension(last));
        *path = bare;
        return !stays;
    }
    if (!r->has_trailing_slash || is_well_known(inner) ||
        memchr(last.data, '.', last.length) != NULL)
        return false;
    char *data = arena_take(w->arena, bare.length + 1);
    memcpy(data, bare.data, bare.length);
    data[bare.length] = '/';
    *path = slice_of(data, bare.length + 1);
    return true;
}

/* ---- Redirects ---- */

static capra_slice keep(rules_walk *w, buffer *made)
{
    capra_slice const kept = arena_copy(w->arena, buffer_slice(made));
    buffer_cleanup(made);
    return kept;
}

static capra_slice make_path(rules_walk *w, const rule *r, const rule_values values)
{
    buffer made = { 0 };
    rule_write(&made, &r->to.path, values, RULE_IN_PATH);
    if (buffer_length(&made) == 0 || made.data[made.start] != '/') {
        buffer rooted = { 0 };
        buffer_append(&rooted, "/", 1);
        buffer_append_slice(&rooted, buffer_slice(&made));
        buffer_cleanup(&made);
        made = rooted;
    }
    return keep(w, &made);
}

static capra_slice make_location(rules_walk *w, const rule *r, const rule_values values)
{
    capra_slice path = make_path(w, r, values);
    /* A value must not turn a path into an address elsewhere. */
    if (r->to.origin.count == 0)
        path = http_target_collapse(path, w->arena);
    capra_slice const query = rule_merge_query(w, r, values);
    capra_slice const target = rules_join(path, query, w->rules->is_strict, w->arena);
    if (r->to.origin.count == 0 && r->to.hash.count == 0)
        return target;
    buffer made = { 0 };
    rule_write(&made, &r->to.origin, values, RULE_IN_HOST);
    buffer_append_slice(&made, target);
    if (r->to.hash.count > 0) {
        buffer_append(&made, "#", 1);
        rule_write(&made, &r->to.hash, values, RULE_IN_PATH);
    }
    return keep(w, &made);
}

int rules_redirect(rules_walk *w, capra_slice *location)
{
    const rule_set *set = &w->rules->redirects;
    rule_values values;
    capra_slice path;
    if (change_slash(w, &path)) {
        *location = rules_join(path, w->query, w->rules->is_strict, w->arena);
        return 308;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (!rule_matches(w, &set->list[i], values))
            continue;
        *location = make_location(w, &set->list[i], values);
        return set->list[i].status;
    }
    return 0;
}

/* ---- Header lines ---- */

/* What frames a message is not for a configuration to say. */
static bool is_allowed(capra_slice name)
{
    static const char *const framing[] = { "connection", "content-length", "date", "keep-alive",
                                           "transfer-encoding" };
    for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
        if (slice_is_nocase(name, framing[i]))
            return false;
    return http_is_token(name);
}

/* Takes an earlier line of this name out. */
static void drop_line(buffer *lines, capra_slice name)
{
    for (size_t at = lines->start; at < lines->end;) {
        const char *line = lines->data + at;
        const char *end = memchr(line, '\n', lines->end - at);
        size_t const length = (size_t)(end - line) + 1;
        if (length > name.length && line[name.length] == ':' &&
            slice_equal_nocase(slice_of(line, name.length), name)) {
            memmove(lines->data + at, end + 1, lines->end - at - length);
            lines->end -= length;
            return;
        }
        at += length;
    }
}

static void put_field(buffer *lines, const rule_field *field, const rule_values values)
{
    buffer name = { 0 }, value = { 0 };
    rule_write(&name, &field->name, values, RULE_IN_FIELD);
    rule_write(&value, &field->value, values, RULE_IN_FIELD);
    if (is_allowed(buffer_slice(&name)) && http_is_field_value(buffer_slice(&value))) {
        drop_line(lines, buffer_slice(&name));
        buffer_append_slice(lines, buffer_slice(&name));
        buffer_append(lines, ": ", 2);
        buffer_append_slice(lines, buffer_slice(&value));
        buffer_append(lines, "\r\n", 2);
    }
    buffer_cleanup(&name);
    buffer_cleanup(&value);
}

capra_slice rules_fields(rules_walk *w)
{
    const rule_set *set = &w->rules->headers;
    buffer lines = { 0 };
    rule_values values;
    for (uint32_t i = 0; i < set->count; i++) {
        const rule *r = &set->list[i];
        if (!rule_matches(w, r, values))
            continue;
        for (uint32_t j = 0; j < r->field_count; j++)
            put_field(&lines, &r->fields[j], values);
    }
    return buffer_length(&lines) == 0 ? slice_of(NULL, 0) : keep(w, &lines);
}

/* ---- Rewrites ---- */

static void name(rules_walk *w, capra_slice key)
{
    if (w->name_count < RULES_NAMES_MAX)
        w->names[w->name_count++] = key;
}

static void apply(rules_walk *w, const rule *r, const rule_values values)
{
    if (r->to.origin.count > 0) {
        w->elsewhere = make_location(w, r, values);
        return;
    }
    capra_slice const query = rule_merge_query(w, r, values);
    w->path = make_path(w, r, values);
    w->query = query;
    w->is_rewritten = true;
    for (uint32_t i = 0; i < r->param_count; i++)
        name(w, r->params[i].name);
    for (uint32_t i = 0; i < r->to.query_count; i++)
        name(w, r->to.query[i].key);
}

bool rules_rewrite(rules_walk *w, rules_list list, uint32_t *at)
{
    const rule_set *set = &w->rules->rewrites[list];
    rule_values values;
    while (*at < set->count) {
        const rule *r = &set->list[(*at)++];
        if (rule_matches(w, r, values)) {
            apply(w, r, values);
            return true;
        }
    }
    return false;
}

/* Whether both have this key with the same value. */
static bool is_same(const rules_walk *w, capra_slice key)
{
    capra_slice const own = w->target->query;
    if (own.data == NULL || w->query.data == NULL)
        return false;
    capra_slice const value = http_query_find(own, key, w->arena);
    return value.data != NULL && slice_equal(value, http_query_find(w->query, key, w->arena));
}

capra_slice rules_hidden(const rules_walk *w, bool is_dynamic)
{
    buffer made = { 0 };
    for (uint32_t i = 0; i < w->name_count; i++) {
        if (!is_dynamic && !is_same(w, w->names[i]))
            continue;
        if (buffer_length(&made) > 0)
            buffer_append(&made, "&", 1);
        rule_escape(&made, (rule_value){ .text = w->names[i] }, RULE_IN_QUERY, false);
    }
    capra_slice const hidden = arena_copy(w->arena, buffer_slice(&made));
    buffer_cleanup(&made);
    return hidden;
}
