/*
 * Connections told as rows of segments and played to a tracker. A row is written as positions, not as numbers
 * on the wire: { .t = 0.02, .by = 's', .f = "S.", .ack = 0 }. 'c' sent the first SYN as a rule; flags are
 * tcpdump's. What a row leaves out is as Linux sends it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/tracker.h"

#define CLIENT_ISN 4294966000u  /* so that every longer story wraps */
#define SERVER_ISN 700000u
#define NO_ACK INT64_MIN
#define STORY_GIVEN 8

struct row {
        double t;
        char by;                        /* 'c' or 's' */
        const char *f;                  /* flags */
        int64_t at;                     /* position of the first byte; a SYN has none */
        uint32_t n;                     /* bytes of payload */
        int64_t ack;
        int64_t isn;                    /* another initial number, of this row's sender */
        int64_t of;                     /* another initial number that its ACK counts from */
        int window;                     /* 0: 500; -1: shut */
        int ttl;                        /* 0: 64 or 57 */
        int ip_id;                      /* 0: the next of its sender */
        int port;                       /* of the client; 0: 50000 */
        int64_t sack[2];
        uint8_t n_header;               /* so much of its header of 20 bytes is at hand; 0: all of it */
        bool ts, bare, v6, plain, icmp, from_end, cut;
        uint32_t ts_value;
        const uint8_t *bytes;           /* the first of its payload */
        uint32_t n_bytes;
        uint8_t mptcp, reason;
        enum icmp_error error;
};

struct story {
        size_t n;
        struct tracked given[STORY_GIVEN];
        size_t n_segments;
        struct tracked_segment segments[128];
};

static inline uint16_t story_flags(const char *text)
{
        static const struct {
                char letter;
                uint16_t flag;
        } letters[] = {
                { 'S', SEGMENT_SYN }, { 'F', SEGMENT_FIN }, { 'R', SEGMENT_RST }, { 'P', SEGMENT_PSH },
                { '.', SEGMENT_ACK }, { 'U', SEGMENT_URG },
        };
        uint16_t flags = 0;

        for (; *text; text++)
                for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
                        if (letters[i].letter == *text)
                                flags |= letters[i].flag;
        return flags;
}

static inline struct tracker_input story_input(const struct row *row, size_t i)
{
        /* MSS, SACK permitted, timestamps, NOP, window scale of 7; what follows is payload. */
        static const uint8_t header[40] = { [20] = 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };
        static uint16_t ip_id[2];
        uint16_t flags = story_flags(row->f);
        unsigned who = row->by == 's';
        uint32_t isn[2] = { CLIENT_ISN, SERVER_ISN };
        struct tracker_input input = {
                .kind = row->icmp ? PACKET_ICMP_ERROR : PACKET_TCP, .file = 1, .frame = i + 1,
                .time_ns = 1000000000000 + (int64_t)(row->t * 1e9 + 0.5), .cut = row->cut,
        };
        struct segment *s = &input.packet.segment;

        if (row->isn)
                isn[who] = (uint32_t)row->isn;
        if (row->of)
                isn[!who] = (uint32_t)row->of;
        s->family = row->v6 ? AF_INET6 : AF_INET;
        s->ttl = (uint8_t)(row->ttl ? row->ttl : who ? 57 : 64);
        s->flags = flags;
        s->source[0] = who ? 2 : 1;
        s->destination[0] = who ? 1 : 2;
        s->source_port = who ? 443 : (uint16_t)(row->port ? row->port : 50000);
        s->destination_port = who ? (uint16_t)(row->port ? row->port : 50000) : 443;
        s->window = row->window < 0 ? 0 : (uint16_t)(row->window ? row->window : 500);
        s->seq = flags & SEGMENT_SYN ? isn[who] : isn[who] + 1 + (uint32_t)row->at;
        if (flags & SEGMENT_ACK)
                s->ack = isn[!who] + 1 + (uint32_t)row->ack;
        s->n_payload = row->n;
        s->n_captured = row->bytes ? row->n_bytes : 0;
        s->payload = row->bytes ? row->bytes : header + sizeof(header);
        s->n_header = 20;
        if (flags & SEGMENT_SYN && !row->plain) {
                s->n_header = 40;
                s->payload = header + sizeof(header);
                s->options = SEGMENT_HAS_MSS | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_SACK_PERMITTED |
                             SEGMENT_HAS_TIMESTAMPS;
                s->window_scale = 7;
        } else if (row->ts) {
                s->n_header = 32;
                s->options = SEGMENT_HAS_TIMESTAMPS;
                s->ts_value = row->ts_value;
        }
        if (row->n_header) {
                s->n_header = row->n_header;
                s->options = row->n_header < 16 ? SEGMENT_HAS_BAD | SEGMENT_HAS_NO_WINDOW : SEGMENT_HAS_BAD;
                s->window = row->n_header < 16 ? 0 : s->window;
        }
        if (row->sack[1]) {
                s->options |= SEGMENT_HAS_SACK;
                s->n_sack = 1;
                s->sack[0].start = isn[!who] + 1 + (uint32_t)row->sack[0];
                s->sack[0].end = isn[!who] + 1 + (uint32_t)row->sack[1];
        }
        if (row->mptcp) {
                s->options |= SEGMENT_HAS_MPTCP | SEGMENT_HAS_OTHER;
                s->mptcp_subtype = row->mptcp == 0xff ? 0 : row->mptcp;
                s->mptcp_reason = row->reason;
        }
        /* A reply has 0 (ip_id -1), all others the next. */
        s->ip_id = row->v6 || row->ip_id == -1 ? 0
                   : row->ip_id ? (uint16_t)row->ip_id : (uint16_t)(1000 + ++ip_id[who]);
        if (row->bare) {
                s->window = 0;
                s->ip_id = 0;
        }
        if (row->bare && flags == (SEGMENT_RST | SEGMENT_ACK))
                s->seq = 0;
        if (row->icmp) {
                input.packet.icmp = row->error;
                input.packet.n_quoted = 20;
                input.packet.icmp_from[0] = row->from_end ? s->destination[0] : 9;
        }
        return input;
}

