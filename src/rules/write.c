/* SPDX-License-Identifier: MIT */
#include "rule.h"

/* Texts of a rule with their gaps filled. What a client can choose never becomes more than a value:
 * not another segment, another pair of the query, another host, another line. */

static bool is_alphanumeric(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* What encodeURIComponent leaves as it is. */
static bool is_component_byte(unsigned char c)
{
    return is_alphanumeric(c) || (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

static bool stays(unsigned char c, rule_use use, bool is_escaped, bool repeats)
{
    switch (use) {
    case RULE_IN_PATH:
        return is_escaped || (c == '/' ? repeats : c != '%' && http_is_path_byte(c));
    case RULE_IN_QUERY:
        return is_escaped ? c != '&' && c != '+' && c != '#' : is_component_byte(c);
    case RULE_IN_HOST:
        return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || (is_escaped && c == '%');
    case RULE_IN_FIELD:
        return is_escaped || (c >= 0x20 && c != 0x7f) || c == '\t';
    }
    return false;
}

void rule_escape(buffer *out, rule_value value, rule_use use, bool repeats)
{
    static const char digits[] = "0123456789ABCDEF";
    char *start = buffer_room(out, 3 * value.text.length + 1), *at = start;
    for (size_t i = 0; i < value.text.length; i++) {
        unsigned char const c = (unsigned char)value.text.data[i];
        if (stays(c, use, value.is_escaped, repeats)) {
            *at++ = (char)c;
            continue;
        }
        *at++ = '%';
        *at++ = digits[c >> 4];
        *at++ = digits[c & 15];
    }
    buffer_added(out, (size_t)(at - start));
}

/* What next.config itself says is taken at its word, but in a query it was decoded. */
static void put_text(buffer *out, capra_slice text, rule_use use)
{
    if (use == RULE_IN_QUERY)
        rule_escape(out, (rule_value){ .text = text }, use, false);
    else if (text.length > 0)
        buffer_append_slice(out, text);
}

void rule_write(buffer *out, const rule_text *text, const rule_values values, rule_use use)
{
    for (uint32_t i = 0; i < text->count; i++) {
        const rule_piece *piece = &text->pieces[i];
        if (piece->param == RULE_NONE) {
            put_text(out, piece->text, use);
            continue;
        }
        const rule_value *value = &values[piece->param];
        if (value->text.data == NULL)
            continue;
        put_text(out, piece->text, use);
        rule_escape(out, *value, use, piece->repeats);
        put_text(out, piece->behind, use);
    }
}
