/* SPDX-License-Identifier: MIT */
#include "rule.h"

/* Which requests the project's proxy is asked about. Whoever relies on it to guard a route must not
 * be got around by another spelling of the route's path. */

static bool is_named(const rules_walk *w)
{
    const rule_set *set = &w->rules->proxied;
    rule_values values;
    for (uint32_t i = 0; i < set->count; i++)
        if (rule_matches(w, &set->list[i], values))
            return true;
    return false;
}

/* An escaped slash divides nothing, and what a path cannot carry stays escaped. */
static bool stays_escaped(int byte)
{
    return byte < 0 || byte == '/' || !http_is_path_byte((unsigned char)byte);
}

/* The path as the table of routes compares it: no escapes but those that are needed, and these in
 * one form. */
static capra_slice plain_path(const rules_walk *w)
{
    static const char digits[] = "0123456789ABCDEF";
    capra_slice const path = w->path;
    char *data = arena_take(w->arena, path.length);
    size_t length = 0;
    for (size_t at = 0; at < path.length; at++) {
        int const byte = http_escape_byte(path, at);
        if (byte < 0) {
            data[length++] = path.data[at];
            continue;
        }
        if (stays_escaped(byte)) {
            data[length++] = '%';
            data[length++] = digits[byte >> 4];
            data[length++] = digits[byte & 15];
        } else {
            data[length++] = (char)byte;
        }
        at += 2;
    }
    return slice_of(data, length);
}

bool rules_want_proxy(const rules_walk *w)
{
    const rules *r = w->rules;
    if (r->proxies_all || is_named(w))
        return true;
    if (r->proxied.count == 0 || memchr(w->path.data, '%', w->path.length) == NULL)
        return false;
    rules_walk plain = *w;
    plain.path = plain_path(w);
    return is_named(&plain);
}
