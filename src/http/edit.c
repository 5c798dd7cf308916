/* SPDX-License-Identifier: MIT */
#include "edit.h"

#include <string.h>

/* Takes bytes out, and moves all that stands behind them. */
static void cut(http_head *head, char *data, uint32_t at, uint32_t length)
{
    uint32_t const end = at + length;
    memmove(data + at, data + end, head->length - end);
    head->length -= length;
    for (uint32_t i = 0; i < head->field_count; i++) {
        http_field *field = &head->fields[i];
        if (field->name >= end)
            field->name -= length;
        if (field->value >= end)
            field->value -= length;
    }
}

static void find_first(http_head *head)
{
    memset(head->first, 0, sizeof head->first);
    for (uint32_t i = head->field_count; i-- > 0;)
        head->first[head->fields[i].id] = (uint8_t)(i + 1);
    head->first[HTTP_FIELD_OTHER] = 0;
}

void http_head_remove(http_head *head, char *data, uint32_t index)
{
    http_field const gone = head->fields[index];
    uint32_t const value_end = gone.value + gone.value_length;
    const char *line_end = memchr(data + value_end, '\n', head->length - value_end);
    uint32_t const length = (uint32_t)(line_end + 1 - data) - gone.name;

    head->field_count--;
    memmove(&head->fields[index], &head->fields[index + 1],
            (head->field_count - index) * sizeof *head->fields);
    cut(head, data, gone.name, length);
    find_first(head);
}

void http_head_narrow(http_head *head, char *data, uint32_t index, capra_slice part)
{
    http_field *field = &head->fields[index];
    uint32_t const start = (uint32_t)(part.data - data);
    uint32_t const end = start + (uint32_t)part.length;
    uint32_t const value = field->value;
    cut(head, data, end, value + field->value_length - end);
    cut(head, data, value, start - value);
    field->value = value;
    field->value_length = (uint32_t)part.length;
}
