/* SPDX-License-Identifier: MIT */
/* One request head: in segments it must come to the same as whole, and what a valid head says must
 * be in its bytes. */
#include "http/head.h"
#include "base/error.h"
#include "check.h"
#include "random.h"

static const http_limits small_limits = { .head_bytes = 200, .target_bytes = 20, .fields = 4 };

/* A copy in memory of just its size, where a read behind the end is seen. */
static long parse_copy(http_head *head, const char *text, size_t length, const http_limits *limits)
{
    char *copy = malloc(length);
    if (length > 0)
        memcpy(copy, text, length);
    long const result = http_head_parse(head, copy, length, limits);
    free(copy);
    return result;
}

static long parse_segments(http_head *head, const char *text, size_t length, uint64_t seed,
                           const http_limits *limits)
{
    long result = HTTP_MORE;
    http_head_init(head);
    for (size_t have = 0; result == HTTP_MORE && have < length;) {
        have = cut_randomly(&seed, have, length);
        result = parse_copy(head, text, have, limits);
    }
    return result;
}

static void check_same(const http_head *a, const http_head *b)
{
    CHECK(memcmp(a, b, offsetof(http_head, fields)) == 0);
    for (int i = 0; i < a->field_count; i++) {
        const http_field *f = &a->fields[i], *g = &b->fields[i];
        CHECK(f->name == g->name && f->name_length == g->name_length && f->id == g->id);
        CHECK(f->value == g->value && f->value_length == g->value_length);
    }
}

static void check_field(const http_head *head, const char *text, int index)
{
    const http_field *f = &head->fields[index];
    capra_slice const name = slice_of(text + f->name, f->name_length);
    capra_slice const value = slice_of(text + f->value, f->value_length);
    CHECK(f->value + f->value_length <= head->length);
    CHECK(http_is_token(name) && http_is_field_value(value));
    CHECK(slice_equal(value, slice_trim(value)));
    CHECK(text[f->name + f->name_length] == ':');
    CHECK(http_field_find(name) == f->id);
    CHECK(f->id == HTTP_FIELD_OTHER || (head->first[f->id] > 0 && head->first[f->id] <= index + 1));
}

static void check_head(const http_head *head, const char *text, const http_limits *limits)
{
    CHECK(head->length <= limits->head_bytes && head->target_length <= limits->target_bytes);
    CHECK(head->field_count <= limits->fields);
    CHECK(memcmp(text + head->length - 4, "\r\n\r\n", 4) == 0);
    CHECK(text[head->target - 1] == ' ' && text[head->target + head->target_length] == ' ');
    CHECK(head->method < HTTP_METHOD_COUNT && head->minor <= 1);
    for (int i = 0; i < head->field_count; i++)
        check_field(head, text, i);
    for (int id = 1; id < HTTP_FIELD_IDS; id++) {
        if (head->first[id] == 0) {
            CHECK(http_head_known(head, text, (http_field_id)id).data == NULL);
            continue;
        }
        const http_field *f = &head->fields[head->first[id] - 1];
        CHECK(f->id == id);
        CHECK(http_head_field(head, text, slice_of(text + f->name, f->name_length)).data ==
              http_head_known(head, text, (http_field_id)id).data);
    }
}

static void check_input(const char *text, size_t size, uint64_t seed, const http_limits *limits)
{
    http_head whole, cut;
    http_head_init(&whole);
    long const result = parse_copy(&whole, text, size, limits);
    CHECK(parse_segments(&cut, text, size, seed, limits) == result);
    CHECK(result <= (long)size && (result >= 0 || error_status((int)result) >= 400));
    if (result <= 0)
        return;
    CHECK(result == (long)whole.length);
    check_same(&whole, &cut);
    check_head(&whole, text, limits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t const seed = random_seed(data, size);
    check_input((const char *)data, size, seed, &http_default_limits);
    check_input((const char *)data, size, seed, &small_limits);
    return 0;
}
