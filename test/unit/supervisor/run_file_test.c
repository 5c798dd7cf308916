/* SPDX-License-Identifier: MIT */
#include "supervisor/run_file.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

static char project[] = "/tmp/capra-run-test-XXXXXX";

static int make_project(void **state)
{
    (void)state;
    memcpy(strrchr(project, '-'), "-XXXXXX", 7);
    return mkdtemp(project) == NULL;
}

static int remove_project(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", project);
    return system(command);
}

/* The id of a process that is gone. */
static pid_t dead_process(void)
{
    pid_t const child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return child;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    run_state const written = {
        .pid = getpid(), .admin = "unix:/x \"y\"", .generation = 7, .refused = 2
    };
    run_state read;
    assert_false(run_file_read(project, &read));
    assert_true(run_file_write(project, &written));
    assert_true(run_file_read(project, &read));
    assert_int_equal(read.pid, written.pid);
    assert_string_equal(read.admin, written.admin);
    assert_int_equal(read.generation, 7);
    assert_int_equal(read.refused, 2);
    run_file_remove(project);
    assert_false(run_file_read(project, &read));
}

static void a_server_that_is_gone_is_none(void **state)
{
    (void)state;
    run_state const written = { .pid = dead_process(), .generation = 1 };
    run_state read;
    assert_true(run_file_write(project, &written));
    assert_false(run_file_read(project, &read));
}

static void the_file_of_another_server_stays(void **state)
{
    (void)state;
    run_state const written = { .pid = getppid(), .generation = 1 };
    run_state read;
    assert_true(run_file_write(project, &written));
    run_file_remove(project);
    assert_true(run_file_read(project, &read));
}

static void nonsense_is_no_server(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "{", "[]", "{\"pid\":\"1\"}", "{\"pid\":-1}" };
    char path[PATH_BYTES];
    run_state read;
    assert_true(run_file_prepare(project, getuid(), getgid()));
    name(path, project, "supervisor.json");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        assert_false(run_file_read(project, &read));
    }
}

static void where_nothing_can_be_written_it_says_so(void **state)
{
    (void)state;
    run_state const written = { .pid = getpid() };
    assert_false(run_file_write("/nowhere", &written));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_project, remove_project)
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_is_written_is_read),
        FILE_TEST(a_server_that_is_gone_is_none),
        FILE_TEST(the_file_of_another_server_stays),
        FILE_TEST(nonsense_is_no_server),
        FILE_TEST(where_nothing_can_be_written_it_says_so),
    };
#undef FILE_TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
