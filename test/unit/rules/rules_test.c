/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Rules as the compiler writes them (with ' for "), and requests among them. */

typedef struct world {
    rules *rules;
    arena arena;
    char text[2048];
    http_head head;
    http_target target;
    rules_walk walk;
} world;

static json_t *settings_of(const char *text)
{
    char *json = strdup(text);
    for (char *at = json; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    json_error_t error;
    json_t *settings = json_loads(json, 0, &error);
    if (settings == NULL)
        fail_msg("%s at %d of %s", error.text, error.position, json);
    free(json);
    return settings;
}

static void forget(world *w)
{
    rules_free(w->rules);
    arena_cleanup(&w->arena);
    free(w);
}

static world *with(const char *text)
{
    char why[256];
    world *w = calloc(1, sizeof *w);
    json_t *settings = settings_of(text);
    if (rules_new(&w->rules, settings, NULL, why, sizeof why) != 0)
        fail_msg("%s", why);
    json_decref(settings);
    assert_non_null(w->rules);
    return w;
}

/* `lines`: further header lines. */
static void ask(world *w, const char *target, const char *lines)
{
    snprintf(w->text, sizeof w->text, "GET %s HTTP/1.1\r\nHost: Example.COM:80\r\n%s\r\n", target,
             lines);
    http_head_init(&w->head);
    long const length = http_head_parse(&w->head, w->text, strlen(w->text), &http_default_limits);
    assert_true(length > 0);
    capra_slice const raw = slice_of(w->text + w->head.target, w->head.target_length);
    assert_int_equal(http_target_parse(&w->target, raw, &w->arena), 0);
    rules_walk_init(&w->walk, w->rules, &w->head, w->text, &w->target, &w->arena);
}

static void assert_slice(capra_slice found, const char *expected)
{
    if (!slice_is(found, expected))
        fail_msg("expected %s, found %.*s", expected, (int)found.length, found.data);
}

static void assert_redirect(world *w, const char *target, const char *lines, int status,
                            const char *location)
{
    capra_slice found = { 0 };
    ask(w, target, lines);
    assert_int_equal(rules_redirect(&w->walk, &found), status);
    if (status != 0)
        assert_slice(found, location);
}

/* All rewrites of all lists, one after the other. */
static void assert_rewrite(world *w, const char *target, const char *lines, const char *path,
                           const char *query)
{
    ask(w, target, lines);
    for (rules_list list = 0; list < RULES_REWRITES; list++)
        for (uint32_t at = 0; rules_rewrite(&w->walk, list, &at);)
            continue;
    assert_slice(w->walk.path, path);
    if (query == NULL)
        assert_null(w->walk.query.data);
    else
        assert_slice(w->walk.query, query);
}

static void assert_fields(world *w, const char *target, const char *lines, const char *expected)
{
    ask(w, target, lines);
    assert_slice(rules_fields(&w->walk), expected);
}

#define ID   "'groups':[0],'params':[{'name':'id'}]"
#define NONE "'groups':[],'params':[]"
#define PATH "'groups':[0],'params':[{'name':'path','separator':'/'}]"
#define GAP  "{'param':0,'prefix':'/'}"
#define REST "(?:\\\\/((?:[^\\\\/]+?)(?:\\\\/(?:[^\\\\/]+?))*))?(?:\\\\/)?$"
#define ONE  "\\\\/([^\\\\/]+?)(?:\\\\/)?$"

/* ---- Loading ---- */

static void nothing_is_made_of_nothing(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "{}",
        "{'basePath':'','trailingSlash':false,'skipTrailingSlashRedirect':false,'parity':true}",
    };
    for (size_t i = 0; i < 2; i++) {
        rules *r = (rules *)&r;
        char why[64];
        json_t *settings = settings_of(plain[i]);
        assert_int_equal(rules_new(&r, settings, NULL, why, sizeof why), 0);
        assert_null(r);
        json_decref(settings);
    }
    rules_free(NULL);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "{'rules':{'redirects':[{'source':'/a','regex':'('}]}}", "missing closing parenthesis" },
        { "{'rules':{'redirects':[{'source':'/a'}]}}",
          "`/a` of the manifest has no proper `regex`" },
        { "{'rules':{'redirects':[{'source':'/a','regex':'a','groups':[3],'params':[]}]}}",
          "no proper `params`" },
        { "{'rules':{'headers':[{'source':'/a','regex':'a'," NONE ",'has':[{'type':'x'}]}]}}",
          "no proper `has`" },
        { "{'rules':{'headers':[{'source':'/a','regex':'a'," ID ",'has':"
          "[{'type':'host','regex':'a','groups':[['b',0]]}]}]}}",
          "no proper `groups`" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rules *r;
        char why[256] = "";
        json_t *settings = settings_of(wrong[i][0]);
        assert_int_equal(rules_new(&r, settings, NULL, why, sizeof why), CAPRA_E_MANIFEST);
        if (strstr(why, wrong[i][1]) == NULL)
            fail_msg("%s: %s", wrong[i][0], why);
        json_decref(settings);
    }
}

