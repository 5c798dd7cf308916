/* SPDX-License-Identifier: MIT */
#include "admin/admin.h"
#include "app.h"
#include "base/arena.h"
#include "base/scoreboard.h"
#include "cli.h"
#include "cpus.h"
#include "env_files.h"
#include "net/loop.h"
#include "notify.h"
#include "observe/metrics.h"
#include "privileges.h"
#include "sanitize.h"
#include "supervisor/run_file.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

typedef struct serving {
    const cli_arguments *args;
    char manifest[8192]; /* as a path from anywhere */
    app_facts facts;     /* of the build that was looked at last */
    double started_ms;
    worker_config config;
    scale_limits scale;
    listeners places;
    admin *admin;
    char *const script_worker[3], *const native_worker[3];
    char why[1024];
} serving;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void on_ready(void *data, uint32_t routes)
{
    serving *s = data;
    cli_print_ready(now_ms() - s->started_ms, routes);
    notify_ready();
}

static void on_open(void *data, supervisor *opened, void *loop)
{
    serving *s = data;
    admin_open(s->admin, opened, loop);
}

static void on_close(void *data)
{
    serving *s = data;
    admin_close(s->admin);
}

/* An app of only C routes starts no Node at all, and one without any has nothing to set apart. */
static bool plan_workers(void *data, worker_plan *out, const char **error)
{
    serving *s = data;
    if (app_peek(&s->facts, s->manifest, s->why, sizeof s->why) != 0) {
        *error = s->why;
        return false;
    }
    if (!s->facts.needs_node) {
        *out = (worker_plan){ .command = s->native_worker };
        return true;
    }
    if (s->script_worker[0][0] == '\0') {
        *error = "Node was not found in node_modules beside Capra; run `npm install` there";
        return false;
    }
    bool const is_apart = options_isolate(&s->args->options) && s->facts.has_natives;
    *out =
        (worker_plan){ .command = s->script_worker, .natives = is_apart ? s->native_worker : NULL };
    return true;
}

/* Each connection is a descriptor; the shell's default of 1024 is for interactive use. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Ours, and behind it what a worker is told; to be freed with free_environment. `preload`: a line
 * of it that only workers get, or NULL. */
static char **make_environment(const worker_config *config, const char *preload)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **copy = memory_take((count + 3) * sizeof *copy);
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], WORKER_VARIABLE "=", strlen(WORKER_VARIABLE) + 1) != 0)
            copy[at++] = environ[i];
    if (preload != NULL)
        copy[at++] = (char *)(uintptr_t)preload;

    char *config_text = worker_config_write(config);
    size_t const size = strlen(WORKER_VARIABLE) + 1 + strlen(config_text) + 1;
    copy[at] = memory_take(size);
    snprintf(copy[at++], size, "%s=%s", WORKER_VARIABLE, config_text);
    free(config_text);
    copy[at] = NULL;
    return copy;
}

static void free_environment(char **environment)
{
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    free(environment[count - 1]);
    free(environment);
}

/* What Next does is decided when an app is built; to serve another one silently would be a lie. */
static bool is_built_as_asked(const serving *s)
{
    if (s->args->parity == NULL || s->facts.is_strict_parity)
        return true;
    fprintf(stderr,
            "capra: --parity next: the build of %s was made without it; run `capra build "
            "--parity next` there first, or put \"parity\": \"next\" into capra.json and build\n",
            s->args->directory);
    return false;
}

/* Better before the first line is printed than after it. */
static bool has_build(serving *s)
{
    if (access(s->manifest, R_OK) == 0) {
        worker_plan plan;
        const char *error;
        if (plan_workers(s, &plan, &error))
            return is_built_as_asked(s);
        fprintf(stderr, "capra: %s\n", error);
        return false;
    }
    fprintf(stderr, "capra: %s has no build; run `capra build` there first, or `capra dev`\n",
            s->args->directory);
    return false;
}

/* How many workers: `--workers`, unless one of the two ends is given. What is like Next in all is
 * one process, too. */
