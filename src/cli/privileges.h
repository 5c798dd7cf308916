/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_PRIVILEGES_H
#define CAPRA_CLI_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Who `--user NAME[:GROUP]` means; both may be numbers, and without a group it is the user's own.
 */
typedef struct account {
    uid_t user;
    gid_t group;
    char name[64]; /* empty: a number that has no name */
    char home[1024];
} account;

/* False after a line on stderr that says who is not known here. */
bool privileges_find(account *out, const char *text);

/* Becomes that user for good, in this process and all that it starts: groups, user, HOME, and no
 * way to gain privileges by exec. False after a line on stderr when the system does not let it;
 * then the process must not go on. */
bool privileges_drop(const account *to);

#endif
