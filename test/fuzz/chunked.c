/* SPDX-License-Identifier: MIT */
/* A chunked body: in segments it must come to the same as whole: data, end or error, bytes used. */
#include "http/chunked.h"

#include "base/buffer.h"
#include "base/error.h"
#include "check.h"
#include "random.h"

typedef struct decoded {
    buffer body;
    size_t used;
    int result;
    bool is_done;
} decoded;

/* Decodes one segment from memory of just its size. */
static void decode_segment(http_chunked *state, decoded *d, const char *text, size_t length)
{
    char *copy = malloc(length);
    memcpy(copy, text, length);
    capra_slice rest = slice_of(copy, length);
    while (d->result == 0 && !state->is_done && rest.length > 0) {
        size_t used;
        capra_slice data;
        d->result = http_chunked_decode(state, rest, &used, &data);
        CHECK(used <= rest.length && data.length <= used);
        CHECK(data.data >= rest.data && data.data + data.length <= rest.data + used);
        CHECK(used > 0 || d->result != 0);
        buffer_append(&d->body, data.data, data.length);
        d->used += used;
        rest = slice_from(rest, used);
    }
    free(copy);
    d->is_done = state->is_done;
}

static void decode(decoded *d, const char *text, size_t size, uint64_t *seed)
{
    http_chunked state = { 0 };
    *d = (decoded){ 0 };
    for (size_t at = 0, end; at < size && d->result == 0 && !d->is_done; at = end) {
        end = seed == NULL ? size : cut_randomly(seed, at, size);
        decode_segment(&state, d, text + at, end - at);
    }
    CHECK(d->result == 0 || d->result == CAPRA_E_CHUNK || d->result == CAPRA_E_CHUNK_LONG);
    CHECK(state.overhead <= HTTP_CHUNK_OVERHEAD_BYTES || d->result == CAPRA_E_CHUNK_LONG);
    CHECK(d->result == 0 ? d->is_done || d->used == size : !d->is_done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decoded whole, cut;
    uint64_t seed = random_seed(data, size);
    decode(&whole, (const char *)data, size, NULL);
    decode(&cut, (const char *)data, size, &seed);
    CHECK(whole.result == cut.result && whole.is_done == cut.is_done && whole.used == cut.used);
    CHECK(slice_equal(buffer_slice(&whole.body), buffer_slice(&cut.body)));
    buffer_cleanup(&whole.body);
    buffer_cleanup(&cut.body);
    return 0;
}
