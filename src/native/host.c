/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/log.h"
#include "held.h"
#include "native.h"
#include "net/net.h"
#include "net/timer.h"
#include "net/wake.h"
#include "pipeline.h"
#include "threads.h"

#include <stdlib.h>

/* What handlers in C need of the loop and of other threads: timers, word from another thread, and
 * threads for those that wait. */

struct native_host {
    void *loop;
    wake *wake;       /* NULL until somebody has deferred */
    threads *threads; /* NULL until somebody waits */
    uint32_t most_threads;
    list errands; /* that have not come back */
    bool is_closed, is_abandoned;
};

native_host *native_host_new(void *loop, uint32_t most_threads)
{
    native_host *host = memory_take(sizeof *host);
    *host = (native_host){ .loop = loop, .most_threads = most_threads };
    list_init(&host->errands);
    return host;
}

void native_host_close(native_host *host)
{
    if (host == NULL)
        return;
    if (host->threads != NULL && host->is_abandoned)
        threads_abandon(host->threads);
    else if (host->threads != NULL)
        threads_free(host->threads);
    if (host->wake != NULL)
        wake_close(host->wake);
    host->threads = NULL;
    host->is_closed = true;
}

void native_host_free(native_host *host)
{
    if (host != NULL && host->wake != NULL)
        wake_free(host->wake);
    free(host);
}

/* On the loop's thread; others post to what is there by then. */
void native_host_prepare(native_host *host)
{
    if (host != NULL && host->wake == NULL && !host->is_closed)
        host->wake = wake_open(host->loop);
}

void *capra_loop(const capra_request *req)
{
    const native_host *host = req->server->native;
    return host == NULL ? NULL : host->loop;
}

/* Handlers that come back to a server whose owner is done with it: no turn will follow. */
static void after_call(server *s)
{
    if (s->is_orphan)
        native_free_let_go(s);
}

/* ---- Timers ---- */

typedef struct appointment {
    list link;
    capra_request *req;
    timer *timer;
    void (*due)(capra_request *req, void *data);
    void *data;
} appointment;

static void on_due(void *data)
{
    appointment *a = data;
    server *s = a->req->server;
    list_remove(&a->link);
    capra_request *const before = pipeline_begin_call(a->req);
    a->due(a->req, a->data);
    pipeline_end_call(s, before);
    after_call(s);
}

int capra_after(capra_request *req, uint64_t ms, void (*due)(capra_request *req, void *data),
                void *data)
{
    const native_host *host = req->server->native;
    if (!native_holds(req) || req->held->record != NULL || host == NULL || host->is_closed)
        return CAPRA_E_INVALID;
    appointment *a = arena_take(&req->arena, sizeof *a);
    *a = (appointment){ .req = req, .due = due, .data = data };
    list_init(&a->link);
    list_append(&req->held->timers, &a->link);
    a->timer = timer_start(host->loop, ms, on_due, a);
    return 0;
}

void native_stop_timers(held *h)
{
    while (!list_empty(&h->timers)) {
        appointment *a = LIST_OWNER(h->timers.next, appointment, link);
        list_remove(&a->link);
        timer_stop(a->timer);
    }
}

/* ---- Word from another thread ---- */

typedef struct word {
    wake_task task;
    capra_request *req;
    void (*run)(capra_request *req, void *data);
    void *data;
} word;

static void on_word(wake_task *task)
{
    word const w = *(word *)task;
    server *s = w.req->server;
    free(task);
    capra_request *const before = pipeline_begin_call(w.req);
    w.run(w.req, w.data);
    pipeline_end_call(s, before);
    after_call(s);
}

int capra_post(capra_request *req, void (*run)(capra_request *req, void *data), void *data)
{
    const native_host *host = req->server->native;
    if (req->held == NULL || req->held->record != NULL || host == NULL || host->wake == NULL)
        return CAPRA_E_INVALID;
    word *w = memory_take(sizeof *w);
    *w = (word){ { NULL, on_word }, req, run, data };
    wake_post(host->wake, &w->task);
    return 0;
}

/* ---- Handlers that wait ---- */

/* A handler on its way to another thread and back. Meanwhile the request is that thread's. */
typedef struct errand {
    thread_task there;
    wake_task back;
    capra_request *req;
    held_record record;
    list link;              /* among those that have not come back */
    duration overdue;       /* how much longer than its time it may keep its thread */
    _Atomic bool has_begun; /* it has its thread */
    bool is_stuck;
} errand;

