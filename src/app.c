/* SPDX-License-Identifier: MIT */
#include "app_parts.h"

#include "base/buffer.h"
#include "base/error.h"
#include "handler/native.h"
#include "native/native.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

enum { MANIFEST_VERSION = 1, PROXY_BODY_BYTES = 10 * 1024 * 1024 };

#define LONGEST_DURATION_S UINT64_C(31536000)

static int fail(int code, char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int fail(int code, char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    return code;
}

static int read_file(buffer *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return CAPRA_E_SYSTEM;
    for (;;) {
        size_t const got = fread(buffer_room(out, 16384), 1, 16384, file);
        buffer_added(out, got);
        if (got == 0)
            break;
    }
    bool const failed = ferror(file) != 0;
    fclose(file);
    return failed ? CAPRA_E_SYSTEM : 0;
}

/* ---- One route ---- */

static const char *copy_text(app *a, const json_t *value)
{
    const char *text = json_string_value(value);
    return text == NULL ? NULL : arena_copy(&a->arena, slice_text(text)).data;
}

/* In seconds; Next writes it down for hosts that keep it, and does not itself. */
static uint64_t read_max_duration(const app *a, const json_t *config)
{
    double const seconds = json_number_value(json_object_get(config, "maxDuration"));
    if (a->settings.is_strict_parity || seconds <= 0)
        return 0;
    return seconds < LONGEST_DURATION_S ? (uint64_t)(seconds * 1000) : LONGEST_DURATION_S * 1000;
}

static void read_config(app *a, app_route *r, const json_t *config)
{
    const json_t *limit = json_object_get(config, "bodyLimit");
    r->reads_body = !json_is_false(json_object_get(config, "bodyParser"));
    r->body_limit = json_is_integer(limit) ? json_integer_value(limit) : -1;
    r->is_blocking = json_is_true(json_object_get(config, "blocking"));
    r->limit_text = copy_text(a, json_object_get(config, "bodyLimitText"));
    if (r->limit_text == NULL)
        r->limit_text = "1mb";
    r->max_duration_ms = read_max_duration(a, config);
}

static int load_native(app *a, uint32_t index, const char *module, bool is_cpp, char *why,
                       size_t size)
{
    app_route *r = &a->routes[index];
    native_route loaded;
    int const error = native_load(&loaded, module, r->file, is_cpp, why, size);
    if (error != 0)
        return error;
    a->libraries[index] = loaded.library;
    r->state = loaded.state;
    app_set_handler(r, loaded.run, r->is_blocking);
    return 0;
}

static int read_route(app *a, uint32_t index, const json_t *entry, char *why, size_t size)
{
    app_route *r = &a->routes[index];
    const char *kind = json_string_value(json_object_get(entry, "kind"));
    const char *module = json_string_value(json_object_get(entry, "module"));
    *r = (app_route){
        .pattern = copy_text(a, json_object_get(entry, "route")),
        .file = copy_text(a, json_object_get(entry, "file")),
        .message = copy_text(a, json_object_get(entry, "message")),
    };
    if (r->pattern == NULL || r->file == NULL || kind == NULL)
        return fail(CAPRA_E_MANIFEST, why, size,
                    "route %u of the manifest lacks `route`, `file` or `kind`", index);
    read_config(a, r, json_object_get(entry, "config"));

    if (strcmp(kind, "error") == 0) {
        r->kind = APP_BROKEN;
        return 0;
    }
    if (module == NULL)
        return fail(CAPRA_E_MANIFEST, why, size, "%s has no `module` in the manifest", r->file);
    if (strcmp(kind, "script") == 0) {
        r->kind = a->share == APP_NATIVES ? APP_ELSEWHERE : APP_SCRIPT;
        return 0;
    }
    if (strcmp(kind, "native") == 0) {
        r->kind = a->share == APP_SCRIPTS ? APP_ELSEWHERE : APP_NATIVE;
        if (r->kind == APP_ELSEWHERE)
            return 0;
        return load_native(a, index, module, json_is_true(json_object_get(entry, "cpp")), why,
                           size);
    }
    return fail(CAPRA_E_MANIFEST, why, size, "%s has the unknown kind `%s` in the manifest",
                r->file, kind);
}

/* ---- What concerns all routes ---- */

static bool read_flag(const json_t *settings, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(settings, name);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static void read_settings(app *a, const json_t *root)
{
    const json_t *settings = json_object_get(root, "settings");
    const json_t *limit = json_object_get(settings, "proxyBodyLimit");
    const char *limit_text = copy_text(a, json_object_get(settings, "proxyBodyLimitText"));
    const char *mode = json_string_value(json_object_get(root, "mode"));
    a->settings = (app_settings){
        .is_dev = mode != NULL && strcmp(mode, "development") == 0,
        .is_strict_parity = read_flag(settings, "parity", false),
        .base_path = slice_text(copy_text(a, json_object_get(settings, "basePath"))),
        .has_trailing_slash = read_flag(settings, "trailingSlash", false),
        .redirects_slash = !read_flag(settings, "skipTrailingSlashRedirect", false),
        .compresses = read_flag(settings, "compress", true),
        .has_etags = read_flag(settings, "generateEtags", true),
        .is_powered_by = read_flag(settings, "poweredByHeader", true),
        .proxy_body_limit = json_is_integer(limit) ? json_integer_value(limit) : PROXY_BODY_BYTES,
        .proxy_limit_text = limit_text != NULL ? limit_text : "10mb",
    };
}

static int read_trusted(app *a, const json_t *root, char *why, size_t size)
{
    const json_t *settings = json_object_get(root, "settings");
    const char *list = json_string_value(json_object_get(settings, "trustProxy"));
    char reason[512];
    if (list == NULL || networks_parse(&a->trusted, slice_text(list), reason, sizeof reason) == 0)
        return 0;
    return fail(CAPRA_E_MANIFEST, why, size, "`trustProxy` in the manifest: %s", reason);
}

/* ---- All of them ---- */

static json_t *parse(const char *manifest, buffer *text, char *why, size_t size)
{
    if (read_file(text, manifest) != 0) {
        fail(0, why, size, "%s cannot be read: %s", manifest, strerror(errno));
        return NULL;
    }
    json_error_t error;
    json_t *root = json_loadb(text->data, buffer_length(text), 0, &error);
    if (root == NULL) {
        fail(0, why, size, "%s is not JSON: line %d: %s", manifest, error.line, error.text);
        return NULL;
    }
    if (json_integer_value(json_object_get(root, "version")) != MANIFEST_VERSION ||
        !json_is_array(json_object_get(root, "routes"))) {
        fail(0, why, size, "%s was written by another version of Capra; build again", manifest);
        json_decref(root);
        return NULL;
    }
    return root;
}

int app_build_table(app *a, char *why, size_t size)
{
    const char **patterns = memory_take(a->count * sizeof *patterns);
    for (uint32_t i = 0; i < a->count; i++)
        patterns[i] = a->routes[i].pattern;
    int const error = route_table_new(&a->table, patterns, a->count, why, size);
    free(patterns);
    return error;
}

void app_set_handler(app_route *r, capra_route_fn run, bool is_blocking)
{
    r->is_blocking = is_blocking;
    r->blocking = run;
    r->run = is_blocking ? native_run_blocking : run;
}

app *app_new(uint32_t count)
{
    app *a = memory_take(sizeof *a);
    *a = (app){ .holders = 1, .count = count };
    a->routes = memory_take(count * sizeof *a->routes);
    a->libraries = memory_take(count * sizeof *a->libraries);
    for (uint32_t i = 0; i < count; i++) {
        a->routes[i] = (app_route){ 0 };
        a->libraries[i] = NULL;
    }
    return a;
}

int app_load(app **out, const char *manifest, app_share share, char *why, size_t why_size)
{
    buffer text = { 0 };
    json_t *root = parse(manifest, &text, why, why_size);
    if (root == NULL) {
        buffer_cleanup(&text);
        return CAPRA_E_MANIFEST;
    }

    const json_t *entries = json_object_get(root, "routes");
    app *a = app_new((uint32_t)json_array_size(entries));
    a->share = share;
    a->text = arena_copy(&a->arena, buffer_slice(&text));
    buffer_cleanup(&text);

    read_settings(a, root);
    a->files = files_new("public", a->settings.is_dev);
    int error = rules_new(&a->rules, json_object_get(root, "settings"),
                          json_object_get(root, "proxy"), why, why_size);
    if (error == 0)
        error = read_trusted(a, root, why, why_size);
    for (uint32_t i = 0; i < a->count && error == 0; i++)
        error = read_route(a, i, json_array_get(entries, i), why, why_size);
    json_decref(root);
    if (error == 0)
        error = app_build_table(a, why, why_size);
    if (error != 0) {
        app_release(a);
        return error;
    }
    *out = a;
    return 0;
}

int app_peek(app_facts *out, const char *manifest, char *why, size_t why_size)
{
    buffer text = { 0 };
    json_t *root = parse(manifest, &text, why, why_size);
    buffer_cleanup(&text);
    if (root == NULL)
        return CAPRA_E_MANIFEST;
    *out = (app_facts){
        .needs_node = json_is_object(json_object_get(root, "proxy")) ||
                      json_is_object(json_object_get(root, "instrumentation")) ||
                      read_flag(root, "forwards", false),
        .is_strict_parity = read_flag(json_object_get(root, "settings"), "parity", false),
    };
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(root, "routes"), index, entry)
    {
        const char *kind = json_string_value(json_object_get(entry, "kind"));
        if (kind != NULL && strcmp(kind, "script") == 0)
            out->needs_node = true;
        if (kind != NULL && strcmp(kind, "native") == 0)
            out->has_natives = true;
    }
    json_decref(root);
    return 0;
}

app *app_hold(app *a)
{
    a->holders++;
    return a;
}

void app_release(app *a)
{
    if (a == NULL || --a->holders > 0)
        return;
    route_table_free(a->table);
    files_free(a->files);
    rules_free(a->rules);
    networks_free(a->trusted);
    for (uint32_t i = 0; i < a->count; i++)
        native_unload(a->libraries[i]);
    free(a->libraries);
    free(a->routes);
    arena_cleanup(&a->arena);
    free(a);
}

const app_route *app_find(const app *a, uint32_t index)
{
    return &a->routes[index];
}

uint32_t app_route_count(const app *a)
{
    return a->count;
}

const route_table *app_table(const app *a)
{
    return a->table;
}

const files *app_files(const app *a)
{
    return a->files;
}

app_share app_get_share(const app *a)
{
    return a->share;
}

const app_settings *app_get_settings(const app *a)
{
    return &a->settings;
}

const networks *app_trusted(const app *a)
{
    return a->trusted;
}

const rules *app_rules(const app *a)
{
    return a->rules;
}

capra_slice app_manifest(const app *a)
{
    return a->text;
}
