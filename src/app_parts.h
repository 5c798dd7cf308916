/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_APP_PARTS_H
#define CAPRA_APP_PARTS_H

#include "app.h"
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

/* What an app consists of, for the two ways to make one: app.c reads a manifest, app_code.c takes
 * a table of routes. */
struct app {
    unsigned holders;
    route_table *table;
    rules *rules;
    app_route *routes;
    void **libraries; /* of the native routes; NULL for others */
    uint32_t count;
    app_share share;
    app_settings settings;
    networks *trusted; /* NULL: capra.json says nothing */
    files *files;
    arena arena;
    capra_slice text;
};

/* Room for `count` routes, all of them empty, held once. */
app *app_new(uint32_t count);

/* Says what runs for a route in C, and where. */
void app_set_handler(app_route *r, capra_route_fn run, bool is_blocking);

/* The table of the patterns that the routes have by now; see route_table_new. */
int app_build_table(app *a, char *why, size_t why_size);

#endif
