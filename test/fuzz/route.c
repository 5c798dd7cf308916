/* SPDX-License-Identifier: MIT */
#include "route/route.h"
#include "base/error.h"
#include "check.h"
#include "plain-utf8.h"

/* Route tables. An input is lines: patterns, and last a path. Its bytes stand for whole segments,
 * which are chosen such that they meet often: the same text in several spellings, the same names.
 * What the table says, of the patterns and of the path, is compared with what follows from reading
 * the rules plainly: any two patterns are held against each other, and every pattern against the
 * path.
 *
 * An input that begins with `!` is lines of patterns as they stand; nothing is compared, they are
 * only not to do harm. */

enum { PATTERNS_MAX = 12, SEGMENTS_MAX = 20, TEXT_MAX = 512 };

typedef enum kind { TEXT, PARAM, REST, OPTIONAL_REST } kind;

typedef struct word {
    kind kind;
    const char *source, *text;
} word;

static const word pattern_words[] = {
    { TEXT, "a", "a" },
    { TEXT, "b", "b" },
    { TEXT, "static", "static" },
    { TEXT, "two words", "two words" },
    { TEXT, "ä", "ä" },
    { TEXT, "100%", "100%" },
    { TEXT, "pct%41", "pct%41" },
    { TEXT, "a%20b", "a%20b" },
    { TEXT, "a b", "a b" },
    { TEXT, "user-[id]", "user-[id]" },
    { TEXT, "[]", "[]" },
    { PARAM, "[x]", "x" },
    { PARAM, "[y]", "y" },
    { PARAM, "[x-y]", "x-y" },
    { PARAM, "[xy]", "xy" },
    { REST, "[...r]", "r" },
    { REST, "[...x]", "x" },
    { OPTIONAL_REST, "[[...r]]", "r" },
    { OPTIONAL_REST, "[[...x]]", "x" },
};

static const char *const path_words[] = {
    "a",       "b",        "static",        "two%20words", "%C3%A4", "%c3%A4",
    "100%",    "100%25",   "pct%41",        "pct%2541",    "pctA",   "a%20b",
    "a%2520b", "st%61tic", "%61",           "%62",         "%6",     "tw%6F%20words",
    "a%2Fb",   "%E9",      "%C3",           "%zz",         "x",      "user-[id]",
    "[]",      "",         "user-%5Bid%5D", "%5B%5D",      "[...r]", "+",
    "%00",     "a%20%62",  "%ED%A0%80",
};

typedef struct pattern {
    size_t count;
    word words[SEGMENTS_MAX];
    char text[TEXT_MAX];
} pattern;

/* ---- Patterns against patterns ---- */

/* Whether two names are the same without what JavaScript's \W takes away. */
static bool is_same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "-");
        b += strspn(b, "-");
        if (*a != *b || *a == '\0')
            return *a == *b;
    }
}

static bool is_valid(const pattern *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->words[i].kind >= REST && i + 1 < p->count)
            return false;
        for (size_t j = 0; j < i; j++)
            if (p->words[i].kind != TEXT && p->words[j].kind != TEXT &&
                is_same_word(p->words[i].text, p->words[j].text))
                return false;
    }
    return true;
}

/* Along the way that both go together, up to the place where they part. */
static bool is_conflict(const pattern *p, const pattern *q)
{
    for (size_t i = 0; i < p->count && i < q->count; i++) {
        const word *a = &p->words[i], *b = &q->words[i];
        if (a->kind >= REST && b->kind >= REST)
            return true; /* two catch-alls in one place, whatever their names */
        if (a->kind != b->kind)
            return false;
        if (strcmp(a->text, b->text) != 0)
            return a->kind == PARAM;
    }
    if (p->count == q->count)
        return true;
    const pattern *longer = p->count > q->count ? p : q;
    size_t const shorter_count = p->count > q->count ? q->count : p->count;
    return longer->words[shorter_count].kind == OPTIONAL_REST;
}

