/* SPDX-License-Identifier: MIT */
/* Requests one after the other, as a connection brings them. The parser, whole and in segments, and
 * the reference must agree on their number, on all parts of each, and on how the stream ended. */
#include "check.h"
#include "random.h"
#include "reference.h"

static const http_limits small_limits = { .head_bytes = 200, .target_bytes = 20, .fields = 4 };

enum { LARGEST = 1 << 20 };

static void put_stream(buffer *text, capra_slice bytes, const stream_options *options)
{
    static guard g;
    if (g.memory == NULL)
        g = guard_new(LARGEST);
    outcome o;
    stream_read(&o, bytes, options, &g);
    put_outcome(text, &o);
    outcome_cleanup(&o);
}

static void put_reference(buffer *text, capra_slice bytes, const http_limits *limits)
{
    outcome o;
    reference_read(&o, bytes, limits);
    put_outcome(text, &o);
    outcome_cleanup(&o);
}

static void compare(const char *how, const buffer *expected, const buffer *found)
{
    if (slice_equal(buffer_slice(expected), buffer_slice(found)))
        return;
    fprintf(stderr, "--- the reference:\n%.*s--- the parser, %s:\n%.*s",
            (int)buffer_length(expected), buffer_slice(expected).data, how,
            (int)buffer_length(found), buffer_slice(found).data);
    abort();
}

static void check_input(capra_slice bytes, const http_limits *limits)
{
    buffer expected = { 0 }, whole = { 0 }, cut = { 0 };
    uint64_t seed = random_seed((const uint8_t *)bytes.data, bytes.length);
    stream_options options = { .limits = limits, .cut = cut_nowhere, .context = &seed };
    put_reference(&expected, bytes, limits);
    put_stream(&whole, bytes, &options);
    options.cut = cut_randomly;
    put_stream(&cut, bytes, &options);
    compare("whole", &expected, &whole);
    compare("in segments", &expected, &cut);
    buffer_cleanup(&expected);
    buffer_cleanup(&whole);
    buffer_cleanup(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    check_input(slice_of((const char *)data, size), &http_default_limits);
    check_input(slice_of((const char *)data, size), &small_limits);
    return 0;
}
