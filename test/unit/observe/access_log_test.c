/* SPDX-License-Identifier: MIT */
#include "observe/access_log.h"

#include "base/arena.h"
#include "observe/log_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include <cmocka.h>

/* Lines as they arrive in a file, and in a pipe that nobody reads. */

typedef struct world {
    char folder[64], path[80], moved[80];
    int64_t now_ns;
} world;

static const int64_t wall_ns = INT64_C(1795372602125000000); /* 2026-11-22T18:36:42.125Z */

static int make_folder(void **state)
{
    world *w = memory_take(sizeof *w);
    *w = (world){ .folder = "/tmp/capra-log-XXXXXX" };
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/access.log", w->folder);
    snprintf(w->moved, sizeof w->moved, "%s/access.log.1", w->folder);
    *state = w;
    return 0;
}

static int remove_folder(void **state)
{
    world *w = *state;
    unlink(w->path);
    unlink(w->moved);
    rmdir(w->folder);
    free(w);
    return 0;
}

static access_log *open_log(world *w, const char *format, bool has_query)
{
    access_log *log;
    assert_int_equal(access_log_open(&log, format, w->path, has_query, false), 0);
    return log;
}

static access_record hello(void)
{
    return (access_record){
        .method = slice_text("GET"),
        .path = slice_text("/api/hello"),
        .query = slice_text("token=1"),
        .route = slice_text("/api/hello"),
        .client = slice_text("192.0.2.7"),
        .id = slice_text("5f0c2a9100000007"),
        .status = 200,
        .bytes = 31,
        .duration_ns = 412345,
    };
}

/* Some time passes, so that what waits is written. */
static uint32_t turn(world *w, access_log *log)
{
    w->now_ns += INT64_C(2000000000);
    return access_log_turn(log, w->now_ns);
}

