/* SPDX-License-Identifier: MIT */
#include "fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void on_turn(void *data)
{
    (void)data;
}

static void on_request(void *data, capra_request *req)
{
    (void)data;
    (void)req;
}

static void on_body(void *data, uint32_t id, capra_slice piece)
{
    (void)data;
    (void)id;
    (void)piece;
}

static void on_id(void *data, uint32_t id)
{
    (void)data;
    (void)id;
}

static void on_ended(void *data, uint32_t id, script_end why)
{
    (void)data;
    (void)id;
    (void)why;
}

static void on_routes(void *data, capra_slice manifest)
{
    (void)data;
    (void)manifest;
}

script_host fake_host(void *data)
{
    return (script_host){ .data = data,
                          .enter = on_turn,
                          .leave = on_turn,
                          .request = on_request,
                          .forward = on_request,
                          .proxy = on_request,
                          .heard = on_request,
                          .upgrade = on_request,
                          .body = on_body,
                          .body_end = on_id,
                          .drained = on_id,
                          .ended = on_ended,
                          .routes = on_routes };
}

static int read_share(app **out, const char *manifest, app_share share, char *why, size_t why_size)
{
    char path[] = "/tmp/capra-manifest-XXXXXX";
    int const fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, manifest, strlen(manifest)), strlen(manifest));
    close(fd);
    why[0] = '\0';
    int const error = app_load(out, path, share, why, why_size);
    unlink(path);
    return error;
}

int fake_host_read(app **out, const char *manifest, char *why, size_t why_size)
{
    return read_share(out, manifest, APP_WHOLE, why, why_size);
}

app *fake_host_app_share(const char *manifest, app_share share)
{
    app *a;
    char why[256];
    if (read_share(&a, manifest, share, why, sizeof why) != 0)
        fail_msg("%s", why);
    return a;
}

app *fake_host_app(const char *manifest)
{
    return fake_host_app_share(manifest, APP_WHOLE);
}
