/* SPDX-License-Identifier: MIT */
#include "head.h"

#include "base/error.h"
#include "char.h"

#include <assert.h>

/* The parser goes from token to token, and keeps its place in the head, so that it can stop
 * behind any byte and go on from there:
 *
 *     EMPTY ──▶ METHOD ──▶ TARGET ──▶ VERSION ──▶ NAME ──▶ COMPLETE
 *                                                 ▲  ▼
 *                                                 VALUE
 *
 * Nothing is decided by bytes that come later. This is what makes the outcome the same for
 * every segmentation, errors included. */
enum { EMPTY, METHOD, TARGET, VERSION, NAME, VALUE, COMPLETE };

/* A step's third answer, beside HTTP_MORE and the errors: its token is read. */
enum { NEXT = 1 };

const http_limits http_default_limits = {
    .head_bytes = 16 * 1024,
    .target_bytes = 8 * 1024,
    .fields = HTTP_HEAD_FIELDS,
};

/* As large as the longest name and its zero byte. */
typedef union longest_method {
#define MEMBER(id, name) char id[sizeof name];
    HTTP_METHODS(MEMBER)
#undef MEMBER
} longest_method;

enum { METHOD_BYTES = sizeof(longest_method) - 1 };

void http_head_init(http_head *head)
{
    memset(head, 0, offsetof(http_head, fields));
    head->method = HTTP_METHOD_COUNT;
}

/* ---- The request line ---- */

static int skip_empty_lines(http_head *head, const char *data, uint32_t end)
{
    for (; head->scanned < end && data[head->scanned] == '\r'; head->scanned += 2) {
        if (head->scanned == 2 * HTTP_EMPTY_LINES)
            return CAPRA_E_REQUEST_LINE;
        if (head->scanned + 1 == end)
            return HTTP_MORE;
        if (data[head->scanned + 1] != '\n')
            return CAPRA_E_LINE_END;
    }
    if (head->scanned == end)
        return HTTP_MORE;
    if (data[head->scanned] == '\n')
        return CAPRA_E_LINE_END;
    head->line = head->scanned;
    head->phase = METHOD;
    return NEXT;
}

/* The first word of HTTP/2's preface (RFC 9113, 3.4). It passes for a method until the version,
 * which is what the client has to be told about. */
static bool is_preface(capra_slice name)
{
    return slice_is(name, "PRI");
}

static int read_method(http_head *head, const char *data, uint32_t end)
{
    const char *stop = http_skip_token(data + head->scanned, data + end);
    capra_slice const name = slice_of(data + head->line, (size_t)(stop - data) - head->line);
    if (name.length > METHOD_BYTES)
        return CAPRA_E_METHOD;
    head->scanned = (uint32_t)(stop - data);
    if (head->scanned == end)
        return HTTP_MORE;
    if (*stop != ' ' || name.length == 0)
        return CAPRA_E_REQUEST_LINE;
    head->method = http_method_find(name);
    if (head->method == HTTP_METHOD_COUNT && !is_preface(name))
        return CAPRA_E_METHOD;
    head->scanned++;
    head->target = head->scanned;
    head->phase = TARGET;
    return NEXT;
}

/* RFC 9112, 3.2.3 and 3.2.4: the asterisk is for OPTIONS alone, and CONNECT has an authority and
 * nothing else. */
static bool has_form_of_method(http_method method, capra_slice target)
{
    if (method == HTTP_OPTIONS || method == HTTP_METHOD_COUNT)
        return true;
    if (slice_is(target, "*"))
        return false;
    return method != HTTP_CONNECT || http_is_host(target);
}

