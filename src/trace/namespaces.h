/*
 * The network namespaces, beside finis' own, in which the traced programs have sockets. Of the end of a socket, and of
 * what is left of it, the kernel tells only within its namespace: so that is entered, by a child that comes back with
 * the sockets to hear and to ask by. That takes rights in the namespace; whoever may not enter is counted.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct diag;
struct ended;

struct namespace {
        uint64_t cookie;                /* SO_NETNS_COOKIE */
        struct ended *ended;            /* NULL: it could not be entered */
        struct diag *diag;
        int64_t used_ns;                /* when a socket in it was last known */
        struct namespace *next;
};

struct namespaces {
        uint64_t own;                   /* 0: this kernel tells no cookies (before Linux 5.14) */
        struct namespace *first;
        int refused;                    /* entering one was, with this positive errno; 0: it was not */
        uint64_t n_lost;                /* of those that were left: ended_lost() */
};

void namespaces_init(struct namespaces *namespaces);
void namespaces_deinit(struct namespaces *namespaces);

/* The namespace of that cookie, if it is known and not finis' own; else NULL. */
struct namespace *namespaces_find(const struct namespaces *namespaces, uint64_t cookie);

/* A socket of thread @tid was met there: what comes of it will be heard, if we may. */
void namespaces_meet(struct namespaces *namespaces, uint64_t cookie, pid_t tid, int64_t now_ns);

/* Leaves those in which no socket was known of late: as long as we listen, a namespace stays. */
void namespaces_leave(struct namespaces *namespaces, int64_t now_ns);

uint64_t namespaces_lost(const struct namespaces *namespaces);
