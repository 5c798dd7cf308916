/* SPDX-License-Identifier: MIT */
#include "../../../lib/answer.h"

#include <string.h>

CAPRA_CONFIG({ packages : ["sqlite3 >= 3.35"], api : { bodyParser : { sizeLimit : "16kb" } } });

static void find(capra_response *res, notes *n, int64_t id)
{
    json_t *found = NULL;
    notes_result const result = notes_find(&found, n, id);
    answer(res, result, 200, found);
}

static void change(capra_request *req, capra_response *res, notes *n, int64_t id)
{
    note_input input = { 0 };
    const char *wrong = read_note(&input, req);
    if (wrong != NULL) {
        capra_fail(res, 400, wrong);
        return;
    }
    json_t *changed = NULL;
    const bool *done = input.has_done ? &input.done : NULL;
    notes_result const result = notes_change(&changed, n, id, input.text, done);
    answer(res, result, 200, changed);
}

static void delete_note(capra_response *res, notes *n, int64_t id)
{
    notes_result const result = notes_remove(n, id);
    if (result == NOTES_OK)
        capra_response_bytes(res, 204, NULL, NULL, 0);
    else
        answer(res, result, 204, NULL);
}

static void note(capra_request *req, capra_response *res)
{
    notes *n = capra_request_state(req);
    const char *method = capra_request_method(req);
    int64_t const id = read_number(capra_request_param(req, "id"));
    if (id < 0)
        answer(res, NOTES_NONE, 404, NULL);
    else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        find(res, n, id);
    else if (strcmp(method, "PATCH") == 0)
        change(req, res, n, id);
    else if (strcmp(method, "DELETE") == 0)
        delete_note(res, n, id);
    else
        answer_methods(res, "GET, PATCH, DELETE");
}

CAPRA_INIT(notes_open);
CAPRA_EXIT(notes_close);
CAPRA_ROUTE(note);
