/* SPDX-License-Identifier: MIT */
#include "ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* ---- Reading ---- */

static bool parse_v4(ip_address *out, capra_slice text)
{
    char copy[INET_ADDRSTRLEN];
    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    memcpy(out->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out->bytes + sizeof mapped) == 1;
}

static bool parse_v6(ip_address *out, capra_slice text)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

/* ":4000", or nothing. */
static bool parse_port(ip_address *out, capra_slice text)
{
    uint32_t port = 0;
    if (text.length == 0)
        return true;
    if (text.data[0] != ':' || text.length < 2 || text.length > 6)
        return false;
    for (size_t i = 1; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    out->port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool parse(ip_address *out, capra_slice text)
{
    const char *colon = memchr(text.data, ':', text.length);
    if (text.data[0] == '[') {
        const char *close = memchr(text.data, ']', text.length);
        if (close == NULL)
            return false;
        size_t const length = (size_t)(close - text.data);
        return parse_v6(out, slice_of(text.data + 1, length - 1)) &&
               parse_port(out, slice_from(text, length + 1));
    }
    if (colon == NULL)
        return parse_v4(out, text);
    size_t const before = (size_t)(colon - text.data);
    if (memchr(text.data, '.', before) != NULL)
        return parse_v4(out, slice_of(text.data, before)) &&
               parse_port(out, slice_from(text, before));
    return parse_v6(out, text);
}

bool ip_parse(ip_address *out, capra_slice text)
{
    *out = (ip_address){ .is_known = true };
    /* inet_pton would read up to a zero byte and be content. */
    if (text.length == 0 || memchr(text.data, '\0', text.length) != NULL)
        return false;
    return parse(out, text);
}

void ip_of_socket(ip_address *out, const struct sockaddr_storage *from)
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    *out = (ip_address){ 0 };
    if (from->ss_family == AF_INET) {
        memcpy(out->bytes, mapped, sizeof mapped);
        memcpy(out->bytes + sizeof mapped, &v4->sin_addr, sizeof v4->sin_addr);
        out->port = ntohs(v4->sin_port);
        out->is_known = true;
    } else if (from->ss_family == AF_INET6) {
        memcpy(out->bytes, &v6->sin6_addr, sizeof v6->sin6_addr);
        out->port = ntohs(v6->sin6_port);
        out->is_known = true;
    }
}

/* ---- Writing ---- */

bool ip_is_v4(const ip_address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

const char *ip_print(char out[IP_TEXT], const ip_address *a)
{
    out[0] = '\0';
    if (a->is_known && ip_is_v4(a))
        inet_ntop(AF_INET, a->bytes + sizeof mapped, out, IP_TEXT);
    else if (a->is_known)
        inet_ntop(AF_INET6, a->bytes, out, IP_TEXT);
    return out;
}
