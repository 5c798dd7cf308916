/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEAD_BYTES = 3072, SMALL_BYTES = HEAD_BYTES + CONN_INPUT_SPARE };

static const char head[] = "POST /api/upload";

/* A connection whose request has a head that stays, and a body that begins to come. */
static void begin(conn *c, conn_memory *memory)
{
    size_t size;
    *c = (conn){ 0 };
    memcpy(conn_input_room(c, memory, &size), head, sizeof head);
    c->in.end += sizeof head;
    conn_input_read(c, sizeof head);
    conn_input_pin(c);
}

/* What the client sends fills the block; then all of it has been read. */
static size_t fill(conn *c, conn_memory *memory)
{
    size_t size;
    char *room = conn_input_room(c, memory, &size);
    memset(room, 'b', size);
    c->in.end += (uint32_t)size;
    return size;
}

static void fill_and_read(conn *c, conn_memory *memory)
{
    conn_input_read(c, fill(c, memory));
}

static void a_body_that_fills_its_block_gets_a_larger_one(void **state)
{
    (void)state;
    conn_memory memory;
    conn c;
    conn_memory_init(&memory, HEAD_BYTES);
    begin(&c, &memory);
    const char *pinned = conn_input_pinned(&c);
    assert_int_equal(fill(&c, &memory), SMALL_BYTES - sizeof head);
    size_t size;
    conn_input_room(&c, &memory, &size);
    assert_int_equal(size, 0); /* while it has not been read, there is no more room */
    conn_input_read(&c, SMALL_BYTES - sizeof head);
    for (int i = 0; i < 3; i++) {
        size_t const more = fill(&c, &memory);
        assert_true(more > 10 * SMALL_BYTES);
        assert_int_equal(conn_input(&c).length, more);
        conn_input_read(&c, more);
    }
    assert_memory_equal(pinned, head, sizeof head);
    assert_int_equal(memory.blocks.spare_count, 0);
    conn_input_done(&c, &memory);
    assert_int_equal(memory.blocks.spare_count, 1);
    conn_input_release(&c, &memory);
    assert_null(c.in.data);
    assert_int_equal(memory.large.spare_count, 1);
    assert_int_equal(memory.large_taken, 0);
    conn_cleanup(&c, &memory);
    conn_memory_cleanup(&memory);
}

static void what_was_read_of_the_next_request_stays_in_the_larger_block(void **state)
{
    (void)state;
    conn_memory memory;
    conn c;
    conn_memory_init(&memory, HEAD_BYTES);
    begin(&c, &memory);
    fill_and_read(&c, &memory);
    size_t const more = fill(&c, &memory);
    conn_input_read(&c, more - 3);
    conn_input_done(&c, &memory);
    assert_int_equal(conn_input(&c).length, 3);
    conn_input_release(&c, &memory); /* not yet */
    assert_int_equal(memory.large_taken, 1);
    conn_input_read(&c, 3);
    conn_input_pin(&c);
    const char *pinned = conn_input_pinned(&c);
    assert_memory_equal(pinned, "bbb", 3);
    fill_and_read(&c, &memory);
    fill_and_read(&c, &memory); /* there is nothing larger than that */
    assert_int_equal(memory.large_taken, 1);
    assert_memory_equal(pinned, "bbb", 3);
    conn_cleanup(&c, &memory);
    assert_int_equal(memory.large_taken, 0);
    conn_memory_cleanup(&memory);
}

static void a_body_in_small_pieces_has_all_the_room_for_each(void **state)
{
    (void)state;
    conn_memory memory;
    conn c;
    size_t size;
    conn_memory_init(&memory, HEAD_BYTES);
    begin(&c, &memory);
    for (int i = 0; i < 3; i++) {
        conn_input_room(&c, &memory, &size);
        assert_int_equal(size, SMALL_BYTES - sizeof head);
        c.in.end += 100;
        conn_input_read(&c, 100);
    }
    fill_and_read(&c, &memory);
    assert_true(fill(&c, &memory) > SMALL_BYTES);
    conn_cleanup(&c, &memory);
    begin(&c, &memory);
    fill_and_read(&c, &memory);
    conn_input_done(&c, &memory);
    conn_input_room(&c, &memory, &size);
    assert_int_equal(size, SMALL_BYTES);
    conn_cleanup(&c, &memory);
    conn_memory_cleanup(&memory);
}

static void who_comes_when_all_large_blocks_are_out_reads_on_in_its_own(void **state)
{
    (void)state;
    enum { CROWD = 40 };
    conn_memory memory;
    static conn all[CROWD];
    conn_memory_init(&memory, HEAD_BYTES);
    uint32_t large = 0;
    for (int i = 0; i < CROWD; i++) {
        begin(&all[i], &memory);
        fill_and_read(&all[i], &memory);
        size_t const next = fill(&all[i], &memory);
        assert_true(next == SMALL_BYTES - sizeof head || next > 10 * SMALL_BYTES);
        large += next > SMALL_BYTES;
    }
    assert_int_equal(memory.large_taken, large);
    assert_true(large > 0 && large < CROWD);
    for (int i = 0; i < CROWD; i++)
        conn_cleanup(&all[i], &memory);
    assert_int_equal(memory.large_taken, 0);
    assert_true(memory.large.spare_count < large);
    conn_memory_cleanup(&memory);
}

static void the_pinned_bytes_can_be_taken_along(void **state)
{
    (void)state;
    conn_memory memory;
    conn c;
    conn_memory_init(&memory, HEAD_BYTES);
    begin(&c, &memory);
    fill_and_read(&c, &memory);
    fill(&c, &memory);
    conn_block const block = conn_input_take(&c, &memory);
    assert_null(c.in.data);
    assert_null(c.in.kept);
    assert_int_equal(memory.large_taken, 0);
    assert_memory_equal(block.data, head, sizeof head);
    conn_cleanup(&c, &memory);
    conn_memory_give(&memory, block);
    assert_int_equal(memory.blocks.spare_count, 1);
    conn_memory_give(&memory, (conn_block){ 0 });
    conn_memory_cleanup(&memory);
}

static void input_can_come_from_elsewhere(void **state)
{
    (void)state;
    conn_memory memory;
    conn_memory_init(&memory, HEAD_BYTES);
    size_t const most = conn_input_most(&memory);
    size_t const sizes[] = { 1, SMALL_BYTES, SMALL_BYTES + 1, most - SMALL_BYTES, most };
    char *bytes = calloc(1, most);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        conn c = { 0 };
        bytes[sizes[i] - 1] = 'z';
        conn_input_put(&c, &memory, slice_of(bytes, sizes[i]));
        assert_int_equal(conn_input(&c).length, sizes[i]);
        assert_memory_equal(conn_input(&c).data, bytes, sizes[i]);
        conn_input_read(&c, sizes[i]);
        conn_input_done(&c, &memory);
        conn_input_release(&c, &memory);
        assert_null(c.in.data);
        conn_cleanup(&c, &memory);
    }
    assert_int_equal(memory.large_taken, 0);
    free(bytes);
    conn_memory_cleanup(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_that_fills_its_block_gets_a_larger_one),
        cmocka_unit_test(what_was_read_of_the_next_request_stays_in_the_larger_block),
        cmocka_unit_test(a_body_in_small_pieces_has_all_the_room_for_each),
        cmocka_unit_test(who_comes_when_all_large_blocks_are_out_reads_on_in_its_own),
        cmocka_unit_test(the_pinned_bytes_can_be_taken_along),
        cmocka_unit_test(input_can_come_from_elsewhere),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
