/* SPDX-License-Identifier: MIT */
#ifndef ANSWER_H
#define ANSWER_H

#include "notes.h"

#include <capra.h>

/* Answers with what came of a request to the database; takes `value`, which may be NULL. */
void answer(capra_response *res, notes_result result, int status, json_t *value);

void answer_methods(capra_response *res, const char *allowed);

/* The number in a text of digits; -1 when it is none, or too long to be an id. */
int64_t read_number(capra_slice text);

/* What a client says of a note. `text` is NULL and `has_done` false where it says nothing. */
typedef struct note_input {
    const char *text;
    bool done, has_done;
} note_input;

/* NULL, or what is wrong with the body. `text` is lent by the request. */
const char *read_note(note_input *out, capra_request *req);

#endif
