/* SPDX-License-Identifier: MIT */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>

/* bcrypt looks at no more, so a longer one is refused and not cut. */
enum { PASSWORD_MIN = 8, PASSWORD_MAX = 72 };

/* "$2b$12$…": cost, salt and hash in one. */
typedef struct password_hash {
    char text[64];
} password_hash;

/* Both take a good part of a second, as they should; call them in a handler that is `blocking`.
 * `cost`: the work is 2 to this power. False when the system gives no random bytes. */
bool password_make(password_hash *out, const char *password, int cost);
bool password_matches(const char *password, const password_hash *hash);

/* The hash of no password, which costs as much to compare with: so that who asks for an account
 * that does not exist waits as long as who has the wrong password. */
password_hash password_decoy(int cost);

#endif
