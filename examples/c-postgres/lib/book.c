/* SPDX-License-Identifier: MIT */
#include "book.h"

#include <stdlib.h>

json_t *book_of(const PGresult *result, int row)
{
    return json_pack("{s:I, s:s, s:s, s:i}", "id",
                     (json_int_t)strtoll(PQgetvalue(result, row, 0), NULL, 10), "title",
                     PQgetvalue(result, row, 1), "author", PQgetvalue(result, row, 2), "year",
                     (int)strtol(PQgetvalue(result, row, 3), NULL, 10));
}
