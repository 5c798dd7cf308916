/* SPDX-License-Identifier: MIT */
#include "networks.h"

#include "arena.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct network {
    uint8_t bytes[16];
    uint32_t bits; /* of them that count */
} network;

struct networks {
    bool has_unix;
    size_t count, capacity;
    network *all;
};

enum { MAPPED_BITS = 96, ALL_BITS = 128 };

/* ---- Single networks ---- */

static bool has_bits(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
    uint32_t const whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* The network that `n`'s address is in: its other bits are zero. */
static network masked(const network *n)
{
    network m = *n;
    for (uint32_t i = m.bits; i < ALL_BITS; i++)
        m.bytes[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
    return m;
}

static bool read_bits(uint32_t *out, capra_slice text, uint32_t most)
{
    *out = 0;
    if (text.length == 0 || text.length > 3 || (text.length > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *out = *out * 10 + (uint32_t)(text.data[i] - '0');
    }
    return *out <= most;
}

static void add(networks *n, const network *one)
{
    if (n->count == n->capacity) {
        n->capacity = n->capacity == 0 ? 8 : 2 * n->capacity;
        n->all = memory_grow(n->all, n->capacity * sizeof *n->all);
    }
    n->all[n->count++] = *one;
}

/* ---- Members of a list ---- */

static int refuse(char *why, size_t size, capra_slice member, const char *expected)
{
    snprintf(why, size, "found `%.*s`, expected %s", (int)member.length, member.data, expected);
    return CAPRA_E_INVALID;
}

static int add_network(networks *n, capra_slice member, char *why, size_t size)
{
    const char *slash = memchr(member.data, '/', member.length);
    size_t const length = slash == NULL ? member.length : (size_t)(slash - member.data);
    ip_address a;
    if (!ip_parse(&a, slice_of(member.data, length)) || a.port != 0 || member.data[0] == '[')
        return refuse(why, size, member, NETWORKS_EXPECTED);

    network one = { .bits = ALL_BITS };
    memcpy(one.bytes, a.bytes, sizeof one.bytes);
    /* "::ffff:192.0.2.0/120" counts its bits as IPv6 does. */
    bool const is_v4 = memchr(member.data, ':', length) == NULL;
    if (slash != NULL) {
        if (!read_bits(&one.bits, slice_from(member, length + 1), is_v4 ? 32 : ALL_BITS))
            return refuse(why, size, member,
                          is_v4 ? "0 to 32 bits behind the slash"
                                : "0 to 128 bits behind the slash");
        one.bits += is_v4 ? MAPPED_BITS : 0;
    }
    network const whole = masked(&one);
    if (memcmp(whole.bytes, one.bytes, sizeof one.bytes) != 0) {
        char text[IP_TEXT], expected[128];
        memcpy(a.bytes, whole.bytes, sizeof a.bytes);
        snprintf(expected, sizeof expected, "%s%s, the network that it is in", ip_print(text, &a),
                 slash);
        return refuse(why, size, member, expected);
    }
    add(n, &one);
    return 0;
}

static int add_all(networks *n, const char *const *texts)
{
    int error = 0;
    char why[8];
    for (; *texts != NULL && error == 0; texts++)
        error = add_network(n, slice_text(*texts), why, sizeof why);
    return error;
}

static int add_member(networks *n, capra_slice member, char *why, size_t size)
{
    static const char *const loopback[] = { "127.0.0.0/8", "::1", NULL };
    static const char *const private[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                           "fc00::/7", NULL };
    if (slice_is(member, "loopback"))
        return add_all(n, loopback);
    if (slice_is(member, "private"))
        return add_all(n, private);
    if (slice_is(member, "unix")) {
        n->has_unix = true;
        return 0;
    }
    return add_network(n, member, why, size);
}

/* ---- The list ---- */

int networks_parse(networks **out, capra_slice text, char *why, size_t why_size)
{
    networks *n = memory_take(sizeof *n);
    *n = (networks){ 0 };
    bool const is_none = slice_is(slice_trim(text), "none");
    int error = 0;
    for (size_t at = 0; at <= text.length && !is_none && error == 0;) {
        const char *comma = memchr(text.data + at, ',', text.length - at);
        size_t const end = comma == NULL ? text.length : (size_t)(comma - text.data);
        capra_slice const member = slice_trim(slice_of(text.data + at, end - at));
        error = member.length == 0 ? refuse(why, why_size, text, NETWORKS_EXPECTED)
                                   : add_member(n, member, why, why_size);
        at = end + 1;
    }
    if (error != 0) {
        networks_free(n);
        return error;
    }
    *out = n;
    return 0;
}

void networks_free(networks *n)
{
    if (n == NULL)
        return;
    free(n->all);
    free(n);
}

bool networks_has(const networks *n, const ip_address *a)
{
    if (!a->is_known)
        return n->has_unix;
    for (size_t i = 0; i < n->count; i++)
        if (has_bits(n->all[i].bytes, a->bytes, n->all[i].bits))
            return true;
    return false;
}
