/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int route_complain(route_complaint *complaint, const char *format, ...)
{
    size_t const room = complaint->size - complaint->length;
    va_list args;
    va_start(args, format);
    int const wanted = vsnprintf(complaint->text + complaint->length, room, format, args);
    va_end(args);
    if (wanted > 0 && room > 0)
        complaint->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
    return CAPRA_E_ROUTE;
}

static bool begins_with(capra_slice s, const char *text)
{
    size_t const length = strlen(text);
    return s.length >= length && memcmp(s.data, text, length) == 0;
}

static bool ends_with_bracket(capra_slice s)
{
    return s.length > 0 && s.data[s.length - 1] == ']';
}

/* Whether all of it is in brackets, with something between. Those are then taken off. */
static bool unwrap(capra_slice *s)
{
    if (s->length < 3 || s->data[0] != '[' || !ends_with_bracket(*s))
        return false;
    *s = slice_of(s->data + 1, s->length - 2);
    return true;
}

static int read_text(route_segment *out, capra_slice source, route_complaint *complaint)
{
    if (source.length == 0)
        return route_complain(complaint, "Segments may not be empty.");
    if (source.length > ROUTE_TEXT_MAX)
        return route_complain(complaint, "Segments may not be longer than %d bytes.",
                              ROUTE_TEXT_MAX);
    *out = (route_segment){ ROUTE_TEXT, source };
    return 0;
}

/* Next looks in this order, so of several faults the same one is told. */
static int check_name(capra_slice name, capra_slice source, route_complaint *complaint)
{
    if (begins_with(name, "[") || ends_with_bracket(name))
        return route_complain(complaint,
                              "Segment names may not start or end with extra brackets ('%.*s').",
                              ROUTE_SHOWN(name));
    if (begins_with(name, "."))
        return route_complain(complaint,
                              "Segment names may not start with erroneous periods ('%.*s').",
                              ROUTE_SHOWN(name));
    if (name.length == 0)
        return route_complain(complaint, "Segment names may not be empty (\"%.*s\").",
                              ROUTE_SHOWN(source));
    return 0;
}

int route_segment_read(route_segment *out, capra_slice source, route_complaint *complaint)
{
    capra_slice name = source;
    if (!unwrap(&name))
        return read_text(out, source, complaint);
    bool const is_optional = slice_is(name, "[]") || unwrap(&name);
    if (begins_with(name, "…"))
        return route_complain(
            complaint, "Detected a three-dot character ('…') at ('%.*s'). Did you mean ('...')?",
            ROUTE_SHOWN(name));
    bool const is_rest = begins_with(name, "...");
    if (is_rest)
        name = slice_from(name, 3);
    if (is_optional && !is_rest)
        return route_complain(complaint,
                              "Optional route parameters are not yet supported (\"%.*s\").",
                              ROUTE_SHOWN(source));
    *out = (route_segment){
        !is_rest      ? ROUTE_PARAM
        : is_optional ? ROUTE_OPTIONAL_REST
                      : ROUTE_REST,
        name,
    };
    return check_name(name, source, complaint);
}
