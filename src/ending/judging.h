/*
 * What the judge's parts share while one connection is judged: the facts, the record under way, and what
 * has been concluded so far. judge.c calls the parts in the order in which they stand here; a part may use
 * what the earlier ones concluded, never the reverse.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ending/facts.h"
#include "ending/judge.h"
#include "ending/record.h"

/* What speaks against a RST's having come from the end that it names (judge_reset.c). */
enum doubt {
        DOUBT_WENT_ON = 1 << 0,    /* that end talked on after it: RST_SEQ_DATA */
        DOUBT_BEHIND = 1 << 1,     /* its number lies below what that end had sent: DATA_SEQ_RST */
        DOUBT_CHANGES = 1 << 2,    /* several with rising numbers: RST_SEQ_CHANGE */
        DOUBT_ACK = 1 << 3,        /* it acknowledges what was never sent: RST_ACK_CHANGE */
        DOUBT_TTL = 1 << 4,        /* another TTL than that end's segments */
        DOUBT_IP_ID = 1 << 5,      /* an IP ID out of that end's row */
        DOUBT_MIRRORS = 1 << 6,    /* TTL, IP ID and window copied from the segment answered */
        DOUBT_EARLY = 1 << 7,      /* sooner than that end ever answered */
        DOUBT_SHAPE = 1 << 8,      /* a shape that its system does not make */
        DOUBT_NOT_SENT = 1 << 9,   /* a capture at that end does not hold it */
        DOUBT_BOTH_NAMES = 1 << 11, /* at the same moment one came in the other end's name, and nothing drew either */
        DOUBT_EARLIER = 1 << 10,   /* that end talked on after another RST in its name */
};

struct judging {
        const struct facts *f;
        struct record *r;

        /* The RST that ended the connection, or NULL; else the one to be described, or NULL. */
        const struct facts_of_reset *reset;
        const struct facts_of_reset *shown;
        enum side named;           /* whose address the RST that ended it bears */
        bool by_network;           /* … and was shown not to come from it */
        /* Each end sent one, or may have, and which came first is not known: @named is SIDE_UNKNOWN, @reset either. */
        bool by_either;
        enum reset_kind shape;     /* of @reset, or of @shown */
        unsigned doubts;           /* enum doubt */
        enum reset_reason reason;  /* of the sending kernel; RESET_REASON_NOT_SPECIFIED: none was told */

        /* Who kept asking without an answer, or gave up; SIDE_UNKNOWN: nobody. */
        enum side asker;
        bool told_timeout;         /* its kernel said that it gave up */

        const char *why;           /* the rule of causes that held: a sentence */
};

static inline enum side other_side(enum side side)
{
        return side == SIDE_CLIENT ? SIDE_SERVER : side == SIDE_SERVER ? SIDE_CLIENT : SIDE_UNKNOWN;
}

static inline bool is_end(enum side side)
{
        return side == SIDE_CLIENT || side == SIDE_SERVER;
}

/* A route that changes by a hop or two is no other host. */
#define TTL_SLACK 2

/* Was it shown not to come from the end that it names? So were its fellows from the same distance, if that end's own
 * segments come from another. */
static inline bool is_anothers(const struct judging *j, const struct facts_of_reset *reset)
{
        const struct facts_of_reset *shown = j->shown;

        if (fact_is(reset->not_sent))
                return true;
        if (!j->by_network || !shown)
                return false;
        if (j->doubts & DOUBT_BOTH_NAMES && fact_is(reset->unasked))
                return true;
        return reset == shown ||
               (fact_known(reset->by.how) && reset->by.value == shown->by.value && fact_is(reset->ttl_differs) &&
                fact_is(shown->ttl_differs) && fact_known(reset->ttl.how) && fact_known(shown->ttl.how) &&
                reset->ttl.value <= shown->ttl.value + TTL_SLACK && shown->ttl.value <= reset->ttl.value + TTL_SLACK);
}

static inline bool reset_answers_syn(const struct facts_of_reset *reset)
{
        return fact_known(reset->answers.how) && reset->answers.value == SEGMENT_KIND_SYN;
}

