/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un systemd;
static socklen_t systemd_length;

/* A path, or behind an @ a name in the abstract namespace, which begins with a zero byte. */
void notify_init(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t const length = name == NULL ? 0 : strlen(name);
    systemd_length = 0;
    if (length > 1 && length < sizeof systemd.sun_path && (name[0] == '/' || name[0] == '@')) {
        systemd = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(systemd.sun_path, name, length);
        if (name[0] == '@')
            systemd.sun_path[0] = '\0';
        systemd_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    }
    unsetenv("NOTIFY_SOCKET");
}

void notify_ready(void)
{
    static const char state[] = "READY=1";
    if (systemd_length == 0)
        return;
    int const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    sendto(fd, state, sizeof state - 1, MSG_NOSIGNAL, (const struct sockaddr *)&systemd,
           systemd_length);
    close(fd);
}
