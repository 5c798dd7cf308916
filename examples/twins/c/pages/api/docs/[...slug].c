/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <jansson.h>
#include <string.h>

/* A catch-all: its segments come with slashes between them. */
static void document(capra_request *req, capra_response *res)
{
    capra_slice const slug = capra_request_param(req, "slug");
    json_t *segments = json_array();
    const char *at = slug.data, *end = slug.data + slug.length;
    while (at <= end) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash == NULL ? end : slash;
        json_array_append_new(segments, json_stringn(at, (size_t)(stop - at)));
        at = stop + 1;
    }
    capra_json(res, 200, "{s:o}", "slug", segments);
}

CAPRA_ROUTE(document);
