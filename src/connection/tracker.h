/*
 * Follows every TCP connection of a row of segments, and gives each out once as facts: when it has ended and
 * five seconds of its own time have passed, or at the end of all; and again, with a greater @rev, when a
 * straggler changes what was known.
 *
 * Memory is bounded by @max_connections: the one silent for longest is given out before its time. Who that is holds to
 * within four ticks (QUEUED_FOR), seconds as a rule: a place in the row of the silent is taken anew no sooner. Where
 * tens of thousands end within five seconds, the oldest of those that have ended are, too; they do not count as
 * evicted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ending/facts.h"
#include "wire/packet.h"
#include "wire/packet_plain.h"
#include "words/conn_state.h"

struct tracker_options {
        size_t max_connections;         /* 0: 1,000,000 */
        int64_t linger_ns;              /* 0: 5 s */
        size_t max_awake;               /* 0: 24,576; of more than so many those silent for long are packed … */
        int64_t awake_ns;               /* … (pack.h): for so long, 0: 5 s; or for AWAKE_FRAMES */
        bool by_vlan;                   /* the same addresses in two VLANs are two connections */
        bool large;                     /* much will come: memory in large pages from the beginning */
        bool brief;                     /* only the facts that judge() needs without evidence, where that is
                                         * less work */
};

/* Zeek's history is as long as its repeats make it; this much is kept, the rest is left out. */
#define TRACKER_HISTORY_MAX 128

/* A connection as it is given out. All of it is borrowed until the callback returns. */
struct tracked {
        uint32_t file;                  /* of the first frame: 1, 2, … */
        uint64_t first_frame;
        uint32_t last_file;
        uint64_t last_frame;            /* in @last_file */
        uint64_t rev;                   /* 1, 2, … */
        uint8_t family;
        uint8_t address[2][16];         /* SIDE_CLIENT, SIDE_SERVER; IPv4: the first four bytes */
        uint16_t port[2];
        uint32_t vlan;
        bool isn_known[2];              /* by sender */
        uint32_t isn[2];
        uint32_t first_seq[2];          /* where position 0 of each direction stands on the wire */
        struct facts facts;
        enum conn_state conn_state;     /* by Zeek's rules */
        char history[TRACKER_HISTORY_MAX];
};

/* What the tracker makes of one segment; for a ladder, and for the cutting out of frames. */
struct tracked_segment {
        uint32_t file;                  /* with @first_frame: the id of its connection */
        uint64_t first_frame;
        uint32_t at_file;               /* of this segment */
        uint64_t frame;
        int64_t time_ns;
        enum side from;                 /* as known at this moment: later segments may turn the roles */
        const struct segment *segment;
        enum segment_kind kind;
        int64_t position;               /* of its first byte in its direction; SYN: -1 */
        int64_t ack_position;           /* in the other direction */
        bool repeated;                  /* brings nothing new */
        bool out_of_order;
        bool twin;                      /* the same packet seen twice: in the counts of packets and payload,
                                         * no repeat */
        bool stray;                     /* came after the connection was over, or fits it nowhere */
        bool icmp;                      /* an ICMP error; @segment is the quoted one */
};

struct tracker_hooks {
        void (*give)(void *context, const struct tracked *connection);
        void (*segment)(void *context, const struct tracked_segment *segment);  /* NULL: not wanted */
        void *context;
};

struct tracker;

int tracker_new(const struct tracker_options *options, const struct tracker_hooks *hooks,
                struct tracker **ret_tracker);

/* Frames come in batches, so that memory can be fetched ahead of its use. Bytes of the packets are not
 * kept. Returns 0 or -ENOMEM. */
struct tracker_input {
        enum packet_kind kind;          /* PACKET_TCP or PACKET_ICMP_ERROR; others are passed over */
        uint32_t file;
        uint64_t frame;
        int64_t time_ns;
        bool cut;                       /* the capture holds less of it than was on the wire */
        struct packet packet;
};

#define TRACKER_BATCH 32

int tracker_add(struct tracker *tracker, struct tracker_input *inputs, size_t n);

/* The same for frames of which most went the straight way, so that no more is read of them than is wanted: one line of
 * memory for each, and its first half all but a row of segments (connection/orderly.h). */
struct tracker_frame {
        int64_t time_ns;
        uint32_t frame;                 /* the lowest bits of its number */
        struct plain plain;
        /* The tracker's own: */
        uint32_t hash;                  /* of its ends */
        union {
                struct orderly *orderly;        /* its connection, very likely, or … */
                uint32_t slot;          /* … if it is TRACKER_NOT_ORDERLY, where the index may have it: a hint */
        };
};

#define TRACKER_NOT_ORDERLY PLAIN_FREE

_Static_assert(sizeof(struct tracker_frame) == 64, "a line of memory");

/* One that did not go the straight way; the caller sets the time and the number. */
static inline void tracker_frame_whole(struct tracker_frame *frame, const struct tracker_input *whole)
{
        frame->plain.has = PLAIN_NOT;
        memcpy((char *)frame + offsetof(struct tracker_frame, plain.tcp), &whole, sizeof(whole));
}

static inline const struct tracker_input *tracker_frame_input(const struct tracker_frame *frame)
{
        const struct tracker_input *whole;

        memcpy(&whole, (const char *)frame + offsetof(struct tracker_frame, plain.tcp), sizeof(whole));
        return whole;
}

/* All are of one file, and @last is the number of the last of them. */
int tracker_add_frames(struct tracker *tracker, uint32_t file, uint64_t last, struct tracker_frame *frames, size_t n);

/* The capture is known to have lost frames: connections that nothing ended may have ended all the same. */
void tracker_lost(struct tracker *tracker);

/* How far a frame's time was behind that of one before it, in ns: of all so far, the most. */
uint64_t tracker_behind(const struct tracker *tracker);

/* Frames this far behind others are not in the order of their times: ports of a network card that are read in turn, or
 * several interfaces, mix them by less. */
#define TRACKER_DISORDER_NS UINT64_C(100000000)

/* Gives out all that is left. @cut: the capture ended within a frame. Returns how many it could not give out for want
 * of memory: those that were packed, and for which there was no room. */
uint64_t tracker_finish(struct tracker *tracker, bool cut);

/* How many connections there were, how many had to be given out before their time. */
uint64_t tracker_connections(const struct tracker *tracker);
uint64_t tracker_evicted(const struct tracker *tracker);
/* How often a connection was packed; for tests. */
uint64_t tracker_packed(const struct tracker *tracker);

/* Takes NULL and returns NULL. */
struct tracker *tracker_free(struct tracker *tracker);

static inline void tracker_freep(struct tracker **tracker)
{
        *tracker = tracker_free(*tracker);
}
