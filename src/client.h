/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLIENT_H
#define CAPRA_CLIENT_H

#include "base/ip.h"
#include "request.h"

/* Who asks. Without --trust-proxy that is the peer of the socket, and header fields are what the
 * client has written into them. With it, what a request's fields say about the client is either
 * known or gone: see client_establish. */

/* Once the head is there, and only with --trust-proxy. From a peer that is no proxy, the fields
 * that only a proxy could know are taken out of the head. From a proxy, X-Forwarded-For becomes one
 * address: the first from the right that is no proxy's, where anything malformed ends the walk. Of
 * X-Forwarded-Proto, -Host and -Port the last member of the last line stays, if it can be one. */
void client_establish(capra_request *req);

/* The client's address as a proxy has written it; NULL data when none has. Lent by the request. */
capra_slice client_told(const capra_request *req);

/* The client's address; not known when it came through a Unix socket, or has gone. */
void client_find(capra_request *req, ip_address *out);

/* The same as text, without the port: "192.0.2.7". Empty when it is not known. Lent by the
 * request. */
capra_slice client_address(capra_request *req);

/* As net_peer has it, with the client's address and port in place of the proxy's; its port is 0
 * when nobody knows it. Lent by the request. */
capra_slice client_peer(capra_request *req);

#endif
