/* SPDX-License-Identifier: MIT */
#include "char.h"

#define LETTER(c) (((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z'))
#define DIGIT(c)  ((c) >= '0' && (c) <= '9')
#define HEX(c)    (DIGIT(c) || ((c) >= 'a' && (c) <= 'f') || ((c) >= 'A' && (c) <= 'F'))

/* tchar (RFC 9110, 5.6.2) */
#define TOKEN(c)                                                                          \
    (LETTER(c) || DIGIT(c) || (c) == '!' || (c) == '#' || (c) == '$' || (c) == '%' ||     \
     (c) == '&' || (c) == '\'' || (c) == '*' || (c) == '+' || (c) == '-' || (c) == '.' || \
     (c) == '^' || (c) == '_' || (c) == '`' || (c) == '|' || (c) == '~')

/* field-vchar, and the white space between them (RFC 9110, 5.5) */
#define VALUE(c) ((c) == '\t' || ((c) >= 0x20 && (c) != 0x7f))

/* More than a URI may hold, as browsers and Node do: `"<>\^`{|}` travel as they are. */
#define TARGET(c) ((c) >= 0x21 && (c) <= 0x7e)

/* unreserved and sub-delims (RFC 3986, 2.2 and 2.3) */
#define REGNAME(c)                                                                        \
    (LETTER(c) || DIGIT(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~' ||     \
     (c) == '!' || (c) == '$' || (c) == '&' || (c) == '\'' || (c) == '(' || (c) == ')' || \
     (c) == '*' || (c) == '+' || (c) == ',' || (c) == ';' || (c) == '=')

/* What needs no escape in a JSON string (RFC 8259, 7), of ASCII; and DEL does no harm escaped. */
#define QUOTABLE(c) ((c) >= 0x20 && (c) <= 0x7e && (c) != '"' && (c) != '\\')

#define FLAGS(c)                                                                 \
    ((TOKEN(c) ? HTTP_CHAR_TOKEN : 0) | (VALUE(c) ? HTTP_CHAR_VALUE : 0) |       \
     (TARGET(c) ? HTTP_CHAR_TARGET : 0) | (REGNAME(c) ? HTTP_CHAR_REGNAME : 0) | \
     (HEX(c) ? HTTP_CHAR_HEX : 0) | (DIGIT(c) ? HTTP_CHAR_DIGIT : 0) |           \
     (QUOTABLE(c) ? HTTP_CHAR_QUOTABLE : 0))

#define FOUR(c)       FLAGS(c), FLAGS((c) + 1), FLAGS((c) + 2), FLAGS((c) + 3)
#define SIXTEEN(c)    FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define SIXTY_FOUR(c) SIXTEEN(c), SIXTEEN((c) + 16), SIXTEEN((c) + 32), SIXTEEN((c) + 48)

const uint8_t http_chars[256] = { SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192) };
