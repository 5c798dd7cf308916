/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "http/http.h"
#include "route/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The numbers in comments are rows of the table of observed answers of Next. */

/* ---- Every allocation is counted ---- */

static size_t allocations;

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
/* As in <sanitizer/allocator_interface.h>, which gcc does not always bring. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
                                                                       size_t),
                                                     void (*on_free)(const volatile void *));

static void count_malloc(const volatile void *memory, size_t size)
{
    (void)memory;
    (void)size;
    allocations++;
}

static void ignore_free(const volatile void *memory)
{
    (void)memory;
}

static void count_allocations(void)
{
    __sanitizer_install_malloc_and_free_hooks(count_malloc, ignore_free);
}
#else
extern void *__libc_malloc(size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

static void count_allocations(void)
{
}
#endif

static void test_allocations_are_counted(void **state)
{
    (void)state;
    size_t const before = allocations;
    free(memory_take(1));
    assert_int_equal(allocations, before + 1);
}

/* ---- What a path leads to ---- */

/* The routes of the app that Next was observed with. */
static const char *const app[] = {
    "/api",
    "/api/hello",
    "/api/index",
    "/api/nested",
    "/api/nested/deep/thing",
    "/api/ts",
    "/api/_under",
    "/api/_folder/x",
    "/api/dots.name",
    "/api/v1.0/x",
    "/api/Camel",
    "/api/with space",
    "/api/plus+sign",
    "/api/tilde~",
    "/api/at@x",
    "/api/paren(x)",
    "/api/ünï",
    "/api/data.json",
    "/api/x.test",
    "/api/dyn/static",
    "/api/dyn/[id]",
    "/api/dyn/[id]/sub",
    "/api/dyn/[id]/[other]",
    "/api/bt/a/b",
    "/api/bt/[x]/c",
    "/api/ca/[...slug]",
    "/api/ca/fixed",
    "/api/ca/[one]/two",
    "/api/ca/[one]",
    "/api/oca/[[...slug]]",
    "/api/oca2/[[...slug]]",
    "/api/oca2/known",
    "/api/user-[id]",
    "/api/pre[mid]post",
    "/api/dash/[my-param]",
    "/api/sp/[a b]",
};

#define BAD_ESCAPE "400"

typedef struct expectation {
    const char *path;
    const char *route; /* NULL: none */
    const char *params[3];
} expectation;

static route_table *new_table(const char *const *patterns, uint32_t count)
{
    route_table *table;
    char why[400] = "";
    if (route_table_new(&table, patterns, count, why, sizeof why) < 0)
        fail_msg("%s", why);
    return table;
}

static const char *name_result(const char *const *patterns, route_result result, uint32_t route)
{
    return result == ROUTE_FOUND ? patterns[route] : result == ROUTE_NONE ? NULL : BAD_ESCAPE;
}

