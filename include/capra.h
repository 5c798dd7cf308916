/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_H
#define CAPRA_H

/* Routes in C. A file `pages/api/hello.c` is the route /api/hello:
 *
 *     #include <capra.h>
 *
 *     static void hello(capra_request *req, capra_response *res)
 *     {
 *         capra_json(res, 200, "{s:s}", "message", "Hello from Next.js API!");
 *     }
 *
 *     CAPRA_ROUTE(hello);
 *
 * The request and everything that is read from it are lent: valid until the handler returns, or,
 * after capra_defer, until the answer has ended. A handler answers once; one that returns without
 * an answer, and has not called capra_defer, gives the client a 500.
 *
 * A worker runs its handlers on one thread, one after the other: a handler that waits keeps all
 * others waiting. One that has to is declared so, `CAPRA_CONFIG({ blocking: true })`, and runs on a
 * thread of its own; or it defers, and answers when what it waits for has come.
 *
 * Functions that can fail return 0, or a negative code that capra_error_message puts into words.
 * The last part of this file is for programs that have the whole server inside.
 *
 * docs/c-routes.md tells all of it with examples. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAPRA_API                  __attribute__((visibility("default")))
#define CAPRA_PRINTS(which, first) __attribute__((format(printf, which, first)))
#else
#define CAPRA_API
#define CAPRA_PRINTS(which, first)
#endif

/* Bytes that someone else owns. Text is not followed by a zero byte; print it with
 * `%.*s`, (int)slice.length, slice.data, or take a copy that is: capra_text. */
typedef struct capra_slice {
    const char *data;
    size_t length;
} capra_slice;

typedef struct capra_request capra_request;
typedef struct capra_response capra_response;

typedef void (*capra_route_fn)(capra_request *req, capra_response *res);

/* A value of jansson (<jansson.h>), whose type is `json_t`. */
struct json_t;

/* What a negative code means, in words. Lent for ever. */
CAPRA_API const char *capra_error_message(int code);

/* ---- The request ---- */

/* "GET", "POST", … as the client sent it. Lent for ever. */
CAPRA_API const char *capra_request_method(const capra_request *req);

/* Path and query as the client sent them: "/api/users/7?full=1". */
CAPRA_API capra_slice capra_request_url(const capra_request *req);

/* The path, dot segments resolved, percent escapes kept: "/api/users/7". */
CAPRA_API capra_slice capra_request_path(const capra_request *req);

/* The route that matched, as its file names it: "/api/users/[id]". */
CAPRA_API const char *capra_request_route(const capra_request *req);

/* The value of the path parameter `name`, percent-decoded; of a catch-all, its segments
 * with a slash between them. Empty, with NULL data, when the route has no such parameter or
 * the optional catch-all took nothing. */
CAPRA_API capra_slice capra_request_param(capra_request *req, const char *name);

/* The first value of `name` in the query, decoded as a form is (`+` is a space). Empty, with
 * NULL data, when the query does not have it. Path parameters are not in here. */
CAPRA_API capra_slice capra_request_query(capra_request *req, const char *name);

/* The first header called `name`, in any case, without white space around it. Empty, with
 * NULL data, if there is none. */
CAPRA_API capra_slice capra_request_header(const capra_request *req, const char *name);

/* All headers called `name` as one list, ", " between them (RFC 9110, 5.2). */
CAPRA_API capra_slice capra_request_header_list(capra_request *req, const char *name);

/* The first cookie called `name`, percent-decoded. Empty, with NULL data, if there is none. */
CAPRA_API capra_slice capra_request_cookie(capra_request *req, const char *name);

/* The whole body, chunked coding undone; empty when there is none, and always with
 * `bodyParser: false`. */
CAPRA_API capra_slice capra_request_body(const capra_request *req);

/* The body as JSON (RFC 8259): NULL when it is none. Parsed once, and lent by the request. A number
 * without a fraction that does not fit into 64 bits makes it none. */
CAPRA_API struct json_t *capra_request_json(capra_request *req);

/* The first value of `name` in a body of the type application/x-www-form-urlencoded. Empty, with
 * NULL data, when there is none. */
CAPRA_API capra_slice capra_request_field(capra_request *req, const char *name);

/* The address that the request comes from, "192.0.2.7" or "2001:db8::7". Empty when nobody knows:
 * over a Unix socket, or after the client has gone. */
CAPRA_API capra_slice capra_request_address(capra_request *req);

/* What the route's makers have set up for it: see CAPRA_INIT and capra_app_new. NULL when they
 * have not. */
CAPRA_API void *capra_request_state(const capra_request *req);

