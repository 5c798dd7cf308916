/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <regex.h>
#include <setjmp.h>

/* There are no states here: functions follow the grammar and ask for one byte after the other.
 * Where none is left, or one is wrong, all of them are left at once by `stop`. */
typedef struct reader {
    capra_slice bytes;
    size_t at;
    size_t head_start;
    bool in_head;
    const http_limits *limits;
    outcome *out;
    bool sees_host;
    int length_fields, encoding_fields;
    size_t line, overhead; /* of chunks */
    jmp_buf *end;
} reader;

enum { MORE = 1 };

_Noreturn static void stop(reader *r, int why)
{
    longjmp(*r->end, why);
}

static unsigned char next(reader *r)
{
    if (r->in_head && r->at - r->head_start == r->limits->head_bytes)
        stop(r, CAPRA_E_HEAD_LONG);
    if (r->at == r->bytes.length)
        stop(r, MORE);
    return (unsigned char)r->bytes.data[r->at++];
}

static void expect(reader *r, unsigned char c, int error)
{
    if (next(r) != c)
        stop(r, error);
}

/* ---- RFC 9110, 5.6.2 and 5.5 ---- */

static bool is_tchar(unsigned char c)
{
    return isascii(c) && (isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL));
}

static bool is_vchar(unsigned char c)
{
    return c >= 0x21 && c <= 0x7e;
}

static bool is_text(unsigned char c)
{
    return is_vchar(c) || c == ' ' || c == '\t' || c >= 0x80;
}

static bool is_word(capra_slice s, const char *word)
{
    return s.length == strlen(word) && strncasecmp(s.data, word, s.length) == 0;
}

/* ---- The request line: RFC 9112, 3 ---- */

static capra_slice piece(const reader *r, size_t start, size_t end)
{
    return slice_of(r->bytes.data + start, end - start);
}

