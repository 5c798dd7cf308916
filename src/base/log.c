/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct style {
    const char *mark, *color;
} style;

static const style styles[] = {
    [LOG_INFO] = { " ", "" },
    [LOG_WARN] = { "⚠", "\033[33m" },
    [LOG_ERROR] = { "⨯", "\033[31m" },
};

bool log_is_colored(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(fd) == 1;
}

static bool is_colored(void)
{
    static int known = -1;
    if (known < 0)
        known = log_is_colored(STDERR_FILENO);
    return known == 1;
}

static void escape(char *out, size_t room, const char *text)
{
    size_t at = 0;
    for (; *text != '\0' && at + 5 < room; text++) {
        unsigned char const c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            at += (size_t)snprintf(out + at, room - at, "\\x%02x", c);
        else
            out[at++] = *text;
    }
    out[at] = '\0';
}

void log_line(log_level level, const char *format, ...)
{
    char text[2048], line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    escape(line, sizeof line, text);
    bool const colored = is_colored();
    fprintf(stderr, "%s %s%s%s\n", styles[level].mark, colored ? styles[level].color : "", line,
            colored ? "\033[0m" : "");
}
