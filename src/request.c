/* SPDX-License-Identifier: MIT */
#include "request.h"

capra_slice request_visible_head(const capra_request *req)
{
    size_t start = 0;
    while (req->data[start] == '\r' || req->data[start] == '\n')
        start++;
    return slice_of(req->data + start, req->head.length - start - 4);
}
