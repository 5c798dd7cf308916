/* SPDX-License-Identifier: MIT */
#include "cli/cpus.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

typedef struct file {
    const char *path, *text;
} file;

typedef struct machine {
    const char *what;
    file files[6];
    double quota;
} machine;

static const machine machines[] = {
    { "no control groups", { { 0 } }, 0 },
    { "version 2, no limit",
      { { "proc/self/cgroup", "0::/\n" }, { "sys/fs/cgroup/cpu.max", "max 100000\n" } },
      0 },
    { "version 2, in a container",
      { { "proc/self/cgroup", "0::/\n" }, { "sys/fs/cgroup/cpu.max", "150000 100000\n" } },
      1.5 },
    { "version 2, the limit is around the group",
      { { "proc/self/cgroup", "0::/a/b\n" },
        { "sys/fs/cgroup/a/cpu.max", "200000 100000\n" },
        { "sys/fs/cgroup/a/b/cpu.max", "max 100000\n" } },
      2 },
    { "version 2, the smallest counts",
      { { "proc/self/cgroup", "0::/a/b\n" },
        { "sys/fs/cgroup/a/cpu.max", "200000 100000\n" },
        { "sys/fs/cgroup/a/b/cpu.max", "50000 100000\n" } },
      0.5 },
    { "version 1",
      { { "proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/1234\n" },
        { "sys/fs/cgroup/cpu,cpuacct/docker/1234/cpu.cfs_quota_us", "300000\n" },
        { "sys/fs/cgroup/cpu,cpuacct/docker/1234/cpu.cfs_period_us", "100000\n" } },
      3 },
    { "version 1, in a container that does not see the path",
      { { "proc/self/cgroup", "4:cpuacct,cpu:/docker/1234\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_period_us", "50000\n" } },
      2 },
    { "version 1, no limit",
      { { "proc/self/cgroup", "4:cpu:/\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n" } },
      0 },
    { "what makes no sense is no limit",
      { { "proc/self/cgroup", "nonsense\n0::\n" }, { "sys/fs/cgroup/cpu.max", "100000\n" } },
      0 },
};

static void make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void write_files(const char *root, const file *files)
{
    for (const file *f = files; f->path != NULL; f++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", root, f->path);
        make_folders(path);
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        fputs(f->text, out);
        fclose(out);
    }
}

static void the_quota_is_the_smallest_around(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        char root[] = "/tmp/capra-test-XXXXXX", command[64];
        assert_non_null(mkdtemp(root));
        write_files(root, machines[i].files);
        double const quota = cpus_quota(root);
        snprintf(command, sizeof command, "rm -r %s", root);
        assert_int_equal(system(command), 0);
        if (quota != machines[i].quota)
            fail_msg("%s: expected %g CPUs, found %g", machines[i].what, machines[i].quota, quota);
    }
}

static void there_is_always_one(void **state)
{
    (void)state;
    assert_in_range(cpus_count(), 1, count_runnable());
}

#ifdef __linux__
static void those_it_may_not_run_on_do_not_count(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(cpus_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quota_is_the_smallest_around),
        cmocka_unit_test(there_is_always_one),
#ifdef __linux__
        cmocka_unit_test(those_it_may_not_run_on_do_not_count),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
