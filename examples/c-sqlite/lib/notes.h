/* SPDX-License-Identifier: MIT */
#ifndef NOTES_H
#define NOTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Notes in an SQLite file: NOTES_FILE, or data/notes.db. Each route of each worker has a handle of
 * its own, opened by CAPRA_INIT; SQLite takes care of who writes when. */
typedef struct notes notes;

typedef enum notes_result {
    NOTES_OK,
    NOTES_NONE,   /* there is no such note */
    NOTES_BUSY,   /* another process has been writing for too long */
    NOTES_FAILED, /* the reason is in the log */
} notes_result;

/* For CAPRA_INIT and CAPRA_EXIT. */
const char *notes_open(void **state);
void notes_close(void *state);

/* What comes through `out` is yours. */
notes_result notes_list(json_t **out, notes *n, int64_t after, int64_t limit);
notes_result notes_find(json_t **out, notes *n, int64_t id);
notes_result notes_add(json_t **out, notes *n, const char *text);

/* `text` NULL, `done` NULL: as it is. */
notes_result notes_change(json_t **out, notes *n, int64_t id, const char *text, const bool *done);
notes_result notes_remove(notes *n, int64_t id);

#endif
