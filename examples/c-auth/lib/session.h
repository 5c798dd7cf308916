/* SPDX-License-Identifier: MIT */
#ifndef SESSION_H
#define SESSION_H

#include "accounts.h"

/* What a log-in or a registration has in its body. */
typedef struct credentials {
    char email[EMAIL_SIZE];
    const char *password; /* lent by the request */
} credentials;

/* NULL, or what is wrong with the body. */
const char *session_read(credentials *out, capra_request *req);

/* Whose token comes with the request, as a Bearer header or in the cookie; -1: nobody's. */
int64_t session_of(capra_request *req);

/* Answers with a token, and puts it into a cookie that scripts cannot read. */
void session_begin(capra_request *req, capra_response *res, int64_t id);
void session_end(capra_response *res);

/* Whether the method is the one; another one is answered. */
bool session_takes(capra_request *req, capra_response *res, const char *method);

#endif
