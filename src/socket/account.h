/* From a look to what became of the bytes, and how the connection ended. */
#pragma once

#include <finis/finis.h>

#include "socket/look.h"

/* struct finis, marks */
enum {
        MARK_ESTABLISHED = 1 << 0,   /* it was, at some moment that was looked at */
        MARK_OWN_FIN = 1 << 1,       /* shutdown(SHUT_WR) is known to have worked */
        MARK_PEER_FIN = 1 << 2,      /* seen by the state at some moment */
        MARK_BEFORE_SYN = 1 << 3,    /* remembered from before the handshake */
        MARK_ENDED_BEFORE = 1 << 4,  /* had ended already when the memory began */
        MARK_SYN_COUNTS = 1 << 5,    /* this end connected: its SYN is the first number */
        MARK_READS = 1 << 6,         /* the program notes its reads: one was, whatever came of it */
        MARK_TAKEN_AT_END = 1 << 7,  /* finis_take_error() got the error, of a connection that had ended */
};

/* Where the memory begins: sets the bases and marks by the first look. */
void account_begin(struct finis *finis, const struct look *look);

/* What the state shows at this moment and may be gone later. */
void account_remember(struct finis *finis, const struct look *look);

/* Whether bytes taken from the peer without a note can be excluded: FIN counts as one byte, so that a
 * single byte would be taken for it. */
bool account_has_all_reads(const struct finis *finis, const struct look *look);

/* In CLOSE: this end's FIN was acknowledged, by TCP_INFO alone and for certain. */
bool account_has_fin_acked(const struct finis *finis, const struct look *info);

/* `finis` is NULL for a bare look. Writes all of the report. */
void account(const struct finis *finis, const struct look *look, struct finis_report *ret);

/* The ending, once flags and counts of the report are there. */
enum finis_ending ending_of(const struct finis *finis, const struct look *look,
                            const struct finis_report *report);