static inline void story_give(void *context, const struct tracked *t)
{
        struct story *story = context;

        assert_true(story->n < STORY_GIVEN);
        story->given[story->n++] = *t;
}

static inline void story_segment(void *context, const struct tracked_segment *s)
{
        struct story *story = context;

        if (story->n_segments < sizeof(story->segments) / sizeof(*story->segments))
                story->segments[story->n_segments++] = *s;
}

/* Plays rows in batches of @batch. */
static inline void story_play(struct story *story, const struct row *rows, size_t n,
                              const struct tracker_options *options, size_t batch)
{
        struct tracker_hooks hooks = { .give = story_give, .segment = story_segment, .context = story };
        struct tracker_input inputs[128];
        struct tracker *tracker;

        memset(story, 0, sizeof(*story));
        assert_true(n <= sizeof(inputs) / sizeof(*inputs));
        assert_int_equal(tracker_new(options, &hooks, &tracker), 0);
        for (size_t i = 0; i < n; i++)
                inputs[i] = story_input(&rows[i], i);
        for (size_t i = 0; i < n; i += batch)
                assert_int_equal(tracker_add(tracker, inputs + i, n - i < batch ? n - i : batch), 0);
        tracker_finish(tracker, false);
        tracker_free(tracker);
}

#define TELL(story, rows) story_play(story, rows, sizeof(rows) / sizeof((rows)[0]), NULL, 7)

/* In a test: plays its rows. `story` holds what came of them, `f` the facts of the first connection. */
#define TOLD(rows)                                                                                 \
        struct story story;                                                                        \
        const struct facts *f = &story.given[0].facts;                                             \
                                                                                                   \
        (void)state;                                                                               \
        TELL(&story, rows)

/* The handshake with which most stories begin. */
#define HANDSHAKE                                                                                  \
        { .t = 0.000, .by = 'c', .f = "S" },                                                       \
        { .t = 0.020, .by = 's', .f = "S.", .ack = 0 },                                            \
        { .t = 0.0201, .by = 'c', .f = ".", .ack = 0 }

/* The handshake, a request, its answer; then what a test adds. */
#define TALK                                                                                       \
        HANDSHAKE,                                                                                 \
        { .t = 0.0205, .by = 'c', .f = "P.", .at = 0, .n = 100, .ack = 0 },                        \
        { .t = 0.041, .by = 's', .f = "P.", .at = 0, .n = 300, .ack = 100 },                       \
        { .t = 0.0411, .by = 'c', .f = ".", .at = 100, .ack = 300 }

#define is_known(fact, what)                                                                       \
        do {                                                                                       \
                assert_int_not_equal((fact).how, HOW_UNKNOWN);                                     \
                assert_int_equal((fact).value, (what));                                            \
        } while (0)
#define is_unknown(fact) assert_int_equal((fact).how, HOW_UNKNOWN)
#define STORY_TIME(seconds) (1000000000000 + (int64_t)((seconds) * 1e9 + 0.5))
