/* SPDX-License-Identifier: MIT */
#include <capra.h>

/* GET /api/files/<SHA-256>: what /api/upload has kept. Nothing else that lies in the folder is
 * sent: a name is 64 digits and letters, and no path. */
enum { HEX_LENGTH = 64 };

static bool is_hash(capra_slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char const c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return text.length == HEX_LENGTH;
}

static void send_file(capra_request *req, capra_response *res)
{
    capra_slice const hash = capra_request_param(req, "hash");
    capra_response_header(res, "X-Content-Type-Options", "nosniff");
    if (!is_hash(hash) || capra_response_file(res, "data/files", capra_text(req, hash)) != 0)
        capra_fail(res, 404, "There is no such file");
}

CAPRA_ROUTE(send_file);
