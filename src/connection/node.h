/*
 * What is kept of one connection while it is followed: two directions, each named by its sender (0 sent the
 * first segment, 1 is the other end), and what belongs to both. Facts are made of it only when it is given out
 * (give.c). What few connections need (holes, RSTs, SACK, ICMP) lies in a struct extra, made on demand.
 *
 * Positions are 64-bit counts from the first byte of a direction, or from the first seen. A SYN stands at -1,
 * a FIN after the last byte. On the wire they are known modulo 2^32 only: they are unwrapped around the
 * last position known, so a stream may be longer than 4 GiB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "connection/roles.h"
#include "connection/tracker.h"
#include "connection/zeek.h"
#include "ending/facts.h"
#include "wire/segment.h"
#include "wire/seq.h"

/* @realm: within it, ends are the same if addresses and ports are. */
enum {
        REALM_IPV4 = 1,
        REALM_VLAN_SHIFT = 1,
};

enum {
        NODE_NONE = 0,                  /* no node, or no extra: numbers begin at 1 */
        HOLES_MAX = 8,
        FINGERPRINTS = 4,
        ISNS_MAX = 4,
        INTERLEAVED = 2,                /* so often by turns here and there, and it is two streams */
};

/* No window reaches further (RFC 7323, 2.3); what lies beyond this much is not believed at its first sight. */
#define REACH ((int64_t)16 << 20)
#define PAST ((int64_t)1 << 30)

enum {
        DIRECTION_BASE = 1 << 0,        /* @base is known */
        DIRECTION_SOFT = 1 << 1,        /* … but only from an empty segment or the other's acknowledgement */
        DIRECTION_SYN = 1 << 2,         /* its SYN or SYN-ACK was seen */
        DIRECTION_FIN = 1 << 3,
        DIRECTION_FIN_ACKED = 1 << 4,
        DIRECTION_SCALE = 1 << 5,       /* its SYN bore a window scale */
        DIRECTION_TIMESTAMPS = 1 << 6,  /* its last segments have them */
        DIRECTION_WINDOW = 1 << 7,      /* @window was seen */
        DIRECTION_SYN_WHOLE = 1 << 8,   /* all options of its SYN were at hand */
        DIRECTION_MPTCP = 1 << 9,       /* its SYN, or a later segment, has an option of MPTCP */
        DIRECTION_OTHER_OS = 1 << 10,   /* it sent what Linux does not */
        DIRECTION_LINUX = 1 << 11,      /* its SYN is as Linux makes it */
        DIRECTION_GOODBYE = 1 << 12,    /* its last new payload is one */
        DIRECTION_GOODBYE_KNOWN = 1 << 13,
        DIRECTION_SYN_DATA = 1 << 14,
        DIRECTION_WENT_ON = 1 << 15,    /* it talked on after a RST in its name */
};

/* Of which kinds an end has sent a plain segment since there was any that is not, from either end (plain.c) … */
enum {
        PLAIN_ACK = 1 << 0,
        PLAIN_DATA = 1 << 1,
        PLAIN_NEXT_SHIFT = 2,           /* … and the same again: so has the other end, of whichever kind */
};

/* No segment was before. */
#define NEVER INT64_MIN

/* A segment worth remembering: when it was seen, and when the one before it, from whichever end. */
struct mark {
        int64_t at;
        uint8_t kind : 5;               /* enum segment_kind */
        bool repeat : 1;                /* it had been sent before */
        bool answered : 1;              /* by a RST */
        bool has_ack : 1;
        uint8_t ttl;
        uint16_t room;                  /* what it takes in the stream, its FIN included; the greatest: so
                                         * much or more */
        uint32_t position;              /* its low bits: see mark_position() */
        int64_t before;                 /* or NEVER */
        uint32_t frame;                 /* 0: not known, or too great */
        uint32_t ack;                   /* the number that it acknowledged */
        uint16_t window, ip_id;
} __attribute__((packed, aligned(4)));

/* The times of a mark alone. */
struct moment {
        int64_t at;
        int64_t before;
        uint32_t frame;
} __attribute__((packed, aligned(4)));

/* The order is that of use, in lines of 64 bytes. What is usual (plain.c) touches of its sender the first two, and with
 * data the next two, without it the fifth; of the other end the first, and the third if it acknowledges anything. All
 * of them are fetched ahead (table_fetch_any()). */
struct direction {
        int64_t next;                   /* where the byte after the last one seen stands */
        int64_t acked;                  /* by the other end, a FIN included; -1: not even the SYN */
        int64_t last;                   /* when its last segment was seen */
        uint64_t packets;
        uint64_t payload_seen;
        uint32_t base;                  /* the sequence number of position 0 */
        uint32_t ack;                   /* the number that its last segment acknowledged */
        uint16_t flags;                 /* DIRECTION_* */
        uint16_t window;                /* of its last segment, not scaled */
        uint16_t ip_id;
        uint8_t ttl_least, ttl_most;
        uint8_t ip_id_steps;            /* how often its IP ID went on by little … */
        uint8_t ip_id_jumps;            /* … or did not */
        uint8_t asked;                  /* which of @request is the last */
        bool waits;                     /* @since is set */
        bool waits_later;               /* @later is set */
        bool heard;                     /* the other end said something since it asked last */
        uint8_t plain;                  /* PLAIN_* */
        uint8_t scale : 4;
        uint8_t repeated : 4;           /* enum segment_kind */