/* Without a branch: what is asked of one connection says nothing of what will be of the next. */
static inline bool count_is(struct fact_count count, uint64_t value)
{
        return fact_known(count.how) & (count.value == value);
}

static inline bool count_above(struct fact_count count, uint64_t value)
{
        return fact_known(count.how) & (count.value > value);
}

/* Known, and at most @count. */
static inline bool count_up_to(struct fact_count count, uint64_t value)
{
        return fact_known(count.how) & (count.value <= value);
}

static inline bool error_is(struct fact_error error, int value)
{
        return fact_known(error.how) && error.value == value;
}

/* No SYN left the host: only that host's kernel knows. */
static inline bool never_asked(const struct facts *f)
{
        return f->seen.source != SOURCE_CAPTURE && count_is(f->syns, 0) && fact_is_not(f->established);
}

/* Without a branch: ten of these are asked for each record. */
static inline struct maybe_u64 counted(struct fact_count count)
{
        bool known = fact_known(count.how);

        return (struct maybe_u64){ .known = known, .value = known ? count.value : 0 };
}

/* judge.c: as judge(), but without judge_orderly() and the like. For tests: there must be no difference. */
void judge_by_rules(const struct facts *f, struct record *r, struct evidence *ret_evidence);

/* How a fact is known that could lead to any other verdict; all together, so that one comparison is enough. */
static inline unsigned told_of_end(const struct facts_of_end *end)
{
        return (unsigned)end->act.how | end->error_set.how | end->closed.how | end->connect_failed.how |
               end->unread.how | end->unsent.how;
}

/* judge_orderly.c: what the rules would conclude, where that can be seen at once; else false, and nothing was done. */
bool judge_orderly(struct judging *j);
bool judge_is_orderly(const struct facts *f);
bool judge_orderly_times(const struct facts *f, struct record *r);

/* judge_attempt.c, judge_active.c: the same of SYNs that nobody answered, or that a RST refused, and of a connection
 * that one end reset. @why and @doubts are left out. */
bool judge_attempt(struct judging *j);
bool judge_active(struct judging *j);

/* judge_reset.c */
enum reset_kind reset_shape(const struct facts *f, const struct facts_of_reset *reset);
void judge_reset(struct judging *j);
/* @reset is a reply, and another RST of that end, before it or at the same time, may be what ended the connection:
 * it is not known to be a reply, too. */
bool reset_may_be_second(const struct judging *j);
/* All that makes the shape was seen. */
bool reset_shape_is_seen(const struct facts_of_reset *reset);
/* … whatever is not known: the doubts are enough, or there can be none. */
bool surely_by_network(const struct judging *j);
bool surely_its_own(const struct judging *j);

/* judge_ending.c */
void judge_ending(struct judging *j);
enum side first_to_close(const struct facts *f);
/* Whoever asked last in a handshake that nobody completed: does he still? */
bool attempt_goes_on(const struct facts *f, enum side asker);
/* It had asked in vain, and the time to ask again passed: it gave up, or was answered, and neither was seen. */
bool stopped_asking(const struct facts *f, enum side side);

/* judge_times.c */
void judge_times(struct judging *j);

/* judge_sure.c: what might be otherwise, had more been known. The conditions are those of cause_rules.h. */
bool reset_is_plain(const struct judging *j);
bool may_have_ended_otherwise(const struct judging *j);
uint64_t conditions_that_may_hold(const struct judging *j, enum side x);

/* judge_cause.c */
void judge_cause(struct judging *j);

/* judge_either.c: in its place where @by_either. */
void judge_either(struct judging *j);

/* fate.c: the directions, what became of their bytes, and whether the request may be sent again. */
void judge_fate(struct judging *j);
uint64_t never_arrived(const struct judging *j, enum side sender);
void judge_retry(struct judging *j);

/* severity.c */
void judge_severity(struct judging *j);

/* told.c: what calls would tell each end next. */
void judge_told(struct judging *j);
/* … where a RST took its connection before the other's FIN came; and where it is connecting. */
void tell_error(int error, struct record_next *next);
void tell_waiting(struct record_next *next);

/* evidence.c */
void judge_evidence(const struct judging *j, struct evidence *ret_evidence);
