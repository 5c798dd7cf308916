/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_SUPERVISOR_RETURNS_H
#define CAPRA_SUPERVISOR_RETURNS_H

#include "base/parcel.h"

/* Connections that one kind of workers hands over to the other, and that nobody takes: all who
 * could are gone, or stuck. They go back to where they came from, marked, and are answered there
 * with 503. So nobody waits for ever, and this process need not know HTTP. */

/* `has_takers`: whether there is somebody at that end, or will be soon. What waits at an end
 * without any goes back at once, and else when it has waited for PARCEL_PATIENCE_MS; as long as
 * there is somebody to go back to. Returns how many have gone. */
uint32_t returns_sweep(const int ends[2], const bool has_takers[2]);

#endif
