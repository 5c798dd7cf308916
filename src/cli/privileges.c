/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

static bool read_id(unsigned *out, const char *text)
{
    char *end;
    errno = 0;
    unsigned long const number = strtoul(text, &end, 10);
    *out = (unsigned)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number < (unsigned)-1;
}

/* There is one thread, so the answers that the system lends stay as they are. */
static bool find_user(account *out, const char *text)
{
    unsigned id = 0;
    const struct passwd *entry = getpwnam(text); /* cppcheck-suppress getpwnamCalled */
    if (entry == NULL && !read_id(&id, text)) {
        fprintf(stderr, "capra: --user: there is no user `%s` on this machine\n", text);
        return false;
    }
    if (entry == NULL)
        entry = getpwuid(id); /* cppcheck-suppress getpwuidCalled */
    *out = (account){ .user = id, .group = id };
    if (entry == NULL)
        return true;
    out->user = entry->pw_uid;
    out->group = entry->pw_gid;
    snprintf(out->name, sizeof out->name, "%s", entry->pw_name);
    snprintf(out->home, sizeof out->home, "%s", entry->pw_dir);
    return true;
}

static bool find_group(account *out, const char *text)
{
    unsigned id;
    const struct group *entry = getgrnam(text); /* cppcheck-suppress getgrnamCalled */
    if (entry != NULL) {
        out->group = entry->gr_gid;
        return true;
    }
    if (!read_id(&id, text)) {
        fprintf(stderr, "capra: --user: there is no group `%s` on this machine\n", text);
        return false;
    }
    out->group = id;
    return true;
}

bool privileges_find(account *out, const char *text)
{
    char name[64];
    size_t const length = strcspn(text, ":");
    if (length == 0 || length >= sizeof name) {
        fprintf(stderr, "capra: --user: found `%s`, expected NAME or NAME:GROUP\n", text);
        return false;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    return find_user(out, name) && (text[length] == '\0' || find_group(out, text + length + 1));
}

static bool refuse(const account *to, const char *reason)
{
    fprintf(stderr, "capra: --user: cannot become user %u, group %u: %s\n", (unsigned)to->user,
            (unsigned)to->group, reason);
    return false;
}

static void set_surroundings(const account *to)
{
    if (to->name[0] == '\0')
        return;
    setenv("USER", to->name, true);
    setenv("LOGNAME", to->name, true);
    setenv("HOME", to->home, true);
}

bool privileges_drop(const account *to)
{
    if (geteuid() == to->user && getegid() == to->group && geteuid() != 0)
        return true; /* it is that user already */
    if (geteuid() != 0)
        return refuse(to, "only root can become somebody else; start it as root, or as that user "
                          "without --user");
    bool const has_groups =
        to->name[0] != '\0' ? initgroups(to->name, to->group) == 0 : setgroups(1, &to->group) == 0;
    /* The user last: from then on nothing of this is allowed. */
    if (!has_groups || setgid(to->group) != 0 || setuid(to->user) != 0)
        return refuse(to, strerror(errno));
    if (to->user != 0 && setuid(0) == 0)
        return refuse(to, "the system lets it become root again");
#ifdef __linux__
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
    set_surroundings(to);
    return true;
}
