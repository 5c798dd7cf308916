/* SPDX-License-Identifier: MIT */
/* The parser as a program, for oracle.test.mjs. On standard input: streams, each a length (four
 * bytes, the lowest first) and so many bytes. On standard output: for each a line of JSON that says
 * what was read. Text is Latin-1: a code point is a byte. */
#include "../../http/stream.h"

static void put_string(capra_slice s)
{
    putchar('"');
    for (size_t i = 0; i < s.length; i++) {
        unsigned char const c = (unsigned char)s.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static const char *framing_name(http_framing framing)
{
    static const char *const names[] = {
        [HTTP_BODY_NONE] = "none", [HTTP_BODY_LENGTH] = "length", [HTTP_BODY_CHUNKED] = "chunked"
    };
    return names[framing];
}

static void put_request(const message *m)
{
    printf("{\"method\":");
    put_string(m->method);
    printf(",\"url\":");
    put_string(m->target);
    printf(",\"minor\":%d,\"rawHeaders\":[", m->minor);
    for (size_t i = 0; i < m->field_count; i++) {
        printf(i > 0 ? "," : "");
        put_string(m->fields[i].name);
        putchar(',');
        put_string(m->fields[i].value);
    }
    printf(
        "],\"framing\":\"%s\",\"length\":\"%llu\",\"keepAlive\":%s,\"expectsContinue\":%s,\"body\":",
        framing_name(m->framing), (unsigned long long)m->content_length,
        m->keeps_alive ? "true" : "false", m->expects_continue ? "true" : "false");
    put_string(buffer_slice(&m->body));
    putchar('}');
}

static void put_line(const outcome *o)
{
    printf("{\"requests\":[");
    for (size_t i = 0; i < o->count; i++) {
        printf(i > 0 ? "," : "");
        put_request(&o->messages[i]);
    }
    printf("],\"error\":");
    if (o->error != 0)
        put_string(slice_text(error_name(o->error)));
    else
        printf("null");
    printf(",\"more\":%s,\"inBody\":%s}\n", o->wants_more ? "true" : "false",
           o->in_body ? "true" : "false");
}

/* False at the end of the input. */
static bool read_stream(buffer *bytes)
{
    unsigned char length[4];
    if (fread(length, 1, sizeof length, stdin) != sizeof length)
        return false;
    size_t const size =
        length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    char *room = buffer_room(bytes, size);
    if (fread(room, 1, size, stdin) != size) {
        fprintf(stderr, "the input ends within a stream\n");
        exit(1);
    }
    buffer_added(bytes, size);
    return true;
}

int main(void)
{
    stream_options const options = { .limits = &http_default_limits,
                                     .cut = cut_nowhere,
                                     .checks_target = true };
    buffer bytes = { 0 };
    while (read_stream(&bytes)) {
        outcome o;
        guard g = guard_new(buffer_length(&bytes));
        stream_read(&o, buffer_slice(&bytes), &options, &g);
        put_line(&o);
        outcome_cleanup(&o);
        guard_free(&g);
        buffer_used(&bytes, buffer_length(&bytes));
    }
    buffer_cleanup(&bytes);
    return 0;
}