static bool read_scale(scale_limits *out, const serving *s)
{
    const options *o = &s->args->options;
    bool const is_development = s->args->command == COMMAND_DEV;
    bool const is_single = is_development || s->facts.is_strict_parity;
    uint64_t const cpus = cpus_count();
    uint64_t const all = cpus < OPTION_WORKERS_MAX ? cpus : OPTION_WORKERS_MAX;
    uint64_t const usual = o->workers == OPTION_UNSET  ? (is_single ? 1 : all)
                           : o->workers == OPTION_AUTO ? all
                                                       : o->workers;
    uint64_t const most = o->max_workers == OPTION_AUTO ? all : o->max_workers;
    bool const has_min = o->min_workers != OPTION_UNSET, has_max = most != OPTION_UNSET;
    if (is_development && (has_min || has_max)) {
        fprintf(stderr, "capra: --min-workers and --max-workers are options of `capra start`\n");
        return false;
    }
    if (has_min && has_max && o->min_workers > most) {
        fprintf(stderr, "capra: --min-workers %" PRIu64 " is more than --max-workers %" PRIu64 "\n",
                o->min_workers, most);
        return false;
    }
    uint64_t const min = has_min ? o->min_workers : (has_max && most < usual ? most : usual);
    uint64_t const max = has_max ? most : (min > usual ? min : usual);
    *out = (scale_limits){ (uint32_t)min, (uint32_t)max, o->idle_ms };
    return true;
}

/* Workers for routes in C: as many as of the others, which also have to do what there is besides.
 */
static uint32_t read_natives(const serving *s)
{
    const options *o = &s->args->options;
    uint64_t const cpus = cpus_count();
    if (!options_isolate(o))
        return 0;
    if (o->native_workers == OPTION_UNSET)
        return s->scale.max;
    if (o->native_workers == OPTION_AUTO)
        return (uint32_t)(cpus < OPTION_WORKERS_MAX ? cpus : OPTION_WORKERS_MAX);
    return (uint32_t)o->native_workers;
}

/* The usual port only where no other place is named. */
static bool open_places(listeners *out, const cli_arguments *args)
{
    if (!listen_inherited(out))
        return false;
    if (args->has_place || (out->count == 0 && args->place_count == 0))
        if (!listen_tcp(out, args->hostname, args->port))
            return false;
    for (uint32_t i = 0; i < args->place_count; i++)
        if (!listen_at(out, args->places[i]))
            return false;
    return true;
}

/* What root has made on the way belongs to the user from here on. */
static bool change_user(const listeners *places, const cli_arguments *args)
{
    account to;
    if (args->user == NULL)
        return true;
    if (!privileges_find(&to, args->user))
        return false;
    if (geteuid() == 0) {
        if (!listen_give(places, to.user, to.group))
            return false;
        if (!run_file_prepare(args->directory, to.user, to.group)) {
            fprintf(stderr, "capra: %s/.capra/run cannot be made: %s\n", args->directory,
                    strerror(errno));
            return false;
        }
    }
    return privileges_drop(&to);
}

static int supervise(serving *s, const cli_paths *paths, char **environment, const metrics *counted)
{
    const cli_arguments *args = s->args;
    char *const compiler[] = { (char *)(uintptr_t)paths->node,
                               (char *)(uintptr_t)paths->compiler_script,
                               "dev",
                               (char *)(uintptr_t)args->directory,
                               args->parity != NULL ? "--parity" : NULL,
                               (char *)(uintptr_t)args->parity,
                               NULL };
    supervisor_config const supervised = {
        .plan = plan_workers,
        .environment = environment,
        .slot_variable = WORKER_SLOT_VARIABLE,
        .directory = args->directory,
        .compiler = s->config.is_development ? compiler : NULL,
        .listeners = s->places.fds,
        .listener_count = s->places.count,
        .metrics_fd = metrics_fd(counted),
        .scale = s->scale,
        .natives = read_natives(s),
        .worker_bytes = args->options.worker_bytes,
        .tells_signal = s->facts.is_strict_parity || args->parity != NULL,
        .shutdown_ms = args->options.shutdown_ms,
        .admin = admin_address(s->admin),
        .on_open = on_open,
        .on_close = on_close,
        .on_ready = on_ready,
        .data = s,
    };
    return supervisor_run(&supervised);
}

