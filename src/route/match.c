/* SPDX-License-Identifier: MIT */
#include "http/http.h"
#include "pattern.h"
#include "table.h"

/* How the escapes of a segment are read when it is compared with literal text. */
typedef enum reading {
    AS_WRITTEN, /* only those that a URL needs are undone */
    DECODED,
} reading;

/* Where a match stands in the table and in the path. */
typedef struct walk {
    const route_table *table;
    capra_slice path;
    reading reading;
    bool is_coded;          /* the path holds a `%`, and it is to be looked at */
    bool has_needless;      /* a segment escapes what needs no escape */
    const route_node *node; /* that the path leads to so far */
    size_t at;              /* behind the segment that led there */
    capra_slice segment;    /* the next one */
    uint32_t param_count;   /* once a route is found */
    capra_slice params[ROUTE_PARAMS_MAX];
} walk;

/* ---- Literal text ---- */

/* The segment as text, decoded into `room` where it has to be. A segment with a malformed escape,
 * or with a needless one that is not to be undone yet, stands for itself; and so does one that is
 * longer than any text. */
static capra_slice read_segment(walk *w, char room[ROUTE_TEXT_MAX])
{
    capra_slice const s = w->segment;
    bool is_needless = false;
    size_t length = 0;
    for (size_t i = 0; i < s.length; length++) {
        bool const is_escape = s.data[i] == '%';
        int const byte = is_escape ? http_escape_byte(s, i) : s.data[i];
        if (length == ROUTE_TEXT_MAX || (is_escape && byte < 0))
            return s;
        if (is_escape && byte != '%' && http_is_path_byte((unsigned char)byte))
            is_needless = true;
        room[length] = (char)byte;
        i += is_escape ? 3 : 1;
    }
    w->has_needless |= is_needless;
    return is_needless && w->reading == AS_WRITTEN ? s : slice_of(room, length);
}

static const route_node *find_text(walk *w)
{
    char room[ROUTE_TEXT_MAX];
    capra_slice const text = w->is_coded ? read_segment(w, room) : w->segment;
    return route_table_find_edge(w->table, w->node, text);
}

/* ---- The walk ---- */

static bool enter(walk *w, const route_node *node)
{
    if (node == NULL)
        return false;
    if (node->is_param)
        w->params[node->param_count - 1] = w->segment;
    w->node = node;
    w->at += 1 + w->segment.length;
    w->segment = route_segment_behind(w->path, w->at);
    return true;
}

static void leave(walk *w)
{
    size_t const end = w->at;
    do
        w->at--;
    while (w->path.data[w->at] != '/');
    w->segment = slice_of(w->path.data + w->at + 1, end - w->at - 1);
    w->node = w->node->parent;
}

/* At the end of the path there is nothing for a catch-all, so only an optional one will do. */
static uint32_t take_end(walk *w)
{
    const route_node *const node = w->node;
    w->param_count = node->param_count;
    return node->route == ROUTE_NOTHING && node->is_rest_optional ? node->rest : node->route;
}

static bool has_empty_segment(capra_slice rest)
{
    for (size_t at = 0; at <= rest.length;) {
        const char *slash = memchr(rest.data + at, '/', rest.length - at);
        size_t const end = slash == NULL ? rest.length : (size_t)(slash - rest.data);
        if (end == at)
            return true;
        at = end + 1;
    }
    return false;
}

static uint32_t take_rest(walk *w)
{
    capra_slice const rest = slice_from(w->path, w->at + 1);
    if (has_empty_segment(rest))
        return ROUTE_NOTHING;
    w->params[w->node->param_count] = rest;
    w->param_count = w->node->param_count + 1u;
    return w->node->rest;
}

/* Depth first, and at each node in the order of precedence. Where that leads nowhere, back to the
 * last node that has something left to try. */
static uint32_t find_route(walk *w)
{
    enum { TEXT, PARAM, REST, BACK } next = TEXT;
    for (;;) {
        switch (next) {
        case TEXT:
            if (w->at == w->path.length) {
                uint32_t const route = take_end(w);
                if (route != ROUTE_NOTHING)
                    return route;
                next = BACK;
            } else if (w->segment.length == 0) {
                return ROUTE_NOTHING; /* no pattern takes a path with an empty segment */
            } else {
                next = enter(w, find_text(w)) ? TEXT : PARAM;
            }
            break;
        case PARAM:
            next = enter(w, w->node->param) ? TEXT : REST;
            break;
        case REST:
            if (w->node->rest != ROUTE_NOTHING)
                return take_rest(w);
            next = BACK;
            break;
        case BACK:
            if (w->node->parent == NULL)
                return ROUTE_NOTHING;
            next = w->node->is_param ? REST : PARAM;
            leave(w);
            break;
        }
    }
}

static uint32_t start_walk(walk *w, reading how)
{
    w->reading = how;
    w->node = w->table->nodes;
    w->at = 0;
    w->segment = route_segment_behind(w->path, 0);
    return find_route(w);
}

/* ---- The result ---- */

static route_result report(const walk *w, uint32_t route, route_match *out)
{
    for (uint32_t i = 0; i < w->param_count; i++)
        if (!http_is_decodable(w->params[i]))
            return ROUTE_BAD_ESCAPE;
    out->route = route;
    out->param_count = w->param_count;
    memcpy(out->params, w->params, w->param_count * sizeof out->params[0]);
    return ROUTE_FOUND;
}

static route_result walk_path(const route_table *table, capra_slice path, bool is_coded,
                              route_match *out)
{
    walk w = { .table = table, .path = path, .is_coded = is_coded };
    uint32_t route = start_walk(&w, AS_WRITTEN);
    if (route == ROUTE_NOTHING && w.has_needless)
        route = start_walk(&w, DECODED);
    return route == ROUTE_NOTHING ? ROUTE_NONE : report(&w, route, out);
}

static route_result match(const route_table *table, capra_slice path, bool reads_escapes,
                          route_match *out)
{
    if (path.length == 0 || path.data[0] != '/')
        return ROUTE_NONE;
    uint32_t const route = route_table_find_path(table, path);
    if (route != ROUTE_NOTHING) {
        out->route = route;
        out->param_count = 0;
        return ROUTE_FOUND;
    }
    if (path.length == 1)
        path.length = 0; /* the root: no segment */
    bool const is_coded = reads_escapes && memchr(path.data, '%', path.length) != NULL;
    return walk_path(table, path, is_coded, out);
}

route_result route_table_match(const route_table *table, capra_slice path, route_match *out)
{
    return match(table, path, true, out);
}

route_result route_table_match_bytes(const route_table *table, capra_slice path, route_match *out)
{
    return match(table, path, false, out);
}
