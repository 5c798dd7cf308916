/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_APP_H
#define CAPRA_APP_H

#include "base/networks.h"
#include "files/files.h"
#include "http/method.h"
#include "route/route.h"
#include "rules/rules.h"

#include <capra.h>
#include <stdbool.h>

/* A build, as its manifest describes it: all routes, ready to be matched and run. Made once,
 * then only read; counted, so that requests in flight keep theirs when a new one comes. */
typedef struct app app;

typedef enum app_kind {
    APP_SCRIPT,    /* JavaScript or TypeScript */
    APP_NATIVE,    /* a shared object */
    APP_BROKEN,    /* in development: did not compile; `message` says why */
    APP_ELSEWHERE, /* of the share that workers of another kind have */
} app_kind;

/* What of a build a process serves. Its table has all routes, whatever it serves. */
typedef enum app_share {
    APP_WHOLE,
    APP_SCRIPTS, /* all but routes in C: these are not even loaded */
    APP_NATIVES, /* all but what only Node can run */
} app_share;

/* Handlers by method, of a route that app_make has made. */
typedef struct app_methods app_methods;

typedef struct app_route {
    const char *pattern; /* "/api/users/[id]" */
    const char *file;    /* "pages/api/users/[id].ts" */
    app_kind kind;
    const char *message;
    capra_route_fn run;       /* native */
    capra_route_fn blocking;  /* what `run` runs elsewhere, if it is_blocking */
    bool is_blocking;         /* the handler waits, and so does it on another thread */
    bool reads_body;          /* the whole body is read before the handler runs */
    int64_t body_limit;       /* bytes; -1: none */
    const char *limit_text;   /* the limit as its author wrote it */
    uint64_t max_duration_ms; /* how long it may take to answer; 0: it does not say */
    void *state;              /* what capra_request_state gives its handler */
    app_methods *methods;     /* NULL: `run` takes them all */
} app_route;

/* What the project's configuration says about all routes: `settings` of the manifest, from
 * next.config and capra.json. */
typedef struct app_settings {
    bool is_dev;             /* built by `capra dev` */
    bool is_strict_parity;   /* what Next does, also where Capra would rather not */
    capra_slice base_path;   /* "/docs": all routes stand below it; empty: none */
    bool has_trailing_slash; /* paths end with a slash, those without are redirected */
    bool redirects_slash;    /* a path in the other form is redirected, not served */
    bool compresses;
    bool has_etags;               /* of pages: routes always have theirs */
    bool is_powered_by;           /* the pages say X-Powered-By */
    int64_t proxy_body_limit;     /* bytes of a body that the project's proxy reads */
    const char *proxy_limit_text; /* the same as its author wrote it */
} app_settings;

/* Reads the manifest (a path) and loads the compiled C routes. Returns 0, or CAPRA_E_MANIFEST,
 * CAPRA_E_ROUTE or CAPRA_E_LOAD with a sentence for the operator in `why`. */
int app_load(app **out, const char *manifest, app_share share, char *why, size_t why_size);

/* A route that is written down in code. */
#define APP_ANY_METHOD HTTP_METHOD_COUNT
typedef struct app_entry {
    const char *pattern; /* "/api/users/[id]" */
    http_method method;  /* or APP_ANY_METHOD, for all that have no entry of their own */
    capra_route_fn run;
    int64_t body_limit; /* bytes; 0: 1 MB, as for other routes; -1: none */
    bool streams_body;  /* the handler runs before the body has come; as `bodyParser: false` */
    bool is_blocking;   /* the handler waits, and runs on another thread */
} app_entry;

/* The same from code, with the settings of a project that has none: no manifest, no public files,
 * no rules. Entries with the same pattern and different methods are one route, for which the first
 * of them says how its body is read and where it runs; HEAD is answered as GET is, OPTIONS says
 * what is allowed, and the rest gets a 405. `state` is what capra_request_state gives every
 * handler; lent, it outlives the app. All else is copied. Returns 0, or CAPRA_E_ROUTE with a
 * sentence in `why`. */
int app_make(app **out, const app_entry *entries, uint32_t count, void *state, char *why,
             size_t why_size);

/* What has to be known of a build before a worker loads it. */
typedef struct app_facts {
    bool needs_node;       /* it has a route, or a proxy, that only Node can run */
    bool has_natives;      /* it has a route in C */
    bool is_strict_parity; /* it was built with --parity next */
} app_facts;

/* Reads only that of the manifest. 0, or CAPRA_E_MANIFEST with a sentence in `why`. */
int app_peek(app_facts *out, const char *manifest, char *why, size_t why_size);

/* For whoever keeps it beyond the call that gave it; returns it. */
app *app_hold(app *a);
void app_release(app *a); /* the last one frees it; takes NULL */

/* All of these are lent for as long as the app is held. A route is found by its place in the
 * manifest, which is below app_route_count. */
const app_route *app_find(const app *a, uint32_t index);
uint32_t app_route_count(const app *a);
const route_table *app_table(const app *a);

/* What `public/` holds, in the working directory; may be NULL. */
const files *app_files(const app *a);

/* As it was loaded. */
app_share app_get_share(const app *a);

/* What the build has decided for all routes. */
const app_settings *app_get_settings(const app *a);

/* What next.config says about requests on their way to a route; NULL when there is nothing. */
const rules *app_rules(const app *a);

/* Whose word about clients is believed, as capra.json says; NULL when it says nothing. */
const networks *app_trusted(const app *a);

/* The manifest's text, for the runtime. Lent by the app. */
capra_slice app_manifest(const app *a);

#endif
