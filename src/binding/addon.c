/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "binding.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

void binding_check(napi_env env, napi_status status, const char *call)
{
    if (status == napi_ok)
        return;
    const napi_extended_error_info *info = NULL;
    char text[512];
    if (napi_get_last_error_info(env, &info) != napi_ok)
        info = NULL;
    snprintf(text, sizeof text, "%s: status %d (%s)", call, (int)status,
             info != NULL && info->error_message != NULL ? info->error_message : "no message");
    napi_fatal_error("capra", NAPI_AUTO_LENGTH, text, NAPI_AUTO_LENGTH);
}

static void on_environment_end(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    binding *b = data;
    script_host_cleanup(b);
    buffer_cleanup(&b->head);
    buffer_cleanup(&b->body);
    buffer_cleanup(&b->trailer);
    free(b);
}

/* Routes in C find the functions of capra.h in the addon. Node loads one for itself alone, unless
 * it is told otherwise, in numbers that it has to load a module for. */
static void share_functions(void)
{
    Dl_info self;
    if (dladdr((void *)(uintptr_t)&share_functions, &self) == 0)
        return;
    /* Never closed: it is shared for as long as the process lives. */
    const void *shared = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
    (void)shared;
}

NAPI_MODULE_INIT()
{
    share_functions();
    binding *b = memory_take(sizeof *b);
    *b = (binding){ .env = env };
    CHECK(env, napi_set_instance_data(env, b, on_environment_end, NULL));
    CHECK(env, core_define(b, exports));
    return exports;
}
