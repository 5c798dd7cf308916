/* SPDX-License-Identifier: MIT */
#include "coding.h"

#include "field.h"

static const char *const names[HTTP_CODINGS] = {
    [HTTP_IDENTITY] = "identity", [HTTP_GZIP] = "gzip",
    [HTTP_DEFLATE] = "deflate",   [HTTP_BR] = "br",
    [HTTP_ZSTD] = "zstd",
};

const char *http_coding_name(http_coding coding)
{
    return names[coding];
}

int http_weight_parse(capra_slice text)
{
    if (text.length == 0 || text.length > 5 || (text.data[0] != '0' && text.data[0] != '1'))
        return -1;
    if (text.length > 1 && text.data[1] != '.')
        return -1;
    int weight = text.data[0] == '1' ? 1000 : 0;
    for (size_t i = 2, unit = 100; i < text.length; i++, unit /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        weight += (text.data[i] - '0') * (int)unit;
    }
    return weight <= 1000 ? weight : -1;
}

void http_codings_init(http_codings *c)
{
    *c = (http_codings){ .any = { .weight = -1 }, .least = 1000 };
    for (int i = 0; i < HTTP_CODINGS; i++)
        c->of[i].weight = -1;
}

/* Where what a member says is kept; `unknown` for a coding that is not known. */
static http_coding_wish *find(http_codings *c, capra_slice name, http_coding_wish *unknown)
{
    if (slice_is(name, "*"))
        return &c->any;
    for (int i = 0; i < HTTP_CODINGS; i++)
        if (slice_is_nocase(name, names[i]))
            return &c->of[i];
    return unknown;
}

/* Splits "name ; q=0.5". Returns the weight, -1 when it is malformed. */
static int split(capra_slice member, capra_slice *name)
{
    const char *semicolon = memchr(member.data, ';', member.length);
    *name = member;
    if (semicolon == NULL)
        return 1000;
    size_t const length = (size_t)(semicolon - member.data);
    capra_slice const weight = slice_trim(slice_from(member, length + 1));
    *name = slice_trim(slice_of(member.data, length));
    if (weight.length < 2 || ascii_lower(weight.data[0]) != 'q' || weight.data[1] != '=')
        return -1;
    return http_weight_parse(slice_from(weight, 2));
}

void http_codings_read(http_codings *c, capra_slice value)
{
    capra_slice member, name;
    http_coding_wish unknown;
    while (http_list_next(&value, &member)) {
        int const weight = split(member, &name);
        if (weight < 0)
            continue;
        if (weight > 0 && weight < c->least)
            c->least = (int16_t)weight;
        unknown.weight = -1;
        http_coding_wish *wish = find(c, name, &unknown);
        if (wish->weight < 0)
            wish->place = c->count;
        if (wish->weight < weight)
            wish->weight = (int16_t)weight;
        if (c->count < UINT16_MAX)
            c->count++;
    }
}