/* ---- Base path and slashes ---- */

static void slashes_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *target;
        const char *location; /* NULL: as it is */
    } cases[] = {
        { "{'basePath':'/base'}", "/base/api/", "/base/api" },
        { "{'basePath':'/base'}", "/base/", "/base" },
        { "{'basePath':'/base'}", "/base", NULL },
        { "{'basePath':'/base'}", "/api/", NULL },
        { "{'basePath':'/base'}", "/basement/", NULL },
        { "{'basePath':'/base'}", "/base/a/?x=%zz&y", "/base/a?x=%zz&y" },
        { "{'basePath':'/base','parity':true}", "/base/a/?b=1&a&b=+", "/base/a?b=1&b=%20&a=" },
        { "{'trailingSlash':true}", "/api/x", "/api/x/" },
        { "{'trailingSlash':true}", "/api/x?a=1", "/api/x/?a=1" },
        { "{'trailingSlash':true}", "/api/x/", NULL },
        { "{'trailingSlash':true}", "/", NULL },
        { "{'trailingSlash':true}", "/d/a.json", NULL },
        { "{'trailingSlash':true}", "/d/a.json/", "/d/a.json" },
        { "{'trailingSlash':true}", "/d.e/x", "/d.e/x/" },
        { "{'trailingSlash':true}", "/d/a.b-c", NULL },
        { "{'trailingSlash':true}", "/d/a.b-c/", NULL },
        { "{'trailingSlash':true}", "/.well-known/x", NULL },
        { "{'trailingSlash':true}", "/.well-known/x.json/", NULL },
        { "{'trailingSlash':true,'basePath':'/base'}", "/base", "/base/" },
        { "{'trailingSlash':true,'basePath':'/base'}", "/base/", NULL },
        { "{'skipTrailingSlashRedirect':true}", "/api/x/", NULL },
        { "{'skipTrailingSlashRedirect':true,'trailingSlash':true}", "/api/x", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world *w = with(cases[i].settings);
        print_message("%s %s\n", cases[i].settings, cases[i].target);
        assert_redirect(w, cases[i].target, "", cases[i].location == NULL ? 0 : 308,
                        cases[i].location);
        forget(w);
    }
}

static void the_base_path_is_taken_off(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *inner; /* NULL: outside */
        const char *origin;
        bool is_rewritten;
    } cases[] = {
        { "/base/api/x?a=1", "/api/x", "/api/x?a=1", false },
        { "/base/api/x/", "/api/x", "/api/x/", false },
        { "/base", "/", "/base", true },
        { "/base?a", "/", "?a", true },
        { "/base/./api", "/api", "/./api", true },
        { "/./base/api", "/api", "/./base/api", true },
        { "/basement/api", NULL, "/basement/api", false },
        { "/api", NULL, "/api", false },
        { "/BASE/api", NULL, "/BASE/api", false },
    };
    world *w = with("{'basePath':'/base'}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        capra_slice inner;
        ask(w, cases[i].target, "");
        print_message("%s\n", cases[i].target);
        assert_int_equal(rules_inner_path(&w->walk, &inner), cases[i].inner != NULL);
        if (cases[i].inner != NULL)
            assert_slice(inner, cases[i].inner);
        rules_strip_target(w->rules, &w->target);
        assert_slice(w->target.origin, cases[i].origin);
        assert_int_equal(w->target.is_path_rewritten, cases[i].is_rewritten);
    }
    forget(w);
}