/* One after the other, in the order in which they came. Begin with a walk that is all zero; true
 * while there is one, which is lent by the request:
 *
 *     capra_walk walk = { 0 };
 *     capra_slice name, value;
 *     while (capra_request_next_query(req, &walk, &name, &value))
 *         …
 */
typedef struct capra_walk {
    size_t at, within;
} capra_walk;

CAPRA_API bool capra_request_next_param(capra_request *req, capra_walk *walk, capra_slice *name,
                                        capra_slice *value);
CAPRA_API bool capra_request_next_query(capra_request *req, capra_walk *walk, capra_slice *name,
                                        capra_slice *value);
CAPRA_API bool capra_request_next_header(const capra_request *req, capra_walk *walk,
                                         capra_slice *name, capra_slice *value);
CAPRA_API bool capra_request_next_cookie(capra_request *req, capra_walk *walk, capra_slice *name,
                                         capra_slice *value);
CAPRA_API bool capra_request_next_field(capra_request *req, capra_walk *walk, capra_slice *name,
                                        capra_slice *value);

/* Whether two texts are the same, byte for byte. */
CAPRA_API bool capra_slice_is(capra_slice slice, const char *text);

/* ---- Memory that goes with the request ---- */

/* `size` bytes, aligned for any type, not cleared. Never NULL: without memory the worker ends. */
CAPRA_API void *capra_alloc(capra_request *req, size_t size);

/* Text made by a format, with a zero byte at its end. */
CAPRA_API char *capra_printf(capra_request *req, const char *format, ...) CAPRA_PRINTS(2, 3);

/* A copy with a zero byte at its end; "" of NULL data. */
CAPRA_API char *capra_text(capra_request *req, capra_slice slice);

/* Calls `done(data)` when the request ends, however it ends; the last that was asked for first. It
 * must not touch the request. */
CAPRA_API void capra_on_end(capra_request *req, void (*done)(void *data), void *data);

/* ---- The response ---- */

/* Adds a header line. Names are tokens, values have no CR, LF or NUL (RFC 9110, 5.5);
 * anything else, and the framing fields Content-Length, Transfer-Encoding, Connection and
 * Date, which belong to the server, is refused: the call does nothing and returns a negative
 * code. Returns 0. `name` and `value` are copied. */
CAPRA_API int capra_response_header(capra_response *res, const char *name, const char *value);

typedef enum capra_same_site {
    CAPRA_SAME_SITE_UNSET,
    CAPRA_SAME_SITE_LAX,
    CAPRA_SAME_SITE_STRICT,
    CAPRA_SAME_SITE_NONE, /* needs `secure` */
} capra_same_site;

typedef struct capra_cookie {
    const char *path;   /* NULL: "/" */
    const char *domain; /* NULL: this host alone */
    int64_t max_age_s;  /* 0: until the browser ends; negative: the browser forgets it now */
    bool http_only, secure;
    capra_same_site same_site;
} capra_cookie;

/* Adds a Set-Cookie line (RFC 6265, 4.1). What a value cannot carry is percent-encoded, and
 * capra_request_cookie gives it back. `attributes` may be NULL: path "/", and nothing else. Refused
 * are a name that is no token, a path or domain with a `;` or a control character, SameSite=None
 * without `secure`, and a `__Host-` or `__Secure-` name without what it promises. */
CAPRA_API int capra_response_cookie(capra_response *res, const char *name, const char *value,
                                    const capra_cookie *attributes);

/* The whole answer: status 200 to 599, a Content-Type (NULL: none) and the bytes, which are
 * copied. A Content-Type that capra_response_header has set stays, here and below. Returns 0, or a
 * negative code when the request was answered already or the client has gone. */
CAPRA_API int capra_response_bytes(capra_response *res, int status, const char *type,
                                   const void *data, size_t length);

/* The same with text that ends in a zero byte, as `text/plain; charset=utf-8`. */
CAPRA_API int capra_response_text(capra_response *res, int status, const char *text);

/* Sends the client to `location` (300 to 399; 307 keeps method and body, 303 makes it a GET). */
CAPRA_API int capra_response_redirect(capra_response *res, int status, const char *location);

/* Answers with a file: type by its name, conditions (ETag, Last-Modified) and ranges included, read
 * as the client takes it. `folder` and `path` are relative to the project. `path` may come from the
 * client: whatever it is, nothing outside of `folder` is opened. When there is no such file nothing
 * is answered, and a negative code returned. */
CAPRA_API int capra_response_file(capra_response *res, const char *folder, const char *path);

/* Answers with JSON built by format, as jansson's json_pack takes it:
 *     capra_json(res, 200, "{s:i, s:[s, s]}", "id", 7, "tags", "a", "b");
 * A format that cannot be packed is a fault of the route: it is logged and the client gets
 * a 500. Returns 0 or a negative code. */
