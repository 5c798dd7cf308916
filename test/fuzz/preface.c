/* SPDX-License-Identifier: MIT */
#include "net/preface.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* What a proxy says first. Each input is read in every length from its front, from memory of just
 * that length: what is malformed stays so, what has been read once is read alike with more behind
 * it, and nothing waits for more bytes than a preface can have. */

static bool is_alike(const preface *a, const preface *b)
{
    return a->has_address == b->has_address && a->rest == b->rest &&
           memcmp(a->from.bytes, b->from.bytes, 16) == 0 && a->from.port == b->from.port &&
           memcmp(a->to.bytes, b->to.bytes, 16) == 0 && a->to.port == b->to.port;
}

/* The first version can be written again: the same line means the same. */
static void check_written(const preface *p, const char *data, long used)
{
    char line[PREFACE_BYTES + 1], from[IP_TEXT], to[IP_TEXT];
    preface again;
    if (!p->has_address || data[0] != 'P')
        return;
    bool const is_v4 = memcmp(data, "PROXY TCP4", 10) == 0;
    if (!is_v4 && (ip_is_v4(&p->from) || ip_is_v4(&p->to)))
        return; /* is printed without `::ffff:` */
    int const length =
        snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n", is_v4 ? "TCP4" : "TCP6",
                 ip_print(from, &p->from), ip_print(to, &p->to), p->from.port, p->to.port);
    CHECK(preface_read(&again, line, (size_t)length) == length);
    CHECK(is_alike(p, &again));
    CHECK(!is_v4 || (length == used && memcmp(line, data, (size_t)length) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    long before = PREFACE_MORE;
    preface first = { 0 };
    size_t const most = size < 256 ? size : 256;
    for (size_t length = 0; length <= most; length++) {
        char *copy = malloc(length + 1);
        memcpy(copy + 1, data, length); /* its end is the end of the memory */
        preface p;
        long const used = preface_read(&p, copy + 1, length);
        CHECK(used >= PREFACE_MALFORMED && used <= (long)length);
        CHECK(used != PREFACE_MORE || length < PREFACE_BYTES);
        CHECK(before == PREFACE_MORE || used == before);
        if (used > 0 && before == PREFACE_MORE) {
            CHECK(used == (long)length || data[0] == '\r');
            check_written(&p, (const char *)data, used);
            first = p;
        }
        CHECK(used <= 0 || is_alike(&p, &first));
        before = used;
        free(copy);
    }
    return 0;
}
