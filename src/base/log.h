/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_LOG_H
#define CAPRA_BASE_LOG_H

#include <stdbool.h>

/* One line on stderr, for the operator. Control characters in the message are escaped,
 * so that a client cannot forge a line. */
typedef enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR } log_level;

void log_line(log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether what is written there may have colours: only where a person looks who has not asked for
 * none (NO_COLOR; https://no-color.org). */
bool log_is_colored(int fd);

#endif
