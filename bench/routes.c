/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "route/route.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What a match costs, in tables of several sizes: it ought to be the same in all of them. Each
 * figure is the median of many samples, and a sample is the mean of many matches. The samples of
 * all cells are taken in turn, so that a slow moment of the machine hits all alike. */

enum { SAMPLES = 101, MATCHES = 20000 };

static const uint32_t sizes[] = { 10, 100, 1000, 5000 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

typedef struct probe {
    const char *name, *path;
    route_result expected;
} probe;

static const probe probes[] = {
    { "static", "/api/hello", ROUTE_FOUND },
    { "dynamic", "/api/users/1234", ROUTE_FOUND },
    { "catch-all", "/api/files/2026/11/report.pdf", ROUTE_FOUND },
    { "miss", "/api/nothing/here", ROUTE_NONE },
};
enum { PROBES = sizeof probes / sizeof probes[0] };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double const x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The routes that are asked for, and then as many of an ordinary application's as it takes. */
static route_table *build(uint32_t count)
{
    static const char *const asked[] = { "/api/hello", "/api/users/[id]", "/api/files/[...path]" };
    static const char *const others[] = { "", "/[id]", "/[id]/parts/[part]", "/search/[...words]" };
    arena memory;
    arena_init(&memory);
    const char **patterns = arena_take(&memory, count * sizeof *patterns);
    for (uint32_t i = 0; i < count; i++) {
        char *text = arena_take(&memory, 64);
        if (i < 3)
            snprintf(text, 64, "%s", asked[i]);
        else
            snprintf(text, 64, "/api/thing%u%s", i / 4, others[i % 4]);
        patterns[i] = text;
    }
    route_table *table;
    char why[200];
    if (route_table_new(&table, patterns, count, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    arena_cleanup(&memory);
    return table;
}

static double sample(const route_table *table, const probe *p)
{
    capra_slice path = slice_text(p->path);
    route_match match;
    double const start = now_ns();
    for (uint32_t i = 0; i < MATCHES; i++) {
        /* What the path is, the compiler is not to know: else it might match once for all. */
        __asm__ volatile("" : "+r"(path.data), "+r"(path.length) : : "memory");
        if (route_table_match(table, path, &match) != p->expected) {
            fprintf(stderr, "%s leads elsewhere\n", p->path);
            exit(1);
        }
    }
    return (now_ns() - start) / MATCHES;
}

int main(void)
{
    static double samples[PROBES][SIZES][SAMPLES];
    route_table *tables[SIZES];
    for (uint32_t s = 0; s < SIZES; s++)
        tables[s] = build(sizes[s]);
    for (uint32_t i = 0; i < SAMPLES; i++)
        for (uint32_t p = 0; p < PROBES; p++)
            for (uint32_t s = 0; s < SIZES; s++)
                samples[p][s][i] = sample(tables[s], &probes[p]);

    printf("%-12s", "ns per match");
    for (uint32_t s = 0; s < SIZES; s++)
        printf("%8u", sizes[s]);
    printf(" routes   most/least\n");
    for (uint32_t p = 0; p < PROBES; p++) {
        double least = 0, most = 0;
        printf("%-12s", probes[p].name);
        for (uint32_t s = 0; s < SIZES; s++) {
            qsort(samples[p][s], SAMPLES, sizeof(double), compare);
            double const median = samples[p][s][SAMPLES / 2];
            least = s == 0 || median < least ? median : least;
            most = median > most ? median : most;
            printf("%8.1f", median);
        }
        printf("%20.2f\n", most / least);
    }
    for (uint32_t s = 0; s < SIZES; s++)
        route_table_free(tables[s]);
    return 0;
}
