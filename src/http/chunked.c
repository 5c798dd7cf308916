/* SPDX-License-Identifier: MIT */
#include "chunked.h"

#include "base/error.h"
#include "char.h"
#include "field.h"

/* Where in the coding the next byte stands. An extension is NAME "=" VALUE, a line of the trailer
 * section FIELD ":" FTEXT. */
typedef enum phase {
    START,   /* the first digit of a size */
    SIZE,    /* the other ones */
    NAME,    /* the first byte of an extension's name */
    NAMED,   /* the other ones */
    VALUE,   /* the first byte behind the `=` */
    WORD,    /* a value that is a token */
    QTEXT,   /* a value in quotes */
    ESCAPE,  /* behind a backslash in it */
    CLOSED,  /* behind the last quote */
    SIZE_LF, /* the end of a size line */
    DATA_CR, /* the end of the data */
    DATA_LF,
    FIELD,   /* the first byte of a trailer line */
    FNAME,   /* the other ones, of its name */
    FTEXT,   /* its value */
    NEXT_LF, /* its end */
    LAST_LF, /* the very last byte */
    PHASES,  /* of those in the table */

    DATA = PHASES,
    DONE,
    BAD,
} phase;

/* What a byte is. HEX are tokens too; TEXT is what only values may hold. */
typedef enum kind {
    HEX,
    TOKEN,
    SEMICOLON,
    EQUALS,
    QUOTE,
    BACKSLASH,
    COLON,
    CR,
    LF,
    TEXT,
    CONTROL,
    KINDS
} kind;

/* What each kind of byte does in each phase. */
static const uint8_t next[PHASES][KINDS] = {
#define _ BAD
    /* clang-format off */
    /*            hex    token  ;      =      "       \       :      CR       LF     text   control */
    [START]   = { SIZE,  _,     _,     _,     _,      _,      _,     _,       _,     _,     _ },
    [SIZE]    = { SIZE,  _,     NAME,  _,     _,      _,      _,     SIZE_LF, _,     _,     _ },
    [NAME]    = { NAMED, NAMED, _,     _,     _,      _,      _,     _,       _,     _,     _ },
    [NAMED]   = { NAMED, NAMED, NAME,  VALUE, _,      _,      _,     SIZE_LF, _,     _,     _ },
    [VALUE]   = { WORD,  WORD,  _,     _,     QTEXT,  _,      _,     _,       _,     _,     _ },
    [WORD]    = { WORD,  WORD,  NAME,  _,     _,      _,      _,     SIZE_LF, _,     _,     _ },
    [QTEXT]   = { QTEXT, QTEXT, QTEXT, QTEXT, CLOSED, ESCAPE, QTEXT, _,       _,     QTEXT, _ },
    [ESCAPE]  = { QTEXT, QTEXT, QTEXT, QTEXT, QTEXT,  QTEXT,  QTEXT, _,       _,     QTEXT, _ },
    [CLOSED]  = { _,     _,     NAME,  _,     _,      _,      _,     SIZE_LF, _,     _,     _ },
    [SIZE_LF] = { _,     _,     _,     _,     _,      _,      _,     _,       DATA,  _,     _ },
    [DATA_CR] = { _,     _,     _,     _,     _,      _,      _,     DATA_LF, _,     _,     _ },
    [DATA_LF] = { _,     _,     _,     _,     _,      _,      _,     _,       START, _,     _ },
    [FIELD]   = { FNAME, FNAME, _,     _,     _,      _,      _,     LAST_LF, _,     _,     _ },
    [FNAME]   = { FNAME, FNAME, _,     _,     _,      _,      FTEXT, _,       _,     _,     _ },
    [FTEXT]   = { FTEXT, FTEXT, FTEXT, FTEXT, FTEXT,  FTEXT,  FTEXT, NEXT_LF, _,     FTEXT, _ },
    [NEXT_LF] = { _,     _,     _,     _,     _,      _,      _,     _,       FIELD, _,     _ },
    [LAST_LF] = { _,     _,     _,     _,     _,      _,      _,     _,       DONE,  _,     _ },
/* clang-format on */
#undef _
};

