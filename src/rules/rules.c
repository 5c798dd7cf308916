/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/log.h"
#include "rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads the rules from the manifest. It is the compiler's, and so it is right, or of another
 * version; the first thing that is not as expected ends the reading. */

typedef struct reader {
    rules *rules;
    const char *source; /* of the rule that is being read */
    bool ignores_case;
    uint32_t code_room;
    pcre2_compile_context *compile;
    bool failed;
    char *why;
    size_t why_size;
} reader;

static void fail(reader *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(reader *in, const char *format, ...)
{
    if (in->failed)
        return;
    in->failed = true;
    va_list args;
    va_start(args, format);
    vsnprintf(in->why, in->why_size, format, args);
    va_end(args);
}

static void fail_shape(reader *in, const char *what)
{
    fail(in, "the rule `%s` of the manifest has no proper `%s`; build again", in->source, what);
}

static void *take(reader *in, size_t count, size_t size)
{
    void *memory = arena_take(&in->rules->arena, count == 0 ? 1 : count * size);
    memset(memory, 0, count * size);
    return memory;
}

static capra_slice read_text(reader *in, const json_t *value)
{
    if (!json_is_string(value))
        return slice_of(NULL, 0);
    capra_slice const text = slice_of(json_string_value(value), json_string_length(value));
    return arena_copy(&in->rules->arena, text);
}

/* ---- Expressions ---- */

static const uint32_t like_javascript =
    PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS;

static pcre2_code *read_regex(reader *in, const json_t *value, uint32_t options)
{
    if (!json_is_string(value)) {
        fail_shape(in, "regex");
        return NULL;
    }
    int code;
    size_t at;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)json_string_value(value), json_string_length(value),
                      like_javascript | options, &code, &at, in->compile);
    if (regex == NULL) {
        char what[128];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)what, sizeof what);
        fail(in, "the rule `%s`: %s in `%s`", in->source, what, json_string_value(value));
        return NULL;
    }
    rules *r = in->rules;
    if (r->code_count == in->code_room) {
        in->code_room = in->code_room == 0 ? 16 : in->code_room * 2;
        r->codes = memory_grow(r->codes, in->code_room * sizeof(pcre2_code *));
    }
    r->codes[r->code_count++] = regex;
    /* Where there may be no such code, the interpreter does it. */
    pcre2_jit_compile(regex, PCRE2_JIT_COMPLETE);
    return regex;
}

/* ---- Parts of a rule ---- */

static int read_param(reader *in, const rule *r, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return RULE_NONE;
    json_int_t const index = json_integer_value(value);
    if (!json_is_integer(value) || index < 0 || index >= r->param_count) {
        fail_shape(in, "params");
        return RULE_NONE;
    }
    return (int)index;
}

static void read_pieces(reader *in, const rule *r, rule_text *out, const json_t *list)
{
    out->count = (uint32_t)json_array_size(list);
    out->pieces = take(in, out->count, sizeof *out->pieces);
    for (uint32_t i = 0; i < out->count; i++) {
        const json_t *entry = json_array_get(list, i);
        rule_piece *piece = &out->pieces[i];
        if (json_is_string(entry)) {
            piece->param = RULE_NONE;
            piece->text = read_text(in, entry);
            continue;
        }
        piece->param = read_param(in, r, json_object_get(entry, "param"));
        piece->text = read_text(in, json_object_get(entry, "prefix"));
        piece->behind = read_text(in, json_object_get(entry, "suffix"));
        piece->repeats = json_is_true(json_object_get(entry, "repeats"));
    }
}

static void read_params(reader *in, rule *r, const json_t *entry)
{
    const json_t *params = json_object_get(entry, "params");
    const json_t *groups = json_object_get(entry, "groups");
    r->param_count = (uint32_t)json_array_size(params);
    if (r->param_count > RULE_PARAMS_MAX) {
        fail(in, "the rule `%s` has more than %d parameters", in->source, RULE_PARAMS_MAX);
        return;
    }
    r->params = take(in, r->param_count, sizeof *r->params);
    for (uint32_t i = 0; i < r->param_count; i++) {
        const json_t *param = json_array_get(params, i);
        r->params[i].name = read_text(in, json_object_get(param, "name"));
        r->params[i].separator = read_text(in, json_object_get(param, "separator"));
        if (r->params[i].name.data == NULL)
            fail_shape(in, "params");
    }
    r->group_count = (uint32_t)json_array_size(groups);
    r->groups = take(in, r->group_count, sizeof *r->groups);
    for (uint32_t i = 0; i < r->group_count; i++)
        r->groups[i] = (rule_group){ .number = (int)i + 1,
                                     .param = read_param(in, r, json_array_get(groups, i)) };
}

