/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <string.h>

enum { MAX_TEXT = 2000, MAX_DIGITS = 18 };

void answer(capra_response *res, notes_result result, int status, json_t *value)
{
    switch (result) {
    case NOTES_OK:
        capra_json_value(res, status, value);
        break;
    case NOTES_NONE:
        capra_fail(res, 404, "There is no such note");
        break;
    case NOTES_BUSY:
        capra_response_header(res, "Retry-After", "1");
        capra_fail(res, 503, "The database is busy");
        break;
    case NOTES_FAILED:
        capra_fail(res, 500, "The database has failed");
        break;
    }
    json_decref(value);
}

void answer_methods(capra_response *res, const char *allowed)
{
    capra_response_header(res, "Allow", allowed);
    capra_fail(res, 405, "Method Not Allowed");
}

int64_t read_number(capra_slice text)
{
    if (text.length == 0 || text.length > MAX_DIGITS)
        return -1;
    int64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        number = number * 10 + (text.data[i] - '0');
    }
    return number;
}

const char *read_note(note_input *out, capra_request *req)
{
    const json_t *body = capra_request_json(req);
    const json_t *text = json_object_get(body, "text");
    const json_t *done = json_object_get(body, "done");
    if (!json_is_object(body))
        return "The body must be a JSON object";
    if (text != NULL && (!json_is_string(text) || json_string_length(text) == 0))
        return "`text` must be a text that is not empty";
    if (text != NULL && strlen(json_string_value(text)) < json_string_length(text))
        return "`text` must not have a zero byte in it";
    if (json_string_length(text) > MAX_TEXT)
        return "`text` is too long";
    if (done != NULL && !json_is_boolean(done))
        return "`done` must be true or false";
    *out = (note_input){ json_string_value(text), json_is_true(done), done != NULL };
    return NULL;
}
