/* The record of a connection that was watched, and what `finis watch` says of it. */
#pragma once

#include <stdio.h>

#include "ending/judge.h"
#include "ending/record.h"
#include "live/act.h"
#include "live/cgroup.h"
#include "live/facts.h"
#include "netlink/ended.h"
#include "report/style.h"

struct watch_record {
        struct record record;
        struct evidence evidence;
        struct facts facts;
        char id[24];
        char comm[2][LIVE_COMM + 1];            /* SIDE_CLIENT, SIDE_SERVER */
        char act_comm[2][LIVE_COMM + 1];
        char cgroup[2][256];
        struct live_act act[2];
        bool words_unknown;                     /* what its last bytes said was not to be seen */
};

/* It points into itself: it must not be moved. @wire is what its packets tell; it and @cgroups may be NULL. */
void watch_record(struct watch_record *ret, const struct live_connection *c, const struct live_clock *clock,
                  const struct facts *wire, bool evidence, struct cgroups *cgroups);

/* Of a socket of which only its destruction was heard: what was in it, and not how it ended. */
void watch_record_heard(struct watch_record *ret, const struct ended_socket *socket, int64_t until_ns, bool evidence);

/* What a reader would see change: two records with the same are not told twice. */
uint64_t watch_record_digest(const struct record *r);

/* Is the process @pid the owner of an end, or has it ended one? */
bool watch_record_is_of(const struct watch_record *r, uint32_t pid);

void watch_record_write(FILE *file, const struct watch_record *r, bool evidence, const struct style *style);
