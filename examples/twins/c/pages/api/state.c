/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <stdlib.h>

/* What each worker keeps between requests: here a list of words, made once. */
typedef struct words {
    const char *first, *second;
} words;

static const char *open_words(void **state)
{
    words *w = malloc(sizeof *w);
    if (w == NULL)
        return "there is no memory";
    *w = (words){ "one", "two" };
    *state = w;
    return NULL;
}

static void show(capra_request *req, capra_response *res)
{
    const words *w = capra_request_state(req);
    capra_json(res, 200, "{s:[s, s]}", "words", w->first, w->second);
}

CAPRA_INIT(open_words);
CAPRA_EXIT(free);
CAPRA_ROUTE(show);