static int read_target(http_head *head, const char *data, uint32_t end, uint32_t limit)
{
    uint32_t const room = end - head->target <= limit ? end - head->target : limit + 1;
    const char *target = data + head->target;
    const char *stop = http_skip_target(data + head->scanned, target + room);
    size_t const length = (size_t)(stop - target);
    if (length > limit)
        return CAPRA_E_TARGET_LONG;
    head->scanned = head->target + (uint32_t)length;
    if (head->scanned == end)
        return HTTP_MORE;
    if (*stop == '\r' || *stop == '\n' || (*stop == ' ' && length == 0))
        return CAPRA_E_REQUEST_LINE;
    if (*stop != ' ' || !has_form_of_method(head->method, slice_of(target, length)))
        return CAPRA_E_TARGET;
    head->target_length = (uint32_t)length;
    head->scanned++;
    head->line = head->scanned;
    head->phase = VERSION;
    return NEXT;
}

enum { VERSION_BYTES = 10 /* with the line's end */ };

/* What is wrong with the byte `at` of a version and its line end, those before it being right;
 * NEXT if nothing is. */
static int check_version(const char *version, uint32_t at)
{
    static const char form[] = "HTTP/#.#\r\n";
    char const c = version[at];
    bool const is_right = form[at] == '#' ? http_char_is(c, HTTP_CHAR_DIGIT) : c == form[at];
    if (!is_right)
        return form[at] == '\n' || c == '\n' ? CAPRA_E_LINE_END : CAPRA_E_REQUEST_LINE;
    if (at == 7 && (version[5] != '1' || version[7] > '1'))
        return CAPRA_E_VERSION;
    return NEXT;
}

static int read_version(http_head *head, const char *data, uint32_t end)
{
    enum { MINOR_AT = 7 };
    const char *version = data + head->line;
    if (end - head->line >= VERSION_BYTES && memcmp(version, "HTTP/1.1\r\n", VERSION_BYTES) == 0)
        head->scanned = head->line + VERSION_BYTES; /* as nearly always */
    while (head->scanned - head->line < VERSION_BYTES) {
        if (head->scanned == end)
            return HTTP_MORE;
        int const check = check_version(version, head->scanned - head->line);
        if (check != NEXT)
            return check;
        head->scanned++;
    }
    if (head->method == HTTP_METHOD_COUNT)
        return CAPRA_E_METHOD;
    head->minor = (uint8_t)(version[MINOR_AT] - '0');
    head->line = head->scanned;
    head->phase = NAME;
    return NEXT;
}

/* ---- Fields ---- */

/* A number that fits: 19 digits are at most 9999999999999999999, and 2^64 is about 1.8e19. */
static bool read_length(uint64_t *out, capra_slice digits)
{
    if (digits.length == 0 || digits.length > 19)
        return false;
    *out = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (!http_char_is(digits.data[i], HTTP_CHAR_DIGIT))
            return false;
        *out = *out * 10 + (uint64_t)(digits.data[i] - '0');
    }
    return true;
}

/* RFC 9112, 6.3. With two lengths, or with a length and chunks, a proxy before us may have
 * believed the other one and be sending a second request inside this body. Refuse, and close. */
static int note_length(http_head *head, capra_slice value, bool is_repeated)
{
    if (is_repeated || !read_length(&head->content_length, value))
        return CAPRA_E_LENGTH;
    if (head->framing == HTTP_BODY_CHUNKED)
        return CAPRA_E_FRAMING;
    head->framing = HTTP_BODY_LENGTH;
    return NEXT;
}

/* RFC 9112, 6.1: HTTP/1.0 does not know the field, so a proxy may have passed it on unread. A tab
 * behind the coding would be white space, but is a part of it to llhttp, at least. `end`: of the
 * line. */
static int note_encoding(http_head *head, capra_slice value, const char *end, bool is_repeated)
{
    const char *after = value.data + value.length;
    if (is_repeated || head->minor == 0 || !slice_is_nocase(value, "chunked") ||
        memchr(after, '\t', (size_t)(end - after)) != NULL)
        return CAPRA_E_ENCODING;
    if (head->framing == HTTP_BODY_LENGTH)
        return CAPRA_E_FRAMING;
    head->framing = HTTP_BODY_CHUNKED;
    return NEXT;
}

