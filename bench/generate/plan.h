/*
 * One connection as it is going to be: all its segments, in the order in which a capture near the
 * client sees them, with what each of them is. The truth of the connection is counted from the same
 * steps, never from bytes on a wire.
 *
 * Places in a direction are counted from the SYN: 0 is the SYN, 1 the first byte; the FIN takes one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generate/dice.h"
#include "words/conn_state.h"
#include "words/cause.h"
#include "words/ending.h"
#include "words/icmp_error.h"
#include "words/side.h"

/* What a step is besides its flags. */
enum {
        STEP_PROBE = 0x01,           /* keepalive or window probe: its byte, if any, is none of the stream */
        STEP_FORGED = 0x02,          /* not from the end that it names */
        STEP_BARE = 0x04,            /* no options, as in a reply RST */
        STEP_ICMP = 0x08,            /* an ICMP error about the step before it, to @from */
        STEP_ROUTER = 0x10,          /* … from a router on the way */
        STEP_SACK = 0x20,            /* bears the block @sack_start … @sack_end */
        STEP_RAW_SEQ = 0x40,         /* its sequence number is 0 itself, not the place 0 */
        STEP_ALERT = 0x100,          /* its payload is a TLS alert */
        STEP_FIRST_SIGHT = 0x80,     /* sent again, but what was sent first was not seen */
};

struct step {
        int64_t at;                  /* ns since the connection began */
        uint32_t seq, ack;           /* places; an @ack of 0 in a SYN: none */
        uint32_t sack_start, sack_end;
        uint16_t flags;              /* SEGMENT_* */
        uint16_t n;                  /* bytes of payload */
        uint16_t window;
        uint16_t kind;               /* STEP_* */
        uint8_t from;                /* SIDE_* */
        uint8_t ttl;                 /* 0: the sender's own */
        uint8_t part;                /* which connection of this tuple: 0 or 1 */
};

enum { PLAN_PARTS = 2 };

/* What is true of one connection and no counting tells. */
struct verdict {
        const char *kind;            /* of the table in endings.c */
        enum ending ending;
        enum side ended_by;
        enum side silent;
        enum cause cause;            /* CAUSE_NONE where there is none */
        enum side reset_by;          /* whose RST; SIDE_UNKNOWN: no RST */
        enum conn_state conn_state;  /* N_CONN_STATES: left open */
        bool lost[2];                /* bytes of this sender certainly reached no program */
        bool gave_up;                /* somebody repeated in vain: ongoing until the silence is long */
        bool midstream;
};

/* Where it was written to. */
struct place {
        uint64_t first, last, reset; /* frames; 0: none */
        uint64_t packets[2];
        int64_t begun;               /* ns since 1970 */
};

struct plan {
        struct dice dice;
        /* the connection */
        uint8_t family;
        bool timestamps;
        uint8_t address[2][16];
        uint16_t port[2];
        uint32_t isn[2][PLAN_PARTS];
        uint32_t ts_base[2];
        uint32_t ts_heard[2];
        uint16_t ip_id[2];
        uint8_t ttl[2];
        uint32_t flow_label[2];
        int64_t rtt;
        uint16_t mss;
        /* its steps */
        struct step *steps;
        size_t n_steps, room;
        size_t next;                 /* to be written */
        int64_t begun;
        int error;
        /* the truth */
        struct verdict verdict[PLAN_PARTS];
        struct place place[PLAN_PARTS];
        size_t n_parts;
        /* while it is made */
        int64_t now;
        uint8_t last_from;
        uint32_t sent[2];            /* the next place to send */
        uint32_t heard[2];           /* the next place expected */
        bool deaf[2];                /* nothing arrives there for now */
        uint16_t window[2];
};

/* Begins anew in the memory of the plan before: the rest of *@plan is kept from it. */
void plan_begin(struct plan *plan, uint64_t seed, uint64_t number);

/* The side says something: at the place where it stands, acknowledging what it has heard. */
struct step *plan_say(struct plan *plan, enum side from, unsigned flags, unsigned n);

/* The same bytes again, acknowledging what has been heard since. @original may move: a copy. */
struct step *plan_repeat(struct plan *plan, struct step original);

/* A RST as Linux sends it of its own accord; and as the answer to @to. */
struct step *plan_reset(struct plan *plan, enum side from);
struct step *plan_reply(struct plan *plan, struct step to);

/* Nothing for a while. */
void plan_wait(struct plan *plan, int64_t ns);
void plan_wait_ms(struct plan *plan, unsigned from, unsigned to);

/* Payload in full segments, acknowledged each second one; now and then one is lost or sent twice. */
void plan_bulk(struct plan *plan, enum side from, uint32_t n, unsigned trouble_permille);

static inline enum side other(enum side side)
{
        return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}
