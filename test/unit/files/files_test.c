/* SPDX-License-Identifier: MIT */
#include "files/beneath.c"
#include "files/files.h"
#include "files/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A folder `public` in a folder of its own, with things that are served and things that are not. */
typedef struct world {
    char top[64], folder[96];
    arena arena;
    files *files;
} world;

static void write_file(const world *w, const char *path, const char *text)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", w->top, path);
    FILE *out = fopen(full, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void make_folder(const world *w, const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", w->top, path);
    assert_int_equal(mkdir(full, 0777), 0);
}

static void make_link(const world *w, const char *path, const char *target)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", w->top, path);
    assert_int_equal(symlink(target, full), 0);
}

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    strcpy(w->top, "/tmp/capra-files-test-XXXXXX");
    assert_non_null(mkdtemp(w->top));
    snprintf(w->folder, sizeof w->folder, "%s/public", w->top);
    make_folder(w, "public");
    make_folder(w, "public/sub");
    make_folder(w, "public/.hidden");
    make_folder(w, "public/.well-known");
    make_folder(w, "public/sub/.well-known");
    make_folder(w, "outside");
    write_file(w, "secret", "secret");
    write_file(w, "outside/file", "secret");
    write_file(w, "public/index.html", "<p>");
    write_file(w, "public/a.txt", "a");
    write_file(w, "public/with space.txt", "s");
    write_file(w, "public/\xc3\xbc.txt", "u");
    write_file(w, "public/100%25.txt", "p");
    write_file(w, "public/..a", "dots");
    write_file(w, "public/.env", "secret");
    write_file(w, "public/sub/b.txt", "b");
    write_file(w, "public/sub/.htaccess", "secret");
    write_file(w, "public/sub/.well-known/x", "x");
    write_file(w, "public/.hidden/x", "secret");
    write_file(w, "public/.well-known/acme", "k");
    make_link(w, "public/inside.txt", "sub/b.txt");
    make_link(w, "public/sub/up.txt", "../a.txt");
    make_link(w, "public/folder", "sub");
    make_link(w, "public/loop", ".");
    make_link(w, "public/sub/loop", "..");
    make_link(w, "public/out.txt", "../secret");
    make_link(w, "public/absolute.txt", "/etc/passwd");
    make_link(w, "public/outside", "../outside");
    make_link(w, "public/nowhere.txt", "gone");
    make_link(w, "public/self", "self");
    char pipe[128];
    snprintf(pipe, sizeof pipe, "%s/pipe", w->folder);
    assert_int_equal(mkfifo(pipe, 0666), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    char command[128];
    files_free(w->files);
    arena_cleanup(&w->arena);
    snprintf(command, sizeof command, "rm -r %s", w->top);
    assert_int_equal(system(command), 0);
    free(w);
    return 0;
}

/* The bytes of the file that a path names; NULL when it names none. */
static const char *served(world *w, const char *path)
{
    static char text[64];
    open_file f;
    size_t const length = strlen(path);
    char *exact = malloc(length + 1);
    memcpy(exact + 1, path, length);
    bool const is_there = files_open(w->files, &f, slice_of(exact + 1, length), &w->arena);
    free(exact);
    if (!is_there)
        return NULL;
    ssize_t const got = read(f.fd, text, sizeof text - 1);
    assert_int_equal(got, f.size);
    text[got] = '\0';
    file_close(&f);
    return text;
}

static void assert_served(world *w, const char *path, const char *expected)
{
    const char *text = served(w, path);
    if (text == NULL)
        fail_msg("%s is not served", path);
    assert_string_equal(text, expected);
}

static const char *const refused[] = {
    "/.env",
    "/%2eenv",
    "/.hidden/x",
    "/sub/.htaccess",
    "/sub/%2Ehtaccess",
    "/sub/.well-known/x",
    "/.well-known",
    "/..a",
    "/../secret",
    "/%2e%2e/secret",
    "/sub/../../secret",
    "/sub/%2e%2e/a.txt",
    "/..%2fsecret",
    "/sub%2fb.txt",
    "/sub%2Fb.txt",
    "/sub//b.txt",
    "//a.txt",
    "/a.txt/",
    "/sub",
    "/sub/",
    "/folder",
    "/out.txt",
    "/absolute.txt",
    "/outside/file",
    "/nowhere.txt",
    "/self",
    "/pipe",
    "/a.txt%00",
    "/a.txt%00.html",
    "/%00",
    "/a.tx%",
    "/a.tx%7",
    "/%ff.txt",
    "/\xff",
    "/%c0%ae%c0%ae/secret",
    "/a%2etxt%2f..%2f..%2fsecret",
    "/..\\secret",
    "/100%.txt",
    "/A.TXT",
    "/etc/passwd",
    "a.txt",
    "*",
    "",
    "/gone.txt",
};

static void refuses_all(world *w)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (served(w, refused[i]) != NULL)
            fail_msg("%s is served", refused[i]);
}

static void serves_all(world *w)
{
    assert_served(w, "/", "<p>");
    assert_served(w, "/index.html", "<p>");
    assert_served(w, "/a.txt", "a");
    assert_served(w, "/%61.txt", "a");
    assert_served(w, "/with%20space.txt", "s");
    assert_served(w, "/%C3%BC.txt", "u");
    assert_served(w, "/100%2525.txt", "p");
    assert_served(w, "/sub/b.txt", "b");
    assert_served(w, "/.well-known/acme", "k");
    assert_served(w, "/inside.txt", "b");
    assert_served(w, "/sub/up.txt", "a");
    assert_served(w, "/folder/b.txt", "b");
}