/* ---- Redirects ---- */

static const char redirects[] =
    "{'rules':{'ignoresCase':true,'redirects':["
    "{'source':'/r/:id','regex':'^\\\\/r" ONE "'," ID ",'status':308,"
    "'to':{'path':['/t'," GAP "],'query':[]}},"
    "{'source':'/r2/:id','regex':'^\\\\/r2" ONE "'," ID ",'status':307,"
    "'to':{'path':['/t'," GAP "],'query':[['y',['1']]]}},"
    "{'source':'/r3','regex':'^\\\\/r3$'," NONE ",'status':302,"
    "'to':{'origin':['https://example.com'],'path':['/z'],'query':[],'hash':['h']}},"
    "{'source':'/r4/:path*','regex':'^\\\\/r4" REST "'," PATH ",'status':301,"
    "'to':{'path':[{'param':0,'prefix':'/','repeats':true}],'query':[]}},"
    "{'source':'/r5','regex':'^\\\\/r5$'," ID ",'has':[{'type':'query','key':'to',"
    "'regex':'^(?<id>.*)$','groups':[['id',0]]}],'status':307,"
    "'to':{'path':['/',"
    "{'param':0,'repeats':true}],'query':[]}},"
    "{'source':'/r6','regex':'^\\\\/r6$'," ID ",'has':[{'type':'query','key':'to',"
    "'regex':'^(?<id>.*)$','groups':[['id',0]]}],'status':307,"
    "'to':{'origin':['https://',{'param':0},'.example.com'],'path':['/p'," GAP "],"
    "'query':[['q',[{'param':0}]],['l',['a b&']]]}}"
    "]}}";

static void redirects_lead_elsewhere(void **state)
{
    (void)state;
    world *w = with(redirects);
    assert_redirect(w, "/r/q?z=1", "", 308, "/t/q?z=1");
    assert_redirect(w, "/r/q/", "", 308, "/r/q"); /* slashes come first */
    assert_redirect(w, "/R/q", "", 308, "/t/q");
    assert_redirect(w, "/r/a%20b?x=%20+&y=1&x=2", "", 308, "/t/a%20b?x=%20+&y=1&x=2");
    assert_redirect(w, "/r/q?", "", 308, "/t/q?");
    assert_redirect(w, "/r2/q?z=1&y=2", "", 307, "/t/q?z=1&y=1");
    assert_redirect(w, "/r2/q?y=2&z&y=3", "", 307, "/t/q?y=1&z");
    assert_redirect(w, "/r2/q", "", 307, "/t/q?y=1");
    assert_redirect(w, "/r3?a=b", "", 302, "https://example.com/z?a=b#h");
    assert_redirect(w, "/r4/a/b", "", 301, "/a/b");
    assert_redirect(w, "/r4", "", 301, "/");
    assert_redirect(w, "/r", "", 0, NULL);
    assert_redirect(w, "/x/r/q", "", 0, NULL);
    forget(w);
}

/* What a client sends is a value, and nothing else. */
static void values_break_out_of_nothing(void **state)
{
    (void)state;
    world *w = with(redirects);
    assert_redirect(w, "/r5?to=a%2Fb", "", 307, "/a/b?to=a%2Fb");
    assert_redirect(w, "/r5?to=%2Fevil.example%2Fx", "", 307,
                    "/evil.example/x?to=%2Fevil.example%2Fx");
    assert_redirect(w, "/r5?to=%5Cevil", "", 307, "/%5Cevil?to=%5Cevil");
    /* As in JavaScript, a dot is no line end, of either kind. */
    assert_redirect(w, "/r5?to=a%0D%0ASet-Cookie:%20x", "", 0, NULL);
    assert_redirect(w, "/r5?to=a%0Db", "", 0, NULL);
    assert_redirect(w, "/r5?to=a%09b", "", 307, "/a%09b?to=a%09b");
    assert_redirect(w, "/r5?to=%3Fa%23b%25", "", 307, "/%3Fa%23b%25?to=%3Fa%23b%25");
    assert_redirect(w, "/r6?to=evil.com%2F%3F", "", 307,
                    "https://evil.com%2F%3F.example.com/p/evil.com%2F%3F"
                    "?to=evil.com%2F%3F&q=evil.com%2F%3F&l=a%20b%26");
    forget(w);
}

