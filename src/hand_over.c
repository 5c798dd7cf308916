/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "base/error.h"

/* Routes in C may have workers of their own (--native-isolation process). Then a connection goes to
 * the kind of worker that serves its next request, and stays there until another one asks for the
 * other kind.
 *
 *     find_route ─▶ hand_over ─▶ a worker of the other kind: read_head ─▶ find_route ─▶ …
 *
 * Earlier answers are sent first. Of the request nothing has been used but its head, which goes
 * along as it was, with what stands behind it: the other worker begins anew, with the same
 * bytes, and comes to the same conclusions. Only what must not happen twice is told in a note: when
 * the request came, what the project's proxy or a listener has said of it, and the body if they
 * have read it. */

/* Two builds that do not agree whose route it is do not play with it for ever. */
enum { MOST_HOPS = 16 };

/* Of what somebody has said: see proxy_changes. */
typedef enum said_part { SAID_TARGET, SAID_HEAD, SAID_LINES, SAID_COOKIES, SAID_PARTS } said_part;

/* The note: this, and behind it the bytes of all that has a length here. What is true is not 0: the
 * process that writes it may be out of its mind. */
typedef struct note_head {
    int64_t started_ns;
    uint32_t hops;
    uint8_t was_asked[ASKED_KINDS];
    uint8_t has_target[ASKED_KINDS]; /* one was named */
    uint8_t has_body; /* who was asked has read it: all of it is here, and its framing is gone */
    uint64_t said[ASKED_KINDS][SAID_PARTS];
    uint64_t body, trailers;
} note_head;

struct handed {
    uint32_t hops;
    bool is_returned; /* by the supervisor: nobody was there who could have taken it */
    bool has_body;
    bool was_asked[ASKED_KINDS];
    proxy_changes said[ASKED_KINDS];
};

static handed *take_handed(capra_request *req)
{
    if (req->handed == NULL) {
        req->handed = arena_take(&req->arena, sizeof *req->handed);
        *req->handed = (handed){ 0 };
    }
    return req->handed;
}

/* ---- What was said ---- */

static capra_slice *said_at(proxy_changes *said, said_part part)
{
    capra_slice *const parts[SAID_PARTS] = { [SAID_TARGET] = &said->target,
                                             [SAID_HEAD] = &said->head,
                                             [SAID_LINES] = &said->lines,
                                             [SAID_COOKIES] = &said->cookies };
    return parts[part];
}

void pipeline_keep_said(capra_request *req, asked who, const proxy_changes *said)
{
    handed *h = take_handed(req);
    proxy_changes copy = *said;
    h->was_asked[who] = true;
    for (int part = 0; part < SAID_PARTS; part++) {
        capra_slice *s = said_at(&copy, part);
        if (s->data != NULL)
            *s = arena_copy(&req->arena, *s);
    }
    h->said[who] = copy;
}

const proxy_changes *pipeline_said(const capra_request *req, asked who)
{
    const handed *h = req->handed;
    return h != NULL && h->was_asked[who] ? &h->said[who] : NULL;
}

/* ---- There ---- */

static void put(char **at, capra_slice bytes)
{
    if (bytes.length > 0)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
}

static capra_slice write_note(capra_request *req)
{
    handed *h = take_handed(req);
    capra_slice const read = buffer_slice(&req->collected), trailers = buffer_slice(&req->trailers);
    note_head n;
    memset(&n, 0, sizeof n); /* it leaves the process, gaps and all */
    n.started_ns = req->started_ns;
    n.hops = h->hops + 1;
    n.has_body = req->collects;
    n.body = read.length;
    n.trailers = trailers.length;
    size_t length = sizeof n + read.length + trailers.length;
    for (int who = 0; who < ASKED_KINDS; who++) {
        n.was_asked[who] = h->was_asked[who];
        n.has_target[who] = h->said[who].target.data != NULL;
        for (int part = 0; part < SAID_PARTS; part++)
            length += n.said[who][part] = said_at(&h->said[who], part)->length;
    }
    char *note = arena_take(&req->arena, length), *at = note;
    put(&at, slice_of((const char *)&n, sizeof n));
    for (int who = 0; who < ASKED_KINDS; who++)
        for (int part = 0; part < SAID_PARTS; part++)
            put(&at, *said_at(&h->said[who], part));
    put(&at, read);
    put(&at, trailers);
    return slice_of(note, length);
}