static void serves_what_is_below(void **state)
{
    world *w = *state;
    w->files = files_new(w->folder, false);
    assert_non_null(w->files);
    serves_all(w);
    refuses_all(w);
}

static void serves_it_while_it_is_watched(void **state)
{
    world *w = *state;
    w->files = files_new(w->folder, true);
    serves_all(w);
    refuses_all(w);
}

/* In production a path is looked up in what there was at the start. */
static void finds_new_files_only_when_watched(void **state)
{
    world *w = *state;
    w->files = files_new(w->folder, false);
    write_file(w, "public/new.txt", "n");
    assert_null(served(w, "/new.txt"));
    files_free(w->files);
    w->files = files_new(w->folder, true);
    assert_served(w, "/new.txt", "n");
    unlink(strcat(strcpy((char[256]){ 0 }, w->folder), "/new.txt"));
    assert_null(served(w, "/new.txt"));
}

static void serves_no_file_that_has_gone(void **state)
{
    world *w = *state;
    char path[128];
    w->files = files_new(w->folder, false);
    snprintf(path, sizeof path, "%s/a.txt", w->folder);
    assert_int_equal(unlink(path), 0);
    assert_null(served(w, "/a.txt"));
    make_folder(w, "public/a.txt");
    assert_null(served(w, "/a.txt"));
}

/* Replaced by a link to the outside after the start. */
static void follows_no_later_link_out(void **state)
{
    world *w = *state;
    char path[128];
    w->files = files_new(w->folder, false);
    snprintf(path, sizeof path, "%s/a.txt", w->folder);
    assert_int_equal(unlink(path), 0);
    make_link(w, "public/a.txt", "../secret");
    assert_null(served(w, "/a.txt"));
}

static void serves_nothing_without_a_folder(void **state)
{
    world *w = *state;
    assert_null(files_new("/nowhere/public", false));
    w->files = files_new("/nowhere/public", true);
    assert_null(served(w, "/a.txt"));
    files_free(w->files);
    w->files = NULL;
    assert_null(served(w, "/a.txt"));
}

/* Where the kernel cannot say what is beneath, no link is followed. */
static void opens_by_name(void **state)
{
    world *w = *state;
    int const root = open(w->folder, O_RDONLY | O_DIRECTORY);
    static const char *const good[] = { "a.txt", "sub/b.txt", ".well-known/acme" };
    static const char *const bad[] = { "inside.txt", "folder/b.txt", "out.txt",  "outside/file",
                                       "..",         "../secret",    "sub/../a", "",
                                       "sub//b.txt", "/etc/passwd",  "a.txt/x",  "loop/a.txt" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int const fd = open_by_name(root, good[i], 0);
        if (fd < 0)
            fail_msg("%s is not opened", good[i]);
        close(fd);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (open_by_name(root, bad[i], 0) >= 0)
            fail_msg("%s is opened", bad[i]);
    char longest[NAME_MAX + 3];
    memset(longest, 'x', sizeof longest);
    longest[NAME_MAX + 2] = '\0';
    assert_int_equal(open_by_name(root, longest, 0), -1);
    close(root);
}

static void knows_types(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "a.txt", "text/plain; charset=UTF-8" },
        { "a.b.HTML", "text/html; charset=UTF-8" },
        { "x/y.js", "application/javascript; charset=UTF-8" },
        { "y.json", "application/json; charset=UTF-8" },
        { "y.svg", "image/svg+xml" },
        { "y.png", "image/png" },
        { "y.woff2", "font/woff2" },
        { "y.webmanifest", "application/manifest+json" },
        { "y.7z", "application/x-7z-compressed" },
        { "y.zst", "application/zstd" },
        { "y.unknown", "application/octet-stream" },
        { "y.", "application/octet-stream" },
        { "txt", "application/octet-stream" },
        { ".txt", "text/plain; charset=UTF-8" },
        { "", "application/octet-stream" },
        { "y.an-ending-that-is-very-long", "application/octet-stream" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        capra_slice const type = file_media_type(slice_text(cases[i][0]));
        if (!slice_is(type, cases[i][1]))
            fail_msg("%s: %.*s", cases[i][0], (int)type.length, type.data);
    }
}

static void keeps_many_names(void **state)
{
    (void)state;
    names n = { 0 };
    char name[32];
    assert_false(names_have(&n, slice_text("a")));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            snprintf(name, sizeof name, "folder/%d.txt", i);
            names_add(&n, slice_text(name));
        }
    }
    assert_int_equal(n.count, 5000);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "folder/%d.txt", i);
        assert_int_equal(names_have(&n, slice_text(name)), i < 5000);
    }
    names_cleanup(&n);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(serves_what_is_below),
        IN_WORLD(serves_it_while_it_is_watched),
        IN_WORLD(finds_new_files_only_when_watched),
        IN_WORLD(serves_no_file_that_has_gone),
        IN_WORLD(follows_no_later_link_out),
        IN_WORLD(serves_nothing_without_a_folder),
        IN_WORLD(opens_by_name),
        cmocka_unit_test(knows_types),
        cmocka_unit_test(keeps_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
