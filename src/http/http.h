/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_HTTP_H
#define CAPRA_HTTP_H

/* The HTTP/1.1 grammar, both ways: pure functions over bytes, no I/O and no allocation. */

#include "chunked.h"
#include "coding.h"
#include "date.h"
#include "field.h"
#include "head.h"
#include "method.h"
#include "query.h"
#include "range.h"
#include "status.h"
#include "uri.h"

#endif
