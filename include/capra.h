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
 * The request and everything that is read from it are lent: valid until the handler
 * returns. A handler answers before it returns; one that does not gives the client a 500. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAPRA_API __attribute__((visibility("default")))
#else
#define CAPRA_API
#endif

/* Bytes that someone else owns. Text is not followed by a zero byte; print it with
 * `%.*s`, (int)slice.length, slice.data. */
typedef struct capra_slice {
    const char *data;
    size_t length;
} capra_slice;

typedef struct capra_request capra_request;
typedef struct capra_response capra_response;

typedef void (*capra_route_fn)(capra_request *req, capra_response *res);

/* ---- The request ---- */

/* "GET", "POST", … as the client sent it. Lent for ever. */
CAPRA_API const char *capra_request_method(const capra_request *req);

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

/* The whole body, chunked coding undone; empty when there is none. */
CAPRA_API capra_slice capra_request_body(const capra_request *req);

/* What the route's makers have set up for it: see CAPRA_INIT and capra_app_new. NULL when they
 * have not. */
CAPRA_API void *capra_request_state(const capra_request *req);

/* ---- The response ---- */

/* Adds a header line. Names are tokens, values have no CR, LF or NUL (RFC 9110, 5.5);
 * anything else, and the framing fields Content-Length, Transfer-Encoding, Connection and
 * Date, which belong to the server, is refused: the call does nothing and returns a negative
 * code. Returns 0. `name` and `value` are copied. */
CAPRA_API int capra_response_header(capra_response *res, const char *name, const char *value);

/* The whole answer: status 200 to 599, a Content-Type (NULL: none) and the bytes, which are
 * copied. A Content-Type that capra_response_header has set stays, here and below. Returns 0, or a
 * negative code when the request was answered already. */
CAPRA_API int capra_response_bytes(capra_response *res, int status, const char *type,
                                   const void *data, size_t length);

/* The same with text that ends in a zero byte, as `text/plain; charset=utf-8`. */
CAPRA_API int capra_response_text(capra_response *res, int status, const char *text);

/* Answers with JSON built by format, as jansson's json_pack takes it:
 *     capra_json(res, 200, "{s:i, s:[s, s]}", "id", 7, "tags", "a", "b");
 * A format that cannot be packed is a fault of the route: it is logged and the client gets
 * a 500. Returns 0 or a negative code. */
CAPRA_API int capra_json(capra_response *res, int status, const char *format, ...);

/* Answers `{"error": message}` with a status of 400 to 599. Returns 0 or a negative code. */
CAPRA_API int capra_fail(capra_response *res, int status, const char *message);

/* ---- What a route file exports ---- */

#define CAPRA_ABI 1

typedef struct capra_route_descriptor {
    uint32_t size; /* sizeof(capra_route_descriptor), so that fields can be added behind */
    uint32_t abi;  /* CAPRA_ABI of the header it was compiled with */
    const char *name;
    capra_route_fn run;
} capra_route_descriptor;

#ifdef __cplusplus
#define CAPRA_EXTERN_C extern "C"
#else
#define CAPRA_EXTERN_C extern
#endif

#define CAPRA_ROUTE(handler)                                                               \
    CAPRA_EXTERN_C CAPRA_API const capra_route_descriptor capra_route;                     \
    const capra_route_descriptor capra_route = { (uint32_t)sizeof(capra_route_descriptor), \
                                                 CAPRA_ABI, #handler, handler }

#ifdef __cplusplus
}
#endif

#endif
