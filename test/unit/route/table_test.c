/* SPDX-License-Identifier: MIT */
#include "route/table.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATTERNS_MAX = 6 };

static uint32_t count_patterns(const char *const *patterns)
{
    uint32_t count = 0;
    while (count < PATTERNS_MAX && patterns[count] != NULL)
        count++;
    return count;
}

static int build(const char *const *patterns, char *why, size_t size)
{
    route_table *table = NULL;
    why[0] = '\0';
    int const result = route_table_new(&table, patterns, count_patterns(patterns), why, size);
    assert_int_equal(table != NULL, result == 0);
    route_table_free(table);
    return result;
}

static void test_conflicts(void **state) /* contract 1.3 */
{
    (void)state;
    static const struct {
        const char *patterns[PATTERNS_MAX], *why;
    } cases[] = {
        { { "/api/[a]", "/api/[b]" },
          "You cannot use different slug names for the same dynamic path ('a' !== 'b'). "
          "Routes: \"/api/[a]\" and \"/api/[b]\"." },
        { { "/api/x", "/api/[a]/y", "/api/[a]", "/api/[b]/x" },
          "You cannot use different slug names for the same dynamic path ('a' !== 'b'). "
          "Routes: \"/api/[a]/y\" and \"/api/[b]/x\"." },
        { { "/api/[...a]", "/api/[...b]" },
          "You cannot use different slug names for the same dynamic path ('a' !== 'b'). "
          "Routes: \"/api/[...a]\" and \"/api/[...b]\"." },
        { { "/api/[[...a]]", "/api/[[...b]]" },
          "You cannot use different slug names for the same dynamic path ('a' !== 'b'). "
          "Routes: \"/api/[[...a]]\" and \"/api/[[...b]]\"." },
        { { "/api/oc", "/api/oc/[[...s]]" },
          "You cannot define a route with the same specificity as a optional catch-all route "
          "(\"/api/oc\" and \"/api/oc[[...s]]\"). "
          "Routes: \"/api/oc\" and \"/api/oc/[[...s]]\"." },
        { { "/api/[id]/[[...s]]", "/api/[id]" },
          "You cannot define a route with the same specificity as a optional catch-all route "
          "(\"/api/[id]\" and \"/api/[id][[...s]]\"). "
          "Routes: \"/api/[id]\" and \"/api/[id]/[[...s]]\"." },
        { { "/", "/[[...s]]" },
          "You cannot define a route with the same specificity as a optional catch-all route "
          "(\"/\" and \"/[[...s]]\"). Routes: \"/\" and \"/[[...s]]\"." },
        { { "/api/oc/[...s]", "/api/oc/[[...s]]" },
          "You cannot use both an required and optional catch-all route at the same level "
          "(\"[...s]\" and \"[[...s]]\" ). "
          "Routes: \"/api/oc/[...s]\" and \"/api/oc/[[...s]]\"." },
        { { "/api/oc/[[...a]]", "/api/oc/[...b]" },
          "You cannot use both an required and optional catch-all route at the same level "
          "(\"[...b]\" and \"[[...a]]\" ). "
          "Routes: \"/api/oc/[[...a]]\" and \"/api/oc/[...b]\"." },
        { { "/api/[...s]/x" },
          "Catch-all must be the last part of the URL. Route: \"/api/[...s]/x\"." },
        { { "/api/a/[[...s]]/b" },
          "Catch-all must be the last part of the URL. Route: \"/api/a/[[...s]]/b\"." },
        { { "/api/[id]/[id]" },
          "You cannot have the same slug name \"id\" repeat within a single dynamic path. "
          "Route: \"/api/[id]/[id]\"." },
        { { "/api/[id]/x/[...id]" },
          "You cannot have the same slug name \"id\" repeat within a single dynamic path. "
          "Route: \"/api/[id]/x/[...id]\"." },
        { { "/api/[a-b]/[ab]" },
          "You cannot have the slug names \"a-b\" and \"ab\" differ only by non-word symbols "
          "within a single dynamic path. Route: \"/api/[a-b]/[ab]\"." },
        { { "/api/[a{b]/[ab]" },
          "You cannot have the slug names \"a{b\" and \"ab\" differ only by non-word symbols "
          "within a single dynamic path. Route: \"/api/[a{b]/[ab]\"." },
        { { "/api/[ü]/[ö]" }, /* to JavaScript's \W, both are nothing but symbols */
          "You cannot have the slug names \"ü\" and \"ö\" differ only by non-word symbols "
          "within a single dynamic path. Route: \"/api/[ü]/[ö]\"." },
        { { "/api/[[id]]" },
          "Optional route parameters are not yet supported (\"[[id]]\"). "
          "Route: \"/api/[[id]]\"." },
        { { "/api/[...]" }, "Segment names may not be empty (\"[...]\"). Route: \"/api/[...]\"." },
        { { "/api/a", "/api/b", "/api/a" }, /* deviation 11 */
          "Duplicate page detected. Routes 0 and 2 both resolve to /api/a." },
        { { "/api/[id]", "/api/[id]" },
          "Duplicate page detected. Routes 0 and 1 both resolve to /api/[id]." },
        { { "/api/[...id]", "/api/[...id]" },
          "Duplicate page detected. Routes 0 and 1 both resolve to /api/[...id]." },
        { { "/", "/" }, "Duplicate page detected. Routes 0 and 1 both resolve to /." },
        { { "/api//a" }, "Segments may not be empty. Route: \"/api//a\"." },
        { { "/api/a/" }, "Segments may not be empty. Route: \"/api/a/\"." },
        { { "//" }, "Segments may not be empty. Route: \"//\"." },
        { { "api/a" }, "A route must begin with a slash. Route: \"api/a\"." },
        { { "" }, "A route must begin with a slash. Route: \"\"." },
        { { "/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[p]/[q]" },
          "A route may have at most 16 parameters. "
          "Route: \"/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[p]/[q]\"." },
        { { "/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[p]/[...q]" },
          "A route may have at most 16 parameters. "
          "Route: \"/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[p]/[...q]\"." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[400];
        assert_int_equal(build(cases[i].patterns, why, sizeof why), CAPRA_E_ROUTE);
        assert_string_equal(why, cases[i].why);
    }
}

static void test_no_conflicts(void **state) /* contract 1.3, "Not errors" and around */
{
    (void)state;
    static const char *const cases[][PATTERNS_MAX] = {
        { NULL },
        { "/" },
        { "/[[...s]]" },
        { "/api", "/api/[...s]", "/api/[id]", "/api/index" },
        { "/api/[a-b]/[a_b]" }, /* `_` is a word character */
        { "/api/[a]/[ab]/[a0]/[aB]" },
        { "/api/[id]", "/api/[id]/[other]", "/api/x/[slug]" },
        { "/api/[id]/[...s]", "/api/[[...s]]" },
        { "/api/a/[x]", "/api/b/[y]" },
        { "/api/[a]/x/[...c]", "/api/[a]/y/[[...d]]" },
        { "/api/user-[id]", "/api/user-[other]", "/api/[]", "/api/[id" },
        { "/api/Camel", "/api/camel" },
        { "/api/a b", "/api/a%20b", "/api/a+b" },
        { "/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[...p]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[400];
        assert_int_equal(build(cases[i], why, sizeof why), 0);
        assert_string_equal(why, "");
    }
}

static void test_long_complaint_is_cut(void **state)
{
    (void)state;
    static const char *const patterns[] = { "/api/[a]", "/api/[b]", NULL };
    char why[16];
    assert_int_equal(build(patterns, why, sizeof why), CAPRA_E_ROUTE);
    assert_string_equal(why, "You cannot use ");
}

static void test_params(void **state)
{
    (void)state;
    static const char *const patterns[] = { "/api/[id]/x/[my-param]/[...rest]", "/api",
                                            "/api/y/[[...s]]" };
    route_table *table;
    char why[200];
    assert_int_equal(route_table_new(&table, patterns, 3, why, sizeof why), 0);
    const capra_slice *names;
    assert_int_equal(route_table_params(table, 0, &names), 3);
    assert_true(slice_is(names[0], "id"));
    assert_true(slice_is(names[1], "my-param"));
    assert_true(slice_is(names[2], "rest"));
    assert_int_equal(route_table_params(table, 1, &names), 0);
    assert_int_equal(route_table_params(table, 2, &names), 1);
    assert_true(slice_is(names[0], "s"));
    route_table_free(table);
}

static void test_patterns_are_copied(void **state)
{
    (void)state;
    char pattern[] = "/api/[id]";
    const char *const patterns[] = { pattern };
    route_table *table;
    char why[200];
    assert_int_equal(route_table_new(&table, patterns, 1, why, sizeof why), 0);
    memset(pattern, '#', sizeof pattern - 1);
    const capra_slice *names;
    assert_int_equal(route_table_params(table, 0, &names), 1);
    assert_true(slice_is(names[0], "id"));
    route_match match;
    assert_int_equal(route_table_match(table, slice_text("/api/7"), &match), ROUTE_FOUND);
    route_table_free(table);
}

/* Every one of many routes is found again, so no two are taken for one another. */
static void test_many_routes(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    arena memory;
    arena_init(&memory);
    const char **patterns = arena_take(&memory, COUNT * sizeof *patterns);
    for (uint32_t i = 0; i < COUNT; i++) {
        char *text = arena_take(&memory, 64);
        snprintf(text, 64, i % 2 == 0 ? "/api/group%u/r%u" : "/api/group%u/r%u/[id]", i / 10, i);
        patterns[i] = text;
    }
    route_table *table;
    char why[200];
    assert_int_equal(route_table_new(&table, patterns, COUNT, why, sizeof why), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        char path[64];
        route_match match;
        snprintf(path, sizeof path, i % 2 == 0 ? "/api/group%u/r%u" : "/api/group%u/r%u/x", i / 10,
                 i);
        assert_int_equal(route_table_match(table, slice_text(path), &match), ROUTE_FOUND);
        assert_int_equal(match.route, i);
    }
    route_table_free(table);
    arena_cleanup(&memory);
}

/* ---- Texts with the same hash ---- */

enum { TEXTS = 1 << 18, TEXT_BYTES = 20 };

typedef struct hashed {
    uint32_t hash, seed;
    char text[TEXT_BYTES + 1];
} hashed;

static int compare_hashes(const void *a, const void *b)
{
    uint32_t const x = ((const hashed *)a)->hash, y = ((const hashed *)b)->hash;
    return x < y ? -1 : x > y;
}

/* Two texts that get the same hash: one from the first seed and one from the second. Among so many
 * texts there are always a few. */
static void find_twins(hashed twins[2], uint32_t first_seed, uint32_t second_seed,
                       const char *prefix)
{
    hashed *all = memory_take(TEXTS * sizeof *all);
    for (uint32_t i = 0; i < TEXTS; i++) {
        all[i].seed = i % 2 == 0 ? first_seed : second_seed;
        snprintf(all[i].text, sizeof all[i].text, "%s%08x%08x", prefix, i * 0x85ebca6b,
                 i * 0xc2b2ae35);
        all[i].hash = route_hash(slice_text(all[i].text), all[i].seed);
    }
    qsort(all, TEXTS, sizeof *all, compare_hashes);
    twins[0].text[0] = '\0';
    for (uint32_t i = 1; i < TEXTS && twins[0].text[0] == '\0'; i++) {
        bool const is_first = all[i - 1].seed == first_seed;
        if (all[i - 1].hash != all[i].hash ||
            (first_seed != second_seed && all[i - 1].seed == all[i].seed))
            continue;
        twins[0] = all[is_first ? i - 1 : i];
        twins[1] = all[is_first ? i : i - 1];
    }
    free(all);
    assert_true(twins[0].text[0] != '\0');
}

static void assert_both_are_found(const char *first, const char *second)
{
    const char *const patterns[] = { first, second };
    route_table *table;
    char why[200];
    assert_int_equal(route_table_new(&table, patterns, 2, why, sizeof why), 0);
    for (uint32_t i = 0; i < 2; i++) {
        route_match match;
        assert_int_equal(route_table_match(table, slice_text(patterns[i]), &match), ROUTE_FOUND);
        assert_int_equal(match.route, i);
    }
    route_table_free(table);
}

static void test_paths_with_the_same_hash(void **state)
{
    (void)state;
    hashed twins[2];
    find_twins(twins, 0, 0, "/");
    assert_both_are_found(twins[0].text, twins[1].text);
}

static void test_texts_with_the_same_hash(void **state)
{
    (void)state;
    hashed twins[2];
    char first[64], second[64];
    find_twins(twins, 0, 0, "");
    snprintf(first, sizeof first, "/%s/[v]", twins[0].text);
    snprintf(second, sizeof second, "/%s/[v]", twins[1].text);
    assert_both_are_found(first, second);

    /* Below the nodes 1 and 4: the root is 0, each segment makes a node. */
    find_twins(twins, 1, 4, "");
    snprintf(first, sizeof first, "/p/%s/[v]", twins[0].text);
    snprintf(second, sizeof second, "/q/%s/[v]", twins[1].text);
    assert_both_are_found(first, second);
}

static void test_free_takes_null(void **state)
{
    (void)state;
    route_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_no_conflicts),
        cmocka_unit_test(test_long_complaint_is_cut),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_patterns_are_copied),
        cmocka_unit_test(test_many_routes),
        cmocka_unit_test(test_paths_with_the_same_hash),
        cmocka_unit_test(test_texts_with_the_same_hash),
        cmocka_unit_test(test_free_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
