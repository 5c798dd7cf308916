/* SPDX-License-Identifier: MIT */
#include "cli/env_files.c"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* What is in files that end where they should not. What they say otherwise is held to the reader in
 * JavaScript, by test/process/env-files.test.ts. */

static void write_file(const char *folder, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/.env", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(const char *text, const char *value)
{
    char folder[] = "/tmp/capra-env-XXXXXX", path[128], why[256];
    assert_non_null(mkdtemp(folder));
    write_file(folder, text);
    unsetenv("K");
    assert_int_equal(env_files_load(folder, "production", why, sizeof why), 0);
    const char *found = getenv("K");
    if (value == NULL)
        assert_null(found);
    else if (found == NULL || strcmp(found, value) != 0)
        fail_msg("%s: %s", text, found == NULL ? "nothing" : found);
    snprintf(path, sizeof path, "%s/.env", folder);
    unlink(path);
    rmdir(folder);
}

static void files_may_end_anywhere(void **state)
{
    (void)state;
    static const char whole[] = "export K = \"a\\\"${K:-${L}}$M\\n\" # why";
    char text[sizeof whole];
    for (size_t length = 0; length < sizeof whole; length++) {
        char folder[] = "/tmp/capra-env-XXXXXX", path[128], why[256];
        memcpy(text, whole, length);
        text[length] = '\0';
        assert_non_null(mkdtemp(folder));
        write_file(folder, text);
        assert_int_equal(env_files_load(folder, "production", why, sizeof why), 0);
        unsetenv("K");
        snprintf(path, sizeof path, "%s/.env", folder);
        unlink(path);
        rmdir(folder);
    }
}

static void odd_ends_are_literal(void **state)
{
    (void)state;
    expect("", NULL);
    expect("\xEF\xBB\xBF", NULL);
    expect("K", NULL);
    expect("K=", "");
    expect("K=$", "$");
    expect("K=\\", "\\");
    expect("K=${", "${");
    expect("K=${K:-", "${K:-");
    expect("K=${K:-${", "${K:-${");
    expect("K=${K:-${}", "${");
    expect("K=\"", "\"");
    expect("K=\"\\", "\"\\");
    expect("K=\"\\\"", "\\");
    expect("K='1'\r", "1");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/capra-env-XXXXXX", path[128], why[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/.env.local", folder);
    assert_int_equal(symlink(".env.local", path), 0);
    assert_int_equal(env_files_load(folder, "production", why, sizeof why), CAPRA_E_SYSTEM);
    assert_non_null(strstr(why, ".env.local cannot be read: "));
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_may_end_anywhere),
        cmocka_unit_test(odd_ends_are_literal),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests_name("env_files", tests, NULL, NULL);
}