static bool is_method(capra_slice name)
{
    static const char *const methods[] = {
#define NAME(id, name) name,
        HTTP_METHODS(NAME)
#undef NAME
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (name.length == strlen(methods[i]) && memcmp(name.data, methods[i], name.length) == 0)
            return true;
    return false;
}

static capra_slice read_method(reader *r)
{
    enum { LONGEST = 11 };
    size_t const start = r->at;
    for (;;) {
        unsigned char const c = next(r);
        size_t const length = r->at - 1 - start;
        if (!is_tchar(c)) {
            capra_slice const name = piece(r, start, r->at - 1);
            if (c != ' ' || length == 0)
                stop(r, CAPRA_E_REQUEST_LINE);
            if (!is_method(name) && !(length == 3 && memcmp(name.data, "PRI", 3) == 0))
                stop(r, CAPRA_E_METHOD);
            return name;
        }
        if (length == LONGEST)
            stop(r, CAPRA_E_METHOD);
    }
}

static capra_slice read_target(reader *r)
{
    size_t const start = r->at;
    for (;;) {
        unsigned char const c = next(r);
        size_t const length = r->at - 1 - start;
        if (c == '\r' || c == '\n' || (c == ' ' && length == 0))
            stop(r, CAPRA_E_REQUEST_LINE);
        if (c == ' ')
            return piece(r, start, r->at - 1);
        if (!is_vchar(c))
            stop(r, CAPRA_E_TARGET);
        if (length == r->limits->target_bytes)
            stop(r, CAPRA_E_TARGET_LONG);
    }
}

static unsigned char read_version_byte(reader *r, const char *allowed)
{
    unsigned char const c = next(r);
    if (c == '\n')
        stop(r, CAPRA_E_LINE_END);
    if (c == '\0' || strchr(allowed, c) == NULL)
        stop(r, CAPRA_E_REQUEST_LINE);
    return c;
}

static int read_version(reader *r)
{
    for (const char *c = "HTTP/"; *c != '\0'; c++)
        read_version_byte(r, (const char[]){ *c, '\0' });
    int const major = read_version_byte(r, "0123456789") - '0';
    read_version_byte(r, ".");
    int const minor = read_version_byte(r, "0123456789") - '0';
    if (major != 1 || minor > 1)
        stop(r, CAPRA_E_VERSION);
    read_version_byte(r, "\r");
    expect(r, '\n', CAPRA_E_LINE_END);
    return minor;
}

static void skip_empty_lines(reader *r)
{
    for (int lines = 0;; lines++) {
        unsigned char const c = next(r);
        if (c == '\n')
            stop(r, CAPRA_E_LINE_END);
        if (c != '\r') {
            r->at--;
            return;
        }
        if (lines == 4)
            stop(r, CAPRA_E_REQUEST_LINE);
        expect(r, '\n', CAPRA_E_LINE_END);
    }
}

/* ---- Fields: RFC 9112, 5 ---- */

static bool is_ipv6(const char *text, size_t length)
{
    char address[64];
    unsigned char binary[16];
    snprintf(address, sizeof address, "%.*s", (int)length, text);
    return length < sizeof address && inet_pton(AF_INET6, address, binary) == 1;
}

/* RFC 3986, 3.2.2, as a regular expression; addresses of IPv6 are left to the C library. */
static bool is_host(capra_slice value)
{
    static regex_t pattern;
    static bool is_compiled;
    if (!is_compiled &&
        regcomp(&pattern,
                "^(\\[([0-9A-Fa-f:.]+)\\]"
                "|\\[[vV][0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+\\]"
                "|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f][0-9A-Fa-f])*)(:[0-9]*)?$",
                REG_EXTENDED) != 0)
        abort();
    is_compiled = true;
    char *text = strndup(value.data, value.length);
    regmatch_t parts[3];
    bool const is_good = regexec(&pattern, text, 3, parts, 0) == 0 &&
                         (parts[2].rm_so < 0 || is_ipv6(text + parts[2].rm_so,
                                                        (size_t)(parts[2].rm_eo - parts[2].rm_so)));
    free(text);
    return is_good;
}

static capra_slice trim(capra_slice s)
{
    size_t start = 0, end = s.length;
    while (start < end && (s.data[start] == ' ' || s.data[start] == '\t'))
        start++;
    while (end > start && (s.data[end - 1] == ' ' || s.data[end - 1] == '\t'))
        end--;
    return slice_of(s.data + start, end - start);
}

/* `line`: the field and all up to its line end. */
static void note_field(reader *r, message *m, message_field f, capra_slice line)
{
    if (is_word(f.name, "Host")) {
        if (r->sees_host || !is_host(f.value))
            stop(r, CAPRA_E_HOST);
        r->sees_host = true;
    } else if (is_word(f.name, "Content-Length")) {
        char digits[20] = "";
        if (f.value.length == 0 || f.value.length > 19)
            stop(r, CAPRA_E_LENGTH);
        memcpy(digits, f.value.data, f.value.length);
        if (strspn(digits, "0123456789") != f.value.length || r->length_fields++ > 0)
            stop(r, CAPRA_E_LENGTH);
        if (r->encoding_fields > 0)
            stop(r, CAPRA_E_FRAMING);
        m->framing = HTTP_BODY_LENGTH;
        m->content_length = strtoull(digits, NULL, 10);
    } else if (is_word(f.name, "Transfer-Encoding")) {
        bool has_tab = false;
        for (size_t at = line.length; line.data[at - 1] == ' ' || line.data[at - 1] == '\t'; at--)
            has_tab = has_tab || line.data[at - 1] == '\t';
        if (!is_word(f.value, "chunked") || has_tab || m->minor == 0 || r->encoding_fields++ > 0)
            stop(r, CAPRA_E_ENCODING);
        if (r->length_fields > 0)
            stop(r, CAPRA_E_FRAMING);
        m->framing = HTTP_BODY_CHUNKED;
    }
}

/* The first byte of the line, a token character, has been read. */
static void read_field(reader *r, message *m)
{
    message_field f;
    size_t const line = r->at - 1;
    size_t start = line;
    if (m->field_count == r->limits->fields)
        stop(r, CAPRA_E_FIELDS_MANY);
    unsigned char c;
    while ((c = next(r)) != ':')
        if (!is_tchar(c))
            stop(r, CAPRA_E_FIELD_NAME);
    f.name = piece(r, start, r->at - 1);
    start = r->at;
    while (is_text(c = next(r)))
        ;
    if (c == '\n')
        stop(r, CAPRA_E_LINE_END);
    if (c != '\r')
        stop(r, CAPRA_E_FIELD_VALUE);
    f.value = trim(piece(r, start, r->at - 1));
    expect(r, '\n', CAPRA_E_LINE_END);
    note_field(r, m, f, piece(r, line, r->at - 2));
    m->fields[m->field_count++] = f;
}

static void read_fields(reader *r, message *m)
{
    for (;;) {
        unsigned char const c = next(r);
        if (c == '\r') {
            expect(r, '\n', CAPRA_E_LINE_END);
            return;
        }
        if (c == '\n')
            stop(r, CAPRA_E_LINE_END);
        if (c == ' ' || c == '\t')
            stop(r, CAPRA_E_FIELD_FOLDED);
        if (!is_tchar(c))
            stop(r, CAPRA_E_FIELD_NAME);
        read_field(r, m);
    }
}

/* ---- What the fields say together ---- */

/* Counts the members of all lists with this name, and those that are `word`. */
static size_t count_members(const message *m, const char *name, const char *word, bool has_quotes,
                            size_t *all)
{
    size_t same = 0;
    *all = 0;
    for (size_t i = 0; i < m->field_count; i++) {
        capra_slice const value = m->fields[i].value;
        size_t start = 0;
        bool is_quoted = false, is_escaped = false;
        if (!is_word(m->fields[i].name, name))
            continue;
        for (size_t at = 0; at <= value.length; at++) {
            char const c = at < value.length ? value.data[at] : ',';
            if (at < value.length && (is_escaped || (is_quoted && c != '"'))) {
                is_escaped = !is_escaped && c == '\\';
                continue;
            }
            if (c == '"' && has_quotes) {
                is_quoted = !is_quoted;
            } else if (c == ',') {
                capra_slice const member = trim(slice_of(value.data + start, at - start));
                *all += member.length > 0;
                same += is_word(member, word);
                start = at + 1;
            }
        }
    }
    return same;
}

static void finish_head(reader *r, message *m)
{
    size_t all;
    if (m->minor == 1 && !r->sees_host)
        stop(r, CAPRA_E_HOST);
    size_t const continues = count_members(m, "Expect", "100-continue", true, &all);
    size_t expectations = 0;
    for (size_t i = 0; i < m->field_count; i++)
        expectations += is_word(m->fields[i].name, "Expect");
    if (m->minor == 1 && expectations > 0 && (continues == 0 || continues < all))
        stop(r, CAPRA_E_EXPECT);
    bool const has_body = m->framing == HTTP_BODY_CHUNKED || m->content_length > 0;
    m->expects_continue = m->minor == 1 && continues > 0 && has_body;
    m->keeps_alive =
        (m->minor == 1 || count_members(m, "Connection", "keep-alive", false, &all) > 0) &&
        count_members(m, "Connection", "close", false, &all) == 0;
}

/* ---- Chunks: RFC 9112, 7.1 ---- */

static void count_overhead(reader *r)
{
    if (++r->overhead > 16384)
        stop(r, CAPRA_E_CHUNK_LONG);
}

static void count_extension(reader *r)
{
    if (++r->line > 256)
        stop(r, CAPRA_E_CHUNK_LONG);
    count_overhead(r);
}

/* `c` is the byte behind the name or the value. */
static unsigned char read_token(reader *r)
{
    unsigned char c = next(r);
    if (!is_tchar(c))
        stop(r, CAPRA_E_CHUNK);
    for (; is_tchar(c); c = next(r))
        count_extension(r);
    return c;
}

static unsigned char read_quoted(reader *r)
{
    for (;;) {
        unsigned char c = next(r);
        if (c == '"') {
            count_extension(r);
            return next(r);
        }
        if (c == '\\') {
            count_extension(r);
            c = next(r);
        }
        if (!is_text(c))
            stop(r, CAPRA_E_CHUNK);
        count_extension(r);
    }
}

static unsigned char read_extension(reader *r)
{
    unsigned char c = read_token(r);
    if (c != '=')
        return c;
    count_extension(r);
    c = next(r);
    if (c == '"') {
        count_extension(r);
        return read_quoted(r);
    }
    r->at--;
    return read_token(r);
}

static uint64_t read_size(reader *r)
{
    char digits[17] = "";
    unsigned char c = next(r);
    r->line = 0;
    for (; isascii(c) && isxdigit(c); c = next(r)) {
        if (r->line == 16)
            stop(r, CAPRA_E_CHUNK);
        digits[r->line++] = (char)c;
    }
    if (r->line == 0)
        stop(r, CAPRA_E_CHUNK);
    while (c == ';') {
        count_extension(r);
        c = read_extension(r);
    }
    if (c != '\r')
        stop(r, CAPRA_E_CHUNK);
    expect(r, '\n', CAPRA_E_CHUNK);
    return strtoull(digits, NULL, 16);
}

static bool is_forbidden_trailer(capra_slice name)
{
    static const char *const names[] = { "content-length", "transfer-encoding", "host",
                                         "connection",     "upgrade",           "expect" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_word(name, names[i]))
            return true;
    return false;
}

static void read_trailers(reader *r)
{
    unsigned char c;
    while ((c = next(r)) != '\r') {
        size_t const start = r->at - 1;
        if (!is_tchar(c))
            stop(r, CAPRA_E_CHUNK);
        count_overhead(r);
        for (; (c = next(r)) != ':'; count_overhead(r))
            if (!is_tchar(c))
                stop(r, CAPRA_E_CHUNK);
        if (is_forbidden_trailer(piece(r, start, r->at - 1)))
            stop(r, CAPRA_E_CHUNK);
        count_overhead(r);
        for (; is_text(c = next(r)); count_overhead(r))
            ;
        if (c != '\r')
            stop(r, CAPRA_E_CHUNK);
        count_overhead(r);
        expect(r, '\n', CAPRA_E_CHUNK);
        count_overhead(r);
    }
    count_overhead(r);
    expect(r, '\n', CAPRA_E_CHUNK);
    count_overhead(r);
}

static void read_data(reader *r, message *m, uint64_t size)
{
    for (; size > 0; size--) {
        char const c = (char)next(r);
        buffer_append(&m->body, &c, 1);
    }
}

static void read_body(reader *r, message *m)
{
    uint64_t size;
    r->overhead = 0;
    if (m->framing != HTTP_BODY_CHUNKED) {
        read_data(r, m, m->content_length);
        return;
    }
    while ((size = read_size(r)) > 0) {
        read_data(r, m, size);
        expect(r, '\r', CAPRA_E_CHUNK);
        expect(r, '\n', CAPRA_E_CHUNK);
    }
    read_trailers(r);
}

/* ---- Requests ---- */

static void check_form(reader *r, const message *m)
{
    if (is_word(m->method, "CONNECT") && !is_host(m->target))
        stop(r, CAPRA_E_TARGET);
    if (is_word(m->target, "*") && !is_word(m->method, "OPTIONS") && !is_word(m->method, "PRI"))
        stop(r, CAPRA_E_TARGET);
}

static void read_head(reader *r, message *m)
{
    r->head_start = r->at;
    r->in_head = true;
    r->sees_host = false;
    r->length_fields = r->encoding_fields = 0;
    skip_empty_lines(r);
    m->method = read_method(r);
    m->target = read_target(r);
    check_form(r, m);
    m->minor = read_version(r);
    if (!is_method(m->method))
        stop(r, CAPRA_E_METHOD);
    read_fields(r, m);
    finish_head(r, m);
    r->in_head = false;
}

static void read_requests(reader *r)
{
    bool keeps_alive = true;
    while (keeps_alive && r->at < r->bytes.length) {
        message *m = outcome_add(r->out);
        r->in_head = true;
        read_head(r, m);
        read_body(r, m);
        keeps_alive = m->keeps_alive;
    }
}

void reference_read(outcome *out, capra_slice bytes, const http_limits *limits)
{
    jmp_buf end;
    *out = (outcome){ 0 };
    reader *r = memory_take(sizeof *r);
    *r = (reader){ .bytes = bytes, .limits = limits, .out = out, .end = &end };
    int const why = setjmp(end);
    if (why == 0)
        read_requests(r);
    /* A request without a head is none. */
    if (why != 0 && r->in_head)
        out->count--;
    out->error = why < 0 ? why : 0;
    out->wants_more = why == MORE;
    free(r);
}
