/* SPDX-License-Identifier: MIT */
#include "request.h"

/* What a route in C reads; see include/capra.h. */

const char *capra_request_method(const capra_request *req)
{
    return http_method_name(req->head.method);
}

capra_slice capra_request_path(const capra_request *req)
{
    return req->target.path;
}

const char *capra_request_route(const capra_request *req)
{
    return req->route->pattern;
}

capra_slice capra_request_param(capra_request *req, const char *name)
{
    const capra_slice *names;
    uint32_t const count = route_table_params(app_table(req->app), req->match.route, &names);
    for (uint32_t i = 0; i < count && i < req->match.param_count; i++)
        if (slice_is(names[i], name))
            return http_percent_decode(req->match.params[i], &req->arena);
    return (capra_slice){ 0 };
}

capra_slice capra_request_query(capra_request *req, const char *name)
{
    if (req->target.query.data == NULL)
        return (capra_slice){ 0 };
    return http_query_find(req->target.query, slice_text(name), &req->arena);
}

capra_slice capra_request_header(const capra_request *req, const char *name)
{
    return http_head_field(&req->head, req->data, slice_text(name));
}

capra_slice capra_request_body(const capra_request *req)
{
    return req->whole_body;
}

void *capra_request_state(const capra_request *req)
{
    return req->route->state;
}
