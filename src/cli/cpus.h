/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_CPUS_H
#define CAPRA_CLI_CPUS_H

#include <stdint.h>

/* How many CPUs this process may use: those that it may run on, or fewer when a control group gives
 * it less of their time. At least 1. */
uint32_t cpus_count(void);

/* The CPU time that control groups of version 2 or 1 allow, in CPUs; 0: no limit. `root` stands
 * before /proc and /sys, and is empty but in tests. */
double cpus_quota(const char *root);

#endif