static void parity_writes_queries_anew(void **state)
{
    (void)state;
    capra_slice const path = slice_text("/a");
    static const char *const cases[][2] = {
        { "a=%20+x&b=1&a=2&c", "/a?a=%20%20x&a=2&b=1&c=" },
        { "a=%zz&b=%E9&c[]=1", "/a?a=%25zz&b=%EF%BF%BD&c%5B%5D=1" },
        { "z=1&10=a&2=b&010=c&4294967295=d&4294967294=e",
          "/a?2=b&10=a&4294967294=e&z=1&010=c&4294967295=d" },
        { "&&a&&", "/a?a=" },
        { "", "/a" },
        { "=1&=", "/a?=1&=" },
    };
    arena a = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(rules_join(path, slice_text(cases[i][0]), true, &a), cases[i][1]);
    }
    assert_slice(rules_join(path, slice_text(""), false, &a), "/a?");
    assert_slice(rules_join(path, slice_of(NULL, 0), false, &a), "/a");
    assert_slice(rules_join(path, slice_of(NULL, 0), true, &a), "/a");
    arena_cleanup(&a);
}

/* ---- Rewrites ---- */

static const char rewrites[] =
    "{'rules':{'ignoresCase':true,'beforeFiles':["
    "{'source':'/one','regex':'^\\\\/one$'," NONE ",'to':{'path':['/two'],'query':[['a',['1']]]},"
    "'append':[]},"
    "{'source':'/two','regex':'^\\\\/two$'," NONE ",'has':[{'type':'query','key':'a'}],"
    "'to':{'path':['/three'],'query':[]},'append':[]}],"
    "'afterFiles':["
    "{'source':'/v1/:path*','regex':'^\\\\/v1" REST "'," PATH ","
    "'to':{'path':['/api',{'param':0,'prefix':'/','repeats':true}],'query':[]},'append':[]},"
    "{'source':'/uq/:id','regex':'^\\\\/uq" ONE "'," ID ","
    "'to':{'path':['/x'],'query':[['id',[{'param':0}]],['k',['v']]]},'append':[]},"
    "{'source':'/un/:id','regex':'^\\\\/un" ONE "'," ID ",'to':{'path':['/x'],'query':[]},"
    "'append':[0]},"
    "{'source':'/opt/:id?','regex':'^\\\\/opt(?:\\\\/([^\\\\/]+?))?(?:\\\\/)?$'," ID ","
    "'to':{'path':['/x'," GAP ",'/y'],'query':[]},'append':[0]}],"
    "'fallback':["
    "{'source':'/fb/:path*','regex':'^\\\\/fb" REST "'," PATH ","
    "'to':{'path':['/x'],'query':[['f',[{'param':0,'repeats':true}]]]},'append':[0]}"
    "]}}";

