/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_PARITY_H
#define CAPRA_PARITY_H

#include "request.h"

/* What Next makes of a path, and Capra does only with `--parity next`. */

/* Whether nothing but needless escapes keeps the path from being a literal route's: Next answers
 * that with a page that differs in a header. */
bool parity_is_known(const route_table *table, capra_slice path, arena *a);

/* The values of parameters, once the route is found: an optional catch-all takes a single `index`
 * for nothing, and for what stands in the path as it stands in the pattern (`[id]`) the query's
 * value is taken, so that req.url has it, too. */
void parity_change_params(capra_request *req, const route_table *table);

#endif
