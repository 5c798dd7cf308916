/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include "base/arena.h"
#include "base/error.h"
#include "client.h"
#include "net/net.h"
#include "observe/access_log.h"
#include "pipeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { KNOWN_TALLIES = 256, ID_LENGTH = 16, GIVEN_ID_LONGEST = 128, STATUS_GONE = 499 };

/* A tally that was used lately, and whose it is. */
typedef struct known_tally {
    const app_route *route;
    uint32_t method, status;
    metrics_tally *tally;
} known_tally;

struct observer {
    access_log *log;
    observer_tally tally;
    bool tells_id, waits;
    int64_t wall_offset_ns, wall_checked_ns; /* from the steady clock to that on the wall */
    uint64_t dropped;
    char id_front[ID_LENGTH / 2]; /* of each id, the same for as long as the worker lives */
    uint32_t id_count;
    known_tally known[KNOWN_TALLIES];
};

int64_t observer_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Eight digits of an id. */
static void print_half(char *out, uint32_t value)
{
    for (int i = ID_LENGTH / 2; i-- > 0; value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

int observer_open(observer **out, const options *o, bool is_development, observer_tally tally,
                  char *why, size_t why_size)
{
    observer *made = memory_take(sizeof *made);
    *made = (observer){ .tally = tally,
                        .tells_id = strcmp(o->request_id, "on") == 0,
                        .wall_checked_ns = INT64_MIN / 2 };
    uint32_t front;
    if (getentropy(&front, sizeof front) != 0)
        front = (uint32_t)getpid();
    print_half(made->id_front, front);
    if (access_log_open(&made->log, o->log, o->access_log, strcmp(o->log_query, "on") == 0,
                        is_development) != 0) {
        snprintf(why, why_size, "--access-log: `%s` cannot be opened for appending: %s",
                 o->access_log, strerror(errno));
        free(made);
        return CAPRA_E_SYSTEM;
    }
    if (made->log == NULL && tally.shared == NULL && !made->tells_id) {
        free(made);
        made = NULL;
    }
    *out = made;
    return 0;
}

void observer_close(observer *o)
{
    if (o == NULL)
        return;
    access_log_close(o->log);
    free(o);
}

void observer_forget_routes(observer *o)
{
    memset(o->known, 0, sizeof o->known);
}

/* ---- Counting ---- */

static metrics_tally *find_tally(observer *o, const app_route *route, uint32_t method,
                                 uint32_t status)
{
    size_t const at = ((uintptr_t)route / 64 + method * 31 + status) % KNOWN_TALLIES;
    known_tally *k = &o->known[at];
    if (k->tally != NULL && k->route == route && k->method == method && k->status == status)
        return k->tally;
    metrics *m = o->tally.shared;
    metrics_key const key = {
        .route = metrics_route(m, slice_text(route == NULL ? NULL : route->pattern)),
        .method = (uint16_t)method,
        .status = (uint16_t)status,
    };
    *k = (known_tally){ route, method, status, metrics_find(m, o->tally.slot, key) };
    return k->tally;
}

static bool has_head(const capra_request *req)
{
    return req->data != NULL;
}

static capra_slice field_of(const capra_request *req, http_field_id id)
{
    return http_head_known(&req->head, req->data, id);
}

/* ---- Ids ---- */

static void print_id(char out[ID_LENGTH], const observer *o, uint32_t count)
{
    memcpy(out, o->id_front, sizeof o->id_front);
    print_half(out + sizeof o->id_front, count);
}

/* A proxy that is trusted may have given it one already; else it gets ours, printed into `room`. */
static capra_slice find_id(observer *o, const capra_request *req, char room[ID_LENGTH])
{
    if (has_head(req) && client_told(req).data != NULL) {
        capra_slice const given = field_of(req, HTTP_FIELD_X_REQUEST_ID);
        if (given.length > 0 && given.length <= GIVEN_ID_LONGEST)
            return given;
    }
    print_id(room, o, req->log_id != 0 ? req->log_id : ++o->id_count);
    return slice_of(room, ID_LENGTH);
}

capra_slice observer_begin(observer *o, capra_request *req)
{
    char room[ID_LENGTH];
    static const char name[] = "X-Request-Id: ";
    if (o->log != NULL)
        net_peer(req->conn); /* once the client is gone, nobody can say who it was */
    if (!o->tells_id)
        return slice_of("", 0);
    capra_slice const id = find_id(o, req, room);
    req->log_id = o->id_count;
    size_t const length = sizeof name - 1 + id.length + 2;
    char *line = arena_take(&req->arena, length);
    memcpy(line, name, sizeof name - 1);
    memcpy(line + sizeof name - 1, id.data, id.length);
    memcpy(line + length - 2, "\r\n", 2);
    return slice_of(line, length);
}

/* ---- Telling ---- */

/* Path and query as the client has sent them. */
static void describe_target(access_record *r, const capra_request *req)
{
    capra_slice const raw = slice_of(req->data + req->head.target, req->head.target_length);
    const char *mark = raw.length == 0 ? NULL : memchr(raw.data, '?', raw.length);
    r->path = mark == NULL ? raw : slice_of(raw.data, (size_t)(mark - raw.data));
    r->query = mark == NULL ? slice_of("", 0) : slice_from(raw, r->path.length + 1);
}

static capra_slice address_of(const capra_request *req)
{
    capra_slice const told = has_head(req) ? client_told(req) : slice_of(NULL, 0);
    if (told.data != NULL)
        return told;
    capra_slice const peer = net_peer(req->conn);
    const char *space = peer.length == 0 ? NULL : memchr(peer.data, ' ', peer.length);
    return slice_of(peer.data, space == NULL ? 0 : (size_t)(space - peer.data));
}

static int64_t wall_of(observer *o, int64_t now_ns)
{
    if (now_ns - o->wall_checked_ns > 1000000000) {
        struct timespec wall;
        clock_gettime(CLOCK_REALTIME, &wall);
        o->wall_offset_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - now_ns;
        o->wall_checked_ns = now_ns;
    }
    return now_ns + o->wall_offset_ns;
}

/* `r`: what is known of it besides. */
static void write_line(observer *o, const capra_request *req, access_record r, int64_t now_ns)
{
    char room[ID_LENGTH];
    r.id = find_id(o, req, room);
    r.client = address_of(req);
    if (has_head(req)) {
        describe_target(&r, req);
        r.method = slice_text(http_method_name(req->head.method));
        r.user_agent = field_of(req, HTTP_FIELD_USER_AGENT);
        r.referer = field_of(req, HTTP_FIELD_REFERER);
        capra_slice const parent = field_of(req, HTTP_FIELD_TRACEPARENT);
        if (parent.data != NULL && !trace_context_read(&r.trace, parent))
            r.trace = (trace_context){ 0 };
    }
    if (req->route != NULL)
        r.route = slice_text(req->route->pattern);
    access_log_write(o->log, &r, wall_of(o, now_ns));
    o->waits = true;
}

static void count_dropped(observer *o)
{
    uint64_t const dropped = access_log_dropped(o->log);
    if (dropped == o->dropped || o->tally.shared == NULL)
        return;
    metrics_count_dropped(o->tally.shared, o->tally.slot, dropped - o->dropped);
    o->dropped = dropped;
}

static void tell(observer *o, const capra_request *req, access_record r)
{
    int64_t const now_ns = observer_now_ns();
    r.duration_ns = now_ns - req->started_ns;
    if (o->tally.shared != NULL) {
        uint32_t const method = has_head(req) ? (uint32_t)req->head.method : HTTP_METHOD_COUNT;
        metrics_count(find_tally(o, req->route, method, (uint32_t)r.status), r.duration_ns,
                      has_head(req) ? req->body.received : 0, r.bytes);
    }
    if (o->log != NULL)
        write_line(o, req, r, now_ns);
}

void observer_tell(observer *o, const capra_request *req, bool is_cut)
{
    bool const is_answered = req->res.state != RESPONSE_OPEN;
    tell(o, req,
         (access_record){ .status = is_answered ? req->res.status : STATUS_GONE,
                          .is_cut = is_cut,
                          .bytes = is_answered ? req->res.body_bytes : 0 });
}

void observer_tell_instead(observer *o, const capra_request *req, int status)
{
    tell(o, req, (access_record){ .status = status });
}

void observer_flush(observer *o)
{
    if (o->log != NULL)
        access_log_flush(o->log);
}

uint32_t observer_turn(observer *o)
{
    if (o == NULL || !o->waits)
        return 0;
    uint32_t const wait = access_log_turn(o->log, observer_now_ns());
    o->waits = wait > 0;
    count_dropped(o);
    return wait;
}
