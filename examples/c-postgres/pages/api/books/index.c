/* SPDX-License-Identifier: MIT */
#include "../../../lib/book.h"
#include "../../../lib/pg.h"

#include <string.h>

CAPRA_CONFIG({
    packages : ["libpq >= 13"],
    maxDuration : 10,
    api : { bodyParser : { sizeLimit : "16kb" } }
});

enum { MAX_TEXT = 200, MAX_YEAR = 9999 };

/* ---- GET /api/books?author=… ---- */

static void on_list(capra_request *req, capra_response *res, const PGresult *result)
{
    if (!pg_check(res, result))
        return;
    json_t *list = json_array();
    for (int row = 0; row < PQntuples(result); row++)
        json_array_append_new(list, book_of(result, row));
    capra_json_value(res, 200, list);
    json_decref(list);
}

static void list_books(capra_request *req, capra_response *res)
{
    static const char text[] = "SELECT " BOOK_COLUMNS " FROM books "
                               "WHERE $1::text IS NULL OR author = $1 ORDER BY id LIMIT 100";
    capra_slice const author = capra_request_query(req, "author");
    if (author.data != NULL && memchr(author.data, '\0', author.length) != NULL) {
        capra_fail(res, 400, "`author` must be a text");
        return;
    }
    const char **values = capra_alloc(req, sizeof *values);
    values[0] = author.data == NULL ? NULL : capra_text(req, author);
    pg_query(req, res, text, 1, values, on_list);
}

/* ---- POST /api/books ---- */

/* A text of the body; NULL when it is missing, empty, too long, or has a zero byte in it. */
static const char *text_of(const json_t *body, const char *field)
{
    const json_t *value = json_object_get(body, field);
    const char *text = json_string_value(value);
    size_t const length = json_string_length(value);
    return length > 0 && length <= MAX_TEXT && strlen(text) == length ? text : NULL;
}

static void on_added(capra_request *req, capra_response *res, const PGresult *result)
{
    if (!pg_check(res, result))
        return;
    json_t *book = book_of(result, 0);
    capra_response_header(res, "Location",
                          capra_printf(req, "/api/books/%s", PQgetvalue(result, 0, 0)));
    capra_json_value(res, 201, book);
    json_decref(book);
}

static void add_book(capra_request *req, capra_response *res)
{
    static const char text[] = "INSERT INTO books (title, author, year) VALUES ($1, $2, $3::int) "
                               "RETURNING " BOOK_COLUMNS;
    const json_t *body = capra_request_json(req);
    const char *title = text_of(body, "title");
    const char *author = text_of(body, "author");
    const json_t *year = json_object_get(body, "year");
    json_int_t const number = json_integer_value(year);
    if (title == NULL || author == NULL) {
        capra_fail(res, 400, "`title` and `author` must be texts of 1 to 200 bytes");
    } else if (!json_is_integer(year) || number < 1 || number > MAX_YEAR) {
        capra_fail(res, 400, "`year` must be a number from 1 to 9999");
    } else {
        const char **values = capra_alloc(req, 3 * sizeof *values);
        values[0] = title;
        values[1] = author;
        values[2] = capra_printf(req, "%d", (int)number);
        pg_query(req, res, text, 3, values, on_added);
    }
}

static void books(capra_request *req, capra_response *res)
{
    const char *method = capra_request_method(req);
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
        list_books(req, res);
    } else if (strcmp(method, "POST") == 0) {
        add_book(req, res);
    } else {
        capra_response_header(res, "Allow", "GET, POST");
        capra_fail(res, 405, "Method Not Allowed");
    }
}

CAPRA_INIT(pg_open);
CAPRA_EXIT(pg_close);
CAPRA_ROUTE(books);
