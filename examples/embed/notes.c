/* SPDX-License-Identifier: MIT */
/* A program with Capra inside: cc notes.c -o notes $(pkg-config --cflags --libs capra) */
#include <capra.h>
#include <signal.h>
#include <stdio.h>

static capra_app *app;

static void hello(capra_request *req, capra_response *res)
{
    capra_json(res, 200, "{s:s}", "message", (const char *)capra_request_state(req));
}

static void user(capra_request *req, capra_response *res)
{
    capra_slice id = capra_request_param(req, "id");
    capra_json(res, 200, "{s:s%}", "id", id.data, id.length);
}

static void on_signal(int signal)
{
    (void)signal;
    capra_app_stop(app);
}

int main(int argc, char **argv)
{
    app = capra_app_new("Hello from C!");
    capra_app_get(app, "/api/hello", hello);
    capra_app_get(app, "/api/users/[id]", user);
    if (capra_app_listen(app, argc > 1 ? argv[1] : "127.0.0.1:3000") != 0) {
        fprintf(stderr, "%s\n", capra_app_error(app));
        return 1;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    printf("http://127.0.0.1:%d/api/hello\n", capra_app_port(app));
    fflush(stdout);
    int const error = capra_app_run(app);
    capra_app_free(app);
    return error == 0 ? 0 : 1;
}
