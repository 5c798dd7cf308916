/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "net/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const option_row option_rows[] = {
#define CAPRA_OPTION_ROW(field, flag, unit, value, help) \
    { flag, help, unit, value, offsetof(options, field) },
    CAPRA_OPTIONS(CAPRA_OPTION_ROW)
#undef CAPRA_OPTION_ROW
};
const size_t option_row_count = sizeof option_rows / sizeof *option_rows;

const text_option_row text_option_rows[] = {
#define CAPRA_TEXT_ROW(field, flag, kind, value, choices, help) \
    { flag, kind, value, choices, help, offsetof(options, field) },
    CAPRA_TEXT_OPTIONS(CAPRA_TEXT_ROW)
#undef CAPRA_TEXT_ROW
};
const size_t text_option_row_count = sizeof text_option_rows / sizeof *text_option_rows;

typedef struct suffix {
    const char *text;
    uint64_t factor;
} suffix;

static const suffix times[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { 0 }
};
static const suffix sizes[] = {
    { "b", 1 }, { "kb", 1024 }, { "mb", 1 << 20 }, { "gb", 1 << 30 }, { 0 }
};
static const suffix counts[] = { { 0 } };

typedef struct unit_rule {
    const suffix *suffixes;
    uint64_t bare; /* the factor of a number without a suffix */
    uint64_t largest;
    const char *expected;
} unit_rule;

static const unit_rule rules[] = {
    [OPTION_TIME] = { times, 1000, UINT64_C(31536000000), "a time such as 500ms, 10s, 2m or 1h" },
    [OPTION_SIZE] = { sizes, 1, UINT64_C(1) << 40, "a size such as 16384, 16kb or 2mb" },
    [OPTION_COUNT] = { counts, 1, 1000000, "a number" },
    [OPTION_WORKERS] = { counts, 1, OPTION_WORKERS_MAX, "a number from 1 to 64, or `auto`" },
    [OPTION_LEAST] = { counts, 1, OPTION_WORKERS_MAX, "a number from 0 to 64" },
    [OPTION_MOST] = { counts, 1, OPTION_WORKERS_MAX, "a number from 1 to 64, or `auto`" },
};

void options_init(options *o)
{
    for (size_t i = 0; i < option_row_count; i++)
        *options_field(o, &option_rows[i]) = option_rows[i].value;
    for (size_t i = 0; i < text_option_row_count; i++)
        snprintf(options_text(o, &text_option_rows[i]), OPTION_TEXT_BYTES, "%s",
                 text_option_rows[i].value);
}

static bool find_factor(uint64_t *factor, const unit_rule *rule, const char *text)
{
    *factor = rule->bare;
    if (*text == '\0')
        return true;
    for (const suffix *s = rule->suffixes; s->text != NULL; s++) {
        if (strcmp(s->text, text) == 0) {
            *factor = s->factor;
            return true;
        }
    }
    return false;
}

static bool takes_auto(option_unit unit)
{
    return unit == OPTION_WORKERS || unit == OPTION_MOST;
}

bool options_isolate(const options *o)
{
    return strcmp(o->native_isolation, "process") == 0;
}

/* What the rest of the program relies on, beyond the unit. */
static bool is_in_range(const option_row *row, uint64_t value, const char **expected)
{
    if (row->offset == offsetof(options, head_bytes) && (value < 512 || value > 1 << 20)) {
        *expected = "a size from 512b to 1mb";
        return false;
    }
    if (row->offset == offsetof(options, target_bytes) && (value < 64 || value > 65535)) {
        *expected = "a size from 64b to 65535b";
        return false;
    }
    bool const may_be_none = row->value == 0 || row->offset == offsetof(options, in_flight);
    if (row->unit == OPTION_COUNT && value == 0 && !may_be_none) {
        *expected = "a number from 1 on";
        return false;
    }
    return value > 0 || !takes_auto(row->unit);
}

bool options_set(options *o, const option_row *row, const char *text, const char **expected)
{
    const unit_rule *rule = &rules[row->unit];
    uint64_t number = 0, factor;
    const char *at = text;
    *expected = rule->expected;

    if (takes_auto(row->unit) && strcmp(text, "auto") == 0) {
        *options_field(o, row) = OPTION_AUTO;
        return true;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > rule->largest)
            return false;
    }
    if (at == text || !find_factor(&factor, rule, at) || number > rule->largest / factor)
        return false;
    if (!is_in_range(row, number * factor, expected))
        return false;
    *options_field(o, row) = number * factor;
    return true;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t const length = strlen(text);
    for (const char *at = choices; *at != '\0'; at += strspn(at, " ")) {
        size_t const word = strcspn(at, " ");
        if (word == length && memcmp(at, text, word) == 0)
            return true;
        at += word;
    }
    return false;
}

bool options_set_text(options *o, const text_option_row *row, const char *text,
                      const char **expected)
{
    static char wanted[128];
    if (row->choices != NULL) {
        snprintf(wanted, sizeof wanted, "one of: %s", row->choices);
        *expected = wanted;
        if (!is_choice(row->choices, text))
            return false;
    }
    if (text[0] == '\0' || strlen(text) >= OPTION_TEXT_BYTES) {
        *expected = "a text of 1 to 1023 bytes";
        return false;
    }
    snprintf(options_text(o, row), OPTION_TEXT_BYTES, "%s", text);
    return true;
}

net_options options_for_net(const options *o)
{
    return (net_options){
        .deadlines_ms = { [CONN_IDLE] = o->keep_alive_ms,
                          [CONN_HEAD] = o->head_ms,
                          [CONN_BODY] = o->body_ms,
                          [CONN_WRITE] = o->write_ms,
                          [CONN_MOVING] = NET_MOVING_MS,
                          [CONN_HALF] = NET_HALF_CLOSED_MS,
                          [CONN_LINGER] = NET_LINGER_MS },
        .write_bytes_per_s = o->write_rate,
        .connections_per_address = (uint32_t)o->connections_per_address,
        .connections = (uint32_t)o->connections,
        .reads_preface = strcmp(o->proxy_protocol, "on") == 0,
    };
}

void options_print(char *out, size_t size, option_unit unit, uint64_t value)
{
    const suffix *best = NULL;
    if (value == OPTION_UNSET || value == OPTION_AUTO) {
        bool const is_unset = value == OPTION_UNSET;
        const char *otherwise = unit == OPTION_WORKERS ? "auto; in dev 1" : "as --workers";
        snprintf(out, size, "%s", is_unset ? otherwise : "auto");
        return;
    }
    for (const suffix *s = rules[unit].suffixes; s->text != NULL; s++)
        if (value >= s->factor && value % s->factor == 0)
            best = s;
    if (best == NULL)
        snprintf(out, size, "%" PRIu64, value);
    else
        snprintf(out, size, "%" PRIu64 "%s", value / best->factor, best->text);
}
