/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include "base/error.h"
#include "guard.h"
#include "line.h"
#include "pipeline.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
    RETRY_S = 1,        /* another worker, or the next one, is there by then */
    UNREAD_PIECES = 64, /* of an upload that nobody will read; more is not waited for */
};

bool rescue_is_blamed(const rescue_blame *blame, const capra_request *req)
{
    if (blame->request != NULL)
        return req == blame->request;
    return blame->route == NULL || req->route == blame->route;
}

/* ---- Bytes ---- */

/* False when the client does not take all of it: it reads too slowly, and the end has come. */
static bool send_all(int fd, capra_slice bytes)
{
    while (bytes.length > 0) {
        ssize_t const sent = send(fd, bytes.data, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)sent);
    }
    return true;
}

/* A socket that is closed with something unread resets the connection, and a client may lose what
 * it was sent last. */
static void throw_unread_away(int fd)
{
    static char nowhere[16384];
    for (int i = 0; i < UNREAD_PIECES; i++)
        if (recv(fd, nowhere, sizeof nowhere, MSG_DONTWAIT) <= 0)
            return;
}

static void end(int fd)
{
    throw_unread_away(fd);
    shutdown(fd, SHUT_WR);
}

/* The process's end resets the connection instead of closing it. */
static void reset(int fd)
{
    struct linger const at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void put_answer(line *l, int code, bool has_body)
{
    int const status = error_status(code);
    line text = { 0 };
    char date[HTTP_DATE_LENGTH];
    line_put(&text, http_status_reason(status));
    line_put(&text, ": ");
    line_put(&text, error_message(code));
    line_put(&text, "\n");
    http_date_write(date, (int64_t)time(NULL));

    line_put_raw(l, http_status_line(status));
    line_put(l, "Content-Type: text/plain; charset=utf-8\r\n");
    if (status == 503) {
        line_put(l, "Retry-After: ");
        line_put_number(l, RETRY_S);
        line_put(l, "\r\n");
    }
    line_put(l, "Content-Length: ");
    line_put_number(l, text.length);
    line_put(l, "\r\nDate: ");
    line_put_raw(l, slice_of(date, sizeof date));
    line_put(l, "\r\nConnection: close\r\n\r\n");
    if (has_body)
        line_put_raw(l, slice_of(text.data, text.length));
}

/* ---- One connection ---- */

/* Of its handler, or of the project's proxy. */
static bool has_begun(const capra_request *req)
{
    return req != NULL &&
           ((req->stage >= STAGE_HANDLER && req->stage != STAGE_MOVING) || req->id != 0);
}

/* What has not begun may be sent again without a thought; what has may have done something. */
static int judge(const capra_request *req, const rescue_blame *blame)
{
    if (!has_begun(req))
        return CAPRA_E_UNSERVED;
    return rescue_is_blamed(blame, req) ? blame->code : CAPRA_E_LOST;
}

static void count(rescue_tally *tally, int code)
{
    tally->unserved += code == CAPRA_E_UNSERVED;
    tally->lost += code == CAPRA_E_LOST;
    tally->blamed += code != CAPRA_E_UNSERVED && code != CAPRA_E_LOST;
}

static void note_route(rescue_tally *tally, const capra_request *req)
{
    if (!has_begun(req) || req->route == NULL)
        return;
    for (uint32_t i = 0; i < tally->route_count; i++)
        if (tally->routes[i] == req->route)
            return;
    if (tally->route_count < RESCUE_ROUTES)
        tally->routes[tally->route_count++] = req->route;
}

static void note_connection(conn *c, int fd, void *data)
{
    (void)fd;
    note_route(data, c->request);
}

const app_route *rescue_only_route(const net *n)
{
    rescue_tally seen = { 0 };
    net_each(n, note_connection, &seen);
    return seen.route_count == 1 ? seen.routes[0] : NULL;
}

/* A request, or a part of one, that came after the last answer. */
static bool has_unread(const conn *c, int fd)
{
    int waiting = 0;
    return conn_input(c).length > 0 || (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0);
}

static bool waits_for_answer(const conn *c, int fd)
{
    const capra_request *req = c->request;
    if (c->lingers || (req != NULL && req->stage == STAGE_HELD))
        return false;
    return req != NULL ? req->res.state == RESPONSE_OPEN : has_unread(c, fd);
}

/* An answer that only the end of the connection would end (RFC 9112, 6.3): a client must see that
 * it has not got all. */
static bool ends_with_connection(const capra_response *res)
{
    return res->state == RESPONSE_STREAMING && !res->is_chunked && res->left < 0 &&
           !res->is_bodyless;
}

/* Taken off the list, and not done with: the fault came while these very bytes were being sent,
 * and nobody knows how many of them went. */
static bool is_being_sent(const conn *c)
{
    return buffer_length(&c->out) > 0 && !c->is_writing && list_empty(&c->dirty);
}

void rescue_answer_one(rescue_tally *tally, conn *c, int fd, const rescue_blame *blame)
{
    const capra_request *req = c->request;
    if (c->is_closing)
        return;
    note_route(tally, req);
    if (is_being_sent(c)) {
        tally->cut++;
        reset(fd);
        return;
    }
    bool const all_sent = send_all(fd, buffer_slice(&c->out));
    if (waits_for_answer(c, fd)) {
        line answer = { 0 };
        bool const is_head =
            req != NULL && req->stage > STAGE_HEAD && req->head.method == HTTP_HEAD;
        int const code = judge(req, blame);
        count(tally, code);
        put_answer(&answer, code, !is_head);
        if (all_sent)
            send_all(fd, slice_of(answer.data, answer.length));
    } else if (req != NULL && req->res.state == RESPONSE_STREAMING) {
        tally->cut++;
        if (ends_with_connection(&req->res)) {
            reset(fd);
            return;
        }
    }
    end(fd);
}

/* ---- All of them ---- */

typedef struct walk {
    rescue_tally *tally;
    const rescue_blame *blame;
} walk;

/* What the fault has broken is left out; the others have their answer, or go on elsewhere. What has
 * been read of a request does not: who knows what the fault has made of it. */
static void visit(conn *c, int fd, void *data)
{
    walk *w = data;
    guard g;
    if (GUARD_ENTER(&g) && !net_give_away(c))
        rescue_answer_one(w->tally, c, fd, w->blame);
    guard_leave(&g);
}

void rescue_answer(rescue_tally *tally, const net *n, const rescue_blame *blame)
{
    walk w = { tally, blame };
    guard g;
    if (GUARD_ENTER(&g))
        net_each(n, visit, &w);
    guard_leave(&g);
}

/* ---- Who is told ---- */

static void tell_one(const capra_request *req, const rescue_blame *blame)
{
    observer *told = req->server->observer;
    if (req->res.state == RESPONSE_OPEN)
        observer_tell_instead(told, req, error_status(judge(req, blame)));
    else
        observer_tell(told, req, req->res.state == RESPONSE_STREAMING);
}

static void tell(conn *c, int fd, void *data)
{
    const walk *w = data;
    const capra_request *req = c->request;
    guard g;
    (void)fd;
    if (req == NULL || req->stage == STAGE_HEAD || req->stage == STAGE_HELD)
        return;
    if (GUARD_ENTER(&g))
        tell_one(req, w->blame);
    guard_leave(&g);
}

void rescue_tell(const net *n, observer *told, const rescue_blame *blame)
{
    walk w = { NULL, blame };
    guard g;
    if (told == NULL)
        return;
    if (GUARD_ENTER(&g)) {
        net_each(n, tell, &w);
        observer_flush(told);
    }
    guard_leave(&g);
}
