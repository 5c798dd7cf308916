/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_EDIT_H
#define CAPRA_HTTP_EDIT_H

#include "head.h"

/* Changes to a head that has been parsed completely, in its bytes and in what is known of them, so
 * that whoever reads it later, by whatever way, reads the same. What stands behind the head stays
 * where it is. */

/* Takes a field away, with its line. */
void http_head_remove(http_head *head, char *data, uint32_t index);

/* Makes `part`, a part of the field's value, all of it. */
void http_head_narrow(http_head *head, char *data, uint32_t index, capra_slice part);

#endif
