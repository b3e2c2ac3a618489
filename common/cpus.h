// cpus.h - how many CPUs this process may use.
//
// A machine may have 64, but the process be confined to some of them (taskset,
// a batch system), or to the time of so many (a container). Threads beyond
// these only wait for each other.

#ifndef DL_CPUS_H
#define DL_CPUS_H

// At least 1. On Linux the smaller of the CPUs in the process's affinity mask
// and of what cpus_quota says; elsewhere the CPUs that are online.
int cpus_allowed(const char *root);

// The CPU time per time that the process's control groups allow it, rounded up
// to whole CPUs; a huge number if they set no limit. root is "", or a folder to
// look for /proc and /sys in.
int cpus_quota(const char *root);

#endif
