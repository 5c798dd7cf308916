/* SPDX-License-Identifier: MIT */
#include "native.h"

#include "base/error.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int refuse(void *library, char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(void *library, char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    if (library != NULL)
        dlclose(library);
    return CAPRA_E_LOAD;
}

/* One at a time, on the thread that loads. */
static const char *volatile initialised_file;

const char *native_initialised_file(void)
{
    return initialised_file;
}

/* The same object is loaded again when a new build has the same route; its state stays. */
static const char *begin(capra_init_hook *hook, const char *file)
{
    initialised_file = file;
    const char *reason = hook->holders == 0 ? hook->run(&hook->state) : NULL;
    initialised_file = NULL;
    if (reason == NULL)
        hook->holders++;
    return reason;
}

/* The node executable exports libraries of its own (OpenSSL, zlib, nghttp2, c-ares), and they would
 * come before a route's: its libcurl would call Node's OpenSSL for what that has, and the system's
 * for the rest. So a route looks at what it is linked with first. Not where malloc is someone
 * else's (a sanitizer's, jemalloc's): what the C library has allocated is freed by the one and not
 * the other then. And not with C++: the only std::cerr that is set up lies in the executable. */
static int load_mode(bool is_cpp)
{
#if defined(CAPRA_IN_NODE) && defined(RTLD_DEEPBIND)
    Dl_info memory, library;
    if (!is_cpp && dladdr(dlsym(RTLD_DEFAULT, "malloc"), &memory) != 0 &&
        dladdr(dlsym(RTLD_DEFAULT, "getenv"), &library) != 0 &&
        memory.dli_fbase == library.dli_fbase)
        return RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif
    (void)is_cpp;
    return RTLD_NOW | RTLD_LOCAL;
}

int native_load(native_route *out, const char *module, const char *file, bool is_cpp, char *why,
                size_t why_size)
{
    /* A name without a slash would be looked for in the system's folders. */
    char path[4096];
    snprintf(path, sizeof path, "%s%s", strchr(module, '/') != NULL ? "" : "./", module);
    void *library = dlopen(path, load_mode(is_cpp));
    if (library == NULL)
        return refuse(NULL, why, why_size, "%s: %s", file, dlerror());

    const capra_route_descriptor *route = dlsym(library, "capra_route");
    if (route == NULL)
        return refuse(library, why, why_size,
                      "%s: it has no CAPRA_ROUTE(handler); add one at the end of the file", file);
    if (route->abi != CAPRA_ABI || route->size < sizeof *route)
        return refuse(library, why, why_size,
                      "%s: it was compiled for another version of Capra (its capra.h has interface "
                      "%u, this server has %d); run `capra build` again",
                      file, route->abi, CAPRA_ABI);

    capra_init_hook *hook = dlsym(library, "capra_init");
    if (hook == NULL && dlsym(library, "capra_exit") != NULL)
        return refuse(library, why, why_size,
                      "%s: it has a CAPRA_EXIT(function) and no CAPRA_INIT(function)", file);
    const char *reason = hook == NULL ? NULL : begin(hook, file);
    if (reason != NULL)
        return refuse(library, why, why_size, "%s: its CAPRA_INIT failed: %s", file, reason);
    out->run = route->run;
    out->state = hook == NULL ? NULL : hook->state;
    out->library = library;
    return 0;
}

void native_unload(void *library)
{
    if (library == NULL)
        return;
    capra_init_hook *hook = dlsym(library, "capra_init");
    const capra_exit_fn *end = dlsym(library, "capra_exit");
    if (hook != NULL && --hook->holders == 0 && end != NULL)
        (*end)(hook->state);
    dlclose(library);
}
