/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_DATE_H
#define CAPRA_HTTP_DATE_H

#include "base/slice.h"

#include <stdint.h>

enum { HTTP_DATE_LENGTH = 29 };

/* Writes an IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), without a zero byte.
 * `seconds`: since 1970, years 1970 to 9999. */
void http_date_write(char out[HTTP_DATE_LENGTH], int64_t seconds);

/* Reads any of the three forms of RFC 9110, 5.6.7, case-sensitively: IMF-fixdate, that of RFC 850
 * (whose two digits mean no year later than 50 years from now), that of asctime. False if it is
 * none of them or there is no such day or time; the name of the weekday need not be the right one.
 */
bool http_date_parse(int64_t *out, capra_slice text);

#endif