/* The field at index field_count is complete, up to `scanned`: what does it mean for the message?
 */
static int note_field(http_head *head, const char *data)
{
    http_field *field = &head->fields[head->field_count];
    http_field_id const id = http_field_find(slice_of(data + field->name, field->name_length));
    field->id = (uint8_t)id;
    if (id == HTTP_FIELD_OTHER)
        return NEXT;

    capra_slice const value = slice_of(data + field->value, field->value_length);
    bool const is_repeated = head->first[id] != 0;
    if (!is_repeated)
        head->first[id] = (uint8_t)(head->field_count + 1);
    switch (id) {
    case HTTP_FIELD_HOST:
        return is_repeated || !http_is_host(value) ? CAPRA_E_HOST : NEXT;
    case HTTP_FIELD_CONTENT_LENGTH:
        return note_length(head, value, is_repeated);
    case HTTP_FIELD_TRANSFER_ENCODING:
        return note_encoding(head, value, data + head->scanned, is_repeated);
    default:
        return NEXT;
    }
}

/* Whether a Connection field has this option. Options are tokens (RFC 9110, 7.6.1), and quotes have
 * no meaning among them: they must not hide one. */
static bool has_option(capra_slice list, const char *option)
{
    while (list.length > 0) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t const length = comma == NULL ? list.length : (size_t)(comma - list.data);
        if (slice_is_nocase(slice_trim(slice_of(list.data, length)), option))
            return true;
        list = slice_from(list, length + 1);
    }
    return false;
}

/* RFC 9112, 9.3: `close` wins, HTTP/1.1 persists, HTTP/1.0 has to ask for it. */
static bool wants_keep_alive(const http_head *head, const char *data)
{
    bool keeps = head->minor == 1;
    if (head->first[HTTP_FIELD_CONNECTION] == 0)
        return keeps;
    for (int i = head->first[HTTP_FIELD_CONNECTION] - 1; i < head->field_count; i++) {
        const http_field *field = &head->fields[i];
        capra_slice const list = slice_of(data + field->value, field->value_length);
        if (field->id != HTTP_FIELD_CONNECTION)
            continue;
        if (has_option(list, "close"))
            return false;
        keeps = keeps || has_option(list, "keep-alive");
    }
    return keeps;
}

/* RFC 9110, 10.1.1: HTTP/1.0 has no expectations, and without a body there is nothing to wait for.
 */
static int note_expectations(http_head *head, const char *data)
{
    bool has_any = false;
    if (head->first[HTTP_FIELD_EXPECT] == 0 || head->minor == 0)
        return NEXT;
    for (int i = head->first[HTTP_FIELD_EXPECT] - 1; i < head->field_count; i++) {
        const http_field *field = &head->fields[i];
        capra_slice list = slice_of(data + field->value, field->value_length), item;
        while (field->id == HTTP_FIELD_EXPECT && http_list_next(&list, &item)) {
            if (!slice_is_nocase(item, "100-continue"))
                return CAPRA_E_EXPECT;
            has_any = true;
        }
    }
    head->expects_continue = head->framing == HTTP_BODY_CHUNKED || head->content_length > 0;
    return has_any ? NEXT : CAPRA_E_EXPECT;
}

/* At the empty line. */
static int finish(http_head *head, const char *data, uint32_t end)
{
    if (head->line + 1 == end)
        return HTTP_MORE;
    if (data[head->line + 1] != '\n')
        return CAPRA_E_LINE_END;
    if (head->minor == 1 && head->first[HTTP_FIELD_HOST] == 0)
        return CAPRA_E_HOST;
    int const result = note_expectations(head, data);
    if (result != NEXT)
        return result;
    head->keeps_alive = wants_keep_alive(head, data);
    head->length = head->line + 2;
    head->phase = COMPLETE;
    return NEXT;
}