static bool is_table(const pattern *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_valid(&patterns[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (is_conflict(&patterns[i], &patterns[j]))
                return false;
    }
    return true;
}

/* ---- Patterns against the path ---- */

typedef struct path {
    size_t count;
    const char *segments[SEGMENTS_MAX];
    size_t starts[SEGMENTS_MAX + 1];
    char text[TEXT_MAX];
    size_t length;
} path;

typedef struct decoded {
    char text[TEXT_MAX];
    size_t length;
    bool is_malformed, is_needless;
} decoded;

static void decode(decoded *out, const char *s)
{
    *out = (decoded){ 0 };
    for (; *s != '\0'; s++) {
        unsigned byte = (unsigned char)*s;
        if (*s == '%') {
            char const hex[3] = { s[1], s[1] == '\0' ? '\0' : s[2], '\0' };
            if (strlen(hex) < 2 || strspn(hex, "0123456789abcdefABCDEF") < 2) {
                out->is_malformed = true;
                return;
            }
            byte = (unsigned)strtoul(hex, NULL, 16);
            out->is_needless |=
                byte > 0x20 && byte < 0x7f && strchr("%/\\\"#<>?^`{}", (int)byte) == NULL;
            s += 2;
        }
        out->text[out->length++] = (char)byte;
    }
}

static bool is_decodable(const char *segment)
{
    decoded d;
    decode(&d, segment);
    return !d.is_malformed && plain_is_utf8(d.text, d.length);
}

static bool is_text(const char *segment, const char *text, bool undoes_needless)
{
    decoded d;
    decode(&d, segment);
    if (d.is_malformed || (d.is_needless && !undoes_needless))
        return strcmp(segment, text) == 0;
    return slice_is(slice_of(d.text, d.length), text);
}

static bool does_match(const pattern *p, const path *w, bool undoes_needless)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->words[i].kind == REST)
            return i < w->count;
        if (p->words[i].kind == OPTIONAL_REST)
            return i <= w->count;
        if (i == w->count)
            return false;
        if (p->words[i].kind == TEXT && !is_text(w->segments[i], p->words[i].text, undoes_needless))
            return false;
    }
    return p->count == w->count;
}

/* Of two patterns that both match. */
static bool is_before(const pattern *p, const pattern *q)
{
    for (size_t i = 0; i < p->count && i < q->count; i++)
        if (p->words[i].kind != q->words[i].kind)
            return p->words[i].kind < q->words[i].kind;
    return p->count < q->count;
}

static const pattern *find(const pattern *patterns, size_t count, const path *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->segments[i][0] == '\0')
            return NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_static = true;
        for (size_t k = 0; k < patterns[i].count; k++)
            is_static = is_static && patterns[i].words[k].kind == TEXT;
        if (is_static && slice_is(slice_of(w->text, w->length), patterns[i].text))
            return &patterns[i];
    }
    const pattern *best = NULL;
    for (int pass = 0; pass < 2 && best == NULL; pass++)
        for (size_t i = 0; i < count; i++)
            if (does_match(&patterns[i], w, pass == 1) &&
                (best == NULL || is_before(&patterns[i], best)))
                best = &patterns[i];
    return best;
}

/* The part of the path that the pattern's word `i` takes. */
static capra_slice take(const pattern *p, const path *w, size_t i)
{
    size_t const end = p->words[i].kind >= REST ? w->count : i + 1;
    return slice_of(w->text + w->starts[i], w->starts[end] - 1 - w->starts[i]);
}

static bool has_bad_value(const pattern *p, const path *w)
{
    for (size_t i = 0; i < w->count; i++) {
        kind const k = p->words[i < p->count ? i : p->count - 1].kind;
        if (k != TEXT && !is_decodable(w->segments[i]))
            return true;
    }
    return false;
}

