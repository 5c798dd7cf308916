/* SPDX-License-Identifier: MIT */
#include "conn.h"

enum { SPARE_BLOCKS = 256 };

void conn_memory_init(conn_memory *memory, uint32_t head_bytes)
{
    pool_init(&memory->blocks, head_bytes + CONN_INPUT_SPARE, SPARE_BLOCKS);
}

void conn_memory_cleanup(conn_memory *memory)
{
    pool_cleanup(&memory->blocks);
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

char *conn_input_room(conn *c, conn_memory *memory, size_t *size)
{
    conn_inflow *in = &c->in;
    if (in->data == NULL) {
        *in = (conn_inflow){ .data = pool_take(&memory->blocks),
                             .capacity = (uint32_t)memory->blocks.block_bytes };
    } else if (in->end == in->capacity) {
        close_gap(in);
        if (in->pinned == 0)
            close_start(in);
    }
    *size = in->capacity - in->end;
    return in->data + in->end;
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
    pool_give(&memory->blocks, c->in.data);
    c->in = (conn_inflow){ 0 };
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
    if (c->in.data != NULL)
        pool_give(&memory->blocks, c->in.data);
    c->in = (conn_inflow){ 0 };
    conn_output_release(c, memory);
}
