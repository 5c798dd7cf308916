/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_POLICY_UPGRADE_H
#define CAPRA_POLICY_UPGRADE_H

#include "http/http.h"

/* Whether the client wants to speak another protocol on this connection, and will not make do with
 * an answer in this one (RFC 9110, 7.8): WebSocket. An offer of HTTP/2 is declined by answering it.
 * `as_next`: every protocol but that one. */
bool upgrade_is_wanted(const http_head *head, const char *data, bool as_next);

#endif