        struct {
                uint32_t what[FINGERPRINTS];    /* digests of the last headers, … */
                uint32_t when[FINGERPRINTS];    /* … and microseconds */
        } fingerprint;
        uint64_t payloads;
        int64_t last_payload;
        uint64_t run;                   /* new bytes since the other end's last payload */
        uint32_t last_payload_frame;
        uint32_t n_keepalives;          /* since its last data */

        int64_t edge;                   /* up to where the other end's window has let it send; 0: not known */
        struct moment since;            /* the first of what is not answered yet */
        struct mark request[2];         /* its last two that take room in the stream, or are probes */
        struct moment later;            /* what was first sent when the first was on its way … */
        uint32_t later_position;        /* … and where, its low bits */
        uint32_t fin_frame;

        struct mark bare_ack;           /* its last segment that says nothing but an acknowledgement; or not even that:
                                         * @ack is then what a RST to it acknowledges */
        uint16_t repeats, keepalives, probes;   /* void once it was heard */
        uint16_t fin_repeats;
        uint32_t fin_ack;               /* the least number that its FIN acknowledged */
        int64_t answers_in;             /* the least time in which it answered; 0: not known */
        uint64_t retransmitted;

        int64_t first_payload;
        int64_t fin;                    /* position of the FIN */
        int64_t fin_at, fin_before, fin_acked_at;
        uint64_t after_peer_fin;
        /* Keepalive probes since its last data, answered or not. */
        int64_t last_keepalive, keepalive_gap;
};

_Static_assert(sizeof(struct direction) == 6 * 64 && offsetof(struct direction, fingerprint) == 64 &&
               offsetof(struct direction, edge) == 2 * 64 && offsetof(struct direction, bare_ack) == 4 * 64 &&
               offsetof(struct direction, first_payload) == 5 * 64, "a direction is whole lines");

enum {
        CONNECTION_ENDED = 1 << 0,      /* nothing more is expected of it */
        CONNECTION_ESTABLISHED = 1 << 1,
        CONNECTION_BOTH_ACKED = 1 << 2,
        CONNECTION_RESET = 1 << 3,      /* a RST was seen */
        CONNECTION_CUT = 1 << 4,        /* some frame was cut */
        CONNECTION_TWO_ISNS = 1 << 5,
        CONNECTION_REUSED = 1 << 6,     /* another took its addresses and ports */
        CONNECTION_MIDSTREAM = 1 << 7,  /* it began without a SYN */
        CONNECTION_GIVEN = 1 << 8,      /* given out once at least */
        CONNECTION_CHANGED = 1 << 9,    /* … and a straggler came since */
        CONNECTION_EVICTED = 1 << 10,
        CONNECTION_PAYLOAD_BY_1 = 1 << 11, /* the last new payload was from side 1 */
        CONNECTION_PAYLOAD = 1 << 12,   /* there was payload at all */
        CONNECTION_SUSPECT = 1 << 13,   /* numbers were seen that fit nowhere */
        CONNECTION_TWINS = 1 << 15,     /* some of its packets were captured twice for sure */
        CONNECTION_PENDING = 1 << 14,   /* a SYN whose meaning is not clear yet; it is not in the index */
};

struct reset {
        int64_t at, before;
        uint64_t frame;
        uint64_t repeats;
        int64_t position;               /* in its sender's direction */
        int64_t ack_position;
        struct mark answered;           /* if @answers is known */
        uint32_t seq, ack;
        uint32_t payload;
        uint16_t window;
        uint16_t ip_id;
        uint8_t ttl;
        uint8_t by;
        uint8_t validity;
        uint8_t answers;                /* enum segment_kind, N_SEGMENT_KINDS: not known */
        uint8_t mptcp_reason;
        bool has_ack, options, ack_known, ack_impossible, ttl_differs, ttl_known, ip_id_known, ip_id_jumps;
        bool drew_data;                 /* it or a repeat answers payload sent for the first time */
        bool behind, after_both_acked, mptcp_reason_known, mirrors, position_known;
        bool ignored;                   /* its receiver went on … */
        bool ignored_surely;            /* … which shows by more than the time */
        bool unasked;                   /* nothing can have drawn it, for so long had the other end been silent */
        bool confirmed;                 /* its receiver answers with RSTs now */
        bool went_on;                   /* the end that it names talked on */
        int64_t sent;                   /* what its sender had sent when it came */
        bool may_stay_silent;           /* its receiver would send nothing either way */
        bool no_window, no_options;     /* cut before them */
};

/* A piece of a stream that was not seen. */
struct hole {
        int64_t start, end;
};

