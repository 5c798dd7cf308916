/* SPDX-License-Identifier: MIT */
#include "access_log.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "escape.h"
#include "log_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef char *(*write_line_fn)(access_log *log, char *out, const access_record *record,
                               int64_t wall_ns);

struct access_log {
    log_file *file;
    write_line_fn write_line;
    write_line_fn write_gap; /* of what was dropped */
    bool is_human, has_query, is_colored;
    uint64_t gap;     /* lines that are missing here, and nobody has been told */
    uint64_t dropped; /* since the start */
    int64_t second;   /* that `clock` shows */
    size_t clock_length;
    char clock[40];
};

/* Of each text at most so many bytes. */
enum { PATH_LONGEST = 2048, QUERY_LONGEST = 1024, FIELD_LONGEST = 256, ID_LONGEST = 128 };
_Static_assert(
    ESCAPE_WIDEST *(PATH_LONGEST + QUERY_LONGEST + 4 * FIELD_LONGEST + 4 * ID_LONGEST + 10) + 512 <
        LOG_LINE_BYTES,
    "a line fits, whatever it says");

/* ---- Pieces of a line ---- */

/* Inline: of a literal the length is known, and a few moves take the place of two calls. */
static inline char *put_text(char *out, const char *text)
{
    size_t const length = strlen(text);
    memcpy(out, text, length);
    return out + length;
}

static char *put_slice(char *out, capra_slice s)
{
    memcpy(out, s.data, s.length);
    return out + s.length;
}

static char *put_number(char *out, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

/* At least three digits. */
static char *put_thousandths(char *out, uint64_t value)
{
    out = put_number(out, value / 1000);
    *out++ = '.';
    *out++ = (char)('0' + value / 100 % 10);
    *out++ = (char)('0' + value / 10 % 10);
    *out++ = (char)('0' + value % 10);
    return out;
}

/* The part of the time that changes once a second is made once a second. */
static void set_clock(access_log *log, int64_t second)
{
    struct tm parts;
    if (second == log->second)
        return;
    time_t const at = (time_t)second;
    log->second = second;
    if (log->is_human) {
        localtime_r(&at, &parts);
        log->clock_length = strftime(log->clock, sizeof log->clock, "%H:%M:%S", &parts);
    } else {
        gmtime_r(&at, &parts);
        log->clock_length =
            strftime(log->clock, sizeof log->clock, "{\"time\":\"%Y-%m-%dT%H:%M:%S.", &parts);
    }
}

static char *put_clock(const access_log *log, char *out)
{
    return put_slice(out, slice_of(log->clock, log->clock_length));
}

/* ---- For machines ---- */

static char *put_time(access_log *log, char *out, int64_t wall_ns)
{
    unsigned const ms = (unsigned)(wall_ns / 1000000 % 1000);
    set_clock(log, wall_ns / 1000000000);
    out = put_clock(log, out);
    *out++ = (char)('0' + ms / 100);
    *out++ = (char)('0' + ms / 10 % 10);
    *out++ = (char)('0' + ms % 10);
    return put_text(out, "Z\"");
}

static char *put_value(char *out, capra_slice value, size_t longest)
{
    out = escape_json(out, value, longest);
    *out++ = '"';
    return out;
}

/* `name` with what stands around it: `,"path":"`. */
static inline char *put_field(char *out, const char *name, capra_slice value, size_t longest)
{
    return value.length == 0 ? out : put_value(put_text(out, name), value, longest);
}

/* Of where a client comes from the address alone: a query may hold what is nobody's business. */
static capra_slice without_query(capra_slice address)
{
    for (size_t i = 0; i < address.length; i++)
        if (address.data[i] == '?' || address.data[i] == '#')
            return slice_of(address.data, i);
    return address;
}

static char *write_json(access_log *log, char *out, const access_record *r, int64_t wall_ns)
{
    out = put_time(log, out, wall_ns);
    out = put_field(out, ",\"id\":\"", r->id, ID_LONGEST);
    out = put_field(out, ",\"client\":\"", r->client, FIELD_LONGEST);
    out = put_field(out, ",\"method\":\"", r->method, ID_LONGEST);
    out = put_field(out, ",\"path\":\"", r->path, PATH_LONGEST);
    if (log->has_query)
        out = put_field(out, ",\"query\":\"", r->query, QUERY_LONGEST);
    out = put_field(out, ",\"http.route\":\"", r->route, FIELD_LONGEST);
    out = put_text(out, ",\"status\":");
    out = put_number(out, (uint64_t)r->status);
    out = put_text(out, ",\"bytes\":");
    out = put_number(out, r->bytes);
    out = put_text(out, ",\"duration_ms\":");
    out = put_thousandths(out, (uint64_t)r->duration_ns / 1000);
    if (r->is_cut)
        out = put_text(out, ",\"cut\":true");
    out = put_field(out, ",\"trace_id\":\"", r->trace.trace_id, ID_LONGEST);
    out = put_field(out, ",\"span_id\":\"", r->trace.span_id, ID_LONGEST);
    out = put_field(out, ",\"user_agent\":\"", r->user_agent, FIELD_LONGEST);
    out = put_field(out, ",\"referer\":\"", without_query(r->referer), FIELD_LONGEST);
    return put_text(out, "}\n");
}

static char *write_json_gap(access_log *log, char *out, const access_record *r, int64_t wall_ns)
{
    (void)r;
    out = put_time(log, out, wall_ns);
    out = put_text(out, ",\"dropped_lines\":");
    out = put_number(out, log->gap);
    return put_text(out, "}\n");
}

/* ---- For a person ---- */

static const char *color_of(int status)
{
    static const char *const colors[] = { "\033[36m", "\033[33m", "\033[31m" };
    return status < 300 ? "\033[32m" : status < 600 ? colors[status / 100 - 3] : colors[2];
}

/* Three digits or less before the unit. */
static void print_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB" };
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit < 3; unit++)
        value /= 1024;
    snprintf(out, size, "%.*f %s", unit > 0 && value < 9.95 ? 1 : 0, value, units[unit]);
}