static char *read_file(const char *path)
{
    static char text[256 * 1024];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t const length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

static void a_line_of_json_says_all(void **state)
{
    world *w = *state;
    access_log *log = open_log(w, "json", false);
    access_record r = hello();
    access_log_write(log, &r, wall_ns);
    r = (access_record){ .status = 400, .bytes = 72, .duration_ns = 1000, .is_cut = true };
    access_log_write(log, &r, wall_ns + 900000000);
    assert_int_equal(turn(w, log), 0);
    assert_string_equal(read_file(w->path),
                        "{\"time\":\"2026-11-22T18:36:42.125Z\",\"id\":\"5f0c2a9100000007\","
                        "\"client\":\"192.0.2.7\",\"method\":\"GET\",\"path\":\"/api/hello\","
                        "\"http.route\":\"/api/hello\",\"status\":200,\"bytes\":31,"
                        "\"duration_ms\":0.412}\n"
                        "{\"time\":\"2026-11-22T18:36:43.025Z\",\"status\":400,\"bytes\":72,"
                        "\"duration_ms\":0.001,\"cut\":true}\n");
    access_log_close(log);
}

static void the_query_is_shown_when_asked_for(void **state)
{
    world *w = *state;
    access_log *log = open_log(w, "json", true);
    access_record r = hello();
    r.referer = slice_text("https://a.example/page?token=2");
    access_log_write(log, &r, wall_ns);
    access_log_close(log);
    const char *text = read_file(w->path);
    assert_non_null(strstr(text, "\"query\":\"token=1\""));
    assert_non_null(strstr(text, "\"referer\":\"https://a.example/page\""));
}

static void a_line_for_people_is_as_in_next(void **state)
{
    world *w = *state;
    access_log *log = open_log(w, "human", false);
    access_record r = hello();
    access_log_write(log, &r, wall_ns);
    r.method = slice_text("PROPPATCH");
    r.path = slice_text("/\x1b[2J\n");
    r.bytes = 5 << 20;
    r.duration_ns = INT64_C(12345000000);
    r.is_cut = true;
    access_log_write(log, &r, wall_ns);
    access_log_close(log);
    char *first = read_file(w->path);
    char *second = strchr(first, '\n') + 1;
    /* The hour before it is that of this place. */
    assert_string_equal(second + 8, " PROPPATCH /\\x1b[2J\\x0a 200 in 12.3s (5.0 MB, cut)\n");
    *second = '\0';
    assert_string_equal(first + 8, " GET /api/hello 200 in 0.4ms (31 B)\n");
}

static void no_text_makes_a_line_too_long(void **state)
{
    world *w = *state;
    static char controls[16 * 1024];
    memset(controls, 1, sizeof controls);
    capra_slice const all = slice_of(controls, sizeof controls);
    access_log *log = open_log(w, "json", true);
    access_record const r = { .method = all,
                              .path = all,
                              .query = all,
                              .route = all,
                              .client = all,
                              .id = all,
                              .user_agent = all,
                              .referer = all,
                              .trace = { all, all },
                              .status = 200 };
    access_log_write(log, &r, wall_ns);
    access_log_close(log);
    const char *text = read_file(w->path);
    assert_true(strlen(text) < LOG_LINE_BYTES);
    json_t *line = json_loads(text, 0, NULL);
    assert_non_null(line);
    json_decref(line);
}

static void a_rotated_file_is_left(void **state)
{
    world *w = *state;
    access_log *log = open_log(w, "json", false);
    access_record const r = hello();
    access_log_write(log, &r, wall_ns);
    turn(w, log);
    assert_int_equal(rename(w->path, w->moved), 0);
    access_log_write(log, &r, wall_ns);
    access_log_write(log, &r, wall_ns);
    turn(w, log);
    size_t const length = strlen(read_file(w->moved));
    assert_int_equal(strlen(read_file(w->path)), 2 * length);
    access_log_close(log);
}

static void lines_wait_for_others(void **state)
{
    world *w = *state;
    access_log *log = open_log(w, "json", false);
    access_record const r = hello();
    access_log_write(log, &r, wall_ns);
    turn(w, log);
    size_t const one = strlen(read_file(w->path));
    access_log_write(log, &r, wall_ns);
    assert_true(access_log_turn(log, w->now_ns + 1000000) > 0);
    assert_int_equal(strlen(read_file(w->path)), one);
    assert_int_equal(access_log_turn(log, w->now_ns + 60000000), 0);
    assert_int_equal(strlen(read_file(w->path)), 2 * one);
    access_log_close(log);
}

static void a_reader_that_stops_costs_lines_and_no_time(void **state)
{
    world *w = *state;
    assert_int_equal(mkfifo(w->path, 0600), 0);
    int const reader = open(w->path, O_RDONLY | O_NONBLOCK);
    access_log *log = open_log(w, "json", false);
    access_record const r = hello();
    enum { LINES = 4000 }; /* about 700 KiB: more than pipe and memory hold */
    for (int i = 0; i < LINES; i++) {
        access_log_write(log, &r, wall_ns);
        turn(w, log);
    }
    uint64_t const dropped = access_log_dropped(log);
    assert_true(dropped > 0 && dropped < LINES);
    assert_true(turn(w, log) > 0);

    /* The reader comes back: whole lines, and one that says how many are missing. */
    static char text[2 << 20];
    size_t length = 0;
    ssize_t size = 0;
    for (int rounds = 0; rounds < 1000; rounds++) {
        while ((size = read(reader, text + length, sizeof text - 1 - length)) > 0)
            length += (size_t)size;
        if (turn(w, log) == 0)
            break;
    }
    access_log_write(log, &r, wall_ns);
    access_log_close(log);
    while ((size = read(reader, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)size;
    close(reader);
    text[length] = '\0';

    uint64_t lines = 0, said = 0;
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);
        assert_non_null(line);
        json_t *gap = json_object_get(line, "dropped_lines");
        if (gap != NULL)
            said += (uint64_t)json_integer_value(gap);
        else
            lines++;
        json_decref(line);
    }
    assert_int_equal(said, dropped);
    assert_int_equal(lines, LINES + 1 - dropped);
}

static void a_reader_that_goes_ends_it(void **state)
{
    world *w = *state;
    assert_int_equal(mkfifo(w->path, 0600), 0);
    int const reader = open(w->path, O_RDONLY | O_NONBLOCK);
    access_log *log = open_log(w, "json", false);
    access_record const r = hello();
    close(reader);
    access_log_write(log, &r, wall_ns);
    assert_int_equal(turn(w, log), 0);
    access_log_write(log, &r, wall_ns);
    assert_int_equal(access_log_dropped(log), 2);
    access_log_close(log);
}

static void a_path_that_cannot_be_is_refused(void **state)
{
    world *w = *state;
    access_log *log;
    snprintf(w->path, sizeof w->path, "%s/none/access.log", w->folder);
    assert_true(access_log_open(&log, "json", w->path, false, false) < 0);
    assert_int_equal(access_log_open(&log, "none", w->path, false, false), 0);
    assert_null(log);
}

#define WITH_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_line_of_json_says_all),
        WITH_FOLDER(the_query_is_shown_when_asked_for),
        WITH_FOLDER(a_line_for_people_is_as_in_next),
        WITH_FOLDER(no_text_makes_a_line_too_long),
        WITH_FOLDER(a_rotated_file_is_left),
        WITH_FOLDER(lines_wait_for_others),
        WITH_FOLDER(a_reader_that_stops_costs_lines_and_no_time),
        WITH_FOLDER(a_reader_that_goes_ends_it),
        WITH_FOLDER(a_path_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
