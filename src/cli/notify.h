/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_NOTIFY_H
#define CAPRA_CLI_NOTIFY_H

/* Tells systemd that the server serves, when its unit says Type=notify (sd_notify(3)); else
 * nothing. The variable NOTIFY_SOCKET is used up with notify_init, before others inherit it. */
void notify_init(void);
void notify_ready(void);

#endif
