/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stddef.h>

typedef struct row {
    const char *name, *message;
    int status;
} row;

static const row rows[] = {
#define CAPRA_ERROR_ROW(name, status, message) { "CAPRA_E_" #name, message, status },
    CAPRA_ERRORS(CAPRA_ERROR_ROW)
#undef CAPRA_ERROR_ROW
};

static const row *find(int code)
{
    if (code <= CAPRA_ERROR_FIRST || code >= CAPRA_ERROR_LAST)
        return NULL;
    return &rows[code - CAPRA_ERROR_FIRST - 1];
}

const char *error_name(int code)
{
    const row *r = find(code);
    return r != NULL ? r->name : code == 0 ? "0" : "?";
}

const char *error_message(int code)
{
    const row *r = find(code);
    return r != NULL ? r->message : code == 0 ? "no error" : "an unknown error";
}

int error_status(int code)
{
    const row *r = find(code);
    return r != NULL && r->status != 0 ? r->status : 500;
}
