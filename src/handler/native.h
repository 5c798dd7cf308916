/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HANDLER_NATIVE_H
#define CAPRA_HANDLER_NATIVE_H

#include <capra.h>

/* Loads a compiled C route and checks that it was built for this server. `module`: the shared
 * object, `file`: its source, for the message. Returns 0 and the handler and the library (yours
 * until native_unload), or CAPRA_E_LOAD with a sentence for the operator in `why`. */
int native_load(capra_route_fn *out, void **library, const char *module, const char *file,
                char *why, size_t why_size);

/* Takes NULL. */
void native_unload(void *library);

#endif
