/* SPDX-License-Identifier: MIT */
#ifndef BOOK_H
#define BOOK_H

#include <jansson.h>
#include <libpq-fe.h>

#define BOOK_COLUMNS "id, title, author, year"

/* A row with these columns; the value is yours. */
json_t *book_of(const PGresult *result, int row);

#endif
