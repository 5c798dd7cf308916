/* SPDX-License-Identifier: MIT */
#include "body.h"

#include "base/error.h"

void body_init(body *b, const http_head *head, int64_t limit)
{
    *b = (body){ .framing = head->framing, .left = head->content_length, .limit = limit };
    b->is_done = b->framing == HTTP_BODY_NONE || (b->framing == HTTP_BODY_LENGTH && b->left == 0);
}

int body_check(const body *b)
{
    bool const is_long = b->limit >= 0 && b->received + b->left > (uint64_t)b->limit;
    return is_long ? CAPRA_E_BODY_LONG : 0;
}

static int take_plain(body *b, capra_slice input, size_t *used, capra_slice *piece)
{
    size_t const length = input.length > b->left ? (size_t)b->left : input.length;
    *used = length;
    *piece = slice_of(input.data, length);
    b->left -= length;
    b->is_done = b->left == 0;
    return 0;
}

int body_take(body *b, capra_slice input, size_t *used, capra_slice *piece)
{
    *used = 0;
    *piece = slice_of(input.data, 0);
    b->chunked.trailer.length = 0;
    if (b->is_done || b->error != 0 || input.length == 0)
        return b->error;
    if (b->framing == HTTP_BODY_LENGTH) {
        b->error = take_plain(b, input, used, piece);
    } else {
        b->error = http_chunked_decode(&b->chunked, input, used, piece);
        b->is_done = b->chunked.is_done;
    }
    b->received += piece->length;
    if (b->error == 0 && b->limit >= 0 && b->received > (uint64_t)b->limit)
        b->error = CAPRA_E_BODY_LONG;
    return b->error;
}
