/* SPDX-License-Identifier: MIT */
#include "upgrade.h"

static capra_slice value_of(const http_field *field, const char *data)
{
    return slice_of(data + field->value, field->value_length);
}

/* Whether one of the fields with this id has a member for which `is_it` holds. */
static bool has_member(const http_head *head, const char *data, http_field_id id,
                       bool (*is_it)(capra_slice))
{
    for (uint32_t i = 0; i < head->field_count; i++) {
        capra_slice list = value_of(&head->fields[i], data), item;
        while (head->fields[i].id == id && http_list_next(&list, &item))
            if (is_it(item))
                return true;
    }
    return false;
}

static bool is_upgrade(capra_slice option)
{
    return slice_is_nocase(option, "upgrade");
}

static bool is_websocket(capra_slice protocol)
{
    return slice_is_nocase(protocol, "websocket");
}

static bool is_not_http2(capra_slice protocol)
{
    return !slice_is_nocase(protocol, "h2c");
}

bool upgrade_is_wanted(const http_head *head, const char *data, bool as_next)
{
    return head->first[HTTP_FIELD_UPGRADE] != 0 && head->minor > 0 &&
           has_member(head, data, HTTP_FIELD_CONNECTION, is_upgrade) &&
           has_member(head, data, HTTP_FIELD_UPGRADE, as_next ? is_not_http2 : is_websocket);
}
