/* SPDX-License-Identifier: MIT */
#include "accounts.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BUSY_MS = 5000, MIN_SECRET = 32, DEFAULT_COST = 12, MIN_COST = 4, MAX_COST = 16 };

/* The first worker that comes makes the secret, and all others find it. */
static const char schema[] = "CREATE TABLE IF NOT EXISTS accounts ("
                             "  id INTEGER PRIMARY KEY,"
                             "  email TEXT NOT NULL UNIQUE,"
                             "  hash TEXT NOT NULL"
                             ");"
                             "CREATE TABLE IF NOT EXISTS secrets ("
                             "  name TEXT PRIMARY KEY,"
                             "  value BLOB NOT NULL"
                             ");"
                             "INSERT OR IGNORE INTO secrets VALUES ('jwt', randomblob(32))";

struct accounts {
    sqlite3 *db;
    token_key key;
    int cost;
};

/* ---- Statements ---- */

static accounts_result fail(accounts *a)
{
    fprintf(stderr, "accounts: %s\n", sqlite3_errmsg(a->db));
    return ACCOUNTS_FAILED;
}

static void copy_text(char *out, size_t size, sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(out, size, "%s", text != NULL ? text : "");
}

/* Runs a statement whose first parameter is set, and reads the account that it finds. */
static accounts_result read_account(account *out, accounts *a, sqlite3_stmt *s)
{
    int const code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        out->id = sqlite3_column_int64(s, 0);
        copy_text(out->email, sizeof out->email, s, 1);
        copy_text(out->hash.text, sizeof out->hash.text, s, 2);
    }
    sqlite3_finalize(s);
    if (code == SQLITE_ROW)
        return ACCOUNTS_OK;
    return code == SQLITE_DONE ? ACCOUNTS_NONE : fail(a);
}

accounts_result accounts_find(account *out, accounts *a, const char *email)
{
    static const char text[] = "SELECT id, email, hash FROM accounts WHERE email = ?1";
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(a->db, text, -1, &s, NULL) != SQLITE_OK)
        return fail(a);
    sqlite3_bind_text(s, 1, email, -1, SQLITE_STATIC);
    return read_account(out, a, s);
}

accounts_result accounts_get(account *out, accounts *a, int64_t id)
{
    static const char text[] = "SELECT id, email, hash FROM accounts WHERE id = ?1";
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(a->db, text, -1, &s, NULL) != SQLITE_OK)
        return fail(a);
    sqlite3_bind_int64(s, 1, id);
    return read_account(out, a, s);
}

accounts_result accounts_add(accounts *a, const char *email, const password_hash *hash)
{
    static const char text[] = "INSERT INTO accounts (email, hash) VALUES (?1, ?2)";
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(a->db, text, -1, &s, NULL) != SQLITE_OK)
        return fail(a);
    sqlite3_bind_text(s, 1, email, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, hash->text, -1, SQLITE_STATIC);
    sqlite3_step(s);
    int const code = sqlite3_finalize(s); /* as the step's */
    if (code == SQLITE_OK)
        return ACCOUNTS_OK;
    return code == SQLITE_CONSTRAINT ? ACCOUNTS_TAKEN : fail(a);
}

const token_key *accounts_key(const accounts *a)
{
    return &a->key;
}

int accounts_cost(const accounts *a)
{
    return a->cost;
}

/* ---- Opening ---- */

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *read_cost(int *out)
{
    const char *text = setting("BCRYPT_COST");
    char *end = NULL;
    long const cost = text == NULL ? DEFAULT_COST : strtol(text, &end, 10);
    if ((end != NULL && *end != '\0') || cost < MIN_COST || cost > MAX_COST)
        return "BCRYPT_COST must be a number from 4 to 16";
    *out = (int)cost;
    return NULL;
}

static const char *read_key(accounts *a)
{
    const char *secret = setting("JWT_SECRET");
    if (secret != NULL) {
        size_t const length = strlen(secret);
        return length >= MIN_SECRET && token_key_set(&a->key, secret, length)
                   ? NULL
                   : "JWT_SECRET must have 32 to 128 characters";
    }
    sqlite3_stmt *s = NULL;
    sqlite3_prepare_v2(a->db, "SELECT value FROM secrets WHERE name = 'jwt'", -1, &s, NULL);
    bool const has_key =
        s != NULL && sqlite3_step(s) == SQLITE_ROW &&
        token_key_set(&a->key, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    sqlite3_finalize(s);
    return has_key ? NULL : "the secret cannot be read from the database";
}

static const char *open_file(accounts *a)
{
    static char reason[256]; /* read before anything else can fail */
    const char *file = setting("ACCOUNTS_FILE");
    if (file == NULL) {
        file = "data/accounts.db";
        mkdir("data", 0700);
    }
    int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    int code = sqlite3_open_v2(file, &a->db, flags, NULL);
    sqlite3_busy_timeout(a->db, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(a->db, schema, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return NULL;
    snprintf(reason, sizeof reason, "%s: %s", file, sqlite3_errmsg(a->db));
    return reason;
}

const char *accounts_open(void **state)
{
    accounts *a = calloc(1, sizeof *a);
    if (a == NULL)
        return "there is no memory";
    const char *reason = read_cost(&a->cost);
    if (reason == NULL)
        reason = open_file(a);
    if (reason == NULL)
        reason = read_key(a);
    if (reason == NULL)
        *state = a;
    else
        accounts_close(a);
    return reason;
}

void accounts_close(void *state)
{
    accounts *a = state;
    sqlite3_close(a->db);
    free(a);
}
