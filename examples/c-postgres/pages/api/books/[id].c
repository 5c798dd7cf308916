/* SPDX-License-Identifier: MIT */
#include "../../../lib/book.h"
#include "../../../lib/pg.h"

#include <string.h>

CAPRA_CONFIG({ packages : ["libpq >= 13"], maxDuration : 10 });

enum { MAX_DIGITS = 18 };

static void on_found(capra_request *req, capra_response *res, const PGresult *result)
{
    if (!pg_check(res, result))
        return;
    if (PQntuples(result) == 0) {
        capra_fail(res, 404, "There is no such book");
        return;
    }
    json_t *book = book_of(result, 0);
    capra_json_value(res, 200, book);
    json_decref(book);
}

/* GET gives the book, DELETE gives it for the last time. */
static void book(capra_request *req, capra_response *res)
{
    static const char find[] = "SELECT " BOOK_COLUMNS " FROM books WHERE id = $1::bigint";
    static const char take[] = "DELETE FROM books WHERE id = $1::bigint RETURNING " BOOK_COLUMNS;
    const char *method = capra_request_method(req);
    bool const is_delete = strcmp(method, "DELETE") == 0;
    if (!is_delete && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        capra_response_header(res, "Allow", "GET, DELETE");
        capra_fail(res, 405, "Method Not Allowed");
        return;
    }
    capra_slice const id = capra_request_param(req, "id");
    const char **values = capra_alloc(req, sizeof *values);
    values[0] = capra_text(req, id);
    if (id.length > MAX_DIGITS || strspn(values[0], "0123456789") != id.length)
        capra_fail(res, 404, "There is no such book");
    else
        pg_query(req, res, is_delete ? take : find, 1, values, on_found);
}

CAPRA_INIT(pg_open);
CAPRA_EXIT(pg_close);
CAPRA_ROUTE(book);
