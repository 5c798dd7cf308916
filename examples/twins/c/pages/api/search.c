/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <jansson.h>

/* One value by its name, and all that there are, in their order. */
static void search(capra_request *req, capra_response *res)
{
    capra_slice name, value;
    capra_walk walk = { 0 };
    capra_slice const q = capra_request_query(req, "q");
    json_t *all = json_array();
    while (capra_request_next_query(req, &walk, &name, &value))
        json_array_append_new(
            all, json_pack("[s%, s%]", name.data, name.length, value.data, value.length));
    capra_json(res, 200, "{s:s%, s:o}", "q", q.data == NULL ? "" : q.data, q.length, "all", all);
}

CAPRA_ROUTE(search);
