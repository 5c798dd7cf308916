/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_ERROR_H
#define CAPRA_BASE_ERROR_H

/* Every way in which a request or a start can fail: code, HTTP status that the client
 * gets (0: the client never sees it), and what is wrong, said to a person. Functions
 * return 0 or one of these, which are negative. */
#define CAPRA_ERRORS(X)                                                             \
    X(REQUEST_LINE, 400, "the request line is not `method SP target SP HTTP/1.x`")  \
    X(METHOD, 400, "the method is not one that HTTP defines")                       \
    X(TARGET, 400, "the request target holds characters that a URI cannot have")    \
    X(TARGET_LONG, 414, "the request target is longer than the limit")              \
    X(VERSION, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here")                   \
    X(FIELD_NAME, 400, "a field name is empty or is not a token")                   \
    X(FIELD_VALUE, 400, "a field value holds a control character")                  \
    X(FIELD_FOLDED, 400, "a field is folded over several lines, which is obsolete") \
    X(LINE_END, 400, "a line does not end with CR LF")                              \
    X(HEAD_LONG, 431, "the request head is longer than the limit")                  \
    X(FIELDS_MANY, 431, "the request head has more fields than the limit")          \
    X(HOST, 400, "an HTTP/1.1 request needs one valid Host field")                  \
    X(LENGTH, 400, "Content-Length is not one plain number")                        \
    X(ENCODING, 400, "Transfer-Encoding is not exactly one `chunked`")              \
    X(FRAMING, 400, "both Content-Length and Transfer-Encoding were sent")          \
    X(UPGRADE, 426, "no other protocol than HTTP/1.1 is spoken here")               \
    X(EXPECT, 417, "the only expectation that can be met is 100-continue")          \
    X(CHUNK, 400, "the chunked body is malformed")                                  \
    X(CHUNK_LONG, 400, "the overhead of the chunked body is beyond the limit")      \
    X(ESCAPE, 400, "a percent escape in the path is malformed or is not UTF-8")     \
    X(BODY_LONG, 413, "the body is longer than the limit")                          \
    X(BODY_CUT, 400, "the body ended before its announced length")                  \
    X(HEAD_SLOW, 408, "the request head did not arrive in time")                    \
    X(BODY_SLOW, 408, "the request body did not arrive in time")                    \
    X(HANDLER_SLOW, 504, "the route has not answered in time")                      \
    X(CRASHED, 500, "the process that ran the route has ended")                     \
    X(LOST, 500, "the process that ran the route has ended, because of another")    \
    X(UNSERVED, 503, "the process ended before it began with this; send it again")  \
    X(AWAY, 503, "the processes that run this route cannot take it now")            \
    X(BUSY, 503, "the server has no room for another request")                      \
    X(HANDLER, 500, "the handler failed")                                           \
    X(HEAD_SENT, 0, "the head of the response has been sent already")               \
    X(INVALID, 0, "an argument has a value that the function does not take")        \
    X(GONE, 0, "the client has gone")                                               \
    X(MANIFEST, 0, "the build's manifest is missing or cannot be read")             \
    X(ROUTE, 0, "a route's pattern is malformed or conflicts with another")         \
    X(LOAD, 0, "a compiled route cannot be loaded")                                 \
    X(SYSTEM, 0, "the operating system refused a call; errno tells why")

typedef enum capra_error {
    CAPRA_ERROR_FIRST = -1000,
#define CAPRA_ERROR_ENUM(name, status, message) CAPRA_E_##name,
    CAPRA_ERRORS(CAPRA_ERROR_ENUM)
#undef CAPRA_ERROR_ENUM
        CAPRA_ERROR_LAST
} capra_error;

/* The code's name as it is written in logs ("CAPRA_E_HOST"); "0" and "?" for what is no
 * code. All three answers are lent for ever. */
const char *error_name(int code);
const char *error_message(int code);

/* The HTTP status for the client; 500 where the table has none. */
int error_status(int code);

#endif
