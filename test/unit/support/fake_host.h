/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_FAKE_HOST_H
#define CAPRA_TEST_FAKE_HOST_H

#include "app.h"
#include "handler/script.h"

/* A script host that is told everything and does nothing: a test puts its own functions in for what
 * it looks at. They are given `data`. */
script_host fake_host(void *data);

/* Reads a manifest that stands in the test, as app_load does from a file. */
int fake_host_read(app **out, const char *manifest, char *why, size_t why_size);

/* The same for one that has to be right: the test fails if it is not. To be released. */
app *fake_host_app(const char *manifest);

/* The same for a worker that serves only a part of it. */
app *fake_host_app_share(const char *manifest, app_share share);

#endif
