/*
 * How a case of a claim is written: acts (lab/act.h), and behind an act what the claim predicts there.
 *
 *      c.send10 s.recv s.close c.send1 =1 c.send1 =EPIPE+SIGPIPE =c.outq<2
 *
 * `=` is a prediction, `?` a premise: where a premise does not hold, the case says nothing about the
 * claim. Of the call before it:
 *
 *      10  >0  ok  error  SIGPIPE  ECONNRESET  EPIPE+SIGPIPE  EPIPE-SIGPIPE  a|b  !a
 *
 * (an errno alone leaves the signal open; for SO_ERROR the value is the errno). Of an end, c or s, once
 * the act before it has settled:
 *
 *      c.state=CLOSE  c.state=!CLOSE  c.poll+HUP  c.poll-OUT
 *      c.rst  c.no-rst  c.fin  c.no-fin        a segment that it has sent so far
 *      c.outq=0  s.arrived<c.written           an AMOUNT, = < >, a number or another amount
 *      took<500                                milliseconds, from the last call with & to here
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint/pair.h"
#include "lab/claims.h"
#include "words/tcp_state.h"

enum amount {
        AMOUNT_INQ,      /* SIOCINQ: arrived in order and not read */
        AMOUNT_OUTQ,     /* SIOCOUTQ: written and not acknowledged */
        AMOUNT_UNSENT,   /* SIOCOUTQNSD */
        AMOUNT_WRITTEN,  /* what the sending calls have returned, in sum */
        AMOUNT_READ,     /* what the receiving calls have returned, in sum */
        AMOUNT_ARRIVED,  /* read and inq */
        AMOUNT_FIN_SEEN, /* 1 where its kernel has taken the peer's FIN (tcpi_bytes_received), else 0 */
        AMOUNT_SENT,     /* bytes of the stream seen on the wire */
        N_AMOUNTS,
};

enum about { ABOUT_RESULT, ABOUT_STATE, ABOUT_POLL, ABOUT_SEGMENT, ABOUT_AMOUNT, ABOUT_TOOK };

struct prediction {
        size_t step; /* the act that it stands behind */
        bool premise;
        enum about about;
        bool negated;
        int end;
        enum tcp_state state;
        short poll_bit;
        uint16_t segment_flag;
        char sign; /* '=', '<', '>' */
        enum amount amount, other;
        bool has_other;
        int other_end;
        int64_t number;
        char text[48]; /* without the '=' or '?' */
};

#define NOTATION_ACTS_MAX 512

struct notation {
        char acts[NOTATION_ACTS_MAX]; /* without the predictions */
        size_t n_acts;
        struct prediction predictions[CLAIM_MAX_FACTS];
        size_t n_predictions;
};

/* 0, or -EINVAL with the place in `ret_at`, which points into `text`. */
int notation_read(const char *text, struct notation *ret_notation, const char **ret_at);

/* Does the result fit one of the alternatives? -EINVAL where they cannot be read. The value is the
 * call's, `number` its errno (for SO_ERROR the value itself). */
int notation_result_fits(const char *alternatives, int64_t value, int number, bool sigpipe, bool *ret_fits);
