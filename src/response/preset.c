/* SPDX-License-Identifier: MIT */
#include "preset.h"

static capra_slice next_line(capra_slice *rest)
{
    const char *newline = memchr(rest->data, '\n', rest->length);
    size_t const length = newline == NULL ? rest->length : (size_t)(newline - rest->data) + 1;
    capra_slice const line = slice_of(rest->data, length);
    *rest = slice_from(*rest, length);
    return line;
}

static capra_slice name_of(capra_slice line)
{
    const char *colon = memchr(line.data, ':', line.length);
    return slice_of(line.data, colon == NULL ? line.length : (size_t)(colon - line.data));
}

static bool has_name(capra_slice lines, capra_slice name)
{
    while (lines.length > 0)
        if (slice_equal_nocase(name_of(next_line(&lines)), name))
            return true;
    return false;
}

capra_slice preset_merge(buffer *out, capra_slice preset, capra_slice lines)
{
    while (preset.length > 0) {
        capra_slice const line = next_line(&preset);
        if (!has_name(lines, name_of(line)))
            buffer_append_slice(out, line);
    }
    buffer_append_slice(out, lines);
    return buffer_slice(out);
}

static bool has_line(capra_slice lines, capra_slice line)
{
    while (lines.length > 0)
        if (slice_equal(next_line(&lines), line))
            return true;
    return false;
}

void preset_keep(buffer *out, capra_slice kept, capra_slice lines)
{
    while (kept.length > 0) {
        capra_slice const line = next_line(&kept);
        if (!has_line(lines, line))
            buffer_append_slice(out, line);
    }
}
