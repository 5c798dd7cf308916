/* SPDX-License-Identifier: MIT */
#include "../../../lib/answer.h"

#include <string.h>

CAPRA_CONFIG({ packages : ["sqlite3 >= 3.35"], api : { bodyParser : { sizeLimit : "16kb" } } });

enum { DEFAULT_LIMIT = 20, MAX_LIMIT = 100 };

/* A number of the query; `otherwise` when it is not there, -1 when it is none. */
static int64_t number_or(capra_request *req, const char *name, int64_t otherwise)
{
    capra_slice const text = capra_request_query(req, name);
    return text.data == NULL ? otherwise : read_number(text);
}

/* GET /api/notes?after=17&limit=20: the next page begins after the last id of this one. */
static void list(capra_request *req, capra_response *res)
{
    int64_t const after = number_or(req, "after", 0);
    int64_t const limit = number_or(req, "limit", DEFAULT_LIMIT);
    if (after < 0 || limit < 1 || limit > MAX_LIMIT) {
        capra_fail(res, 400, "`after` must be an id, and `limit` a number from 1 to 100");
        return;
    }
    json_t *found = NULL;
    notes_result const result = notes_list(&found, capra_request_state(req), after, limit);
    answer(res, result, 200, found);
}

static void add(capra_request *req, capra_response *res)
{
    note_input input = { 0 };
    const char *wrong = read_note(&input, req);
    if (wrong == NULL && input.text == NULL)
        wrong = "`text` is missing";
    if (wrong != NULL) {
        capra_fail(res, 400, wrong);
        return;
    }
    json_t *made = NULL;
    notes_result const result = notes_add(&made, capra_request_state(req), input.text);
    if (result == NOTES_OK) {
        json_int_t const id = json_integer_value(json_object_get(made, "id"));
        capra_response_header(res, "Location",
                              capra_printf(req, "/api/notes/%" JSON_INTEGER_FORMAT, id));
    }
    answer(res, result, 201, made);
}

static void notes_route(capra_request *req, capra_response *res)
{
    const char *method = capra_request_method(req);
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        list(req, res);
    else if (strcmp(method, "POST") == 0)
        add(req, res);
    else
        answer_methods(res, "GET, POST");
}

CAPRA_INIT(notes_open);
CAPRA_EXIT(notes_close);
CAPRA_ROUTE(notes_route);
