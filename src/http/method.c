/* SPDX-License-Identifier: MIT */
#include "method.h"

static const capra_slice names[] = {
#define ROW(id, name) { name, sizeof name - 1 },
    HTTP_METHODS(ROW)
#undef ROW
        { "", 0 },
};

const char *http_method_name(http_method method)
{
    return names[method].data;
}

/* From the first on, for the table begins with the methods that are met most. */
http_method http_method_find(capra_slice name)
{
    int method = 0;
    while (method < HTTP_METHOD_COUNT && !slice_equal(names[method], name))
        method++;
    return (http_method)method;
}