static bool is_same_name(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void assert_params(const route_match *match, const expectation *e)
{
    uint32_t count = 0;
    while (count < 3 && e->params[count] != NULL)
        count++;
    assert_int_equal(match->param_count, count);
    for (uint32_t i = 0; i < count; i++)
        if (!slice_is(match->params[i], e->params[i]))
            fail_msg("%s: \"%.*s\" is not \"%s\"", e->path, (int)match->params[i].length,
                     match->params[i].data, e->params[i]);
}

/* Paths end where their memory ends, so that the sanitizer sees a byte read behind them. */
static void assert_leads(const route_table *table, const char *const *patterns,
                         const expectation *e)
{
    size_t const length = strlen(e->path);
    char *path = memory_take(length);
    memcpy(path, e->path, length);
    route_match match, untouched;
    memset(&match, '#', sizeof match);
    untouched = match;

    size_t const before = allocations;
    route_result const result = route_table_match(table, slice_of(path, length), &match);
    assert_int_equal(allocations, before);

    const char *name = name_result(patterns, result, match.route);
    if (!is_same_name(name, e->route))
        fail_msg("%s leads to %s, not to %s", e->path, name == NULL ? "nothing" : name,
                 e->route == NULL ? "nothing" : e->route);
    if (result == ROUTE_FOUND)
        assert_params(&match, e);
    else
        assert_memory_equal(&match, &untouched, sizeof match);
    free(path);
}

static void assert_all_lead(const char *const *patterns, uint32_t count,
                            const expectation *expectations, size_t expectation_count)
{
    route_table *table = new_table(patterns, count);
    for (size_t i = 0; i < expectation_count; i++)
        assert_leads(table, patterns, &expectations[i]);
    route_table_free(table);
}

#define LENGTH(array)                (sizeof(array) / sizeof((array)[0]))
#define ASSERT_APP(cases)            assert_all_lead(app, LENGTH(app), cases, LENGTH(cases))
#define ASSERT_ROUTES(routes, cases) assert_all_lead(routes, LENGTH(routes), cases, LENGTH(cases))

/* ---- Literal text ---- */

static void test_files(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api", "/api", { NULL } },                           /* P001 */
        { "/api/index", "/api/index", { NULL } },               /* P002 */
        { "/api/nested", "/api/nested", { NULL } },             /* P003 */
        { "/api/nested/index", NULL, { NULL } },                /* P004 */
        { "/api/nested/deep", NULL, { NULL } },                 /* P005 */
        { "/api/ts", "/api/ts", { NULL } },                     /* P006 */
        { "/api/mjs", NULL, { NULL } },                         /* P009 */
        { "/api/_under", "/api/_under", { NULL } },             /* P011 */
        { "/api/_folder/x", "/api/_folder/x", { NULL } },       /* P012 */
        { "/api/dots.name", "/api/dots.name", { NULL } },       /* P013 */
        { "/api/v1.0/x", "/api/v1.0/x", { NULL } },             /* P014 */
        { "/api/data.json", "/api/data.json", { NULL } },       /* P015 */
        { "/api/x.test", "/api/x.test", { NULL } },             /* P017 */
        { "/api/hello.js", NULL, { NULL } },                    /* P018 */
        { "/api/plus+sign", "/api/plus+sign", { NULL } },       /* P021 */
        { "/api/at@x", "/api/at@x", { NULL } },                 /* P022 */
        { "/api/paren(x)", "/api/paren(x)", { NULL } },         /* P023 */
        { "/api/user-[id]", "/api/user-[id]", { NULL } },       /* P024 */
        { "/api/user-5", NULL, { NULL } },                      /* P025 */
        { "/api/pre[mid]post", "/api/pre[mid]post", { NULL } }, /* P026 */
        { "/api/sp/1", "/api/sp/[a b]", { "1" } },              /* P027 */
        { "/api/dash/1", "/api/dash/[my-param]", { "1" } },     /* P028 */
        { "/api/hello", "/api/hello", { NULL } },
        { "/api/HELLO", NULL, { NULL } },     /* P051 */
        { "/API/hello", NULL, { NULL } },     /* P052 */
        { "/api/hello;a=1", NULL, { NULL } }, /* P056 */
        { "/api/nope", NULL, { NULL } },      /* P058 */
        { "/nope", NULL, { NULL } },          /* P059 */
        { "/", NULL, { NULL } },
        { "", NULL, { NULL } },
        { "*", NULL, { NULL } },
        { "api/hello", NULL, { NULL } },
    };
    ASSERT_APP(cases);
}

/* Deviation 1: where Next answers 404, segments are decoded and compared. */
static void test_encoded_text(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/with%20space", "/api/with space", { NULL } }, /* P019 */
        { "/api/%C3%BCn%C3%AF", "/api/ünï", { NULL } },       /* P020 */
        { "/api/%c3%bcn%C3%af", "/api/ünï", { NULL } },
        { "/api/h%65llo", "/api/hello", { NULL } }, /* P053 */
        { "/%61pi/%68%65%6c%6C%6f", "/api/hello", { NULL } },
        { "/api%2Fhello", NULL, { NULL } }, /* P054 */
        { "/api/_folder%2fx", NULL, { NULL } },
        { "/api/hello%zz", NULL, { NULL } }, /* P055 */
        { "/api/hello%", NULL, { NULL } },
        { "/api/hello%00", NULL, { NULL } },
        { "/api/h%2565llo", NULL, { NULL } },
        { "/api/hello%2F", NULL, { NULL } },
        { "/api/plus%2Bsign", "/api/plus+sign", { NULL } },
        { "/api/user-%5Bid%5D", "/api/user-[id]", { NULL } },
        { "/api/dots%2ename", "/api/dots.name", { NULL } },
        { "/api/%64yn/7", "/api/dyn/[id]", { "7" } },
        { "/api/%64yn/%37/s%75b", "/api/dyn/[id]/sub", { "%37" } },
        { "/api/bt/a/%62", "/api/bt/a/b", { NULL } },
    };
    ASSERT_APP(cases);
}