/* What few connections need. */
struct extra {
        struct hole *hole[2];           /* by sender, in order; of struct table; NULL: there never was any */
        uint64_t lost[2];               /* bytes in holes that there was no room for */
        int64_t sack_edge[2];           /* the end of the highest block reported of this sender's bytes */
        int64_t sack_bytes[2];
        int64_t beyond[2];              /* where this sender's empty segments stand, if not all before them
                                         * was seen … */
        uint32_t beyond_from[2];        /* … and from which number that counts */
        int64_t suspect_from[2];        /* where a segment that was not believed began … */
        int64_t suspect[2];             /* … and ended */
        int64_t suspect_ack[2];
        struct reset *reset[FACTS_RESETS_MAX];  /* the first @n_resets; of struct table */
        uint64_t n_resets_in_all;
        int64_t icmp_at;
        uint32_t icmp_frame;
        uint32_t alternate_isn[ISNS_MAX];
        uint32_t challenge_acks[2];
        uint32_t pending;               /* the node of a SYN whose meaning is not clear yet */
        uint8_t n_holes[2];
        uint8_t n_alternates, alternates_of; /* other numbers that a SYN-ACK offered, and who sent it */
        bool suspects[2], suspects_ack[2];
        uint8_t n_resets;
        bool icmp;
        uint8_t icmp_error, icmp_to, icmp_quoted;
        bool icmp_from_end, icmp_quoted_known;
        bool siblings_reset;
        uint8_t interleaved[2];         /* how often it was in two places by turns */
        bool restarted[2];              /* it knew nothing of the connection any more */
        bool challenged;                /* the SYN that waits drew an ACK for the old connection */
};

/* Which connection it is, and where it stands in the index and the lists. */
struct head {
        uint32_t address[2];            /* the first four bytes of each as they lie: of IPv4 that is all */
        uint16_t port[2];
        uint32_t realm;                 /* the family, and the VLANs if they matter */

        uint8_t rest[2][12];            /* of the addresses; IPv4: zeroes */
        uint32_t hash;
        uint32_t queued;                /* the tick in which it was put at its place in the list (struct tracker's) */
        uint8_t list;
        uint8_t n_packed;               /* how often it was */
        bool awaited;                   /* a SYN beside it waits: its extra's @pending is one */
};

/* The whole address of an end; IPv4: the first four bytes, the others 0. */
static inline void head_address(const struct head *h, unsigned end, uint8_t ret_address[static 16])
{
        memcpy(ret_address, &h->address[end], 4);
        memcpy(ret_address + 4, h->rest[end], 12);
}

static inline bool head_is_address(const struct head *h, unsigned end, const uint8_t address[static 16])
{
        uint8_t mine[16];

        head_address(h, end, mine);
        return memcmp(mine, address, sizeof(mine)) == 0;
}

static inline void head_set_address(struct head *h, unsigned end, const uint8_t address[static 16])
{
        memcpy(&h->address[end], address, 4);
        memcpy(h->rest[end], address + 4, 12);
}

struct connection {
        /* A line of 64 bytes with the head. */
        struct head head;
        uint32_t extra;
        uint32_t last_file;             /* that of @last_frame */
        uint16_t flags;                 /* CONNECTION_* */
        uint8_t last_kind, last_sender; /* of its last segment */

        /* The next line holds these and the part of @zeek that nearly every segment touches. */
        int64_t last;                   /* the greatest of the times of its segments */
        int64_t previous;               /* time of the last segment in file order */
        uint64_t last_frame;
        struct zeek zeek;

        int64_t first;                  /* time of its first segment */
        uint64_t first_frame;
        uint32_t first_file;
        uint32_t isn[2];
        uint32_t rev;
        int64_t rtt;                    /* of the handshake; 0: not known */

        struct direction side[2];

        uint16_t n_syns[2], n_syn_acks[2], n_late_syn_acks;
        struct roles_seen roles;
        uint8_t n_answered_syns;        /* repeated although there had been a SYN-ACK */
        int64_t last_syn, syn_gap, last_syn_ack;
        uint64_t verdict;               /* digest of what was given out */
        int64_t window_shut_at[2];      /* by sender */
};

_Static_assert(sizeof(struct connection) == 17 * 64 && offsetof(struct connection, side) == 4 * 64,
               "directions begin where lines do");

/* All of it is asked for at once, so that what needs none of it goes on meanwhile. Always inline, since for gcc a
 * function that only fetches does nothing, and its call is left out. */
static inline __attribute__((always_inline)) void connection_fetch(const struct connection *c)
{
#pragma GCC unroll 32
        for (size_t i = 0; i < sizeof(*c); i += 64)
                __builtin_prefetch((const char *)c + i);
}

static inline int64_t direction_position(const struct direction *d, uint32_t seq)
{
        return d->next + seq_distance(d->base + (uint32_t)d->next, seq);
}

/* The position of which a mark of @d has kept the low bits: it is not far. */
static inline int64_t mark_position(const struct direction *d, uint32_t position)
{
        return d->next + seq_distance((uint32_t)d->next, position);
}
