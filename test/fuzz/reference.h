/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_FUZZ_REFERENCE_H
#define CAPRA_TEST_FUZZ_REFERENCE_H

#include "../http/stream.h"

/* Reads the same as stream_read does, by other means: slowly, in the order of the RFC's grammar,
 * and with nothing of src/http but the names of things. */
void reference_read(outcome *out, capra_slice bytes, const http_limits *limits);

#endif