/* A value that happens to spell a literal name, needlessly escaped, is a value. Escapes that every
 * client must write do not make one. */
static void test_needless_escapes_come_last(void **state)
{
    (void)state;
    static const char *const routes[] = {
        "/a/static", "/a/two words", "/a/[id]", "/b/x/[...r]", "/b/[y]/z",
        "/c/ä/[v]",  "/c/[...r]",    "/d/100%", "/d/[v]",
    };
    static const expectation cases[] = {
        { "/a/static", "/a/static", { NULL } },
        { "/a/st%61tic", "/a/[id]", { "st%61tic" } }, /* P064 */
        { "/a/two%20words", "/a/two words", { NULL } },
        { "/a/tw%6F%20words", "/a/[id]", { "tw%6F%20words" } },
        { "/%61/static", "/a/static", { NULL } },
        { "/b/%78/q", "/b/x/[...r]", { "q" } },
        { "/b/%78/z", "/b/[y]/z", { "%78" } },
        { "/b/%78/%7a", "/b/x/[...r]", { "%7a" } },
        { "/c/%C3%A4/1", "/c/ä/[v]", { "1" } },
        { "/c/%C3%A4/1/2", "/c/[...r]", { "%C3%A4/1/2" } },
        { "/d/100%25", "/d/100%", { NULL } },
    };
    ASSERT_ROUTES(routes, cases);
}

/* Contract 1.1: a file's name may itself hold what looks like an escape. */
static void test_percent_in_names(void **state)
{
    (void)state;
    static const char *const routes[] = { "/pct%41", "/100%",  "/a%20b",
                                          "/a b",    "/%/[v]", "/x/pct%41/[v]" };
    static const expectation cases[] = {
        { "/pct%41", "/pct%41", { NULL } },
        { "/pctA", NULL, { NULL } },
        { "/pct%2541", "/pct%41", { NULL } },
        { "/100%", "/100%", { NULL } },
        { "/100%25", "/100%", { NULL } },
        { "/a%20b", "/a%20b", { NULL } }, /* as it is written comes first */
        { "/a%2520b", "/a%20b", { NULL } },
        { "/%/1", "/%/[v]", { "1" } },
        { "/%25/1", "/%/[v]", { "1" } },
        { "/x/pct%41/1", "/x/pct%41/[v]", { "1" } },
        { "/x/pct%2541/1", "/x/pct%41/[v]", { "1" } },
    };
    ASSERT_ROUTES(routes, cases);
}

/* ---- Parameters ---- */

static void test_one_segment(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/dyn/static", "/api/dyn/static", { NULL } },         /* P060 */
        { "/api/dyn/123", "/api/dyn/[id]", { "123" } },             /* P061 */
        { "/api/dyn/st%61tic", "/api/dyn/[id]", { "st%61tic" } },   /* P064 */
        { "/api/dyn/a%2Fb", "/api/dyn/[id]", { "a%2Fb" } },         /* P065 */
        { "/api/dyn/a%252Fb", "/api/dyn/[id]", { "a%252Fb" } },     /* P066 */
        { "/api/dyn/a+b", "/api/dyn/[id]", { "a+b" } },             /* P067 */
        { "/api/dyn/%20", "/api/dyn/[id]", { "%20" } },             /* P068 */
        { "/api/dyn/%E6%97%A5", "/api/dyn/[id]", { "%E6%97%A5" } }, /* P069 */
        { "/api/dyn/%00", "/api/dyn/[id]", { "%00" } },             /* P070 */
        { "/api/dyn", NULL, { NULL } },                             /* P075 */
        { "/api/dyn/a/sub", "/api/dyn/[id]/sub", { "a" } },         /* P076 */
        { "/api/dyn/a/b", "/api/dyn/[id]/[other]", { "a", "b" } },  /* P077 */
        { "/api/dyn/a/b/c", NULL, { NULL } },                       /* P078 */
        { "/api/dyn/[id]", "/api/dyn/[id]", { "[id]" } },           /* P079 */
        { "/api/dyn/static/sub", "/api/dyn/[id]/sub", { "static" } },
        { "/api/dyn/a.json", "/api/dyn/[id]", { "a.json" } },
        { "/api/dyn/...", "/api/dyn/[id]", { "..." } },
    };
    ASSERT_APP(cases);
}