static void rewrites_change_path_and_query(void **state)
{
    (void)state;
    world *w = with(rewrites);
    assert_rewrite(w, "/v1/x?a=1", "", "/api/x", "a=1");
    assert_rewrite(w, "/v1/a/b", "", "/api/a/b", NULL);
    assert_rewrite(w, "/v1", "", "/api", NULL);
    assert_rewrite(w, "/V1/x", "", "/api/x", NULL);
    assert_rewrite(w, "/uq/7?id=8&k=w&m=1", "", "/x", "id=7&k=v&m=1");
    assert_rewrite(w, "/un/7?a=1", "", "/x", "a=1&id=7");
    assert_rewrite(w, "/un/a%20b+c=&", "", "/x", "id=a%20b%2Bc=%26");
    assert_rewrite(w, "/opt", "", "/x/y", NULL);
    assert_rewrite(w, "/opt/1", "", "/x/1/y", "id=1");
    assert_rewrite(w, "/fb/a/b", "", "/x", "f=a/b&path=a&path=b");
    assert_rewrite(w, "/fb", "", "/x", "f=");
    assert_rewrite(w, "/one?b", "", "/three", "b&a=1"); /* what a rewrite adds, the next one sees */
    assert_rewrite(w, "/two?b", "", "/two", "b");
    forget(w);
}

static void names_of_rewrites_are_hidden(void **state)
{
    (void)state;
    world *w = with(rewrites);
    assert_rewrite(w, "/uq/7?id=7&k=w", "", "/x", "id=7&k=v");
    assert_slice(rules_hidden(&w->walk, true), "id&id&k");
    assert_slice(rules_hidden(&w->walk, false), "id&id");
    assert_rewrite(w, "/uq/7", "", "/x", "id=7&k=v");
    assert_slice(rules_hidden(&w->walk, false), "");
    assert_rewrite(w, "/nope", "", "/nope", NULL);
    assert_false(w->walk.is_rewritten);
    assert_slice(rules_hidden(&w->walk, true), "");
    forget(w);
}

/* ---- Conditions ---- */

/* One header rule, whose conditions are `has`, and which sends what they gave. */
static void assert_condition(const char *has, const char *target, const char *lines,
                             const char *value)
{
    char text[1024], expected[256] = "";
    snprintf(text, sizeof text,
             "{'rules':{'headers':[{'source':'/a','regex':'^\\\\/a$'," ID ",%s,"
             "'headers':[[['X'],['v=',{'param':0}]]]}]}}",
             has);
    world *w = with(text);
    if (value != NULL)
        snprintf(expected, sizeof expected, "X: v=%s\r\n", value);
    print_message("%s %s %s\n", has, target, lines);
    assert_fields(w, target, lines, expected);
    forget(w);
}

#define HAS(type, key, more) "'has':[{'type':'" type "','key':'" key "'" more "}]"
#define WHOLE                ",'param':0"
#define NAMED(regex)         ",'regex':'" regex "','groups':[['id',0]]"

static void conditions_look_at_headers(void **state)
{
    (void)state;
    assert_condition(HAS("header", "x-a", WHOLE), "/a", "X-A: 1\r\n", "1");
    assert_condition(HAS("header", "x-a", WHOLE), "/a", "X-A: 1\r\nx-a: 2\r\n", "1, 2");
    assert_condition(HAS("header", "x-a", WHOLE), "/a", "X-A:\r\n", NULL);
    assert_condition(HAS("header", "x-a", WHOLE), "/a", "", NULL);
    assert_condition(HAS("header", "x-a", NAMED("^(?<id>.*)$")), "/a", "X-A: foo\r\n", "foo");
    assert_condition(HAS("header", "x-a", NAMED("^n(?<id>\\\\d+)$")), "/a", "X-A: n12\r\n", "12");
    assert_condition(HAS("header", "x-a", NAMED("^n(?<id>\\\\d+)$")), "/a", "X-A: N12\r\n", NULL);
    assert_condition(HAS("header", "x-a", NAMED("^b$|^(?<id>a)$")), "/a", "X-A: b\r\n", "");
}

static void conditions_look_at_cookies(void **state)
{
    (void)state;
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: s=0; t=1; t=2\r\n", "1");
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: s=0\r\ncookie: t=\"q\"\r\n", "q");
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: t=a%20b\r\n", "a b");
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: t=%zz\r\n", "%zz");
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: t=\r\n", NULL);
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: t\r\n", NULL);
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: T=1\r\n", NULL);
    /* A line of the answer stays one line. */
    assert_condition(HAS("cookie", "t", WHOLE), "/a", "Cookie: t=a%0D%0Ab\r\n", "a%0D%0Ab");
}

