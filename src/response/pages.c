/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "response.h"

#include <stdio.h>

/* The answers that no handler gives. */

static const char text_lines[] = "Content-Type: text/plain; charset=utf-8\r\n";

/* RFC 9110, 15.5.22 */
static const char busy_lines[] = "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Retry-After: 1\r\n";
static const char upgrade_lines[] = "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Upgrade: HTTP/1.1\r\n"
                                    "Connection: Upgrade\r\n";

static const char page_type[] = "Content-Type: text/html; charset=utf-8\r\n";
static const char powered_line[] = "X-Powered-By: Next.js\r\n";
static const char never_line[] =
    "Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate\r\n";
static const char never_in_dev_line[] = "Cache-Control: no-store\r\n";

static const char page_format[] =
    "<!DOCTYPE html><html><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>%d: %s</title><style>"
    "body{font-family:system-ui,sans-serif;height:100vh;margin:0;display:flex;align-items:center;"
    "justify-content:center;color:#111;background:#fff}h1{font-size:1.5rem;margin:0;"
    "padding:.6rem 1.4rem .6rem 0;border-right:1px solid #8886}h2{font-size:.9rem;"
    "font-weight:400;margin:0;padding-left:1.4rem}@media(prefers-color-scheme:dark){body{"
    "color:#eee;background:#111}}</style></head><body><h1>%d</h1><h2>%s</h2></body></html>\n";

static bool is_as_next(const capra_response *res)
{
    return res->settings != NULL && res->settings->as_next;
}

/* What Next sends with `res.end()`, whose length is not known as the head is made. With
 * `compress: false` it is Node's own `end`, which knows. */
static unsigned end_flags(const capra_response *res)
{
    return is_as_next(res) && res->settings->compressor != NULL ? RESPONSE_CHUNKED : 0;
}

static const char *cache_line(const capra_response *res)
{
    return res->settings != NULL && res->settings->is_dev ? never_in_dev_line : never_line;
}

static const char *page_text(int status)
{
    switch (status) {
    case 400:
        return "Bad Request.";
    case 404:
        return "This page could not be found.";
    case 405:
        return "Method Not Allowed.";
    default:
        return "Internal Server Error.";
    }
}

static void send_page(capra_response *res, int status, const char *cache, capra_slice more)
{
    response_take_preset_back(res);
    char lines[512];
    bool const is_powered_by = is_as_next(res) && res->settings->is_powered_by;
    int const lines_length =
        snprintf(lines, sizeof lines, "%s%s%s%.*s", cache, is_powered_by ? powered_line : "",
                 page_type, (int)more.length, more.length > 0 ? more.data : "");
    char body[1024];
    const char *text = page_text(status);
    int const length = snprintf(body, sizeof body, page_format, status, text, status, text);
    response_head const head = {
        .status = status,
        .lines = slice_of(lines, (size_t)lines_length),
        .flags = RESPONSE_LATE_TYPE |
                 (res->settings != NULL && res->settings->tags_pages ? RESPONSE_ETAG : 0),
    };
    response_send(res, &head, slice_of(body, (size_t)length));
}

void response_page(capra_response *res, int status)
{
    send_page(res, status, cache_line(res), (capra_slice){ 0 });
}

void response_page_with(capra_response *res, int status, capra_slice lines)
{
    send_page(res, status, cache_line(res), lines);
}

/* Where a browser says that it puts what it fetches, and it is no place for a page. */
static bool is_part_of_page(const capra_response *res)
{
    static const char *const destinations[] = {
        "audio",        "audioworklet",  "font",         "image",  "json",  "manifest",
        "paintworklet", "report",        "script",       "style",  "track", "video",
        "webidentity",  "serviceworker", "sharedworker", "worker", "xslt",
    };
    if (res->head->method != HTTP_GET && res->head->method != HTTP_HEAD)
        return false;
    capra_slice const value = http_head_field(res->head, res->data, slice_text("sec-fetch-dest"));
    for (size_t i = 0; i < sizeof destinations / sizeof *destinations; i++)
        if (slice_is(value, destinations[i]))
            return true;
    return false;
}

static bool starts_with(capra_slice path, const char *prefix)
{
    size_t const length = strlen(prefix);
    return path.length >= length && memcmp(path.data, prefix, length) == 0;
}

void response_not_found(capra_response *res, capra_slice path, bool is_known)
{
    if (!starts_with(path, "/_next/static/") && !is_part_of_page(res)) {
        send_page(res, 404, is_known ? "" : cache_line(res), (capra_slice){ 0 });
        return;
    }
    char lines[256];
    int const length = snprintf(lines, sizeof lines, "%s%s", cache_line(res), text_lines);
    response_head const head = { .status = 404,
                                 .lines = slice_of(lines, (size_t)length),
                                 .flags = end_flags(res) };
    response_send(res, &head, slice_text("Not Found"));
}

static void send_text(capra_response *res, int status, capra_slice text)
{
    const char *lines = status == 426 ? upgrade_lines : status == 503 ? busy_lines : text_lines;
    response_head const head = { .status = status, .lines = slice_text(lines) };
    response_send(res, &head, text);
}

void response_error_text(capra_response *res, int status, capra_slice text)
{
    response_take_preset_back(res);
    response_head const as_next = { .status = status, .flags = end_flags(res) };
    if (is_as_next(res))
        response_send(res, &as_next, text);
    else
        send_text(res, status, text);
}

void response_refusal(capra_response *res, int status, capra_slice text)
{
    response_take_preset_back(res);
    response_head const as_next = { .status = status, .reason = text, .flags = end_flags(res) };
    if (is_as_next(res))
        response_send(res, &as_next, text);
    else
        send_text(res, status, text);
}

void response_error(capra_response *res, int code)
{
    response_take_preset_back(res);
    char body[256];
    int const status = error_status(code);
    int const length =
        snprintf(body, sizeof body, "%s: %s\n", http_status_reason(status), error_message(code));
    send_text(res, status, slice_of(body, (size_t)length));
}

/* As Next does: the target is the body too, and some old browsers know of 308 by `Refresh` only. */
void response_redirect(capra_response *res, int status, capra_slice location)
{
    buffer lines = { 0 };
    buffer_append_slice(&lines, slice_text("location: "));
    buffer_append_slice(&lines, location);
    if (status == 308) {
        buffer_append_slice(&lines, slice_text("\r\nRefresh: 0;url="));
        buffer_append_slice(&lines, location);
    }
    buffer_append_slice(&lines, slice_text("\r\n"));
    response_head const head = { .status = status,
                                 .lines = buffer_slice(&lines),
                                 .flags = is_as_next(res) ? RESPONSE_CHUNKED : 0 };
    response_send(res, &head, location);
    buffer_cleanup(&lines);
}