/* As it was before anybody was asked, for who begins anew. */
static capra_slice head_of(const capra_request *req)
{
    return req->proxied != NULL ? req->proxied->before : slice_of(req->data, req->head.length);
}

/* The request is somebody else's now, and so is the connection: here both end without a word. */
static verdict let_go(capra_request *req)
{
    conn *c = req->conn;
    c->request = NULL;
    pipeline_free(req);
    c->transport->close(c);
    return LATER;
}

static verdict await_room(capra_request *req)
{
    conn *c = req->conn;
    list_append(&req->server->moving, &c->ready);
    if (c->deadline != CONN_MOVING)
        c->transport->set_deadline(c, CONN_MOVING);
    return LATER;
}

static verdict give_up(capra_request *req)
{
    response_error(&req->res, CAPRA_E_AWAY); /* the connection may go on */
    return ANSWERED;
}

verdict stage_hand_over(capra_request *req)
{
    conn *c = req->conn;
    const handed *h = req->handed;
    if (h != NULL && (h->is_returned || h->hops >= MOST_HOPS))
        return give_up(req);
    c->transport->flush(c);
    if (c->is_closing || c->is_writing)
        return LATER;
    int const error = c->transport->hand_over(c, write_note(req), head_of(req));
    if (error == CAPRA_E_BUSY)
        return await_room(req);
    return error == 0 ? let_go(req) : give_up(req);
}

/* ---- And here ---- */

/* The next part of a note; false when there is not so much. */
static bool cut(capra_slice *rest, uint64_t length, capra_slice *part)
{
    if (length > rest->length)
        return false;
    *part = slice_of(rest->data, (size_t)length);
    *rest = slice_from(*rest, (size_t)length);
    return true;
}

/* What is cut out of a note: slices of it. */
typedef struct opened {
    note_head head;
    proxy_changes said[ASKED_KINDS];
    capra_slice body, trailers;
} opened;

/* False when it cannot be a note. */
static bool open_note(opened *o, capra_slice note)
{
    *o = (opened){ 0 };
    if (note.length < sizeof o->head)
        return false;
    memcpy(&o->head, note.data, sizeof o->head);
    capra_slice rest = slice_from(note, sizeof o->head);
    for (int who = 0; who < ASKED_KINDS; who++) {
        for (int part = 0; part < SAID_PARTS; part++)
            if (!cut(&rest, o->head.said[who][part], said_at(&o->said[who], part)))
                return false;
        if (!o->head.has_target[who])
            o->said[who].target = slice_of(NULL, 0);
    }
    return cut(&rest, o->head.body, &o->body) && cut(&rest, o->head.trailers, &o->trailers) &&
           rest.length == 0;
}

/* Without a note it is a connection between two requests. */
void pipeline_on_arrival(conn *c, capra_slice note, bool is_returned)
{
    opened o;
    if (!open_note(&o, note))
        return;
    capra_request *req = pipeline_begin(c->owner, c);
    req->started_ns = o.head.started_ns;
    handed *h = take_handed(req);
    h->hops = o.head.hops;
    h->is_returned = is_returned;
    h->has_body = o.head.has_body != 0;
    for (int who = 0; who < ASKED_KINDS; who++)
        if (o.head.was_asked[who])
            pipeline_keep_said(req, (asked)who, &o.said[who]);
    buffer_append_slice(&req->collected, o.body);
    buffer_append_slice(&req->trailers, o.trailers);
}

bool pipeline_take_handed_body(capra_request *req)
{
    size_t const length = buffer_length(&req->collected);
    if (!req->handed->has_body)
        return true;
    if (!workload_take_bytes(&req->server->load, &req->load, length))
        return false;
    req->collects = true;
    req->body.received = length;
    req->body.left = 0;
    req->body.is_done = true;
    req->whole_body = buffer_slice(&req->collected);
    return true;
}
