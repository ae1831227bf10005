/*
 * The ending record, version 1: what is said of one connection, whatever the source. Every output
 * is made from it. The order of the members is the order of the keys in JSON (docs/record.md says
 * what each means, docs/record.schema.json what each may be).
 *
 * record_init() makes a record of which nothing is known; whoever fills it sets what it knows and
 * leaves the rest. Strings are borrowed: they must live until the record was printed. A string that
 * is not known is NULL. Times are nanoseconds since 1970, UTC; spans are nanoseconds. Counts of bytes
 * are stream bytes: neither SYN nor FIN counts.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/maybe.h"
#include "words/act.h"
#include "words/cause.h"
#include "words/certainty.h"
#include "words/closed.h"
#include "words/conn_state.h"
#include "words/ending.h"
#include "words/fate.h"
#include "words/os.h"
#include "words/reset.h"
#include "words/retry.h"
#include "words/roles.h"
#include "words/severity.h"
#include "words/side.h"
#include "words/sides_seen.h"
#include "words/source.h"

#define RECORD_VERSION 1
#define RECORD_NEXT_MAX 4

/* One end: its address, and of whose it is what is known. */
struct record_end {
        char ip[INET6_ADDRSTRLEN];
        uint16_t port;
        enum os os;
        struct maybe_u64 pid;
        const char *comm;
        const char *cgroup;
        struct maybe_u64 netns; /* the inode number of its network namespace */
};

/* One direction: the bytes from its sender, and what became of them. */
struct record_direction {
        struct maybe_u64 bytes;          /* sent at least once */
        struct maybe_u64 acked;          /* acknowledged by segments that the sender's kernel takes acks from */
        struct maybe_u64 acked_by_reset; /* the position that the receiver's own RST acknowledges */
        struct maybe_u64 uncertain;      /* bytes less the greater of the two above */
        struct maybe_u64 unsent;         /* taken from the program, never sent */
        struct maybe_u64 unread;         /* arrived, never read by the receiving program */
        enum closed closed;
        struct maybe_bool fin_acked;
        struct maybe_u64 retransmitted;  /* payload bytes sent again, each time counted */
        struct maybe_u64 missing;        /* acknowledged, but not seen by the source */
        struct maybe_u64 packets;
        enum fate fate;
};

/* The RST that ended the connection; where none did, the first. */
struct record_reset {
        bool seen;                       /* false: there was none, printed as null */
        enum reset_kind kind;
        enum side by;                    /* SIDE_NETWORK only where shown not to be the end it names */
        struct maybe_u64 frame;
        uint64_t count;                  /* of all RSTs of the connection */
        enum reset_validity valid;
        struct maybe_bool obeyed;
        struct maybe_u64 window;         /* as in the segment, not scaled */
        struct maybe_u64 ttl;            /* as seen, hop limit for IPv6 */
        const char *kernel_reason;       /* the running kernel's own word */
        bool unasked;                    /* nothing can have drawn it; for sentences, printed by no output of keys */
};

/* What one end's program did. */
struct record_act {
        bool known;
        enum act how;
        struct maybe_u64 signal;
        const char *call;                /* the system call */
        struct maybe_u64 pid;
        const char *comm;
};

/* What a call told a program. */
enum told_kind {
        TOLD_BYTES,                      /* it returned a count; 0 from a receiving call is the end */
        TOLD_ERROR,
        TOLD_SENT,                       /* it would take the bytes */
        TOLD_WAITS,                      /* it would wait, or say EAGAIN */
};

struct told {
        enum told_kind kind;
        uint64_t bytes;
        int error;                       /* positive */
        bool sigpipe;
};

struct saw {
        const char *call;
        struct told told;
};

/* What would come next, if the program received, or if it sent: each alone, from the same moment. */
struct record_next {
        bool known;
        struct told if_recv[RECORD_NEXT_MAX];
        size_t n_if_recv;
        struct told if_send[RECORD_NEXT_MAX];
        size_t n_if_send;
};

struct record_saw {
        bool known;
        const struct saw *calls;         /* borrowed */
        size_t n_calls;
};

struct record_seen {
        enum roles roles;
        enum sides_seen sides;
        bool gaps;
        bool cut;
        bool both_ends;
};

struct record {
        enum source source;
        const char *id;
        uint64_t rev;
        struct record_end client, server;
        struct maybe_i64 started;
        struct maybe_i64 ended;
        struct maybe_i64 duration;
        struct maybe_i64 idle_before;
        enum ending ending;
        bool ongoing;
        enum side ended_by;
        enum side silent;
        enum severity severity;
        enum cause cause;                /* CAUSE_NONE: none is stated */
        enum cause causes[N_CAUSES];     /* likeliest first */
        size_t n_causes;
        enum certainty certainty;
        struct record_direction to_server, to_client;
        struct record_reset reset;
        struct record_act client_act, server_act;
        struct record_next client_next;
        struct record_saw client_saw;
        struct record_next server_next;
        struct record_saw server_saw;
        struct record_seen seen;
        enum retry retry;
        bool conn_state_known;
        enum conn_state conn_state;
        const char *history;
        struct maybe_u64 file;
        struct maybe_u64 first_frame, last_frame; /* both or neither */
        const char *const *evidence;     /* borrowed; printed on demand */
        size_t n_evidence;
        bool roomy;                      /* 16 bytes can be read of @id and of @history, however short they are */
        bool plain;                      /* judge_again() made it; its caller gave it a name, and nothing else */
};

/* A record of which nothing is known: ending unseen, severity fine, certainty possible, rev 1. */
void record_init(struct record *r, enum source source, const char *id);

/* Uncertain bytes from the three counts of a direction; unknown where they do not suffice. */
struct maybe_u64 record_uncertain(const struct record_direction *d);

/* Adds a cause at the end of the list, unless it is there. */
void record_add_cause(struct record *r, enum cause cause);

/* The sender and the direction that it sends into. */
struct record_direction *record_from(struct record *r, enum side sender);

/*
 * NULL where the record keeps the rules that bind its keys together (docs/record.md, "Rules");
 * else the first rule that it breaks, as a sentence.
 */
const char *record_fault(const struct record *r);