static kind kind_of(char c)
{
    if (http_char_is(c, HTTP_CHAR_HEX))
        return HEX;
    if (http_char_is(c, HTTP_CHAR_TOKEN))
        return TOKEN;
    switch (c) {
    case ';':
        return SEMICOLON;
    case '=':
        return EQUALS;
    case '"':
        return QUOTE;
    case '\\':
        return BACKSLASH;
    case ':':
        return COLON;
    case '\r':
        return CR;
    case '\n':
        return LF;
    default:
        return http_char_is(c, HTTP_CHAR_VALUE) ? TEXT : CONTROL;
    }
}

static uint64_t hex_value(char c)
{
    return http_char_is(c, HTTP_CHAR_DIGIT) ? (uint64_t)(c - '0')
                                            : (uint64_t)((c | 0x20) - 'a' + 10);
}

/* A byte of a size line went by, its CR LF apart, and the decoder now is in `after`. */
static int count_size_line(http_chunked *state, phase after, char c)
{
    enum { DIGITS = 16 };
    state->line++;
    if (after == SIZE) {
        state->left = state->left << 4 | hex_value(c);
        return state->line > DIGITS ? CAPRA_E_CHUNK : 0;
    }
    state->overhead++;
    if (state->line > HTTP_CHUNK_LINE_BYTES || state->overhead > HTTP_CHUNK_OVERHEAD_BYTES)
        return CAPRA_E_CHUNK_LONG;
    return 0;
}

/* RFC 9110, 6.5.1: whoever puts one of these behind the body means to be misunderstood. */
static bool is_forbidden(http_field_id id)
{
    switch (id) {
    case HTTP_FIELD_HOST:
    case HTTP_FIELD_CONNECTION:
    case HTTP_FIELD_CONTENT_LENGTH:
    case HTTP_FIELD_TRANSFER_ENCODING:
    case HTTP_FIELD_EXPECT:
    case HTTP_FIELD_UPGRADE:
        return true;
    default:
        return false;
    }
}

/* A byte of the trailer section went by. */
static int read_trailer(http_chunked *state, phase after, char c)
{
    if (after == FNAME && state->name_length < sizeof state->name)
        state->name[state->name_length++] = c;
    if (c == ':' && is_forbidden(http_field_find(slice_of(state->name, state->name_length))))
        return CAPRA_E_CHUNK;
    if (after == FTEXT)
        state->name_length = 0;
    state->overhead++;
    if (state->overhead > HTTP_CHUNK_OVERHEAD_BYTES)
        return CAPRA_E_CHUNK_LONG;
    state->is_done = after == DONE;
    return 0;
}

/* Lines are read one after the other, so what a call sees of them is in one piece. */
static void keep_trailer(http_chunked *state, phase after, const char *at)
{
    if (after == LAST_LF || after == DONE)
        return;
    if (state->trailer.length == 0)
        state->trailer.data = at;
    state->trailer.length++;
}

/* One byte that is not data. */
static int step(http_chunked *state, const char *at)
{
    char const c = *at;
    phase const before = (phase)state->phase;
    phase const after = (phase)next[before][kind_of(c)];
    state->phase = (uint8_t)after;
    if (after == BAD)
        return CAPRA_E_CHUNK;
    if (before <= CLOSED && after != SIZE_LF)
        return count_size_line(state, after, c);
    if (before >= FIELD) {
        int const result = read_trailer(state, after, c);
        if (result == 0)
            keep_trailer(state, after, at);
        return result;
    }
    if (after == DATA) {
        state->line = 0;
        state->phase = state->left > 0 ? DATA : FIELD;
    }
    return 0;
}

static capra_slice take_data(http_chunked *state, capra_slice input)
{
    size_t const length = state->left < input.length ? (size_t)state->left : input.length;
    state->left -= length;
    if (state->left == 0)
        state->phase = DATA_CR;
    return slice_of(input.data, length);
}

int http_chunked_decode(http_chunked *state, capra_slice input, size_t *used, capra_slice *data)
{
    *used = 0;
    *data = slice_of(input.data, 0);
    state->trailer.length = 0;
    while (*used < input.length && !state->is_done) {
        if (state->phase == DATA) {
            *data = take_data(state, slice_from(input, *used));
            *used += data->length;
            return 0;
        }
        int const result = step(state, input.data + *used);
        if (result != 0)
            return result;
        (*used)++;
    }
    return 0;
}
