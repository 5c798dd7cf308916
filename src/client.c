/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "base/networks.h"
#include "http/edit.h"
#include "net/net.h"
#include "pipeline.h"

#include <stdio.h>

/* The fields that only a proxy can know. */
static const http_field_id told[] = {
    HTTP_FIELD_X_FORWARDED_FOR,  HTTP_FIELD_X_FORWARDED_PROTO, HTTP_FIELD_X_FORWARDED_HOST,
    HTTP_FIELD_X_FORWARDED_PORT, HTTP_FIELD_X_REAL_IP,         HTTP_FIELD_FORWARDED,
};
enum { TOLD = sizeof told / sizeof *told };

static bool is_told_anything(const http_head *head)
{
    for (int i = 0; i < TOLD; i++)
        if (head->first[told[i]] != 0)
            return true;
    return false;
}

static bool is_from_proxy(const capra_request *req)
{
    conn *c = req->conn;
    const networks *trusted = req->server->trusted;
    if (trusted == NULL || c == NULL)
        return false;
    if (c->trust == CONN_TRUST_UNKNOWN) {
        ip_address peer;
        c->transport->peer(c, &peer);
        c->trust = networks_has(trusted, &peer) ? CONN_TRUSTED : CONN_UNTRUSTED;
    }
    return c->trust == CONN_TRUSTED;
}

/* ---- Single fields ---- */

static capra_slice value_of(const capra_request *req, uint32_t index)
{
    const http_field *field = &req->head.fields[index];
    return slice_of(req->data + field->value, field->value_length);
}

/* The bytes are the connection's input, which is ours to change. */
static char *bytes_of(const capra_request *req)
{
    return (char *)(uintptr_t)req->data;
}

static void take_out(capra_request *req, http_field_id id)
{
    for (uint32_t i = req->head.field_count; i-- > 0;)
        if (req->head.fields[i].id == id)
            http_head_remove(&req->head, bytes_of(req), i);
}

/* `part` of the field at `index` is all that stays of the fields with that id. */
static void keep(capra_request *req, http_field_id id, uint32_t index, capra_slice part)
{
    http_head_narrow(&req->head, bytes_of(req), index, part);
    for (uint32_t i = req->head.field_count; i-- > 0;)
        if (i != index && req->head.fields[i].id == id)
            http_head_remove(&req->head, bytes_of(req), i);
}

/* Takes the last member off a list without quotes, in which empty members do not count. False when
 * there is none. */
static bool take_last(capra_slice *members, capra_slice *member)
{
    while (members->length > 0) {
        const char *comma = memrchr(members->data, ',', members->length);
        size_t const before = comma == NULL ? 0 : (size_t)(comma - members->data);
        *member = slice_trim(slice_from(*members, comma == NULL ? 0 : before + 1));
        members->length = before;
        if (member->length > 0)
            return true;
    }
    return false;
}

/* ---- X-Forwarded-For ---- */

/* Of "[2001:db8::7]:443", "192.0.2.7:443" and the like. */
static capra_slice without_port(capra_slice member)
{
    bool const has_brackets = member.data[0] == '[';
    const char *end = memchr(member.data, has_brackets ? ']' : ':', member.length);
    if (has_brackets)
        return slice_of(member.data + 1, (size_t)(end - member.data) - 1);
    if (end == NULL || memchr(member.data, '.', (size_t)(end - member.data)) == NULL)
        return member;
    return slice_of(member.data, (size_t)(end - member.data));
}

/* The walk goes on to the left as long as it meets proxies. */
static void establish_address(capra_request *req)
{
    capra_slice found = { 0 };
    uint32_t found_at = 0;
    bool goes_on = true;
    for (uint32_t i = req->head.field_count; i-- > 0 && goes_on;) {
        capra_slice members = value_of(req, i), member;
        while (req->head.fields[i].id == HTTP_FIELD_X_FORWARDED_FOR && goes_on &&
               take_last(&members, &member)) {
            ip_address a;
            if (!ip_parse(&a, member)) {
                goes_on = false;
                break;
            }
            found = without_port(member);
            found_at = i;
            goes_on = networks_has(req->server->trusted, &a);
        }
    }
    if (found.data == NULL)
        take_out(req, HTTP_FIELD_X_FORWARDED_FOR);
    else
        keep(req, HTTP_FIELD_X_FORWARDED_FOR, found_at, found);
}

/* ---- The others ---- */

static bool is_scheme(capra_slice value)
{
    return slice_is(value, "http") || slice_is(value, "https");
}

static bool is_authority(capra_slice value)
{
    return value.length > 0 && http_is_host(value);
}

static bool is_port(capra_slice value)
{
    uint32_t port = 0;
    if (value.length == 0 || value.length > 5)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(value.data[i] - '0');
    }
    return port > 0 && port <= UINT16_MAX;
}

/* What the nearest proxy has said: earlier ones may have been the client itself. */
static void establish_last(capra_request *req, http_field_id id, bool (*is_one)(capra_slice value))
{
    uint32_t at = 0;
    capra_slice members = { 0 }, member;
    for (uint32_t i = 0; i < req->head.field_count; i++) {
        if (req->head.fields[i].id == id) {
            at = i;
            members = value_of(req, i);
        }
    }
    if (take_last(&members, &member) && is_one(member))
        keep(req, id, at, member);
    else
        take_out(req, id);
}

void client_establish(capra_request *req)
{
    if (!is_told_anything(&req->head))
        return;
    if (!is_from_proxy(req)) {
        for (int i = 0; i < TOLD; i++)
            take_out(req, told[i]);
        return;
    }
    establish_address(req);
    establish_last(req, HTTP_FIELD_X_FORWARDED_PROTO, is_scheme);
    establish_last(req, HTTP_FIELD_X_FORWARDED_HOST, is_authority);
    establish_last(req, HTTP_FIELD_X_FORWARDED_PORT, is_port);
}

/* ---- Who it is ---- */

capra_slice client_told(const capra_request *req)
{
    return is_from_proxy(req) ? http_head_known(&req->head, req->data, HTTP_FIELD_X_FORWARDED_FOR)
                              : slice_of(NULL, 0);
}

static bool find_told(const capra_request *req, ip_address *out)
{
    capra_slice const text = client_told(req);
    return text.data != NULL && ip_parse(out, text);
}

void client_find(capra_request *req, ip_address *out)
{
    if (!find_told(req, out))
        req->conn->transport->peer(req->conn, out);
}

capra_slice client_address(capra_request *req)
{
    ip_address a;
    char *text = arena_take(&req->arena, IP_TEXT);
    client_find(req, &a);
    return slice_text(ip_print(text, &a));
}

capra_slice client_peer(capra_request *req)
{
    ip_address a;
    capra_slice const peer = net_peer(req->conn);
    if (!find_told(req, &a))
        return peer;
    char text[IP_TEXT];
    capra_slice local = peer;
    for (int words = 0; words < 3; words++) {
        const char *space = memchr(local.data, ' ', local.length);
        local = slice_from(local, space == NULL ? local.length : (size_t)(space - local.data) + 1);
    }
    size_t const size = IP_TEXT + sizeof " 0 IPv6 " + local.length;
    char *out = arena_take(&req->arena, size);
    int const length = snprintf(out, size, "%s 0 %s %.*s", ip_print(text, &a),
                                ip_is_v4(&a) ? "IPv4" : "IPv6", (int)local.length, local.data);
    return slice_of(out, (size_t)length);
}
