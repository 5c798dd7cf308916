/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <jansson.h>

/* The fields of a form. */
static void form(capra_request *req, capra_response *res)
{
    capra_slice name, value;
    capra_walk walk = { 0 };
    json_t *fields = json_array();
    while (capra_request_next_field(req, &walk, &name, &value))
        json_array_append_new(
            fields, json_pack("[s%, s%]", name.data, name.length, value.data, value.length));
    capra_json(res, 200, "{s:o}", "fields", fields);
}

CAPRA_ROUTE(form);
