/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_ENV_FILES_H
#define CAPRA_CLI_ENV_FILES_H

#include <stddef.h>

/* Puts what the `.env` files of the project say into the environment of this process, as Next does:
 * `.env.MODE.local`, `.env.local`, `.env.MODE` and `.env` in `folder`, of which the first that has
 * a name counts, and what is in the environment already before all of them. `mode`: "production" or
 * "development". Returns 0, or CAPRA_E_SYSTEM with a sentence in `why` when one is there and cannot
 * be read; nothing is set then.
 *
 * For workers without Node; those with it have compiler/env-files.ts, which must read the same. */
int env_files_load(const char *folder, const char *mode, char *why, size_t why_size);

#endif
