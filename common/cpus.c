// cpus.c - reads the affinity mask and the quotas of Linux's control groups.
//
// A group may use `quota` microseconds of CPU time in each `period`, and so may
// each group around it. There are two versions of the files that say so:
//
//     /proc/self/cgroup          version 2: 0::/GROUP   1: 4:cpu,cpuacct:/GROUP
//     /sys/fs/cgroup/GROUP       cpu.max: "quota period", or "max period"
//     /sys/fs/cgroup/cpu/GROUP   cpu.cfs_quota_us (-1: no limit),
//                                cpu.cfs_period_us
//
// Simplification: groups are looked for in their usual places, not where
// /proc/self/mountinfo says that they are mounted.

#include "cpus.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

#include "integers.h"

// Reads up to two numbers from a file. Returns how many it found.
static int read_numbers(const char *folder, const char *name, long *x,
                        long *y) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    const int found = fscanf(file, "%ld %ld", x, y);
    fclose(file);
    return max_int(found, 0);
}

// The CPUs that one group may use.
static int group_quota(const char *folder) {
    long quota = 0, period = 0, none;
    if (read_numbers(folder, "cpu.max", &quota, &period) < 2) {
        read_numbers(folder, "cpu.cfs_quota_us", &quota, &none);
        read_numbers(folder, "cpu.cfs_period_us", &period, &none);
    }
    if (quota <= 0 || period <= 0 || quota / period >= INT_MAX)
        return INT_MAX;
    return (int)((quota - 1) / period + 1);
}

// The least of a group, below a folder, and of all groups around it. In a
// container the group's own path may be hidden, and its files be the folder's.
static int nested_quota(const char *root, const char *folder,
                        const char *group) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s", root, folder);
    const size_t top = strlen(path);
    snprintf(path + top, sizeof path - top, "%s", group);
    int least = group_quota(path);
    while (strlen(path) > top) {
        *strrchr(path, '/') = '\0';
        least = min_int(least, group_quota(path));
    }
    return least;
}

// Whether the comma-separated list names cpu (and not only cpuset or cpuacct).
static bool names_cpu(const char *list) {
    for (; *list != '\0'; list += strspn(list, ",")) {
        const size_t length = strcspn(list, ",");
        if (length == 3 && strncmp(list, "cpu", length) == 0)
            return true;
        list += length;
    }
    return false;
}

// One line of /proc/self/cgroup, ID:CONTROLLERS:/GROUP.
static int line_quota(const char *root, char *line) {
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL)
        return INT_MAX;
    *controllers++ = *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (*controllers == '\0')
        return min_int(nested_quota(root, "/sys/fs/cgroup", group),
                       nested_quota(root, "/sys/fs/cgroup/unified", group));
    if (names_cpu(controllers))
        return nested_quota(root, "/sys/fs/cgroup/cpu", group);
    return INT_MAX;
}

int cpus_quota(const char *root) {
    char line[4096];
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *file = fopen(line, "r");
    int least = INT_MAX;
    if (file == NULL)
        return least;
    while (fgets(line, sizeof line, file) != NULL)
        least = min_int(least, line_quota(root, line));
    fclose(file);
    return least;
}

// The CPUs that the system's scheduler may put this process on.
static int cpus_of_mask(void) {
#ifdef __linux__
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0)
        return CPU_COUNT(&mask);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int cpus_allowed(const char *root) {
    return max_int(1, min_int(cpus_of_mask(), cpus_quota(root)));
}
