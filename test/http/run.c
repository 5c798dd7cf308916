/* SPDX-License-Identifier: MIT */
/* Runs the cases of test/http: each request whole, byte by byte, and cut in two at every place. All
 * must come to what the case expects.
 *     http-cases [FOLDER]     (default: test/http) */
#include "cases.h"
#include "stream.h"

typedef struct tally {
    int passed, failed;
} tally;

/* As much as helps, on one line. */
static void print_escaped(capra_slice s)
{
    enum { MOST = 400 };
    for (size_t i = 0; i < s.length && i < MOST; i++) {
        char const c = s.data[i];
        if (c == '\n')
            printf("\\n");
        else if (c < ' ' || c > '~')
            printf("\\x%02x", (unsigned char)c);
        else
            putchar(c);
    }
    if (s.length > MOST)
        printf("... (%zu bytes)", s.length);
}

static bool run_once(const http_case *c, const stream_options *options, guard *g, const char *how,
                     size_t place)
{
    outcome found;
    buffer text = { 0 };
    capra_slice const expected = buffer_slice(&c->expected);
    stream_read(&found, buffer_slice(&c->request), options, g);
    put_outcome(&text, &found);
    bool const is_good = slice_equal(buffer_slice(&text), expected);
    if (!is_good) {
        printf("%s:%d \"%s\", %s %zu: expected \"", c->file, c->line, c->heading, how, place);
        print_escaped(expected);
        printf("\", found \"");
        print_escaped(buffer_slice(&text));
        printf("\"\n");
    }
    buffer_cleanup(&text);
    outcome_cleanup(&found);
    return is_good;
}

static bool run_all_ways(const http_case *c, guard *g)
{
    size_t place = buffer_length(&c->request);
    stream_options options = { .limits = &http_default_limits,
                               .context = &place,
                               .checks_target = true };
    options.cut = cut_nowhere;
    if (!run_once(c, &options, g, "whole, bytes:", place))
        return false;
    options.cut = cut_everywhere;
    if (!run_once(c, &options, g, "byte by byte, bytes:", place))
        return false;
    options.cut = cut_once;
    for (place = 1; place < buffer_length(&c->request); place++)
        if (!run_once(c, &options, g, "cut in two at", place))
            return false;
    return true;
}

static void run_case(const http_case *c, void *context)
{
    tally *t = context;
    guard g = guard_new(buffer_length(&c->request));
    bool const is_good = run_all_ways(c, &g);
    t->passed += is_good;
    t->failed += !is_good;
    guard_free(&g);
}

int main(int count, char **arguments)
{
    tally t = { 0 };
    cases_read_folder(count > 1 ? arguments[1] : "test/http", run_case, &t);
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed > 0 || t.passed == 0;
}
