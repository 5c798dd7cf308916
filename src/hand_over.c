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
 * the request came, and what the project's proxy has said of it. */

enum {
    MOST_HOPS =
        16, /* two builds that do not agree whose route it is do not play with it for ever */
};

/* In the note, before the bytes of its parts. */
typedef enum note_part {
    PART_TARGET, /* of proxy_changes */
    PART_HEAD,
    PART_LINES,
    PART_COOKIES,
    PART_BODY, /* all of it, as who was asked has read it; its framing is gone */
    PART_TRAILERS,
    PARTS
} note_part;

typedef struct note_head {
    int64_t started_ns;
    uint32_t hops;
    bool was_asked;  /* the proxy */
    bool has_target; /* it has named one */
    bool has_body;
    uint64_t lengths[PARTS];
} note_head;

struct handed {
    note_head note;
    bool is_returned; /* by the supervisor: nobody was there who could have taken it */
    proxy_changes said;
};

/* ---- There ---- */

static const note_head *note_of(const capra_request *req)
{
    static const note_head none;
    return req->handed == NULL ? &none : &req->handed->note;
}

static capra_slice write_note(capra_request *req)
{
    static const proxy_changes nothing;
    const proxied *p = req->proxied;
    const proxy_changes *said = p != NULL && p->said != NULL ? p->said : &nothing;
    const capra_slice parts[PARTS] = { said->target,
                                       said->head,
                                       said->lines,
                                       said->cookies,
                                       buffer_slice(&req->collected),
                                       buffer_slice(&req->trailers) };
    note_head n = { .started_ns = req->started_ns,
                    .hops = note_of(req)->hops + 1,
                    .was_asked = p != NULL && p->said != NULL,
                    .has_target = said->target.data != NULL,
                    .has_body = req->collects };
    size_t length = sizeof n;
    for (int i = 0; i < PARTS; i++)
        length += n.lengths[i] = parts[i].length;
    char *note = arena_take(&req->arena, length), *at = note + sizeof n;
    memcpy(note, &n, sizeof n);
    for (int i = 0; i < PARTS; at += parts[i].length, i++)
        if (parts[i].length > 0)
            memcpy(at, parts[i].data, parts[i].length);
    return slice_of(note, length);
}

/* As it was before the proxy, for who begins anew. */
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
    if (h != NULL && (h->is_returned || h->note.hops >= MOST_HOPS))
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

/* False when it cannot be a note. */
static bool read_note(handed *h, capra_slice note, capra_slice parts[PARTS])
{
    if (note.length < sizeof h->note)
        return false;
    memcpy(&h->note, note.data, sizeof h->note);
    capra_slice rest = slice_from(note, sizeof h->note);
    for (int i = 0; i < PARTS; i++) {
        uint64_t const length = h->note.lengths[i];
        if (length > rest.length)
            return false;
        parts[i] = slice_of(rest.data, (size_t)length);
        rest = slice_from(rest, (size_t)length);
    }
    return rest.length == 0;
}

static void keep_said(capra_request *req, const capra_slice parts[PARTS])
{
    handed *h = req->handed;
    h->said = (proxy_changes){ .head = arena_copy(&req->arena, parts[PART_HEAD]),
                               .lines = arena_copy(&req->arena, parts[PART_LINES]),
                               .cookies = arena_copy(&req->arena, parts[PART_COOKIES]) };
    if (h->note.has_target)
        h->said.target = arena_copy(&req->arena, parts[PART_TARGET]);
    buffer_append_slice(&req->collected, parts[PART_BODY]);
    buffer_append_slice(&req->trailers, parts[PART_TRAILERS]);
}

/* Without a note it is a connection between two requests. */
void pipeline_on_arrival(conn *c, capra_slice note, bool is_returned)
{
    handed h = { .is_returned = is_returned };
    capra_slice parts[PARTS];
    if (!read_note(&h, note, parts))
        return;
    capra_request *req = pipeline_begin(c->owner, c);
    req->started_ns = h.note.started_ns;
    req->handed = arena_take(&req->arena, sizeof h);
    *req->handed = h;
    keep_said(req, parts);
}

const proxy_changes *pipeline_said_elsewhere(const capra_request *req)
{
    return note_of(req)->was_asked ? &req->handed->said : NULL;
}

bool pipeline_take_handed_body(capra_request *req)
{
    size_t const length = buffer_length(&req->collected);
    if (!req->handed->note.has_body)
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