static void test_backtracking(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/bt/a/b", "/api/bt/a/b", { NULL } },  /* P081 */
        { "/api/bt/a/c", "/api/bt/[x]/c", { "a" } }, /* P082 */
        { "/api/bt/z/b", NULL, { NULL } },           /* P083 */
        { "/api/bt/a", NULL, { NULL } },
        { "/api/bt/a/d", NULL, { NULL } },
    };
    ASSERT_APP(cases);

    static const char *const deep[] = {
        "/a/b/c/d/e", "/a/b/c/[v]/f", "/a/[w]/c/[...r]", "/[p]/b/[q]/[s]/[t]", "/[p]/[[...o]]",
    };
    static const expectation deep_cases[] = {
        { "/a/b/c/d/e", "/a/b/c/d/e", { NULL } },
        { "/a/b/c/d/f", "/a/b/c/[v]/f", { "d" } },
        { "/a/b/c/d/g", "/a/[w]/c/[...r]", { "b", "d/g" } },
        { "/a/b/d/e/g", "/[p]/b/[q]/[s]/[t]", { "a", "d", "e" } },
        { "/a/b/d/e", "/[p]/[[...o]]", { "a", "b/d/e" } },
        { "/a", "/[p]/[[...o]]", { "a" } },
        { "/a/b/c", "/[p]/[[...o]]", { "a", "b/c" } },
    };
    route_table *table = new_table(deep, LENGTH(deep));
    for (size_t i = 0; i < LENGTH(deep_cases); i++) {
        if (i != 3) {
            assert_leads(table, deep, &deep_cases[i]);
            continue;
        }
        route_match match;
        assert_int_equal(route_table_match(table, slice_text(deep_cases[i].path), &match),
                         ROUTE_FOUND);
        assert_int_equal(match.route, 3);
        assert_int_equal(match.param_count, 4);
        assert_true(slice_is(match.params[3], "g"));
    }
    route_table_free(table);
}

static void test_catch_all(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/ca", NULL, { NULL } },                             /* P084 */
        { "/api/ca/fixed", "/api/ca/fixed", { NULL } },            /* P085 */
        { "/api/ca/x", "/api/ca/[one]", { "x" } },                 /* P086 */
        { "/api/ca/x/two", "/api/ca/[one]/two", { "x" } },         /* P087 */
        { "/api/ca/x/three", "/api/ca/[...slug]", { "x/three" } }, /* P088 */
        { "/api/ca/fixed/y", "/api/ca/[...slug]", { "fixed/y" } }, /* P089 */
        { "/api/ca/a%2Fb/c", "/api/ca/[...slug]", { "a%2Fb/c" } }, /* P090 */
        { "/api/ca/a/b", "/api/ca/[...slug]", { "a/b" } },         /* P092 */
        { "/api/ca/x/two/three", "/api/ca/[...slug]", { "x/two/three" } },
    };
    ASSERT_APP(cases);
}

static void test_optional_catch_all(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/oca", "/api/oca/[[...slug]]", { NULL } },          /* P093 */
        { "/api/oca/a/b", "/api/oca/[[...slug]]", { "a/b" } },     /* P096 */
        { "/api/oca/index", "/api/oca/[[...slug]]", { "index" } }, /* P097, deviation 16 */
        { "/api/oca2", "/api/oca2/[[...slug]]", { NULL } },
        { "/api/oca2/known", "/api/oca2/known", { NULL } },              /* P098 */
        { "/api/oca2/known/x", "/api/oca2/[[...slug]]", { "known/x" } }, /* P099 */
    };
    ASSERT_APP(cases);
}