/* The sockets are open: now what tells of the server, and then the server. */
static int serve(serving *s, const cli_paths *paths, const char *preload)
{
    metrics *counted;
    if (metrics_new(&counted, SCOREBOARD_SLOTS) != 0) {
        fprintf(stderr, "capra: there is no memory to share with workers: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    admin_config const administered = { .address = s->args->options.admin,
                                        .directory = s->args->directory,
                                        .version = CAPRA_VERSION,
                                        .metrics = counted,
                                        .listeners = s->places.fds,
                                        .listener_count = s->places.count };
    int code = EXIT_FAILED;
    if (admin_listen(&s->admin, &administered, s->why, sizeof s->why) != 0) {
        fprintf(stderr, "capra: %s\n", s->why);
    } else {
        char **environment = make_environment(&s->config, preload);
        code = supervise(s, paths, environment, counted);
        free_environment(environment);
    }
    metrics_free(counted);
    return code;
}

int cli_serve(const cli_arguments *args, const cli_paths *paths)
{
    bool const is_development = args->command == COMMAND_DEV;
    const char *preload = NULL;
    if (args->is_sanitized && !sanitize_prepare(&preload))
        return EXIT_FAILED;
    setenv("NODE_ENV", is_development ? "development" : "production", false);
    serving s = {
        .args = args,
        .started_ms = now_ms(),
        .config = { .options = args->options, .is_development = is_development },
        .script_worker = { (char *)(uintptr_t)paths->node, (char *)(uintptr_t)paths->worker_script,
                           NULL },
        .native_worker = { (char *)(uintptr_t)paths->self, "worker", NULL },
    };
    snprintf(s.config.manifest, sizeof s.config.manifest, ".capra/%smanifest.json",
             is_development ? "dev/" : "");
    snprintf(s.manifest, sizeof s.manifest, "%s/%s", args->directory, s.config.manifest);
    if (!is_development && !has_build(&s))
        return EXIT_FAILED;
    if (!read_scale(&s.scale, &s))
        return EXIT_USAGE;

    notify_init();
    int code = EXIT_FAILED;
    if (open_places(&s.places, args) && change_user(&s.places, args)) {
        s.config.listeners = s.places.count;
        raise_descriptor_limit();
        cli_print_banner(is_development, &s.places);
        code = serve(&s, paths, preload);
    }
    listen_cleanup(&s.places);
    return code;
}

int cli_compile(const cli_arguments *args, const cli_paths *paths)
{
    const char *command = args->command == COMMAND_BUILD   ? "build"
                          : args->command == COMMAND_CHECK ? "check"
                                                           : "routes";
    const char *rest[] = { NULL, NULL, NULL };
    size_t count = 0;
    if (args->is_json)
        rest[count++] = "--json";
    if (args->parity != NULL) {
        rest[count++] = "--parity";
        rest[count++] = args->parity;
    }
    if (paths->node[0] == '\0') {
        fprintf(stderr, "capra: Node was not found in node_modules beside Capra; run `npm install` "
                        "there\n");
        return EXIT_FAILED;
    }
    execl(paths->node, paths->node, paths->compiler_script, command, args->directory, rest[0],
          rest[1], rest[2], (char *)NULL);
    fprintf(stderr, "capra: %s cannot be started: %s\n", paths->node, strerror(errno));
    return EXIT_FAILED;
}

static void on_worker_end(void *data)
{
    loop_stop(data);
}

int cli_work(void)
{
    char why[1024];
    worker_config config;
    worker *w;
    if (worker_config_read(&config, getenv(WORKER_VARIABLE), why, sizeof why) != 0) {
        fprintf(stderr, "capra: %s\n", why);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN); /* whoever reads our output may go; writing then says so */
    void *loop = loop_new();
    int error =
        env_files_load(".", config.is_development ? "development" : "production", why, sizeof why);
    if (error == 0)
        error = worker_start(&w, loop, &config, NULL, on_worker_end, loop, why, sizeof why);
    if (error != 0)
        fprintf(stderr, "capra: %s\n", why);
    else
        loop_run(loop);
    loop_free(loop);
    return error != 0 ? EXIT_FAILED : EXIT_OK;
}