CAPRA_API int capra_json(capra_response *res, int status, const char *format, ...);

/* The same with a value that was built before; it stays yours. */
CAPRA_API int capra_json_value(capra_response *res, int status, const struct json_t *value);

/* Answers `{"error": message}` with a status of 400 to 599. Returns 0 or a negative code. */
CAPRA_API int capra_fail(capra_response *res, int status, const char *message);

/* An answer in pieces. `length`: of the whole body, -1 when nobody knows. `type` as above. */
CAPRA_API int capra_response_begin(capra_response *res, int status, const char *type,
                                   int64_t length);

enum { CAPRA_FULL = 1 };

/* The next piece, which is copied. Returns 0, or CAPRA_FULL when the client has much to read
 * already: what is written now is kept in memory, so write on when capra_response_on_drain calls;
 * or a negative code. */
CAPRA_API int capra_response_write(capra_response *res, const void *data, size_t length);

/* `drained(res, data)` is called each time the client has taken what a write that returned
 * CAPRA_FULL left waiting. Only after capra_defer. */
CAPRA_API int capra_response_on_drain(capra_response *res,
                                      void (*drained)(capra_response *res, void *data), void *data);

/* The end of an answer in pieces. */
CAPRA_API int capra_response_end(capra_response *res);

/* ---- Answering later ---- */

/* The handler may return without an answer. Request and response stay valid until the answer has
 * ended, whatever the client does meanwhile: if it leaves, the functions of the response do nothing
 * but return a negative code, and the one that would have ended the answer ends the request. So
 * every deferred request is answered exactly once, or given up with capra_abandon.
 *
 * All of this is for the worker's own thread, capra_post excepted. Returns 0, or a negative code
 * for a handler that is `blocking` or has answered. */
CAPRA_API int capra_defer(capra_request *req);

/* `cancelled(req, data)` is called once when nobody waits for the answer any more: the client has
 * gone, or the server has answered for the handler (a time-out, a body that broke off). The request
 * still has to be answered or given up; that may be done in there. A client that only says that it
 * will send no more is waited for, for a minute: it may be reading. Only after capra_defer. */
CAPRA_API int capra_on_cancel(capra_request *req, void (*cancelled)(capra_request *req, void *data),
                              void *data);

/* Whether nobody waits for the answer any more. */
CAPRA_API bool capra_is_cancelled(const capra_request *req);

/* Ends a deferred request without an answer; a client that still waits sees its connection end. */
CAPRA_API void capra_abandon(capra_request *req);

/* Calls `due(req, data)` after so many milliseconds, unless the request has ended by then. Only
 * after capra_defer. */
CAPRA_API int capra_after(capra_request *req, uint64_t ms,
                          void (*due)(capra_request *req, void *data), void *data);

/* From any thread: `run(req, data)` is called soon on the worker's own. The request is deferred and
 * not answered yet, and stays so until then. Another thread may read the request and use its memory
 * as long as only one does at a time; what belongs to the response is for the worker's thread. */
CAPRA_API int capra_post(capra_request *req, void (*run)(capra_request *req, void *data),
                         void *data);

/* The worker's event loop, a `uv_loop_t *`: for handles of your own. NULL where there is none. */
CAPRA_API void *capra_loop(const capra_request *req);

/* With `bodyParser: false`: `on_piece(req, piece, is_last, data)` is called with the body as it
 * comes, and the client is held back while nobody takes it. The piece is lent for the call; the
 * last one may be empty. Defers the request. A body that breaks off or is too long is answered by
 * the server, see capra_on_cancel. */
CAPRA_API int capra_request_on_body(capra_request *req,
                                    void (*on_piece)(capra_request *req, capra_slice piece,
                                                     bool is_last, void *data),
                                    void *data);

/* No more pieces until capra_request_resume: what the client sends waits in the network. */
CAPRA_API void capra_request_pause(capra_request *req);
CAPRA_API void capra_request_resume(capra_request *req);

/* ---- What a route file exports ---- */

#define CAPRA_ABI 1

typedef struct capra_route_descriptor {
    uint32_t size; /* sizeof(capra_route_descriptor), so that fields can be added behind */
    uint32_t abi;  /* CAPRA_ABI of the header it was compiled with */
    const char *name;
    capra_route_fn run;
} capra_route_descriptor;

/* Runs once in each worker, before the first request of the route: opens what it needs and leaves
 * it in `*state`, where capra_request_state finds it. Returns NULL, or in a sentence what went
 * wrong; then the worker does not start, and the log has the sentence. */
typedef const char *(*capra_init_fn)(void **state);

/* Runs once in each worker after the last request of the route, with what the other has left. */
typedef void (*capra_exit_fn)(void *state);

