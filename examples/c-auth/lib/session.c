/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LIFETIME_S = 3600 };

static const char cookie_name[] = "token";

/* The text of a field; NULL when it is missing, no text, or has a zero byte in it. */
static const char *text_of(const json_t *body, const char *field)
{
    const json_t *value = json_object_get(body, field);
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

/* Whether mail could be sent to it only the mail tells. */
static bool looks_like_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == '\x7f')
            return false;
    }
    return strlen(text) < EMAIL_SIZE;
}

const char *session_read(credentials *out, capra_request *req)
{
    const json_t *body = capra_request_json(req);
    const char *email = text_of(body, "email");
    out->password = text_of(body, "password");
    if (email == NULL || !looks_like_address(email))
        return "`email` must be an address";
    if (out->password == NULL || strlen(out->password) < PASSWORD_MIN ||
        strlen(out->password) > PASSWORD_MAX)
        return "`password` must have 8 to 72 bytes";
    snprintf(out->email, sizeof out->email, "%s", email);
    for (char *c = out->email; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return NULL;
}

int64_t session_of(capra_request *req)
{
    static const char scheme[] = "Bearer ";
    const accounts *a = capra_request_state(req);
    capra_slice token = capra_request_header(req, "Authorization");
    size_t const length = sizeof scheme - 1;
    if (token.length > length && strncasecmp(token.data, scheme, length) == 0)
        token = (capra_slice){ token.data + length, token.length - length };
    else
        token = capra_request_cookie(req, cookie_name);
    return token_read(req, accounts_key(a), token);
}

void session_begin(capra_request *req, capra_response *res, int64_t id)
{
    const accounts *a = capra_request_state(req);
    const char *token = token_make(req, accounts_key(a), id, LIFETIME_S);
    capra_response_cookie(res, cookie_name, token,
                          &(capra_cookie){ .max_age_s = LIFETIME_S,
                                           .http_only = true,
                                           .secure = true,
                                           .same_site = CAPRA_SAME_SITE_LAX });
    capra_json(res, 200, "{s:s, s:i}", "token", token, "expiresIn", LIFETIME_S);
}

void session_end(capra_response *res)
{
    capra_response_cookie(res, cookie_name, "",
                          &(capra_cookie){ .max_age_s = -1, .http_only = true, .secure = true });
    capra_response_bytes(res, 204, NULL, NULL, 0);
}

bool session_takes(capra_request *req, capra_response *res, const char *method)
{
    if (strcmp(capra_request_method(req), method) == 0)
        return true;
    capra_response_header(res, "Allow", method);
    capra_fail(res, 405, "Method Not Allowed");
    return false;
}
