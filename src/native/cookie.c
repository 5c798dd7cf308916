/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "held.h"

#include <inttypes.h>
#include <stdio.h>

/* Set-Cookie (RFC 6265, 4.1), with the rules for prefixes and SameSite of its successor's draft. */

static const char *const same_sites[] = {
    [CAPRA_SAME_SITE_UNSET] = NULL,
    [CAPRA_SAME_SITE_LAX] = "Lax",
    [CAPRA_SAME_SITE_STRICT] = "Strict",
    [CAPRA_SAME_SITE_NONE] = "None",
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Any byte of a field value but the one that divides attributes. */
static bool is_attribute(const char *value)
{
    return value == NULL || (http_is_field_value(slice_text(value)) && strchr(value, ';') == NULL);
}

static const char *path_of(const capra_cookie *c)
{
    return c->path == NULL ? "/" : c->path;
}

/* What a browser would throw away without a word. */
static bool is_kept(const char *name, const capra_cookie *c)
{
    if (c->same_site == CAPRA_SAME_SITE_NONE && !c->secure)
        return false;
    if (starts_with(name, "__Secure-"))
        return c->secure;
    if (starts_with(name, "__Host-"))
        return c->secure && c->domain == NULL && strcmp(path_of(c), "/") == 0;
    return true;
}

static bool is_valid(const char *name, const capra_cookie *c)
{
    return http_is_token(slice_text(name)) && is_attribute(c->path) && is_attribute(c->domain) &&
           (unsigned)c->same_site <= CAPRA_SAME_SITE_NONE && is_kept(name, c);
}

/* What encodeURIComponent leaves as it is (ECMA-262, 19.2.6.4), so that both languages write the
 * same. */
static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

static void put_value(buffer *out, const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char const c = (unsigned char)*value;
        char *at = buffer_room(out, 3);
        at[0] = '%';
        at[1] = "0123456789ABCDEF"[c >> 4];
        at[2] = "0123456789ABCDEF"[c & 15];
        if (is_plain(c))
            at[0] = (char)c;
        buffer_added(out, is_plain(c) ? 1 : 3);
    }
}

static void put(buffer *out, const char *before, const char *text)
{
    buffer_append_slice(out, slice_text(before));
    buffer_append_slice(out, slice_text(text));
}

static void put_age(buffer *out, int64_t seconds)
{
    char text[32];
    if (seconds == 0)
        return;
    snprintf(text, sizeof text, "%" PRId64, seconds < 0 ? 0 : seconds);
    put(out, "; Max-Age=", text);
}

int capra_response_cookie(capra_response *res, const char *name, const char *value,
                          const capra_cookie *attributes)
{
    static const capra_cookie none = { 0 };
    const capra_cookie *c = attributes == NULL ? &none : attributes;
    if (!is_valid(name, c))
        return CAPRA_E_INVALID;
    buffer line = { 0 };
    put(&line, name, "=");
    put_value(&line, value);
    put_age(&line, c->max_age_s);
    if (c->domain != NULL)
        put(&line, "; Domain=", c->domain);
    put(&line, "; Path=", path_of(c));
    if (c->http_only)
        put(&line, "; HttpOnly", "");
    if (c->secure)
        put(&line, "; Secure", "");
    if (same_sites[c->same_site] != NULL)
        put(&line, "; SameSite=", same_sites[c->same_site]);
    buffer_append(&line, "", 1);
    int const error = capra_response_header(res, "Set-Cookie", buffer_slice(&line).data);
    buffer_cleanup(&line);
    return error;
}
