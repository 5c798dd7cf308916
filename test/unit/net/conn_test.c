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

typedef struct world {
    conn_memory memory;
    conn c;
} world;

static int set_up(void **state)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    conn_memory_init(&w->memory, HEAD_BYTES);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    conn_cleanup(&w->c, &w->memory);
    assert_int_equal(w->memory.large_taken, 0);
    conn_memory_cleanup(&w->memory);
    free(w);
    return 0;
}

static void a_body_that_fills_its_block_gets_a_larger_one(void **state)
{
    world *w = *state;
    begin(&w->c, &w->memory);
    const char *pinned = conn_input_pinned(&w->c);
    assert_int_equal(fill(&w->c, &w->memory), SMALL_BYTES - sizeof head);
    size_t size;
    conn_input_room(&w->c, &w->memory, &size);
    assert_int_equal(size, 0); /* while it has not been read, there is no more room */
    conn_input_read(&w->c, SMALL_BYTES - sizeof head);
    for (int i = 0; i < 3; i++) {
        size_t const more = fill(&w->c, &w->memory);
        assert_true(more > 10 * SMALL_BYTES);
        assert_int_equal(conn_input(&w->c).length, more);
        conn_input_read(&w->c, more);
    }
    assert_memory_equal(pinned, head, sizeof head);
    assert_int_equal(w->memory.blocks.spare_count, 0);
    conn_input_done(&w->c, &w->memory);
    assert_int_equal(w->memory.blocks.spare_count, 1);
    conn_input_release(&w->c, &w->memory);
    assert_null(w->c.in.data);
    assert_int_equal(w->memory.large.spare_count, 1);
}

static void what_was_read_of_the_next_request_stays_in_the_larger_block(void **state)
{
    world *w = *state;
    begin(&w->c, &w->memory);
    fill_and_read(&w->c, &w->memory);
    size_t const more = fill(&w->c, &w->memory);
    conn_input_read(&w->c, more - 3);
    conn_input_done(&w->c, &w->memory);
    assert_int_equal(conn_input(&w->c).length, 3);
    conn_input_release(&w->c, &w->memory); /* not yet */
    assert_int_equal(w->memory.large_taken, 1);
    conn_input_read(&w->c, 3);
    conn_input_pin(&w->c);
    const char *pinned = conn_input_pinned(&w->c);
    assert_memory_equal(pinned, "bbb", 3);
    fill_and_read(&w->c, &w->memory);
    fill_and_read(&w->c, &w->memory); /* there is nothing larger than that */
    assert_int_equal(w->memory.large_taken, 1);
    assert_memory_equal(pinned, "bbb", 3);
    conn_cleanup(&w->c, &w->memory);
}

static void a_body_in_small_pieces_has_all_the_room_for_each(void **state)
{
    world *w = *state;
    size_t size;
    begin(&w->c, &w->memory);
    for (int i = 0; i < 3; i++) {
        conn_input_room(&w->c, &w->memory, &size);
        assert_int_equal(size, SMALL_BYTES - sizeof head);
        w->c.in.end += 100;
        conn_input_read(&w->c, 100);
    }
    fill_and_read(&w->c, &w->memory);
    assert_true(fill(&w->c, &w->memory) > SMALL_BYTES);
    conn_cleanup(&w->c, &w->memory);
    begin(&w->c, &w->memory);
    fill_and_read(&w->c, &w->memory);
    conn_input_done(&w->c, &w->memory);
    conn_input_room(&w->c, &w->memory, &size);
    assert_int_equal(size, SMALL_BYTES);
}

static void who_comes_when_all_large_blocks_are_out_reads_on_in_its_own(void **state)
{
    world *w = *state;
    enum { CROWD = 40 };
    static conn all[CROWD];
    uint32_t large = 0;
    for (int i = 0; i < CROWD; i++) {
        begin(&all[i], &w->memory);
        fill_and_read(&all[i], &w->memory);
        size_t const next = fill(&all[i], &w->memory);
        assert_true(next == SMALL_BYTES - sizeof head || next > 10 * SMALL_BYTES);
        large += next > SMALL_BYTES;
    }
    assert_int_equal(w->memory.large_taken, large);
    assert_true(large > 0 && large < CROWD);
    for (int i = 0; i < CROWD; i++)
        conn_cleanup(&all[i], &w->memory);
    assert_int_equal(w->memory.large_taken, 0);
    assert_true(w->memory.large.spare_count < large);
}

static void the_pinned_bytes_can_be_taken_along(void **state)
{
    world *w = *state;
    begin(&w->c, &w->memory);
    fill_and_read(&w->c, &w->memory);
    fill(&w->c, &w->memory);
    conn_block const block = conn_input_take(&w->c, &w->memory);
    assert_null(w->c.in.data);
    assert_null(w->c.in.kept);
    assert_int_equal(w->memory.large_taken, 0);
    assert_memory_equal(block.data, head, sizeof head);
    conn_cleanup(&w->c, &w->memory);
    conn_memory_give(&w->memory, block);
    assert_int_equal(w->memory.blocks.spare_count, 1);
    conn_memory_give(&w->memory, (conn_block){ 0 });
}

static void input_can_come_from_elsewhere(void **state)
{
    world *w = *state;
    size_t const most = conn_input_most(&w->memory);
    size_t const sizes[] = { 1, SMALL_BYTES, SMALL_BYTES + 1, most - SMALL_BYTES, most };
    char *bytes = calloc(1, most);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        w->c = (conn){ 0 };
        bytes[sizes[i] - 1] = 'z';
        conn_input_put(&w->c, &w->memory, slice_of(bytes, sizes[i]));
        assert_int_equal(conn_input(&w->c).length, sizes[i]);
        assert_memory_equal(conn_input(&w->c).data, bytes, sizes[i]);
        conn_input_read(&w->c, sizes[i]);
        conn_input_done(&w->c, &w->memory);
        conn_input_release(&w->c, &w->memory);
        assert_null(w->c.in.data);
        conn_cleanup(&w->c, &w->memory);
    }
    assert_int_equal(w->memory.large_taken, 0);
    free(bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_body_that_fills_its_block_gets_a_larger_one),
        CASE(what_was_read_of_the_next_request_stays_in_the_larger_block),
        CASE(a_body_in_small_pieces_has_all_the_room_for_each),
        CASE(who_comes_when_all_large_blocks_are_out_reads_on_in_its_own),
        CASE(the_pinned_bytes_can_be_taken_along),
        CASE(input_can_come_from_elsewhere),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
