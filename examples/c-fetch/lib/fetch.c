/* SPDX-License-Identifier: MIT */
#include "fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { MAX_BODY = 1024 * 1024, MAX_CONNECTIONS = 32 };

/* libcurl says which sockets and which moment matter to it; libuv says when one has come. */
typedef struct fetcher {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t *timer; /* NULL until the first request */
} fetcher;

/* One request to another server, in the memory of ours. */
typedef struct transfer {
    fetcher *from;
    capra_request *req;
    capra_response *res;
    CURL *easy; /* NULL when it is over */
    fetch_done done;
    char *body;
    size_t length, room;
} transfer;

/* libuv is done with a handle a little later, and this code may be unloaded by then; free is not.
 */
static void close_handle(void *handle)
{
    uv_close(handle, (uv_close_cb)(void (*)(void))free);
}

/* ---- The end of a transfer ---- */

static void stop(transfer *t)
{
    curl_multi_remove_handle(t->from->multi, t->easy);
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

static void finish(transfer *t, CURLcode code)
{
    fetch_answer answer = { .error = code == CURLE_OK ? NULL : curl_easy_strerror(code),
                            .is_timeout = code == CURLE_OPERATION_TIMEDOUT,
                            .body = { t->body, t->length } };
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    stop(t);
    t->done(t->req, t->res, &answer);
}

static void on_cancel(capra_request *req, void *data)
{
    stop(data);
    capra_abandon(req);
}

static void forget(void *data)
{
    transfer *t = data;
    free(t->body);
}

/* Looks what has ended. What `finish` does may end more, so each is taken from the list first. */
static void finish_all(fetcher *f)
{
    const CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(f->multi, &left)) != NULL) {
        transfer *t;
        CURLcode const code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        finish(t, code);
    }
}

/* ---- libuv to libcurl ---- */

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
    fetcher *f = poll->data;
    uv_os_fd_t fd;
    int running;
    uv_fileno((uv_handle_t *)poll, &fd);
    int const what = status < 0 ? CURL_CSELECT_ERR
                                : ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                                      ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(f->multi, fd, what, &running);
    finish_all(f);
}

static void on_timer(uv_timer_t *timer)
{
    fetcher *f = timer->data;
    int running;
    curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(f);
}

/* ---- libcurl to libuv ---- */

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *known)
{
    (void)easy;
    fetcher *f = data;
    uv_poll_t *poll = known;
    if (what == CURL_POLL_REMOVE) {
        if (poll != NULL)
            close_handle(poll);
        return 0;
    }
    if (poll == NULL) {
        poll = malloc(sizeof *poll);
        if (poll == NULL)
            return -1;
        uv_poll_init_socket(f->loop, poll, socket);
        uv_unref((uv_handle_t *)poll); /* it keeps no worker from its end */
        poll->data = f;
        curl_multi_assign(f->multi, socket, poll);
    }
    int const events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                       ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(poll, events, on_socket_ready);
}

static int set_timer(CURLM *multi, long ms, void *data)
{
    (void)multi;
    fetcher *f = data;
    if (f->timer == NULL)
        return 0;
    if (ms < 0)
        return uv_timer_stop(f->timer);
    return uv_timer_start(f->timer, on_timer, (uint64_t)ms, 0);
}

/* What is more than the limit breaks the transfer off. */
static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
    transfer *t = data;
    size_t const length = size * count;
    if (t->length + length > MAX_BODY)
        return 0;
    if (t->length + length > t->room) {
        size_t const room = 2 * (t->length + length);
        char *more = realloc(t->body, room);
        if (more == NULL)
            return 0;
        t->body = more;
        t->room = room;
    }
    memcpy(t->body + t->length, bytes, length);
    t->length += length;
    return length;
}

/* ---- The beginning ---- */

static void use_loop(fetcher *f, uv_loop_t *loop)
{
    if (f->timer != NULL)
        return;
    f->loop = loop;
    f->timer = malloc(sizeof *f->timer);
    if (f->timer == NULL)
        abort(); /* without memory the worker ends, and another one starts */
    uv_timer_init(loop, f->timer);
    uv_unref((uv_handle_t *)f->timer);
    f->timer->data = f;
}

void fetch_get(capra_request *req, capra_response *res, const char *url, long timeout_ms,
               fetch_done done)
{
    fetcher *f = capra_request_state(req);
    transfer *t = capra_alloc(req, sizeof *t);
    *t = (transfer){ .from = f, .req = req, .res = res, .easy = curl_easy_init(), .done = done };
    use_loop(f, capra_loop(req));
    capra_on_end(req, forget, t);
    capra_defer(req);
    capra_on_cancel(req, on_cancel, t);
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_multi_add_handle(f->multi, t->easy);
}

const char *fetch_open(void **state)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return "libcurl cannot be started";
    fetcher *f = calloc(1, sizeof *f);
    if (f == NULL)
        return "there is no memory";
    f->multi = curl_multi_init();
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_CONNECTIONS);
    *state = f;
    return NULL;
}

void fetch_close(void *state)
{
    fetcher *f = state;
    curl_multi_cleanup(f->multi);
    if (f->timer != NULL)
        close_handle(f->timer);
    free(f);
    curl_global_cleanup();
}