static rule_subject read_subject(reader *in, const json_t *value)
{
    static const char *const names[] = { "header", "cookie", "query", "host" };
    const char *name = json_string_value(value);
    for (int i = 0; name != NULL && i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return (rule_subject)i;
    fail_shape(in, "has");
    return RULE_HEADER;
}

static void read_condition(reader *in, const rule *r, rule_condition *out, const json_t *entry)
{
    const json_t *groups = json_object_get(entry, "groups");
    const json_t *regex = json_object_get(entry, "regex");
    out->subject = read_subject(in, json_object_get(entry, "type"));
    out->key = read_text(in, json_object_get(entry, "key"));
    out->param = read_param(in, r, json_object_get(entry, "param"));
    if (regex != NULL)
        out->regex = read_regex(in, regex, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF);
    out->group_count = out->regex == NULL ? 0 : (uint32_t)json_array_size(groups);
    out->groups = take(in, out->group_count, sizeof *out->groups);
    for (uint32_t i = 0; i < out->group_count; i++) {
        const json_t *group = json_array_get(groups, i);
        const char *name = json_string_value(json_array_get(group, 0));
        out->groups[i].param = read_param(in, r, json_array_get(group, 1));
        out->groups[i].number =
            name == NULL ? -1 : pcre2_substring_number_from_name(out->regex, (PCRE2_SPTR)name);
        if (out->groups[i].number < 0)
            fail_shape(in, "groups");
    }
}

static void read_conditions(reader *in, const rule *r, rule_conditions *out, const json_t *list)
{
    out->count = (uint32_t)json_array_size(list);
    out->list = take(in, out->count, sizeof *out->list);
    for (uint32_t i = 0; i < out->count; i++)
        read_condition(in, r, &out->list[i], json_array_get(list, i));
}

static void read_fields(reader *in, rule *r, const json_t *list)
{
    r->field_count = (uint32_t)json_array_size(list);
    r->fields = take(in, r->field_count, sizeof *r->fields);
    for (uint32_t i = 0; i < r->field_count; i++) {
        const json_t *field = json_array_get(list, i);
        read_pieces(in, r, &r->fields[i].name, json_array_get(field, 0));
        read_pieces(in, r, &r->fields[i].value, json_array_get(field, 1));
    }
}

static void read_destination(reader *in, rule *r, const json_t *to)
{
    const json_t *query = json_object_get(to, "query");
    read_pieces(in, r, &r->to.origin, json_object_get(to, "origin"));
    read_pieces(in, r, &r->to.path, json_object_get(to, "path"));
    read_pieces(in, r, &r->to.hash, json_object_get(to, "hash"));
    r->to.query_count = (uint32_t)json_array_size(query);
    r->to.query = take(in, r->to.query_count, sizeof *r->to.query);
    for (uint32_t i = 0; i < r->to.query_count; i++) {
        const json_t *pair = json_array_get(query, i);
        r->to.query[i].key = read_text(in, json_array_get(pair, 0));
        read_pieces(in, r, &r->to.query[i].value, json_array_get(pair, 1));
    }
}

static void read_rule(reader *in, rule *r, const json_t *entry)
{
    const json_t *append = json_object_get(entry, "append");
    r->source = read_text(in, json_object_get(entry, "source"));
    in->source = r->source.data == NULL ? "?" : r->source.data;
    r->regex =
        read_regex(in, json_object_get(entry, "regex"), in->ignores_case ? PCRE2_CASELESS : 0);
    read_params(in, r, entry);
    if (in->failed)
        return;
    read_conditions(in, r, &r->has, json_object_get(entry, "has"));
    read_conditions(in, r, &r->missing, json_object_get(entry, "missing"));
    read_fields(in, r, json_object_get(entry, "headers"));
    read_destination(in, r, json_object_get(entry, "to"));
    r->status = (int)json_integer_value(json_object_get(entry, "status"));
    r->append_count = (uint32_t)json_array_size(append);
    r->append = take(in, r->append_count, sizeof *r->append);
    for (uint32_t i = 0; i < r->append_count; i++)
        r->append[i] = read_param(in, r, json_array_get(append, i));
}

static void read_set(reader *in, rule_set *out, const json_t *entries)
{
    out->count = (uint32_t)json_array_size(entries);
    out->list = take(in, out->count, sizeof *out->list);
    for (uint32_t i = 0; i < out->count && !in->failed; i++)
        read_rule(in, &out->list[i], json_array_get(entries, i));
}

/* ---- All of them ---- */

enum {
    GROUPS_MAX = 64,
    STACK_START = 32 * 1024,
    STACK_BYTES = 512 * 1024,
    STEPS_MAX = 1000000, /* some milliseconds */
};

static void make_scratch(rules *r)
{
    r->match = pcre2_match_data_create(GROUPS_MAX, NULL);
    r->context = pcre2_match_context_create(NULL);
    r->stack = pcre2_jit_stack_create(STACK_START, STACK_BYTES, NULL);
    if (r->match == NULL || r->context == NULL)
        abort(); /* no memory: see style, "memory" */
    pcre2_set_match_limit(r->context, STEPS_MAX);
    pcre2_jit_stack_assign(r->context, NULL, r->stack);
}

static void read_settings(reader *in, const json_t *settings)
{
    static const char *const rewrites[RULES_REWRITES] = {
        [RULES_BEFORE_FILES] = "beforeFiles",
        [RULES_AFTER_FILES] = "afterFiles",
        [RULES_FALLBACK] = "fallback",
    };
    rules *r = in->rules;
    const json_t *lists = json_object_get(settings, "rules");
    r->base_path = read_text(in, json_object_get(settings, "basePath"));
    r->has_trailing_slash = json_is_true(json_object_get(settings, "trailingSlash"));
    r->redirects_slash = !json_is_true(json_object_get(settings, "skipTrailingSlashRedirect"));
    r->is_strict = json_is_true(json_object_get(settings, "parity"));
    in->ignores_case = !json_is_false(json_object_get(lists, "ignoresCase"));
    read_set(in, &r->headers, json_object_get(lists, "headers"));
    read_set(in, &r->redirects, json_object_get(lists, "redirects"));
    for (int i = 0; i < RULES_REWRITES; i++)
        read_set(in, &r->rewrites[i], json_object_get(lists, rewrites[i]));
}

/* A matcher minds the case, as Next's does and as routes do. */
static void read_proxy(reader *in, const json_t *proxy)
{
    const json_t *matcher = json_object_get(proxy, "matcher");
    in->ignores_case = false;
    in->rules->proxies_all = json_is_object(proxy) && !json_is_array(matcher);
    read_set(in, &in->rules->proxied, matcher);
}

static bool is_asked_for(const json_t *settings)
{
    const char *base = json_string_value(json_object_get(settings, "basePath"));
    return (base != NULL && base[0] != '\0') ||
           json_is_true(json_object_get(settings, "trailingSlash")) ||
           json_is_true(json_object_get(settings, "skipTrailingSlashRedirect")) ||
           json_is_object(json_object_get(settings, "rules"));
}

int rules_new(rules **out, const json_t *settings, const json_t *proxy, char *why, size_t why_size)
{
    *out = NULL;
    if (!is_asked_for(settings) && !json_is_object(proxy))
        return 0;
    rules *r = memory_take(sizeof *r);
    *r = (rules){ 0 };
    make_scratch(r);
    reader in = { .rules = r, .source = "?", .why = why, .why_size = why_size };
    in.compile = pcre2_compile_context_create(NULL);
    if (in.compile == NULL)
        abort(); /* as above */
    /* A dot is no line end, of either kind. */
    pcre2_set_newline(in.compile, PCRE2_NEWLINE_ANYCRLF);
    read_settings(&in, settings);
    read_proxy(&in, proxy);
    pcre2_compile_context_free(in.compile);
    if (in.failed) {
        rules_free(r);
        return CAPRA_E_MANIFEST;
    }
    *out = r;
    return 0;
}

void rules_free(rules *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->code_count; i++)
        pcre2_code_free(r->codes[i]);
    free(r->codes);
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->context);
    pcre2_jit_stack_free(r->stack);
    arena_cleanup(&r->arena);
    free(r);
}
