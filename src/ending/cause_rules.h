/*
 * The table of causes: what has to be known for a list of causes to be given. judge_cause.c looks the
 * conditions up in the facts once; the table is then only compared, and the first rule that fits is taken.
 *
 * Every condition is something known. "No FIN was sent" is a condition of its own and not the lack of another,
 * so a fact that is forgotten can only take a rule away. Rules that state more stand before those that state less;
 * where one that states less stands first, and is not known not to hold, judge_sure.c takes the certainty away.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "words/cause.h"
#include "words/certainty.h"
#include "words/ending.h"

/* What the kernel that sent the RST said of it, by its reason or by the counter that moved. */
enum said {
        SAID_NOTHING,
        SAID_ABORT_ON_CLOSE,
        SAID_ABORT_ON_DATA,
        SAID_ABORT_ON_LINGER,
        SAID_ABORT_ON_MEMORY,
        SAID_STATE,             /* or DISCONNECT_WITH_DATA: tcp_disconnect(), tcp_abort() and others */
        SAID_KEEPALIVE,
        SAID_TIME_WAIT,
        SAID_NO_SOCKET,
        SAID_INVALID_SYN,
        SAID_BAD_ACK,           /* reasons 2 to 5, and 7 */
        SAID_LISTENS,           /* TCP_FLAGS: an ACK met a listener */
        SAID_MPTCP,
};

/* X is the end that the RST names, or that kept asking; Y is the other. */
#define CAUSE_CONDITIONS(C)                                                                        \
        /* what X's program or another did at X */                                                 \
        C(CLOSES) C(UNSPEC) C(DESTROYED) C(LISTENER_CLOSES) C(TIMER) C(ZERO_LINGER) C(UNREAD)      \
        C(ALL_READ) C(SHUT_BOTH_WAYS) C(LINGER2_NEGATIVE) C(TAKES_DATA) C(QUEUE_FULL)              \
        C(NO_MPTCP) C(MPTCP) C(NO_RESET_COUNTED) C(ABORTED)                                        \
        /* the RST */                                                                              \
        C(BY_CLIENT) C(BY_SERVER) C(BY_NETWORK) C(NOT_SENT) C(OWN_ACCORD) C(ACTIVE) C(REPLY) C(FOREIGN) C(WENT_ON) \
        /* the connection */                                                                       \
        C(ONLY_SYN_ACKED) C(SIBLINGS) C(FILTERED) C(TALKED) C(NO_SYN_ACK) C(IDLE) C(RESTARTED) C(LINUX) C(ICMP) \
        C(ICMP_FILTER) C(NO_SYN) C(FORBIDDEN) C(BY_EITHER) C(KEEPALIVES) C(KEEPALIVE_DUE) C(PROBED) C(PROBED_DUE)

/* Asked for where the ending is a RST: what it answers, and the FINs before it. */
#define CAUSE_CONDITIONS_OF_RESET(C)                                                               \
        C(WITH_TEXT) C(TO_SYN_ACK) C(TO_ACK) C(TO_DATA) C(TO_FIN) C(NOT_TO_SYN) C(WRONG_NUMBER)    \
        C(FIN_BEFORE) C(FIN_JUST) C(FIN_RECENT) C(FIN_LONG_AGO) C(PEER_FIN_BEFORE) C(DATA_IN_PLACE) \
        C(LATE_DATA) C(NO_LATE_DATA) C(NO_OWN_FIN) C(GONE_LONG_AGO)

/* Asked for where somebody asked in vain. No rule needs these and those, so they have the same bits. */
#define CAUSE_CONDITIONS_OF_SILENCE(C)                                                             \
        C(TOLD) C(ORPHAN) C(HELD) C(USER_TIMEOUT_ON) C(USER_TIMEOUT_OFF) C(PROBES) C(ASKS_DATA) C(ASKS_FIN) \
        C(SILENT_CLIENT)

#define C(name) COND_BIT_##name,
#define S(name) SILENCE_BIT_##name,
enum { CAUSE_CONDITIONS(C) N_COMMON_CONDITIONS };
enum { BEFORE_CONDITIONS_OF_RESET = N_COMMON_CONDITIONS - 1, CAUSE_CONDITIONS_OF_RESET(C) N_CONDITIONS_OF_RESET };
enum { BEFORE_CONDITIONS_OF_SILENCE = N_COMMON_CONDITIONS - 1, CAUSE_CONDITIONS_OF_SILENCE(S) N_CONDITIONS_OF_SILENCE };
#undef S
#undef C
_Static_assert(N_CONDITIONS_OF_RESET <= 64 && N_CONDITIONS_OF_SILENCE <= 64,
               "the conditions are bits of a 64-bit number");
#define COND(name) (UINT64_C(1) << COND_BIT_##name)
#define SILENCE(name) (UINT64_C(1) << SILENCE_BIT_##name)
#define COMMON_CONDITIONS ((UINT64_C(1) << N_COMMON_CONDITIONS) - 1)

#define CAUSES_OF_A_RULE 8

struct cause_rule {
        enum said said;                 /* SAID_NOTHING: whatever was said */
        uint64_t needs;
        enum certainty certainty;       /* of the first cause; what else fits stands behind it */
        unsigned n_causes;
        enum cause causes[CAUSES_OF_A_RULE]; /* likeliest first */
        const char *why;                /* a sentence, for the evidence */
};

struct cause_rules {
        const struct cause_rule *rules;
        size_t n;
};

/* Those of an ending; empty where it needs no cause. What is told of a reset goes before those of the reset. */
extern const struct cause_rules causes_of_ending[N_ENDINGS];
extern const struct cause_rules causes_told_of_reset;
/* The one among them of a RST of its own accord, where nothing more is known. */
extern const struct cause_rule cause_rule_of_active;