static void test_bad_escape(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/dyn/%E9", BAD_ESCAPE, { NULL } },  /* P071 */
        { "/api/dyn/%", BAD_ESCAPE, { NULL } },    /* P072 */
        { "/api/dyn/%zz", BAD_ESCAPE, { NULL } },  /* P073 */
        { "/api/ca/a/%E9", BAD_ESCAPE, { NULL } }, /* P091 */
        { "/api/hello%zz", NULL, { NULL } },       /* P055 */
        { "/api/dyn/%E9/sub", BAD_ESCAPE, { NULL } },
        { "/api/dyn/a/%E9", BAD_ESCAPE, { NULL } },
        { "/api/dyn/%C0%AF", BAD_ESCAPE, { NULL } },
        { "/api/dyn/%E9/b/c", NULL, { NULL } },
        { "/api/ca/%E6%97/%A5", BAD_ESCAPE, { NULL } }, /* a character does not cross a slash */
        { "/api/ca/%E9/two", BAD_ESCAPE, { NULL } },    /* the first that matches decides */
        { "/%E9", NULL, { NULL } },
    };
    ASSERT_APP(cases);
}

static void test_empty_segments_match_nothing(void **state)
{
    (void)state;
    static const expectation cases[] = {
        { "/api/hello/", NULL, { NULL } }, { "/api/dyn/", NULL, { NULL } },
        { "/api//123", NULL, { NULL } },   { "/api/dyn//sub", NULL, { NULL } },
        { "/api/ca/", NULL, { NULL } },    { "/api/ca/a//b", NULL, { NULL } },
        { "/api/ca/a/", NULL, { NULL } },  { "/api/oca/", NULL, { NULL } },
        { "/api/oca//", NULL, { NULL } },  { "//", NULL, { NULL } },
    };
    ASSERT_APP(cases);
}

/* ---- Shapes of tables ---- */

static void test_root(void **state)
{
    (void)state;
    static const char *const none[] = { "/x" };
    static const expectation none_cases[] = { { "/", NULL, { NULL } } };
    ASSERT_ROUTES(none, none_cases);

    static const char *const fixed[] = { "/" };
    static const expectation fixed_cases[] = { { "/", "/", { NULL } }, { "/a", NULL, { NULL } } };
    ASSERT_ROUTES(fixed, fixed_cases);

    static const char *const optional[] = { "/[[...all]]" };
    static const expectation optional_cases[] = {
        { "/", "/[[...all]]", { NULL } },
        { "/a", "/[[...all]]", { "a" } },
        { "/a/b", "/[[...all]]", { "a/b" } },
        { "//", NULL, { NULL } },
    };
    ASSERT_ROUTES(optional, optional_cases);

    static const char *const required[] = { "/[...all]" };
    static const expectation required_cases[] = {
        { "/", NULL, { NULL } },
        { "/a", "/[...all]", { "a" } },
    };
    ASSERT_ROUTES(required, required_cases);
    assert_all_lead(NULL, 0, none_cases, 1);
}

static void test_index_beside_dynamic_siblings(void **state) /* contract 1.3, "Not errors" */
{
    (void)state;
    static const char *const routes[] = { "/a/[...s]", "/a/[id]", "/a" };
    static const expectation cases[] = {
        { "/a", "/a", { NULL } },
        { "/a/x", "/a/[id]", { "x" } },
        { "/a/x/y", "/a/[...s]", { "x/y" } },
    };
    ASSERT_ROUTES(routes, cases);
}

static void test_most_params(void **state)
{
    (void)state;
    static const char *const routes[] = {
        "/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[[...p]]",
    };
    route_table *table = new_table(routes, 1);
    route_match match;
    capra_slice const path = slice_text("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17");
    assert_int_equal(route_table_match(table, path, &match), ROUTE_FOUND);
    assert_int_equal(match.param_count, 16);
    assert_true(slice_is(match.params[0], "1"));
    assert_true(slice_is(match.params[14], "15"));
    assert_true(slice_is(match.params[15], "16/17"));
    capra_slice const shorter = slice_text("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15");
    assert_int_equal(route_table_match(table, shorter, &match), ROUTE_FOUND);
    assert_int_equal(match.param_count, 15);
    route_table_free(table);
}

static void test_longest_text(void **state)
{
    (void)state;
    char pattern[1 + 255 + 1] = "/", path[1 + 255 + 3] = "/";
    memset(pattern + 1, 'x', 255);
    pattern[256] = '\0';
    memset(path + 1, 'x', 254);
    memcpy(path + 255, "%78", 3);
    const char *const routes[] = { pattern };
    route_table *table = new_table(routes, 1);
    route_match match;
    assert_int_equal(route_table_match(table, slice_of(path, 258), &match), ROUTE_FOUND);
    path[1] = '%';
    assert_int_equal(route_table_match(table, slice_of(path, 258), &match), ROUTE_NONE);
    char longer[1 + 3 * 256] = "/";
    for (size_t i = 0; i < 256; i++)
        memcpy(longer + 1 + 3 * i, "%78", 3);
    assert_int_equal(route_table_match(table, slice_of(longer, sizeof longer), &match), ROUTE_NONE);
    route_table_free(table);
}