static void check_match(const route_table *table, const pattern *patterns, size_t count,
                        const path *w)
{
    route_match match;
    route_result const result = route_table_match(table, slice_of(w->text, w->length), &match);
    const pattern *const expected = find(patterns, count, w);
    if (expected == NULL) {
        CHECK(result == ROUTE_NONE);
        return;
    }
    if (has_bad_value(expected, w)) {
        CHECK(result == ROUTE_BAD_ESCAPE);
        return;
    }
    CHECK(result == ROUTE_FOUND);
    CHECK(match.route == (uint32_t)(expected - patterns));
    uint32_t params = 0;
    for (size_t i = 0; i < expected->count && i < w->count; i++) {
        if (expected->words[i].kind == TEXT)
            continue;
        CHECK(params < match.param_count);
        capra_slice const value = take(expected, w, i), actual = match.params[params++];
        CHECK(actual.data == value.data && actual.length == value.length);
    }
    CHECK(params == match.param_count);
}

/* ---- The input ---- */

static void read_pattern(pattern *out, const uint8_t *line, size_t length)
{
    size_t const words = sizeof pattern_words / sizeof pattern_words[0];
    out->count = length < SEGMENTS_MAX ? length : SEGMENTS_MAX;
    size_t end = (size_t)sprintf(out->text, "%s", out->count == 0 ? "/" : "");
    for (size_t i = 0; i < out->count; i++) {
        out->words[i] = pattern_words[line[i] % words];
        end += (size_t)sprintf(out->text + end, "/%s", out->words[i].source);
    }
}

static void read_path(path *out, const uint8_t *line, size_t length)
{
    size_t const words = sizeof path_words / sizeof path_words[0];
    out->count = length < SEGMENTS_MAX ? length : SEGMENTS_MAX;
    out->length = 0;
    for (size_t i = 0; i < out->count; i++) {
        out->segments[i] = path_words[line[i] % words];
        out->starts[i] = out->length + 1;
        out->length += (size_t)sprintf(out->text + out->length, "/%s", out->segments[i]);
    }
    out->starts[out->count] = out->length + 1;
    if (out->count == 0)
        out->text[out->length++] = '/';
    if (out->length == 1)
        out->count = 0; /* an empty segment alone is the root, too */
}

static void compare(const uint8_t *data, size_t size)
{
    static pattern patterns[PATTERNS_MAX];
    const char *texts[PATTERNS_MAX];
    size_t count = 0;
    const uint8_t *end;
    while (size > 0 && count < PATTERNS_MAX && (end = memchr(data, '\n', size)) != NULL) {
        read_pattern(&patterns[count], data, (size_t)(end - data));
        texts[count] = patterns[count].text;
        count++;
        size -= (size_t)(end + 1 - data);
        data = end + 1;
    }
    route_table *table;
    char why[256] = "";
    int const result = route_table_new(&table, texts, (uint32_t)count, why, sizeof why);
    CHECK(result == (is_table(patterns, count) ? 0 : CAPRA_E_ROUTE));
    CHECK((result == 0) == (why[0] == '\0'));
    if (result < 0)
        return;
    path w;
    read_path(&w, data, size);
    check_match(table, patterns, count, &w);
    route_table_free(table);
}

static void try_raw(const uint8_t *data, size_t size)
{
    char *lines = malloc(size + 1);
    memcpy(lines, data, size);
    lines[size] = '\0';
    const char *texts[PATTERNS_MAX];
    uint32_t count = 0;
    for (char *line = strtok(lines, "\n"); line != NULL && count < PATTERNS_MAX;
         line = strtok(NULL, "\n"))
        texts[count++] = line;
    route_table *table;
    char why[64] = "";
    if (route_table_new(&table, texts, count, why, sizeof why) == 0) {
        for (uint32_t i = 0; i < count; i++) {
            route_match match;
            const capra_slice *names;
            route_table_match(table, slice_text(texts[i]), &match);
            CHECK(route_table_params(table, i, &names) <= ROUTE_PARAMS_MAX);
        }
        route_table_free(table);
    }
    free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '!')
        try_raw(data + 1, size - 1);
    else
        compare(data, size);
    return 0;
}