static void replay(capra_request *req, held_record *r)
{
    response_head head = r->head;
    head.lines = buffer_slice(&r->lines);
    if (r->has_file)
        held_send_file(req, &r->file);
    else if (r->is_answered && !r->has_failed)
        held_send(req, &head, buffer_slice(&r->body));
    else
        held_fail(req);
}

static void come_back(errand *e)
{
    held_record *r = &e->record;
    list_remove(&e->link);
    duration_stop(&e->overdue);
    if (e->is_stuck)
        e->req->server->stuck--;
    e->req->held->record = NULL;
    if (!r->is_answered && e->req->held->state != HELD_CANCELLED)
        log_line(LOG_ERROR, "%s returned without an answer to %s %.*s", e->req->route->file,
                 capra_request_method(e->req), (int)e->req->target.path.length,
                 e->req->target.path.data);
    replay(e->req, r);
    buffer_cleanup(&r->lines);
    buffer_cleanup(&r->body);
}

static void on_back(wake_task *task)
{
    come_back(LIST_OWNER(task, errand, back));
}

/* A client that has gone while the handler waited for its turn needs none. */
static void run_there(thread_task *task)
{
    errand *e = LIST_OWNER(task, errand, there);
    capra_request *req = e->req;
    atomic_store(&e->has_begun, true);
    if (req->held->state != HELD_CANCELLED)
        req->route->blocking(req, &req->res);
    wake_post(req->server->native->wake, &e->back);
}

const capra_request *native_on_this_thread(const server *s)
{
    const native_host *host = s->native;
    const thread_task *task =
        host == NULL || host->threads == NULL ? NULL : threads_current(host->threads);
    return task == NULL ? NULL : LIST_OWNER(task, errand, there)->req;
}

/* A client that leaves takes the request's own limit along; this one stays. Without a limit on
 * either, it may wait for ever. */
static void watch_over(errand *e)
{
    server *s = e->req->server;
    uint64_t const own = e->req->route->max_duration_ms;
    uint64_t const length = own != 0 ? own : s->max_duration_ms;
    if (length != 0 && s->options.stall_ms != 0)
        durations_start(&s->overdue, &e->overdue, e->req->handler_ms, length + s->options.stall_ms);
}

void native_run_blocking(capra_request *req, capra_response *res)
{
    native_host *host = req->server->native;
    if (host == NULL || host->is_closed) {
        req->route->blocking(req, res);
        return;
    }
    held *h = held_new(req);
    errand *e = arena_take(&req->arena, sizeof *e);
    *e = (errand){ .there = { NULL, run_there }, .back = { NULL, on_back }, .req = req };
    h->record = &e->record;
    h->address = capra_request_address(req);
    native_host_prepare(host);
    if (host->threads == NULL)
        host->threads = threads_new(host->most_threads);
    list_init(&e->link);
    list_append(&host->errands, &e->link);
    watch_over(e);
    threads_run(host->threads, &e->there);
}

/* ---- Handlers that do not come back ---- */

static void log_errand(const errand *e, const char *what)
{
    const capra_request *req = e->req;
    log_line(LOG_ERROR, "%s %s, with %s %.*s", req->route->file, what, capra_request_method(req),
             (int)req->target.path.length, req->target.path.data);
}

/* One that has no thread yet gets none any more: its request was answered when its time was over.
 */
void native_expire(server *s)
{
    duration *due;
    while ((due = durations_due(&s->overdue, s->now_ms)) != NULL) {
        errand *e = LIST_OWNER(due, errand, overdue);
        if (!atomic_load(&e->has_begun))
            continue;
        e->is_stuck = true;
        s->stuck++;
        log_errand(e, "keeps its thread, long after its time was over");
    }
}

bool server_is_stuck(const server *s)
{
    return s->stuck > 0;
}

bool server_waits(const server *s)
{
    if (s->native == NULL)
        return false;
    list_each (link, &s->native->errands) {
        const errand *e = LIST_OWNER(link, errand, link);
        if (atomic_load(&e->has_begun) && !e->is_stuck)
            return true;
    }
    return false;
}

void server_abandon(server *s)
{
    if (s->native == NULL)
        return;
    list_each (link, &s->native->errands) {
        const errand *e = LIST_OWNER(link, errand, link);
        if (!atomic_load(&e->has_begun))
            continue;
        s->native->is_abandoned = true;
        log_errand(e, "has not come back from its thread, and ends with the worker");
    }
}
