/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HANDLER_NATIVE_H
#define CAPRA_HANDLER_NATIVE_H

#include <capra.h>

/* A compiled route, loaded. */
typedef struct native_route {
    capra_route_fn run;
    void *state;   /* what its CAPRA_INIT has left; NULL without one */
    void *library; /* yours until native_unload */
} native_route;

/* Loads a compiled C route, checks that it was built for this server, and runs its CAPRA_INIT when
 * it is the first of its object. `module`: the shared object, `file`: its source, for the message;
 * `is_cpp`: it is linked with the library of C++.
 * Returns 0, or CAPRA_E_LOAD with a sentence for the operator in `why`. */
int native_load(native_route *out, const char *module, const char *file, bool is_cpp, char *why,
                size_t why_size);

/* The source of the route whose CAPRA_INIT runs; NULL when none does. For a signal handler. */
const char *native_initialised_file(void);

/* The last one of its object runs its CAPRA_EXIT. Takes NULL. */
void native_unload(void *library);

#endif
