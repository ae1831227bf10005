/*
 * A cgroup for a program and all that it starts: the kernel notes with each socket in which cgroup it was made, so that
 * the sockets of the program's tree can be told from all others of the host.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct run_group {
        char path[256];
        uint64_t id;                    /* as the kernel numbers it */
        int keeper;                     /* closed when we end, however that is */
};

#define RUN_GROUP_WHY_MAX 384

/* Below the one that we are in. A process of its own keeps the right to remove it, and does so when we have ended and
 * nobody is left in it. Returns 0, or a negative errno and a sentence for people. */
int run_group_make(struct run_group *ret_group, char why[static RUN_GROUP_WHY_MAX]);

/* Puts the process there, and with it what it will start. */
int run_group_take(const struct run_group *group, pid_t pid);

/* Is any process left in it? */
bool run_group_lives(const struct run_group *group);

/* Leaves it to the keeper. */
void run_group_leave(const struct run_group *group);