/* Kept in the route's own object, so that routes built from the same file share it. */
typedef struct capra_init_hook {
    capra_init_fn run;
    void *state;
    uint32_t holders; /* the server's */
} capra_init_hook;

#ifdef __cplusplus
#define CAPRA_EXTERN_C extern "C"
#define CAPRA_NULL     nullptr
#else
#define CAPRA_EXTERN_C extern
#define CAPRA_NULL     ((void *)0)
#endif

#define CAPRA_ROUTE(handler)                                                                \
    CAPRA_EXTERN_C CAPRA_API const capra_route_descriptor capra_route;                      \
    const capra_route_descriptor capra_route = { sizeof(capra_route_descriptor), CAPRA_ABI, \
                                                 #handler, handler }

#define CAPRA_INIT(function)                             \
    CAPRA_EXTERN_C CAPRA_API capra_init_hook capra_init; \
    capra_init_hook capra_init = { function, CAPRA_NULL, 0 }

#define CAPRA_EXIT(function)                                 \
    CAPRA_EXTERN_C CAPRA_API const capra_exit_fn capra_exit; \
    const capra_exit_fn capra_exit = function

/* The route's config, word for word as a JavaScript route exports it, and read by `capra build`
 * from the source, before anything is compiled:
 *
 *     CAPRA_CONFIG({ api: { bodyParser: { sizeLimit: "4mb" } }, maxDuration: 10 });
 *
 * `blocking: true` is there besides: the handler waits, and runs on a thread of its own. */
#define CAPRA_CONFIG(...)                               \
    CAPRA_EXTERN_C CAPRA_API const char capra_config[]; \
    const char capra_config[] = #__VA_ARGS__

/* ---- The whole server inside a program (libcapra) ---- */

typedef struct capra_app capra_app;

/* An app without routes. `state` is what capra_request_state gives its handlers; lent. */
CAPRA_API capra_app *capra_app_new(void *state);

/* What a route is, besides its handler; all zero is right for most. */
typedef struct capra_app_route {
    const char *method;  /* "GET"; NULL: all that have no handler of their own */
    const char *pattern; /* "/api/users/[id]" */
    capra_route_fn run;
    int64_t body_limit; /* bytes; 0: 1 MB; -1: none */
    bool streams_body;  /* as `bodyParser: false`: capra_request_on_body */
    bool is_blocking;   /* on a thread of its own */
} capra_app_route;

/* Adds a route. Patterns are those of files: "/api/users/[id]", "/files/[...path]". Everything is
 * copied. HEAD is answered as GET is, OPTIONS says what is allowed, other methods get a 405.
 * Whether routes contradict each other shows in capra_app_listen. */
CAPRA_API int capra_app_add(capra_app *app, const capra_app_route *route);
CAPRA_API int capra_app_get(capra_app *app, const char *pattern, capra_route_fn run);
CAPRA_API int capra_app_post(capra_app *app, const char *pattern, capra_route_fn run);
CAPRA_API int capra_app_put(capra_app *app, const char *pattern, capra_route_fn run);
CAPRA_API int capra_app_patch(capra_app *app, const char *pattern, capra_route_fn run);
CAPRA_API int capra_app_delete(capra_app *app, const char *pattern, capra_route_fn run);

/* Sets what `capra start` takes as an option: capra_app_set(app, "keep-alive-timeout", "5s"). */
CAPRA_API int capra_app_set(capra_app *app, const char *option, const char *value);

/* Opens the socket: "127.0.0.1:3000", "[::1]:3000", "localhost:0" (any free port), or
 * "unix:/run/app.sock", where a file that nobody listens at is replaced, or "fd:3", a socket that
 * listens already and is taken over: of systemd, or one that several processes share. */
CAPRA_API int capra_app_listen(capra_app *app, const char *address);

/* The port that was found; 0 for a Unix socket. */
CAPRA_API uint16_t capra_app_port(const capra_app *app);

/* Serves, on the thread that calls it, until capra_app_stop; then finishes what was begun, within
 * the time of the option `shutdown-timeout`. Signals are the program's own affair. */
CAPRA_API int capra_app_run(capra_app *app);

/* From any thread, and from a signal handler. */
CAPRA_API void capra_app_stop(capra_app *app);

/* The event loop, a `uv_loop_t *`, from capra_app_new on: for handles of your own. capra_app_run
 * does not wait for them, and they are closed before capra_app_free. */
CAPRA_API void *capra_app_loop(capra_app *app);

/* Why the last call failed, in a sentence; "" when none has. Lent until the next call. */
CAPRA_API const char *capra_app_error(const capra_app *app);

/* After capra_app_run has returned. Takes NULL. */
CAPRA_API void capra_app_free(capra_app *app);

#ifdef __cplusplus
}
#endif

#endif
