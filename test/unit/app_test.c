/* SPDX-License-Identifier: MIT */
#include "app.h"
#include "base/error.h"
#include "support/fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Manifests, good and bad. Whoever edits one by hand is told what is wrong with it. */

static int load(app **out, const char *text, char why[256])
{
    return fake_host_read(out, text, why, 256);
}

#define MANIFEST(routes) "{\"version\":1,\"routes\":[" routes "]}"

static void a_manifest_becomes_routes(void **state)
{
    (void)state;
    app *a;
    char why[256];
    assert_int_equal(
        load(&a,
             MANIFEST(
                 "{\"route\":\"/api/a\",\"file\":\"a.ts\",\"kind\":\"script\",\"module\":\"a\","
                 "\"config\":{\"bodyParser\":false,\"bodyLimit\":10,\"bodyLimitText\":\"10b\"}},"
                 "{\"route\":\"/api/[b]\",\"file\":\"b.ts\",\"kind\":\"error\","
                 "\"message\":\"oh\",\"config\":{\"bodyLimit\":null}}"),
             why),
        0);
    assert_int_equal(app_route_count(a), 2);
    const app_route *first = app_find(a, 0), *second = app_find(a, 1);
    assert_int_equal(first->kind, APP_SCRIPT);
    assert_false(first->reads_body);
    assert_int_equal(first->body_limit, 10);
    assert_string_equal(first->limit_text, "10b");
    assert_int_equal(second->kind, APP_BROKEN);
    assert_string_equal(second->message, "oh");
    assert_true(second->reads_body);
    assert_int_equal(second->body_limit, -1);
    route_match m;
    assert_int_equal(route_table_match(app_table(a), slice_text("/api/x"), &m), ROUTE_FOUND);
    assert_int_equal(m.route, 1);
    assert_ptr_equal(app_hold(a), a);
    app_release(a);
    app_release(a);
    app_release(NULL);
}

typedef struct fault {
    const char *text, *says;
    int code;
} fault;

static const fault faults[] = {
    { "{", "is not JSON: line 1", CAPRA_E_MANIFEST },
    { "[]", "another version of Capra", CAPRA_E_MANIFEST },
    { "{\"version\":2,\"routes\":[]}", "build again", CAPRA_E_MANIFEST },
    { "{\"version\":1,\"routes\":{}}", "build again", CAPRA_E_MANIFEST },
    { MANIFEST("{}"), "lacks `route`", CAPRA_E_MANIFEST },
    { MANIFEST("7"), "lacks `route`", CAPRA_E_MANIFEST },
    { MANIFEST("{\"route\":\"/a\",\"file\":\"a.ts\",\"kind\":\"script\"}"), "a.ts has no `module`",
      CAPRA_E_MANIFEST },
    { MANIFEST("{\"route\":\"/a\",\"file\":\"a.ts\",\"kind\":\"odd\",\"module\":\"a\"}"),
      "unknown kind `odd`", CAPRA_E_MANIFEST },
    { MANIFEST("{\"route\":\"/a\",\"file\":\"a.c\",\"kind\":\"native\",\"module\":\"missing.so\"}"),
      "a.c: ", CAPRA_E_LOAD },
    { MANIFEST("{\"route\":\"/[a]\",\"file\":\"a.js\",\"kind\":\"script\",\"module\":\"a\"},"
               "{\"route\":\"/[b]\",\"file\":\"b.js\",\"kind\":\"script\",\"module\":\"b\"}"),
      "different slug names", CAPRA_E_ROUTE },
};

static void each_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        app *a = NULL;
        char why[256];
        assert_int_equal(load(&a, faults[i].text, why), faults[i].code);
        assert_null(a);
        if (strstr(why, faults[i].says) == NULL)
            fail_msg("%s: `%s` does not say `%s`", faults[i].text, why, faults[i].says);
    }
}

static void a_missing_manifest_is_named(void **state)
{
    (void)state;
    app *a;
    char why[256];
    assert_int_equal(app_load(&a, "/nonexistent/manifest.json", APP_WHOLE, why, sizeof why),
                     CAPRA_E_MANIFEST);
    assert_non_null(strstr(why, "/nonexistent/manifest.json cannot be read"));
    app_facts facts;
    assert_int_equal(app_peek(&facts, "/nonexistent/manifest.json", why, sizeof why),
                     CAPRA_E_MANIFEST);
}

static app_facts peek(const char *text)
{
    app_facts facts;
    char path[] = "/tmp/capra-app-test-XXXXXX", why[256];
    int const fd = mkstemp(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(app_peek(&facts, path, why, sizeof why), 0);
    unlink(path);
    return facts;
}

static void only_scripts_need_node(void **state)
{
    (void)state;
    assert_true(peek(MANIFEST("{\"kind\":\"native\"},{\"kind\":\"script\"}")).needs_node);
    assert_false(peek(MANIFEST("{\"kind\":\"native\"},{\"kind\":\"error\"}")).needs_node);
    assert_false(peek(MANIFEST("")).needs_node);
    assert_false(peek(MANIFEST("")).is_strict_parity);
    assert_true(
        peek("{\"version\":1,\"settings\":{\"parity\":true},\"routes\":[]}").is_strict_parity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_becomes_routes),
        cmocka_unit_test(each_fault_is_named),
        cmocka_unit_test(a_missing_manifest_is_named),
        cmocka_unit_test(only_scripts_need_node),
    };
    return cmocka_run_group_tests_name("app", tests, NULL, NULL);
}