/* A line that does not begin with a name. */
static int read_nameless(http_head *head, const char *data, uint32_t end)
{
    switch (data[head->line]) {
    case '\r':
        return finish(head, data, end);
    case '\n':
        return CAPRA_E_LINE_END;
    case ' ':
    case '\t':
        return CAPRA_E_FIELD_FOLDED;
    default:
        return CAPRA_E_FIELD_NAME;
    }
}

static int read_name(http_head *head, const char *data, uint32_t end, uint32_t limit)
{
    const char *stop = http_skip_token(data + head->scanned, data + end);
    size_t const length = (size_t)(stop - data) - head->line;
    if (length == 0)
        return head->line == end ? HTTP_MORE : read_nameless(head, data, end);
    if (head->field_count == limit)
        return CAPRA_E_FIELDS_MANY;
    if (length > UINT16_MAX)
        return CAPRA_E_HEAD_LONG;
    head->scanned = head->line + (uint32_t)length;
    if (head->scanned == end)
        return HTTP_MORE;
    if (*stop != ':')
        return CAPRA_E_FIELD_NAME;
    http_field *field = &head->fields[head->field_count];
    field->name = head->line;
    field->name_length = (uint16_t)length;
    head->scanned++;
    head->phase = VALUE;
    return NEXT;
}

static int read_value(http_head *head, const char *data, uint32_t end)
{
    const char *stop = http_skip_value(data + head->scanned, data + end);
    head->scanned = (uint32_t)(stop - data);
    if (head->scanned == end)
        return HTTP_MORE;
    if (*stop != '\r')
        return *stop == '\n' ? CAPRA_E_LINE_END : CAPRA_E_FIELD_VALUE;
    if (head->scanned + 1 == end)
        return HTTP_MORE;
    if (stop[1] != '\n')
        return CAPRA_E_LINE_END;

    http_field *field = &head->fields[head->field_count];
    const char *after_colon = data + field->name + field->name_length + 1;
    capra_slice const value = slice_trim(slice_of(after_colon, (size_t)(stop - after_colon)));
    field->value = (uint32_t)(value.data - data);
    field->value_length = (uint32_t)value.length;
    int const step = note_field(head, data);
    head->field_count++;
    head->scanned += 2;
    head->line = head->scanned;
    head->phase = NAME;
    return step;
}

static int step(http_head *head, const char *data, uint32_t end, const http_limits *limits)
{
    switch (head->phase) {
    case EMPTY:
        return skip_empty_lines(head, data, end);
    case METHOD:
        return read_method(head, data, end);
    case TARGET:
        return read_target(head, data, end, limits->target_bytes);
    case VERSION:
        return read_version(head, data, end);
    case NAME:
        return read_name(head, data, end, limits->fields);
    default:
        return read_value(head, data, end);
    }
}

long http_head_parse(http_head *head, const char *data, size_t length, const http_limits *limits)
{
    assert(limits->fields <= HTTP_HEAD_FIELDS);
    bool const is_full = length >= limits->head_bytes;
    uint32_t const end = is_full ? limits->head_bytes : (uint32_t)length;
    while (head->phase != COMPLETE) {
        int const result = step(head, data, end, limits);
        if (result == HTTP_MORE && is_full)
            return CAPRA_E_HEAD_LONG;
        if (result != NEXT)
            return result;
    }
    return (long)head->length;
}

/* ---- Reading a parsed head ---- */

static capra_slice value_at(const http_head *head, const char *data, int index)
{
    return slice_of(data + head->fields[index].value, head->fields[index].value_length);
}

capra_slice http_head_known(const http_head *head, const char *data, http_field_id id)
{
    if (head->first[id] == 0)
        return slice_of(NULL, 0);
    return value_at(head, data, head->first[id] - 1);
}

capra_slice http_head_field(const http_head *head, const char *data, capra_slice name)
{
    for (int i = 0; i < head->field_count; i++) {
        const http_field *field = &head->fields[i];
        if (slice_equal_nocase(slice_of(data + field->name, field->name_length), name))
            return value_at(head, data, i);
    }
    return slice_of(NULL, 0);
}
