// cpus.h: quotas of control groups, read from files made for the test, and the
// affinity mask.

#include "testing.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cpus.h"

static int quota(void) {
    return cpus_quota(scratch_path("").text);
}

#define CGROUP "proc/self/cgroup"
#define SYS    "sys/fs/cgroup/"

START_TEST(no_files_no_limit) {
    ck_assert_int_eq(quota(), INT_MAX);
    write_text(CGROUP, "");
    ck_assert_int_eq(quota(), INT_MAX);
    write_text(CGROUP, "0::/\n");
    ck_assert_int_eq(quota(), INT_MAX);
}
END_TEST

START_TEST(quota_is_rounded_up) {
    static const struct {
        const char *max;
        int cpus;
    } cases[] = {
        {"max 100000\n", INT_MAX},
        {"50000 100000\n", 1},
        {"100000 100000\n", 1},
        {"100001 100000\n", 2},
        {"150000 100000\n", 2},
        {"200000 100000\n", 2},
        {"6400000 100000\n", 64},
        {"1000 1000000\n", 1},
        {"0 100000\n", INT_MAX},
        {"100000 0\n", INT_MAX},
        {"-1 100000\n", INT_MAX},
        {"100000\n", INT_MAX},
        {"", INT_MAX},
        {"nonsense\n", INT_MAX},
        {"9e18 100000\n", INT_MAX},
        {"9000000000000000000 1\n", INT_MAX},
    };
    write_text(CGROUP, "0::/a\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(SYS "a/cpu.max", cases[i].max);
        ck_assert_msg(quota() == cases[i].cpus, "%s gives %d, not %d",
                      cases[i].max, quota(), cases[i].cpus);
    }
}
END_TEST

START_TEST(least_of_all_groups_around_counts) {
    write_text(CGROUP, "0::/a/b/c\n");
    write_text(SYS "a/b/c/cpu.max", "700000 100000\n");
    ck_assert_int_eq(quota(), 7);
    write_text(SYS "a/b/cpu.max", "max 100000\n");
    write_text(SYS "a/cpu.max", "300000 100000\n");
    ck_assert_int_eq(quota(), 3);
    write_text(SYS "cpu.max", "200000 100000\n");
    ck_assert_int_eq(quota(), 2);
    write_text(SYS "a/b/c/cpu.max", "100000 100000\n");
    ck_assert_int_eq(quota(), 1);
    write_text(SYS "a/b/c/d/cpu.max", "1 100000\n"); // a group inside
    write_text(SYS "b/cpu.max", "1 100000\n");       // and one beside
    write_text(SYS "a/b/c/cpu.max", "200000 100000\n");
    ck_assert_int_eq(quota(), 2);
}
END_TEST

// A container sees its own files at the top, but perhaps the host's path.
START_TEST(path_of_a_container_is_hidden) {
    write_text(CGROUP, "0::/system.slice/docker-0123.scope\n");
    write_text(SYS "cpu.max", "150000 100000\n");
    ck_assert_int_eq(quota(), 2);
    write_text(CGROUP, "0::/../..\n");
    ck_assert_int_eq(quota(), 2);
}
END_TEST

START_TEST(version_1) {
    write_text(CGROUP, "12:pids:/a\n4:cpu,cpuacct:/a/b\n0::/\n");
    write_text(SYS "cpu/a/b/cpu.cfs_quota_us", "-1\n");
    write_text(SYS "cpu/a/b/cpu.cfs_period_us", "100000\n");
    ck_assert_int_eq(quota(), INT_MAX);
    write_text(SYS "cpu/a/cpu.cfs_quota_us", "120000\n");
    ck_assert_int_eq(quota(), INT_MAX); // of an unknown period
    write_text(SYS "cpu/a/cpu.cfs_period_us", "50000\n");
    ck_assert_int_eq(quota(), 3);
    write_text(SYS "cpu/a/b/cpu.cfs_quota_us", "20000\n");
    ck_assert_int_eq(quota(), 1);
}
END_TEST

START_TEST(other_controllers_say_nothing) {
    static const char *const with[] = {"cpu", "cpu,cpuacct", "cpuacct,cpu",
                                       "cpuacct,cpu,pids"};
    static const char *const without[] = {
        "cpuset", "cpuacct", "cpus", "cp", "name=cpu", "cpuset,cpuacct"};
    char line[64];
    write_text(SYS "cpu/a/cpu.cfs_quota_us", "100000\n");
    write_text(SYS "cpu/a/cpu.cfs_period_us", "100000\n");
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        snprintf(line, sizeof line, "3:%s:/a\n", with[i]);
        write_text(CGROUP, line);
        ck_assert_msg(quota() == 1, "%s", line);
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        snprintf(line, sizeof line, "3:%s:/a\n", without[i]);
        write_text(CGROUP, line);
        ck_assert_msg(quota() == INT_MAX, "%s", line);
    }
}
END_TEST

START_TEST(both_versions_side_by_side) {
    write_text(CGROUP, "1:cpu:/a\n0::/b\n");
    write_text(SYS "unified/b/cpu.max", "300000 100000\n");
    ck_assert_int_eq(quota(), 3);
    write_text(SYS "cpu/a/cpu.cfs_quota_us", "200000\n");
    write_text(SYS "cpu/a/cpu.cfs_period_us", "100000\n");
    ck_assert_int_eq(quota(), 2);
}
END_TEST

START_TEST(damaged_lines_are_left_out) {
    char line[9000];
    memset(line, 'x', sizeof line);
    memcpy(line, "0::/", 4);
    line[sizeof line - 1] = '\0';
    write_text(SYS "cpu.max", "200000 100000\n");
    static const char *const damaged[] = {"\n", "cpu\n", "0:\n", ":\n", "0"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        write_text(CGROUP, damaged[i]);
        ck_assert_msg(quota() == INT_MAX, "%s", damaged[i]);
    }
    write_text(CGROUP, "0::");
    ck_assert_int_eq(quota(), 2);
    write_text(CGROUP, line); // longer than any path
    quota();
}
END_TEST

START_TEST(mask_and_quota_and_at_least_one) {
    const Path root = scratch_path("");
    ck_assert_int_ge(cpus_allowed(""), 1);
    write_text(CGROUP, "0::/\n");
    write_text(SYS "cpu.max", "100 100000\n");
    ck_assert_int_eq(cpus_allowed(root.text), 1);
#ifdef __linux__
    cpu_set_t one;
    write_text(SYS "cpu.max", "max 100000\n");
    ck_assert_int_eq(sched_getaffinity(0, sizeof one, &one), 0);
    const int all = CPU_COUNT(&one);
    ck_assert_int_eq(cpus_allowed(root.text), all);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) > 1; i++)
        CPU_CLR(i, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0) // qemu may refuse
        ck_assert_int_eq(cpus_allowed(root.text), 1);
#endif
}
END_TEST

int main(void) {
    const Test tests[] = {
        {no_files_no_limit},
        {quota_is_rounded_up},
        {least_of_all_groups_around_counts},
        {path_of_a_container_is_hidden},
        {version_1},
        {other_controllers_say_nothing},
        {both_versions_side_by_side},
        {damaged_lines_are_left_out},
        {mask_and_quota_and_at_least_one},
    };
    return run_tests("cpus", tests, sizeof tests / sizeof *tests);
}
