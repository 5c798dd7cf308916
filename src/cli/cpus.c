/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif

/* The start of a file as text; false when there is none. */
static bool read_text(char *out, size_t size, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t const length = fread(out, 1, size - 1, file);
    fclose(file);
    out[length] = '\0';
    return length > 0;
}

static double smaller(double a, double b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static double share(double quota, double period)
{
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* "max 100000" or "150000 100000" */
static double read_version_2(const char *folder)
{
    char path[PATH_MAX + 32], text[128];
    char *rest;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!read_text(text, sizeof text, path))
        return 0;
    double const quota = strtod(text, &rest);
    return rest == text ? 0 : share(quota, strtod(rest, NULL));
}

static double read_version_1(const char *folder)
{
    char path[PATH_MAX + 32], quota[64], period[64];
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (!read_text(quota, sizeof quota, path))
        return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if (!read_text(period, sizeof period, path))
        return 0;
    return share(strtod(quota, NULL), strtod(period, NULL));
}

typedef double (*read_quota_fn)(const char *folder);

/* A group has no more than the groups around it. In a container the path may be the host's, which
 * is not there; its top is. */
static double smallest_upwards(const char *top, const char *group, read_quota_fn read)
{
    char folder[PATH_MAX];
    double quota = 0;
    int const length = snprintf(folder, sizeof folder, "%s%s", top, group);
    if (length < 0 || (size_t)length >= sizeof folder)
        return 0;
    for (;;) {
        quota = smaller(quota, read(folder));
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= strlen(top) || slash == NULL)
            return quota;
        *slash = '\0';
    }
}

static bool names_cpu(const char *controllers)
{
    char text[256];
    char *rest = text;
    snprintf(text, sizeof text, "%s", controllers);
    for (const char *one; (one = strsep(&rest, ",")) != NULL;)
        if (strcmp(one, "cpu") == 0)
            return true;
    return false;
}

/* A line of /proc/self/cgroup: `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1. */
static double quota_of_line(char *line, const char *root)
{
    char top[PATH_MAX];
    strsep(&line, ":");
    const char *controllers = strsep(&line, ":");
    if (line == NULL || controllers == NULL)
        return 0;
    if (controllers[0] == '\0') {
        snprintf(top, sizeof top, "%s/sys/fs/cgroup", root);
        return smallest_upwards(top, line, read_version_2);
    }
    if (!names_cpu(controllers))
        return 0;
    snprintf(top, sizeof top, "%s/sys/fs/cgroup/%s", root, controllers);
    if (access(top, R_OK) != 0)
        snprintf(top, sizeof top, "%s/sys/fs/cgroup/cpu", root);
    return smallest_upwards(top, line, read_version_1);
}

double cpus_quota(const char *root)
{
    char path[PATH_MAX], text[8192];
    double quota = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!read_text(text, sizeof text, path))
        return 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        quota = smaller(quota, quota_of_line(line, root));
    return quota;
}

static uint32_t count_runnable(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
#endif
    long const online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

/* Of one CPU and a half, the half is for what Node does beside its loop. */
uint32_t cpus_count(void)
{
    uint32_t const runnable = count_runnable();
    double const quota = cpus_quota("");
    if (quota == 0 || quota >= runnable)
        return runnable;
    return quota < 1 ? 1 : (uint32_t)quota;
}
