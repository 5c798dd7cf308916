/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "response.h"

#include <stdio.h>

/* The answers that no handler gives. */

static const char text_lines[] = "Content-Type: text/plain; charset=utf-8\r\n";

static const char page_lines[] =
    "Cache-Control: private, no-cache, no-store, max-age=0, must-revalidate\r\n"
    "Content-Type: text/html; charset=utf-8\r\n";

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

void response_page(capra_response *res, int status)
{
    response_page_with(res, status, (capra_slice){ 0 });
}

void response_page_with(capra_response *res, int status, capra_slice more)
{
    char lines[512];
    int const lines_length = snprintf(lines, sizeof lines, "%s%.*s", page_lines, (int)more.length,
                                      more.length > 0 ? more.data : "");
    char body[1024];
    const char *text = page_text(status);
    int const length = snprintf(body, sizeof body, page_format, status, text, status, text);
    response_head const head = {
        .status = status,
        .lines = slice_of(lines, (size_t)lines_length),
        .flags = res->settings != NULL && res->settings->tags_pages ? RESPONSE_ETAG : 0,
    };
    response_send(res, &head, slice_of(body, (size_t)length));
}

void response_error_text(capra_response *res, int status, capra_slice text)
{
    response_head const head = { .status = status, .lines = slice_text(text_lines) };
    response_send(res, &head, text);
}

void response_error(capra_response *res, int code)
{
    char body[256];
    int const status = error_status(code);
    int const length =
        snprintf(body, sizeof body, "%s: %s\n", http_status_reason(status), error_message(code));
    response_error_text(res, status, slice_of(body, (size_t)length));
}

/* In chunks where Next does so. */
static void send_as_next(capra_response *res, const response_head *head, capra_slice body)
{
    if (!is_as_next(res)) {
        response_send(res, head, body);
    } else if (response_begin(res, head, -1) == 0) {
        response_write(res, body);
        response_end(res, (capra_slice){ 0 });
    }
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
    response_head const head = { .status = status, .lines = buffer_slice(&lines) };
    send_as_next(res, &head, location);
    buffer_cleanup(&lines);
}