static void test_4096_segments(void **state)
{
    (void)state;
    enum { SEGMENTS = 4096 };
    char path[2 * SEGMENTS];
    for (size_t i = 0; i < SEGMENTS; i++)
        memcpy(path + 2 * i, "/a", 2);
    static const char *const routes[] = { "/a/a/[b]/[c]/x", "/a/[d]/[...e]", "/[f]" };
    route_table *table = new_table(routes, LENGTH(routes));
    route_match match;
    assert_int_equal(route_table_match(table, slice_of(path, sizeof path), &match), ROUTE_FOUND);
    assert_int_equal(match.route, 1);
    assert_int_equal(match.params[1].length, sizeof path - 5);
    path[sizeof path - 1] = '/';
    assert_int_equal(route_table_match(table, slice_of(path, sizeof path), &match), ROUTE_NONE);
    route_table_free(table);
}

static void test_pattern_of_4096_segments(void **state)
{
    (void)state;
    enum { SEGMENTS = 4096 };
    char path[2 * SEGMENTS + 1];
    for (size_t i = 0; i < SEGMENTS; i++)
        memcpy(path + 2 * i, "/a", 2);
    path[sizeof path - 1] = '\0';
    const char *const routes[] = { path, "/[x]" };
    route_table *table = new_table(routes, LENGTH(routes));
    route_match match;
    assert_int_equal(route_table_match(table, slice_text(path), &match), ROUTE_FOUND);
    assert_int_equal(match.route, 0);
    path[sizeof path - 2] = 'b'; /* back from the last segment to the first */
    assert_int_equal(route_table_match(table, slice_text(path), &match), ROUTE_NONE);
    route_table_free(table);
}

/* ---- As Next compares ---- */

static void test_bytes(void **state)
{
    (void)state;
    static const char *const routes[] = { "/api/hello",      "/api/with space", "/api/pct%41",
                                          "/api/dyn/static", "/api/dyn/[id]",   "/api/[[...s]]" };
    static const struct {
        const char *path;
        int route; /* -1: none */
    } cases[] = {
        { "/api/hello", 0 },      { "/api/h%65llo", 5 },
        { "/api%2Fhello", -1 },   { "/api/with%20space", 5 },
        { "/api/pct%41", 2 },     { "/api/pct%2541", 5 },
        { "/api/dyn/static", 3 }, { "/api/dyn/st%61tic", 4 },
        { "/api/dyn/%e9", -2 },   { "/api", 5 },
        { "/other", -1 },
    };
    route_table *table = new_table(routes, LENGTH(routes));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        route_match match;
        route_result const result =
            route_table_match_bytes(table, slice_text(cases[i].path), &match);
        int const found = result == ROUTE_FOUND ? (int)match.route : result == ROUTE_NONE ? -1 : -2;
        if (found != cases[i].route)
            fail_msg("%s: %d", cases[i].path, found);
    }
    assert_true(route_table_has_literal(table, slice_text("/api/with space")));
    assert_false(route_table_has_literal(table, slice_text("/api/with%20space")));
    assert_false(route_table_has_literal(table, slice_text("/api/dyn/[id]")));
    assert_true(route_table_is_optional(table, 5));
    assert_false(route_table_is_optional(table, 4));
    assert_false(route_table_is_optional(table, 0));
    route_table_free(table);
}

int main(void)
{
    count_allocations();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_counted),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_encoded_text),
        cmocka_unit_test(test_needless_escapes_come_last),
        cmocka_unit_test(test_percent_in_names),
        cmocka_unit_test(test_one_segment),
        cmocka_unit_test(test_backtracking),
        cmocka_unit_test(test_catch_all),
        cmocka_unit_test(test_optional_catch_all),
        cmocka_unit_test(test_bad_escape),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_empty_segments_match_nothing),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_index_beside_dynamic_siblings),
        cmocka_unit_test(test_most_params),
        cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_4096_segments),
        cmocka_unit_test(test_pattern_of_4096_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
