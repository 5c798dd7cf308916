/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_STATUS_H
#define CAPRA_HTTP_STATUS_H

#include "base/slice.h"

/* The standard reason phrase, as Node's http.STATUS_CODES has it; "unknown" for a code that has
 * none. Lent for ever. */
const char *http_status_reason(int status);

/* The whole status line, CR LF included, "HTTP/1.1 200 OK\r\n"; an empty slice for a code
 * without a standard phrase. Lent for ever. */
capra_slice http_status_line(int status);

/* No body whatever the headers say: 1xx, 204, 304 (RFC 9110, 6.4.1). */
bool http_status_is_bodyless(int status);

#endif