static void print_duration(char *out, size_t size, int64_t ns)
{
    double const ms = (double)ns / 1e6;
    if (ms < 9999.5)
        snprintf(out, size, "%.*fms", ms < 9.95 ? 1 : 0, ms);
    else
        snprintf(out, size, "%.1fs", ms / 1000);
}

/* Method to duration as Next writes them, for eyes and scripts that know its lines. */
static char *write_human(access_log *log, char *out, const access_record *r, int64_t wall_ns)
{
    char bytes[32], duration[32];
    const char *dim = log->is_colored ? "\033[2m" : "";
    const char *color = log->is_colored ? color_of(r->status) : "";
    const char *off = log->is_colored ? "\033[0m" : "";
    set_clock(log, wall_ns / 1000000000);
    print_bytes(bytes, sizeof bytes, r->bytes);
    print_duration(duration, sizeof duration, r->duration_ns);

    out = put_text(put_clock(log, put_text(out, dim)), off);
    out = put_text(out, " ");
    out = r->method.length == 0 ? put_text(out, "-") : escape_plain(out, r->method, ID_LONGEST);
    out = put_text(out, " ");
    out = r->path.length == 0 ? put_text(out, "-") : escape_plain(out, r->path, PATH_LONGEST);
    if (log->has_query && r->query.length > 0)
        out = escape_plain(put_text(out, "?"), r->query, QUERY_LONGEST);
    out += snprintf(out, 160, " %s%d%s in %s %s(%s%s)%s\n", color, r->status, off, duration, dim,
                    bytes, r->is_cut ? ", cut" : "", off);
    return out;
}

static char *write_human_gap(access_log *log, char *out, const access_record *r, int64_t wall_ns)
{
    (void)r;
    set_clock(log, wall_ns / 1000000000);
    out = put_clock(log, out);
    out = put_text(out, "  lines that were dropped here: ");
    out = put_number(out, log->gap);
    return put_text(out, "\n");
}

/* ---- The log ---- */

int access_log_open(access_log **out, const char *format, const char *path, bool has_query,
                    bool is_development)
{
    *out = NULL;
    if (strcmp(format, "none") == 0)
        return 0;
    bool const is_terminal = strcmp(path, "-") == 0 && isatty(STDOUT_FILENO) == 1;
    bool const is_human = strcmp(format, "human") == 0 ||
                          (strcmp(format, "auto") == 0 && (is_terminal || is_development));
    log_file *file;
    if (log_file_open(&file, path, is_terminal || is_development) != 0)
        return CAPRA_E_SYSTEM;

    access_log *log = memory_take(sizeof *log);
    *log = (access_log){
        .file = file,
        .write_line = is_human ? write_human : write_json,
        .write_gap = is_human ? write_human_gap : write_json_gap,
        .is_human = is_human,
        .has_query = has_query,
        .is_colored = is_terminal && log_is_colored(STDOUT_FILENO),
        .second = -1,
    };
    *out = log;
    return 0;
}

void access_log_close(access_log *log)
{
    if (log == NULL)
        return;
    log_file_close(log->file);
    free(log);
}

static void take_dropped(access_log *log)
{
    uint64_t const dropped = log_file_take_dropped(log->file);
    log->gap += dropped;
    log->dropped += dropped;
}

static bool add(access_log *log, write_line_fn write, const access_record *record, int64_t wall_ns)
{
    char *room = log_file_room(log->file);
    if (room == NULL)
        return false;
    log_file_added(log->file, (size_t)(write(log, room, record, wall_ns) - room));
    return true;
}

void access_log_write(access_log *log, const access_record *record, int64_t wall_ns)
{
    take_dropped(log);
    if (log->gap > 0 && !log_file_is_stuck(log->file) && add(log, log->write_gap, record, wall_ns))
        log->gap = 0;
    add(log, log->write_line, record, wall_ns);
    take_dropped(log);
}

void access_log_flush(access_log *log)
{
    log_file_flush(log->file);
}

uint32_t access_log_turn(access_log *log, int64_t now_ns)
{
    return log_file_turn(log->file, now_ns);
}

uint64_t access_log_dropped(const access_log *log)
{
    return log->dropped;
}
