/* SPDX-License-Identifier: MIT */
#include "native.h"

#include "base/error.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int refuse(void *library, char *why, size_t size, const char *file, const char *reason)
{
    snprintf(why, size, "%s: %s", file, reason);
    native_unload(library);
    return CAPRA_E_LOAD;
}

int native_load(capra_route_fn *out, void **library, const char *module, const char *file,
                char *why, size_t why_size)
{
    /* A name without a slash would be looked for in the system's folders. */
    char path[4096];
    snprintf(path, sizeof path, "%s%s", strchr(module, '/') != NULL ? "" : "./", module);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return refuse(NULL, why, why_size, file, dlerror());

    const capra_route_descriptor *route = dlsym(handle, "capra_route");
    if (route == NULL)
        return refuse(handle, why, why_size, file,
                      "it has no CAPRA_ROUTE(handler); add one at the end of the file");
    if (route->abi != CAPRA_ABI || route->size < sizeof *route)
        return refuse(handle, why, why_size, file,
                      "it was compiled for another version of Capra; build again");
    *out = route->run;
    *library = handle;
    return 0;
}

void native_unload(void *library)
{
    if (library != NULL)
        dlclose(library);
}