static void conditions_look_at_queries(void **state)
{
    (void)state;
    assert_condition(HAS("query", "q", WHOLE), "/a?q=1", "", "1");
    assert_condition(HAS("query", "q", WHOLE), "/a?q=1&q=%C3%A9+", "", "\xc3\xa9 ");
    assert_condition(HAS("query", "q", WHOLE), "/a?q=", "", NULL);
    assert_condition(HAS("query", "q", WHOLE), "/a?p=1", "", NULL);
    assert_condition(HAS("query", "q", NAMED("^(?<id>.)$")), "/a?q=%C3%A9", "", "\xc3\xa9");
}

static void conditions_look_at_hosts(void **state)
{
    (void)state;
    assert_condition("'has':[{'type':'host','regex':'^example.com$','param':0}]", "/a", "",
                     "example.com");
    assert_condition("'has':[{'type':'host','regex':'^other$','param':0}]", "/a", "", NULL);
    assert_condition("'has':[{'type':'host','regex':'^other$','param':0}]", "http://OTHER:1/a", "",
                     "other");
}

static void missing_is_the_opposite(void **state)
{
    (void)state;
    assert_condition("'missing':[{'type':'query','key':'q'}]", "/a", "", "");
    assert_condition("'missing':[{'type':'query','key':'q'}]", "/a?q=1", "", NULL);
    assert_condition("'missing':[{'type':'query','key':'q','regex':'^1$'}]", "/a?q=2", "", "");
    assert_condition("'missing':[{'type':'query','key':'q'},{'type':'header','key':'x'}]", "/a",
                     "X: 1\r\n", NULL);
}

/* ---- Header lines ---- */

static void later_fields_win(void **state)
{
    (void)state;
    world *w = with("{'rules':{'ignoresCase':false,'headers':["
                    "{'source':'/a/:id','regex':'^\\\\/a" ONE "'," ID ","
                    "'headers':[[['X-A'],['1']],[['X-',{'param':0}],['id-',{'param':0}]],"
                    "[['X-C'],['2']]]},"
                    "{'source':'/a/b','regex':'^\\\\/a\\\\/b$'," NONE ","
                    "'headers':[[['x-a'],['3']],[['Content-Length'],['9']],"
                    "[['Transfer-Encoding'],['x']]]}]}}");
    assert_fields(w, "/a/d", "", "X-A: 1\r\nX-d: id-d\r\nX-C: 2\r\n");
    assert_fields(w, "/a/b", "", "X-b: id-b\r\nX-C: 2\r\nx-a: 3\r\n");
    assert_fields(w, "/a/(", "", "X-A: 1\r\nX-C: 2\r\n"); /* no name */
    assert_fields(w, "/A/c", "", "");
    forget(w);
}

/* An expression that a client can keep busy is given up on, and then it has not matched. */
static void steps_are_bounded(void **state)
{
    (void)state;
    world *w = with("{'rules':{'headers':[{'source':'/a','regex':'^\\\\/(?:a+)+$'," NONE ","
                    "'headers':[[['X'],['1']]]}]}}");
    assert_fields(w, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "", "");
    assert_fields(w, "/aaa", "", "X: 1\r\n");
    forget(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_made_of_nothing),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(slashes_at_the_end),
        cmocka_unit_test(the_base_path_is_taken_off),
        cmocka_unit_test(redirects_lead_elsewhere),
        cmocka_unit_test(values_break_out_of_nothing),
        cmocka_unit_test(parity_writes_queries_anew),
        cmocka_unit_test(rewrites_change_path_and_query),
        cmocka_unit_test(names_of_rewrites_are_hidden),
        cmocka_unit_test(conditions_look_at_headers),
        cmocka_unit_test(conditions_look_at_cookies),
        cmocka_unit_test(conditions_look_at_queries),
        cmocka_unit_test(conditions_look_at_hosts),
        cmocka_unit_test(missing_is_the_opposite),
        cmocka_unit_test(later_fields_win),
        cmocka_unit_test(steps_are_bounded),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
