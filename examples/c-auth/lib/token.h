/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_H
#define TOKEN_H

#include <capra.h>

/* JSON Web Tokens (RFC 7519) that are signed with HMAC-SHA-256 (RFC 7518, 3.2). */
typedef struct token_key {
    unsigned char bytes[128];
    size_t length;
} token_key;

/* False when the secret is empty or too long. It is copied. */
bool token_key_set(token_key *out, const void *secret, size_t length);

/* A token that says who it was given to, for so many seconds; lent by the request. */
const char *token_make(capra_request *req, const token_key *key, int64_t subject, int64_t seconds);

/* Who a token was given to; -1 when it is not ours, was changed, or is too old. */
int64_t token_read(capra_request *req, const token_key *key, capra_slice token);

#endif
