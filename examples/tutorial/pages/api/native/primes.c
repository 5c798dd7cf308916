/* SPDX-License-Identifier: MIT */
#include <capra.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 2, LARGEST = 1000000, USUAL = 100 };

/* The number that `text` spells, or -1 when it is not one plain number within the bounds. */
static long read_bound(capra_slice text)
{
    long bound = 0;

    if (text.length == 0 || text.length > 7)
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        bound = bound * 10 + (text.data[i] - '0');
    }
    return bound >= SMALLEST && bound <= LARGEST ? bound : -1;
}

/* Eratosthenes' sieve: `composite[i]` says that i has a divisor. */
static void sieve(uint8_t *composite, long bound)
{
    for (long i = 2; i * i <= bound; i++) {
        if (composite[i])
            continue;
        for (long multiple = i * i; multiple <= bound; multiple += i)
            composite[multiple] = 1;
    }
}

static void answer(capra_response *res, const uint8_t *composite, long bound)
{
    long count = 0, largest = 0;

    for (long i = 2; i <= bound; i++) {
        if (composite[i])
            continue;
        count++;
        largest = i;
    }
    capra_json(res, 200, "{s:i, s:i, s:i}", "n", (int)bound, "count", (int)count, "largest",
               (int)largest);
}

/* GET /api/native/primes?n=100: how many primes there are up to n, and the largest of them. */
static void primes(capra_request *req, capra_response *res)
{
    const char *method = capra_request_method(req);
    capra_slice text = capra_request_query(req, "n");
    long bound = text.data == NULL ? USUAL : read_bound(text);
    uint8_t *composite;

    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        capra_response_header(res, "Allow", "GET");
        capra_fail(res, 405, "Method Not Allowed");
        return;
    }
    if (bound < 0) {
        capra_fail(res, 400, "n must be a whole number from 2 to 1000000");
        return;
    }
    composite = calloc((size_t)bound + 1, 1);
    if (composite == NULL) {
        capra_fail(res, 503, "Out of memory");
        return;
    }
    sieve(composite, bound);
    answer(res, composite, bound);
    free(composite);
}

CAPRA_ROUTE(primes);
