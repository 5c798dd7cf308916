/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_RESPONSE_PRESET_H
#define CAPRA_RESPONSE_PRESET_H

#include "base/buffer.h"

/* Puts `preset` and `lines` together in `out`: header lines that were decided before anyone
 * answered, and those of who answers, which win over equal names. Lent by `out`. */
capra_slice preset_merge(buffer *out, capra_slice preset, capra_slice lines);

/* Puts those of `kept` in `out` that are not in `lines` as they are. */
void preset_keep(buffer *out, capra_slice kept, capra_slice lines);

#endif
