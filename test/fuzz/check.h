/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_FUZZ_CHECK_H
#define CAPRA_FUZZ_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What must hold for any input. What does not ends the fuzzer, which keeps the input. */
#define CHECK(claim)                                                                   \
    do {                                                                               \
        if (!(claim)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
