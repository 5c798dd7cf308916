/* SPDX-License-Identifier: MIT */
/* How long a request head takes to parse: the best of several rounds, whole and in two segments.
 * Made with the other programs of this folder, or by hand (bash): gcc -O2 -std=gnu17 -Iinclude
 * -Isrc bench/parse.c src/http/{char,field,head,method}.c -o parse */
#include "http/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 20, HEADS = 20000 };

static const struct {
    const char *name, *text;
} heads[] = {
    { "smallest", "GET /api/hello HTTP/1.1\r\nHost: localhost:3000\r\n\r\n" },
    { "load tool", "POST /api/users?page=2 HTTP/1.1\r\n"
                   "Host: 127.0.0.1:3000\r\n"
                   "User-Agent: oha/1.4.5\r\n"
                   "Accept: */*\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 1024\r\n\r\n" },
    { "browser",
      "GET /api/users/42/orders?from=2026-01-01&to=2026-02-01&sort=desc HTTP/1.1\r\n"
      "Host: shop.example.com\r\n"
      "Connection: keep-alive\r\n"
      "sec-ch-ua: \"Chromium\";v=\"142\", \"Not A(Brand\";v=\"24\"\r\n"
      "sec-ch-ua-mobile: ?0\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/142.0.0.0 Safari/537.36\r\n"
      "Accept: application/json, text/plain, */*\r\n"
      "Sec-Fetch-Site: same-origin\r\n"
      "Sec-Fetch-Mode: cors\r\n"
      "Sec-Fetch-Dest: empty\r\n"
      "Referer: https://shop.example.com/orders?from=2026-01-01\r\n"
      "Accept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-US,en;q=0.9,de;q=0.8\r\n"
      "If-None-Match: W/\"1f-GhCfVT0mLq0uKzQJ8mW4nq\"\r\n"
      "Cookie: session=0f8fad5b-d9cb-469f-a165-70867728950e; theme=dark; consent=1\r\n\r\n" },
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The head ends where its memory ends, as the last one of a read does. */
static double measure(const char *text, size_t length, size_t cut)
{
    char *data = malloc(length);
    double best = 0;
    memcpy(data, text, length);
    for (int round = 0; round < ROUNDS; round++) {
        double const start = now_ns();
        for (int i = 0; i < HEADS; i++) {
            http_head head;
            http_head_init(&head);
            if (cut < length)
                http_head_parse(&head, data, cut, &http_default_limits);
            if (http_head_parse(&head, data, length, &http_default_limits) != (long)length)
                abort();
        }
        double const ns = (now_ns() - start) / HEADS;
        best = round == 0 || ns < best ? ns : best;
    }
    free(data);
    return best;
}

int main(void)
{
    printf("%-12s %6s %10s %14s\n", "head", "bytes", "whole, ns", "in halves, ns");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t const length = strlen(heads[i].text);
        printf("%-12s %6zu %10.0f %14.0f\n", heads[i].name, length,
               measure(heads[i].text, length, length), measure(heads[i].text, length, length / 2));
    }
    return 0;
}
