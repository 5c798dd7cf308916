/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A write waits for another one so long, and with it all requests of this worker. */
enum { BUSY_MS = 1000, TRIES = 50, PAUSE_MS = 20 };

#define COLUMNS "id, text, done, created"

enum { LIST, FIND, ADD, CHANGE, REMOVE, STATEMENTS };

/* Prepared once; values come in only as parameters, never as a part of the text. */
static const char *const texts[STATEMENTS] = {
    [LIST] = "SELECT " COLUMNS " FROM notes WHERE id > ?1 ORDER BY id LIMIT ?2",
    [FIND] = "SELECT " COLUMNS " FROM notes WHERE id = ?1",
    [ADD] = "INSERT INTO notes (text) VALUES (?1) RETURNING " COLUMNS,
    [CHANGE] = "UPDATE notes SET text = ifnull(?2, text), done = ifnull(?3, done) WHERE id = ?1 "
               "RETURNING " COLUMNS,
    [REMOVE] = "DELETE FROM notes WHERE id = ?1 RETURNING " COLUMNS,
};

static const char schema[] = "PRAGMA synchronous = NORMAL;"
                             "CREATE TABLE IF NOT EXISTS notes ("
                             "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                             "  text TEXT NOT NULL,"
                             "  done INTEGER NOT NULL DEFAULT 0,"
                             "  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))"
                             ")";

struct notes {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

/* ---- Opening ---- */

/* Readers and a writer at the same time. The change to it does not wait for others by itself, and
 * all workers start at once. */
static int use_wal(sqlite3 *db)
{
    int code = SQLITE_BUSY;
    for (int i = 0; i < TRIES && code == SQLITE_BUSY; i++) {
        code = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_BUSY)
            sqlite3_sleep(PAUSE_MS);
    }
    return code;
}

static int prepare(notes *n)
{
    int code = use_wal(n->db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(n->db, schema, NULL, NULL, NULL);
    for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(n->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &n->statements[i],
                                  NULL);
    return code;
}

const char *notes_open(void **state)
{
    static char reason[256]; /* read before anything else can fail */
    const char *file = getenv("NOTES_FILE");
    if (file == NULL || file[0] == '\0') {
        file = "data/notes.db";
        mkdir("data", 0700);
    }
    notes *n = calloc(1, sizeof *n);
    if (n == NULL)
        return "there is no memory";
    int code = sqlite3_open_v2(file, &n->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_busy_timeout(n->db, BUSY_MS);
    if (code == SQLITE_OK)
        code = prepare(n);
    if (code == SQLITE_OK) {
        *state = n;
        return NULL;
    }
    snprintf(reason, sizeof reason, "%s: %s", file, sqlite3_errmsg(n->db));
    notes_close(n);
    return reason;
}

void notes_close(void *state)
{
    notes *n = state;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(n->statements[i]);
    sqlite3_close(n->db);
    free(n);
}

/* ---- Statements ---- */

static json_t *read_row(sqlite3_stmt *s)
{
    return json_pack("{s:I, s:s, s:b, s:s}", "id", (json_int_t)sqlite3_column_int64(s, 0), "text",
                     (const char *)sqlite3_column_text(s, 1), "done", sqlite3_column_int(s, 2),
                     "created", (const char *)sqlite3_column_text(s, 3));
}

/* Ends a statement whose last step gave `code`, so that it can be used again and locks nothing. */
static notes_result end(notes *n, sqlite3_stmt *s, int code)
{
    int const ended = sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        code = ended;
    if (code == SQLITE_OK)
        return NOTES_OK;
    if (code == SQLITE_BUSY)
        return NOTES_BUSY;
    fprintf(stderr, "notes: %s\n", sqlite3_errmsg(n->db));
    return NOTES_FAILED;
}

static notes_result take_one(json_t **out, notes *n, sqlite3_stmt *s)
{
    int const code = sqlite3_step(s);
    json_t *row = code == SQLITE_ROW ? read_row(s) : NULL;
    notes_result const result = end(n, s, code);
    if (result == NOTES_OK && row != NULL) {
        *out = row;
        return NOTES_OK;
    }
    json_decref(row);
    return result == NOTES_OK ? NOTES_NONE : result;
}

notes_result notes_list(json_t **out, notes *n, int64_t after, int64_t limit)
{
    sqlite3_stmt *s = n->statements[LIST];
    sqlite3_bind_int64(s, 1, after);
    sqlite3_bind_int64(s, 2, limit);
    json_t *list = json_array();
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        json_array_append_new(list, read_row(s));
    notes_result const result = end(n, s, code);
    if (result == NOTES_OK)
        *out = list;
    else
        json_decref(list);
    return result;
}

notes_result notes_find(json_t **out, notes *n, int64_t id)
{
    sqlite3_bind_int64(n->statements[FIND], 1, id);
    return take_one(out, n, n->statements[FIND]);
}

notes_result notes_add(json_t **out, notes *n, const char *text)
{
    sqlite3_bind_text(n->statements[ADD], 1, text, -1, SQLITE_STATIC);
    return take_one(out, n, n->statements[ADD]);
}

notes_result notes_change(json_t **out, notes *n, int64_t id, const char *text, const bool *done)
{
    sqlite3_stmt *s = n->statements[CHANGE];
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_text(s, 2, text, -1, SQLITE_STATIC); /* NULL stays NULL */
    if (done != NULL)
        sqlite3_bind_int(s, 3, *done);
    return take_one(out, n, s);
}

notes_result notes_remove(notes *n, int64_t id)
{
    json_t *removed = NULL;
    sqlite3_bind_int64(n->statements[REMOVE], 1, id);
    notes_result const result = take_one(&removed, n, n->statements[REMOVE]);
    json_decref(removed);
    return result;
}
