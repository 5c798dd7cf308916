/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HANDLER_SCRIPT_H
#define CAPRA_HANDLER_SCRIPT_H

#include "base/slice.h"

#include <capra.h>

/* Why a request ended from outside; the numbers are those of runtime/core.ts. */
typedef enum script_end {
    SCRIPT_GONE,
    SCRIPT_HALF_CLOSED,
    SCRIPT_BAD_BODY,
    SCRIPT_LONG_BODY,
    SCRIPT_TIMED_OUT,
} script_end;

/* A host for handlers in a script language, as the server sees it. The Node-API addon is
 * one; a process without any has none. A request is named by its id, which the server gave it. */
typedef struct script_host {
    void *data;
    /* Around all calls of one turn. `leave` runs what the calls have put off (microtasks). */
    void (*enter)(void *data);
    void (*leave)(void *data);
    /* A request whose body is there, or is to be asked for. It may be answered before this returns.
     */
    void (*request)(void *data, capra_request *req);
    /* The same for one that is to be passed on to an address on another host (`elsewhere`). */
    void (*forward)(void *data, capra_request *req);
    /* The project's proxy is asked. It may answer, or pass the request on, before this returns. */
    void (*proxy)(void *data, capra_request *req);
    /* The same for who listens to all requests, while there is somebody (server_hear). */
    void (*heard)(void *data, capra_request *req);
    /* A request for another protocol. It may take the connection (server_detach) before this
     * returns; if it does not, nobody speaks that protocol. */
    void (*upgrade)(void *data, capra_request *req);
    /* A piece of a streamed body. */
    void (*body)(void *data, uint32_t id, capra_slice piece);
    void (*body_end)(void *data, uint32_t id);
    /* All that was written has been sent. */
    void (*drained)(void *data, uint32_t id);
    void (*ended)(void *data, uint32_t id, script_end why);
    /* A new manifest. */
    void (*routes)(void *data, capra_slice manifest);
} script_host;

#endif
