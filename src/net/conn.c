/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include "base/arena.h"

#include <stdlib.h>

/* Each piece of a body is a turn of the loop and a call of its handler: there are fewer of them in
 * large blocks. When all of these are out, who comes next reads into what it has. */
enum { SPARE_BLOCKS = 256, LARGE_BYTES = 64 * 1024, LARGE_BLOCKS = 32, LARGE_SPARE = 2 };

void conn_memory_init(conn_memory *memory, uint32_t head_bytes)
{
    *memory = (conn_memory){ 0 };
    pool_init(&memory->blocks, head_bytes + CONN_INPUT_SPARE, SPARE_BLOCKS);
    pool_init(&memory->large, LARGE_BYTES, LARGE_SPARE);
}

void conn_memory_cleanup(conn_memory *memory)
{
    pool_cleanup(&memory->blocks);
    pool_cleanup(&memory->large);
}

void conn_memory_give(conn_memory *memory, conn_block block)
{
    if (block.data == NULL)
        return;
    if (block.capacity == memory->blocks.block_bytes) {
        pool_give(&memory->blocks, block.data);
    } else if (block.capacity == LARGE_BYTES) {
        pool_give(&memory->large, block.data);
        memory->large_taken--;
    } else {
        free(block.data);
    }
}

static conn_block take_small(conn_memory *memory)
{
    return (conn_block){ pool_take(&memory->blocks), memory->blocks.block_bytes };
}

static conn_block take_large(conn_memory *memory)
{
    memory->large_taken++;
    return (conn_block){ pool_take(&memory->large), LARGE_BYTES };
}

void conn_init(conn *c, const conn_transport *transport, const conn_events *events, void *owner)
{
    *c = (conn){ .transport = transport, .events = events, .owner = owner };
    list_init(&c->ready);
    list_init(&c->dirty);
    list_init(&c->timing);
}

/* Moves what is not pinned towards the front, over what has been read. */
static void close_gap(conn_inflow *in)
{
    uint32_t const pinned_end = in->start + in->pinned;
    uint32_t const gap = in->at - pinned_end;
    memmove(in->data + pinned_end, in->data + in->at, in->end - in->at);
    in->at -= gap;
    in->end -= gap;
}

/* Moves everything to the front, over what is done. */
static void close_start(conn_inflow *in)
{
    memmove(in->data, in->data + in->start, in->end - in->start);
    in->at -= in->start;
    in->end -= in->start;
    in->start = 0;
}

/* Whether a body has filled the block, all of it has been read, and there is more room elsewhere.
 */
static bool is_outgrown(const conn_inflow *in, const conn_memory *memory)
{
    return in->pinned > 0 && in->at == in->end && in->end == in->capacity &&
           in->capacity < LARGE_BYTES && memory->large_taken < LARGE_BLOCKS;
}

/* Nothing is to be read: what comes next has all the room again, behind what is pinned. */
static void begin_anew(conn_inflow *in)
{
    if (in->pinned == 0)
        in->start = 0;
    in->at = in->end = in->start + in->pinned;
}

/* Into an empty block; `kept` is what stays beside it. */
static void begin_in(conn_inflow *in, conn_block block, char *kept)
{
    *in = (conn_inflow){ .data = block.data, .kept = kept, .capacity = (uint32_t)block.capacity };
}

char *conn_input_room(conn *c, conn_memory *memory, size_t *size)
{
    conn_inflow *in = &c->in;
    if (in->data == NULL) {
        begin_in(in, take_small(memory), in->kept);
    } else if (is_outgrown(in, memory)) {
        begin_in(in, take_large(memory), in->data);
    } else if (in->at == in->end) {
        begin_anew(in);
    } else if (in->end == in->capacity) {
        close_gap(in);
        if (in->pinned == 0)
            close_start(in);
    }
    *size = in->capacity - in->end;
    return in->data + in->end;
}

size_t conn_input_most(const conn_memory *memory)
{
    return 2 * memory->blocks.block_bytes + LARGE_BYTES;
}

void conn_input_put(conn *c, conn_memory *memory, capra_slice bytes)
{
    size_t const size = bytes.length;
    begin_in(&c->in,
             size <= memory->blocks.block_bytes ? take_small(memory)
             : size <= LARGE_BYTES              ? take_large(memory)
                                                : (conn_block){ memory_take(size), size },
             NULL);
    memcpy(c->in.data, bytes.data, size);
    c->in.end = (uint32_t)size;
}

void conn_input_pin(conn *c)
{
    conn_inflow *in = &c->in;
    if (in->pinned == 0 && in->capacity - in->at < CONN_INPUT_SPARE)
        close_start(in);
    in->pinned = in->at - in->start;
}

void conn_input_release(conn *c, conn_memory *memory)
{
    if (c->in.data == NULL || c->in.end > c->in.start)
        return;
    conn_memory_give(memory, (conn_block){ c->in.data, c->in.capacity });
    c->in = (conn_inflow){ .kept = c->in.kept };
}

conn_block conn_input_take(conn *c, conn_memory *memory)
{
    conn_inflow const in = c->in;
    conn_block const last = { in.data, in.capacity };
    c->in = (conn_inflow){ 0 };
    if (in.kept == NULL)
        return last;
    conn_memory_give(memory, last);
    return (conn_block){ in.kept, memory->blocks.block_bytes };
}

buffer *conn_output(conn *c, conn_memory *memory)
{
    if (c->out.data == NULL)
        c->out =
            (buffer){ .data = pool_take(&memory->blocks), .capacity = memory->blocks.block_bytes };
    return &c->out;
}

void conn_output_release(conn *c, conn_memory *memory)
{
    if (c->out.capacity == memory->blocks.block_bytes)
        pool_give(&memory->blocks, c->out.data);
    else
        buffer_cleanup(&c->out);
    c->out = (buffer){ 0 };
}

void conn_cleanup(conn *c, conn_memory *memory)
{
    conn_memory_give(memory, conn_input_take(c, memory));
    conn_output_release(c, memory);
}
