/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <stdint.h>

enum { FIRST = 100, LAST = 511 };

typedef struct row {
    const char *reason;
    capra_slice line;
} row;

#define LINE(code, reason) "HTTP/1.1 " #code " " reason "\r\n"

static const row rows[] = { { "unknown", { NULL, 0 } },
#define ROW(code, reason) { reason, { LINE(code, reason), sizeof LINE(code, reason) - 1 } },
                            HTTP_STATUSES(ROW)
#undef ROW
};

enum {
    ROW_UNKNOWN,
#define ROW(code, reason) ROW_##code,
    HTTP_STATUSES(ROW)
#undef ROW
};

static const uint8_t row_of[LAST - FIRST + 1] = {
#define ROW(code, reason) [code - FIRST] = ROW_##code,
    HTTP_STATUSES(ROW)
#undef ROW
};

static const row *find(int status)
{
    return &rows[status < FIRST || status > LAST ? ROW_UNKNOWN : row_of[status - FIRST]];
}

const char *http_status_reason(int status)
{
    return find(status)->reason;
}

capra_slice http_status_line(int status)
{
    return find(status)->line;
}

bool http_status_is_bodyless(int status)
{
    return (status >= 100 && status < 200) || status == 204 || status == 304;
}
