/* SPDX-License-Identifier: MIT */
#include "parity.h"

#include <stdio.h>

bool parity_is_known(const route_table *table, capra_slice path, arena *a)
{
    if (memchr(path.data, '%', path.length) == NULL)
        return false;
    capra_slice const text = http_percent_decode(path, a);
    return text.data != NULL && route_table_has_literal(table, text);
}

/* As encodeURIComponent writes it. */
static void escape(buffer *out, capra_slice text)
{
    static const char kept[] = "-_.!~*'()";
    for (size_t i = 0; i < text.length; i++) {
        unsigned char const c = (unsigned char)text.data[i];
        unsigned char const lower = (unsigned char)ascii_lower((char)c);
        char code[4];
        if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
            (c != '\0' && strchr(kept, c) != NULL))
            buffer_append(out, text.data + i, 1);
        else
            buffer_append(out, code, (size_t)snprintf(code, sizeof code, "%%%02X", c));
    }
}

/* Whether a value is how the pattern spells its parameter. */
static bool is_placeholder(capra_slice value, capra_slice name)
{
    static const char *const forms[][2] = { { "[", "]" }, { "[...", "]" }, { "[[...", "]]" } };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        capra_slice const before = slice_text(forms[i][0]), after = slice_text(forms[i][1]);
        if (value.length == before.length + name.length + after.length &&
            memcmp(value.data, before.data, before.length) == 0 &&
            slice_equal(slice_of(value.data + before.length, name.length), name) &&
            memcmp(value.data + before.length + name.length, after.data, after.length) == 0)
            return true;
    }
    return false;
}

/* Puts what the query says in the place of a value that is a part of the path. */
static void take_from_query(capra_request *req, uint32_t param, size_t at, capra_slice name)
{
    capra_slice const path = req->target.path, query = req->target.query;
    capra_slice *value = &req->match.params[param];
    capra_slice const found =
        query.data == NULL ? query : http_query_find(query, name, &req->arena);
    if (found.data == NULL)
        return;
    buffer out = { 0 };
    buffer_append(&out, path.data, at);
    escape(&out, found);
    size_t const length = buffer_length(&out) - at;
    buffer_append_slice(&out, slice_from(path, at + value->length));
    req->target.path = arena_copy(&req->arena, buffer_slice(&out));
    req->target.is_path_rewritten = true;
    *value = slice_of(req->target.path.data + at, length);
    buffer_cleanup(&out);
}

void parity_change_params(capra_request *req, const route_table *table)
{
    route_match *m = &req->match;
    const capra_slice *names;
    uint32_t const count = route_table_params(table, m->route, &names);
    capra_slice const path = req->target.path;
    if (m->param_count == count && count > 0 && slice_is(m->params[count - 1], "index") &&
        route_table_is_optional(table, m->route)) {
        m->param_count--;
        return;
    }
    /* From the last to the first, so that what stands before stays where it is. */
    for (uint32_t i = m->param_count; i-- > 0;) {
        const char *at = m->params[i].data;
        bool const is_in_path = at >= path.data && at <= path.data + path.length;
        if (is_in_path && is_placeholder(m->params[i], names[i]))
            take_from_query(req, i, (size_t)(at - path.data), names[i]);
    }
}
