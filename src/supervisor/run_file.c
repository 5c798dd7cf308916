/* SPDX-License-Identifier: MIT */
#include "run_file.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4400 };

static void name(char out[PATH_BYTES], const char *project, const char *file)
{
    snprintf(out, PATH_BYTES, "%s/.capra/run/%s", project, file);
}

static bool make_folder(const char *project)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/.capra", project);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return false;
    name(path, project, "");
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool run_file_prepare(const char *project, uid_t user, gid_t group)
{
    char path[PATH_BYTES];
    name(path, project, "");
    return make_folder(project) && chown(path, user, group) == 0;
}

bool run_file_write(const char *project, const run_state *state)
{
    char path[PATH_BYTES], fresh[PATH_BYTES], file[64];
    snprintf(file, sizeof file, "supervisor.json.%d", (int)state->pid);
    name(path, project, "supervisor.json");
    name(fresh, project, file);
    if (!make_folder(project))
        return false;
    json_t *root = json_pack("{s:i, s:i, s:i}", "pid", (int)state->pid, "generation",
                             (int)state->generation, "refused", (int)state->refused);
    if (state->admin[0] != '\0')
        json_object_set_new(root, "admin", json_string(state->admin));
    bool const is_written =
        json_dump_file(root, fresh, JSON_COMPACT) == 0 && rename(fresh, path) == 0;
    json_decref(root);
    return is_written;
}

bool run_file_read(const char *project, run_state *out)
{
    char path[PATH_BYTES];
    name(path, project, "supervisor.json");
    json_t *root = json_load_file(path, 0, NULL);
    *out = (run_state){
        .pid = (pid_t)json_integer_value(json_object_get(root, "pid")),
        .generation = (uint32_t)json_integer_value(json_object_get(root, "generation")),
        .refused = (uint32_t)json_integer_value(json_object_get(root, "refused")),
    };
    const char *admin = json_string_value(json_object_get(root, "admin"));
    snprintf(out->admin, sizeof out->admin, "%s", admin == NULL ? "" : admin);
    json_decref(root);
    return out->pid > 0 && (kill(out->pid, 0) == 0 || errno == EPERM);
}

void run_file_remove(const char *project)
{
    char path[PATH_BYTES];
    run_state state;
    name(path, project, "supervisor.json");
    if (run_file_read(project, &state) && state.pid == getpid())
        unlink(path);
}
