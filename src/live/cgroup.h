/* The names of cgroups by their ids, which are inode numbers of the folders of the cgroup2 file system. */
#pragma once

#include <stdint.h>

struct cgroups;

/* Returns 0 or -ENOMEM. Where no such file system is mounted, no name is found. */
int cgroups_new(struct cgroups **ret_cgroups);
struct cgroups *cgroups_free(struct cgroups *cgroups);

/* "/system.slice/nginx.service", or NULL. Valid until the next call; @now_ns keeps it from looking too often. */
const char *cgroups_name(struct cgroups *cgroups, uint64_t id, uint64_t now_ns);
