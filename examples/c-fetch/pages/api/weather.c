/* SPDX-License-Identifier: MIT */
#include "../../lib/fetch.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAPRA_CONFIG({ packages : ["libcurl >= 7.68"] });

/* GET /api/weather?latitude=52.5&longitude=13.4, from WEATHER_URL, or Open-Meteo. */
enum { TIMEOUT_MS = 3000, HTTP_OK = 200 };

static const char default_url[] = "https://api.open-meteo.com/v1/forecast";

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* Our mistakes and theirs are told apart: 502 and 504 say that the other server is at fault. The
 * reason goes to the log; the client has no use for it. */
static void on_answer(capra_request *req, capra_response *res, const fetch_answer *answer)
{
    json_t *found = json_loadb(answer->body.data, answer->body.length, 0, NULL);
    const json_t *now = json_object_get(found, "current");
    const json_t *temperature = json_object_get(now, "temperature_2m");
    const json_t *wind = json_object_get(now, "wind_speed_10m");
    if (answer->is_timeout) {
        capra_fail(res, 504, "The weather service takes too long");
    } else if (answer->error != NULL || answer->status != HTTP_OK || !json_is_number(temperature) ||
               !json_is_number(wind)) {
        fprintf(stderr, "weather: %s, status %ld\n",
                answer->error != NULL ? answer->error : "not what was expected", answer->status);
        capra_fail(res, 502, "The weather service has failed");
    } else {
        capra_response_header(res, "Cache-Control", "public, max-age=60");
        capra_json(res, 200, "{s:f, s:f}", "temperature", json_number_value(temperature),
                   "windSpeed", json_number_value(wind));
    }
    json_decref(found);
}

/* A number of the query within limits; false when it is none. */
static bool read_degrees(double *out, capra_request *req, const char *name, double most)
{
    capra_slice const given = capra_request_query(req, name);
    const char *text = capra_text(req, given);
    char *end;
    *out = strtod(text, &end);
    /* All of it, a zero byte and what is behind it included. */
    bool const is_whole = given.length > 0 && end == text + given.length;
    return is_whole && isfinite(*out) && fabs(*out) <= most;
}

static void weather(capra_request *req, capra_response *res)
{
    double latitude, longitude;
    if (strcmp(capra_request_method(req), "GET") != 0) {
        capra_response_header(res, "Allow", "GET");
        capra_fail(res, 405, "Method Not Allowed");
        return;
    }
    if (!read_degrees(&latitude, req, "latitude", 90) ||
        !read_degrees(&longitude, req, "longitude", 180)) {
        capra_fail(res, 400, "`latitude` and `longitude` must be numbers of degrees");
        return;
    }
    /* Only numbers come into the address, so that nobody can ask for another one. */
    const char *url =
        capra_printf(req, "%s?latitude=%.4f&longitude=%.4f&current=temperature_2m,wind_speed_10m",
                     setting("WEATHER_URL", default_url), latitude, longitude);
    long const timeout_ms = strtol(setting("WEATHER_TIMEOUT_MS", "0"), NULL, 10);
    fetch_get(req, res, url, timeout_ms > 0 ? timeout_ms : TIMEOUT_MS, on_answer);
}

CAPRA_INIT(fetch_open);
CAPRA_EXIT(fetch_close);
CAPRA_ROUTE(weather);
