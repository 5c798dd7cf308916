/* SPDX-License-Identifier: MIT */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include "password.h"
#include "token.h"

/* Accounts in an SQLite file: ACCOUNTS_FILE, or data/accounts.db. A handle may be used by several
 * threads at once, for log-ins run on threads of their own. */
typedef struct accounts accounts;

enum { EMAIL_SIZE = 255 };

typedef struct account {
    int64_t id;
    char email[EMAIL_SIZE];
    password_hash hash;
} account;

typedef enum accounts_result {
    ACCOUNTS_OK,
    ACCOUNTS_NONE,   /* nobody has this address, or this id */
    ACCOUNTS_TAKEN,  /* somebody has this address already */
    ACCOUNTS_FAILED, /* the reason is in the log */
} accounts_result;

/* For CAPRA_INIT and CAPRA_EXIT. */
const char *accounts_open(void **state);
void accounts_close(void *state);

accounts_result accounts_add(accounts *a, const char *email, const password_hash *hash);
accounts_result accounts_find(account *out, accounts *a, const char *email);
accounts_result accounts_get(account *out, accounts *a, int64_t id);

/* What tokens are signed with: JWT_SECRET, or else a secret that the file keeps. */
const token_key *accounts_key(const accounts *a);

/* The work of one bcrypt is 2 to this power: BCRYPT_COST, or 12. */
int accounts_cost(const accounts *a);

#endif
