/*
 * How it ended, by whom, and when. The endings are tried in the order of docs/record.md, and the first that
 * fits is taken (ending_of()).
 *
 * An ending that needs no cause bears its own certainty: certain only if all that speaks against it is known
 * not to be. So a direction of which no FIN was seen makes a connection open only where its FIN would have been.
 */
#include <errno.h>
#include <string.h>

#include "ending/cause_rules.h"
#include "ending/judging.h"

/* So many repeats without an answer are a time-out; fewer are a bad moment. */
#define REPEATS_ENOUGH 3
/* The first repeat of a SYN comes by then (RFC 6298 section 2: 1 s, and 3 s in older systems). */
#define FIRST_REPEAT_NS (3 * INT64_C(1000000000))

static bool server_only_syn_acked(const struct facts *f)
{
        return fact_known(f->syn_acks.how) && fact_known(f->from[SIDE_SERVER].packets.how) &&
               f->from[SIDE_SERVER].packets.value == f->syn_acks.value;
}

/* Payload or a FIN, which no handshake that failed has; TCP Fast Open sends data before it is done. */
static bool talked(const struct facts *f, enum side side)
{
        return count_above(f->from[side].payloads, 0) || count_above(f->from[side].bytes, 0) ||
               fact_is(f->from[side].fin);
}

/* A scanner's SYN bears a FIN, too: where nobody said anything that is no talk. */
static bool client_talked(const struct facts *f)
{
        const struct facts_of_direction *from = &f->from[SIDE_CLIENT];

        return count_above(from->payloads, 0) || count_above(from->bytes, 0) ||
               (fact_is(from->fin) && !count_is(f->from[SIDE_SERVER].packets, 0));
}

static bool never_established(const struct facts *f)
{
        /* Where the server is not seen, the client's ACK of its SYN-ACK tells of it. */
        if (f->seen.source == SOURCE_CAPTURE && f->seen.sides == SIDES_SEEN_CLIENT &&
            fact_known(f->from[SIDE_SERVER].acked.how))
                return false;
        return fact_is_not(f->established) && !talked(f, SIDE_SERVER) &&
               (!client_talked(f) || fact_is(f->syn_data));
}

static bool icmp_refuses(const struct facts *f)
{
        if (!fact_known(f->icmp.how) || f->icmp.value == ICMP_ERROR_TOO_BIG || f->icmp.value == ICMP_ERROR_OTHER)
                return false;
        if (!fact_known(f->icmp_quoted.how) || f->icmp_quoted.value != SEGMENT_KIND_SYN)
                return false;
        return never_established(f) && count_is(f->syn_acks, 0) &&
               (!fact_known(f->icmp_to.how) || f->icmp_to.value == SIDE_CLIENT);
}

static bool is_refused(struct judging *j)
{
        const struct facts *f = j->f;

        if (j->reset && j->named == SIDE_SERVER) {
                if (fact_known(j->reset->answers.how) && j->reset->answers.value == SEGMENT_KIND_SYN &&
                    !talked(f, SIDE_SERVER) && !fact_is(f->established))
                        return true;
                return never_established(f) && count_above(f->syns, 0) && count_is(f->syn_acks, 0);
        }
        if (j->reset)
                return false;
        return icmp_refuses(f) || (!fact_is(f->established) && !talked(f, SIDE_SERVER) &&
                                   error_is(f->end[SIDE_CLIENT].error_set, ECONNREFUSED));
}

/* The client's ACK came, and the server goes on repeating its SYN-ACK: its accept queue is full. */
static bool queue_was_full(const struct facts *f)
{
        bool asks = count_above(f->end[SIDE_CLIENT].repeats_unanswered, 0);

        if (!server_only_syn_acked(f) || talked(f, SIDE_SERVER) || count_above(f->from[SIDE_CLIENT].acked, 0))
                return false;
        return count_above(f->late_syn_acks, asks ? 0 : 1);
}

/* It repeats its SYN although that was answered: no answer reaches it, and neither end is silent. */
static bool answers_get_lost(const struct facts *f)
{
        return count_above(f->syn_acks, 0) && count_above(f->answered_syns, 0) && !queue_was_full(f);
}

/* Its RST bears the number of its SYN: that of a socket in SYN_SENT, to which nothing was acknowledged
 * (tcp_acceptable_seq()). So it ends an attempt that had no answer, and none was seen. */
static bool gave_up_its_attempt(const struct judging *j)
{
        const struct facts *f = j->f;

        return j->named == SIDE_CLIENT && fact_is(j->reset->behind) && count_above(f->syns, 0) &&
               fact_is_not(f->syn_data) && count_is(f->from[SIDE_SERVER].packets, 0);
}

static bool is_unanswered(struct judging *j)
{
        const struct facts *f = j->f;

        if ((j->reset && !gave_up_its_attempt(j)) || f->seen.sides == SIDES_SEEN_SERVER)
                return false;
        if (queue_was_full(f))
                return true;
        return never_established(f) && (count_above(f->syns, 0) || f->seen.source != SOURCE_CAPTURE);
}

static uint64_t asked(const struct facts_of_end *end)
{
        uint64_t most = 0;

        if (fact_known(end->repeats_unanswered.how))
                most = end->repeats_unanswered.value;
        if (fact_known(end->keepalives_unanswered.how) && end->keepalives_unanswered.value > most)
                most = end->keepalives_unanswered.value;
        if (fact_known(end->probes_unanswered.how) && end->probes_unanswered.value > most)
                most = end->probes_unanswered.value;
        return most;
}

/* On a connection that was up, Linux sets these of its own only when it gives up (tcp_write_err). */
static bool told_timeout(const struct facts *f, enum side side)
{
        const struct facts_of_end *end = &f->end[side];
        int error = fact_known(end->error_set.how) ? end->error_set.value : 0;

        return fact_is(end->gave_up) || fact_is(end->abort_on_timeout) || error == ETIMEDOUT ||
               ((error == EHOSTUNREACH || error == ENETUNREACH) && fact_is(f->established));
}

/* Did the RST come from the other end, or from between, after the last question? Then there was an answer. */
static bool was_answered(const struct judging *j, enum side asker)
{
        const struct facts_of_end *end = &j->f->end[asker];

        if (!j->reset || (j->named == asker && !j->by_network))
                return false;
        return !fact_known(end->unanswered_last.how) || !fact_known(j->reset->at.how) ||
               j->reset->at.value >= end->unanswered_last.value;
}

static bool is_timed_out(struct judging *j)
{
        const struct facts *f = j->f;
        uint64_t most = 0;

        if (fact_is(f->both_acked))
                return false;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                if (told_timeout(f, (enum side)side)) {
                        j->asker = (enum side)side;
                        j->told_timeout = true;
                        return true;
                }
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                uint64_t n = asked(&f->end[side]);

                if (n >= REPEATS_ENOUGH && n > most && !was_answered(j, (enum side)side)) {
                        most = n;
                        j->asker = (enum side)side;
                }
        }
        return most > 0;
}

/* A RST and nothing else says nothing of the connection. One that was captured twice is more packets than RSTs, but no
 * place in either stream is known from it. */
static bool only_resets(const struct facts *f)
{
        uint64_t packets = 0;
        bool placed = false;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_direction *from = &f->from[side];

                if (!fact_known(from->packets.how))
                        return false;
                packets += from->packets.value;
                placed = placed || fact_known(from->payloads.how) || fact_known(from->bytes.how) ||
                         fact_known(from->acked.how);
        }
        return f->seen.source == SOURCE_CAPTURE &&
               (packets <= f->n_resets_in_all || (f->n_resets_in_all > 0 && !placed));
}

static bool is_orderly(struct judging *j)
{
        return fact_is(j->f->from[SIDE_CLIENT].fin) && fact_is(j->f->from[SIDE_SERVER].fin);
}

static bool is_reset(struct judging *j)
{
        const struct facts *f = j->f;

        if (j->reset)
                return !only_resets(f);
        if (fact_is(f->both_acked) || f->n_resets > 0)
                return false;
        /* A socket sees no RST, only the error that it left. After both FINs SOCK_DESTROY sends none
         * (tcp_need_reset()). */
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                if (error_is(f->end[side].error_set, ECONNRESET) || error_is(f->end[side].error_set, EPIPE) ||
                    (error_is(f->end[side].error_set, ECONNABORTED) && !is_orderly(j)))
                        return true;
        return false;
}

static bool is_half_closed(struct judging *j)
{
        return fact_is(j->f->from[SIDE_CLIENT].fin) || fact_is(j->f->from[SIDE_SERVER].fin);
}

static bool is_open(struct judging *j)
{
        const struct facts *f = j->f;

        if (only_resets(f))
                return false;
        return fact_is(f->established) || talked(f, SIDE_CLIENT) || talked(f, SIDE_SERVER) ||
               (f->seen.midstream && count_above(f->from[SIDE_CLIENT].packets, 0) &&
                count_above(f->from[SIDE_SERVER].packets, 0));
}

/* The first that fits. */
static enum ending ending_of(struct judging *j)
{
        if (is_refused(j))
                return ENDING_REFUSED;
        if (is_unanswered(j))
                return ENDING_UNANSWERED;
        if (is_timed_out(j))
                return ENDING_TIMED_OUT;
        if (is_reset(j))
                return ENDING_RESET;
        if (is_orderly(j))
                return ENDING_ORDERLY;
        if (is_half_closed(j))
                return ENDING_HALF_CLOSED;
        return is_open(j) ? ENDING_OPEN : ENDING_UNSEEN;
}

/* Is it over, as far as who kept asking goes? Twice the last interval must have passed. */
static bool asks_on(const struct facts *f, int64_t last, struct fact_count gap, uint64_t n, int64_t since)
{
        int64_t wait = FIRST_REPEAT_NS, quiet, span;

        if (fact_known(gap.how))
                wait = gap.value < INT64_MAX ? (int64_t)gap.value : INT64_MAX;
        else if (n > 0 && !__builtin_sub_overflow(last, since, &span) && span > 0)
                wait = span / (int64_t)(n < 16 ? n : 16);
        if (wait > INT64_MAX / 2)
                wait = INT64_MAX / 2;
        return __builtin_sub_overflow(f->seen.until, last, &quiet) || quiet < 2 * wait;
}

bool attempt_goes_on(const struct facts *f, enum side asker)
{
        const struct facts_of_end *end = &f->end[asker];

        if (fact_known(end->unanswered_last.how))
                return asks_on(f, end->unanswered_last.value, end->unanswered_gap,
                               fact_known(end->repeats_unanswered.how) ? end->repeats_unanswered.value : 0,
                               fact_known(end->unanswered_since.how) ? end->unanswered_since.value
                                                                     : end->unanswered_last.value);
        if (asker == SIDE_SERVER && fact_known(f->last_syn_ack.how))
                return asks_on(f, f->last_syn_ack.value, (struct fact_count){ 0 }, 0, 0);
        if (fact_known(f->last_syn.how))
                return asks_on(f, f->last_syn.value, f->syn_gap, 0, 0);
        return true;
}

static void end_unanswered(struct judging *j)
{
        const struct facts *f = j->f;
        bool answered = count_above(f->syn_acks, 0) && !queue_was_full(f), lost = answers_get_lost(f);
        enum side asker = answered && !lost ? SIDE_SERVER : SIDE_CLIENT;
        bool told = told_timeout(f, asker) || fact_known(f->end[asker].act.how) || never_asked(f);

        if (!lost && !never_asked(f))
                j->r->silent = other_side(asker);
        j->asker = asker;
        j->told_timeout = told;
        j->r->ongoing = !told && !j->reset && attempt_goes_on(f, asker);
        if (!j->r->ongoing)
                j->r->ended_by = asker;
}

static void end_timed_out(struct judging *j)
{
        const struct facts *f = j->f;
        const struct facts_of_end *end = &f->end[j->asker];
        /* Its RST says that it gave up, whether or not the other end heard it. */
        bool resets = j->shown && !j->by_network && fact_known(j->shown->by.how) && j->shown->by.value == j->asker &&
                      fact_known(j->shown->at.how) && fact_known(end->unanswered_last.how) &&
                      j->shown->at.value >= end->unanswered_last.value;

        j->r->silent = other_side(j->asker);
        if (!j->told_timeout && !resets)
                j->r->ongoing = !fact_known(end->unanswered_last.how) ||
                                asks_on(f, end->unanswered_last.value, end->unanswered_gap, asked(end),
                                        fact_known(end->unanswered_since.how) ? end->unanswered_since.value
                                                                              : end->unanswered_last.value);
        if (!j->r->ongoing)
                j->r->ended_by = j->asker;
        if (resets && !j->reset) {
                j->reset = j->shown;
                j->named = j->asker;
        }
}

/* Who sent the first FIN; nobody where they crossed, or might have. */
enum side first_to_close(const struct facts *f)
{
        const struct facts_of_direction *c = &f->from[SIDE_CLIENT], *s = &f->from[SIDE_SERVER];

        if (fact_is(c->fin) && fact_is_not(s->fin))
                return SIDE_CLIENT;
        if (fact_is(s->fin) && fact_is_not(c->fin))
                return SIDE_SERVER;
        if (!fact_is(c->fin) || !fact_is(s->fin) || !fact_is_not(f->crossed))
                return SIDE_UNKNOWN;
        /* Stamps may run backwards. */
        if (fact_known(f->first_fin.how))
                return f->first_fin.value;
        if (!fact_known(c->fin_at.how) || !fact_known(s->fin_at.how))
                return SIDE_UNKNOWN;
        return c->fin_at.value <= s->fin_at.value ? SIDE_CLIENT : SIDE_SERVER;
}

static enum side sender_of_reset(const struct judging *j)
{
        const struct facts *f = j->f;

        if (j->reset)
                return j->by_network ? SIDE_NETWORK : j->named;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_end *end = &f->end[side];

                if (error_is(end->error_set, ECONNABORTED))
                        return (enum side)side;
                /* A kernel says ECONNRESET of itself, too, where data came after the end was shut. */
                if (error_is(end->error_set, EPIPE) ||
                    (error_is(end->error_set, ECONNRESET) && fact_is_not(end->shut_read)))
                        return other_side((enum side)side);
        }
        return SIDE_UNKNOWN;
}

static enum side who_refused(const struct judging *j)
{
        if (j->reset)
                return j->by_network ? SIDE_NETWORK : SIDE_SERVER;
        if (!fact_known(j->f->icmp.how))
                return SIDE_SERVER;
        return fact_is(j->f->icmp_from_end) ? SIDE_SERVER
               : fact_is_not(j->f->icmp_from_end) ? SIDE_NETWORK
                                                  : SIDE_UNKNOWN;
}

/* Is it known of every RST that it changed nothing? */
static bool resets_changed_nothing(const struct judging *j)
{
        const struct facts *f = j->f;
        uint64_t n = 0;

        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                bool forged = j->by_network && &f->resets[i] == j->shown && fact_is(f->both_acked) &&
                              fact_known(f->resets[i].obeyed.how) && surely_by_network(j);

                if (!fact_is(f->resets[i].after_both_acked) && !fact_is_not(f->resets[i].obeyed) && !forged)
                        return false;
                n += 1 + (fact_known(f->resets[i].repeats.how) ? f->resets[i].repeats.value : 0);
        }
        return n >= f->n_resets_in_all;
}

/* That whoever got a RST talked on after it tells only the time: what it said may have been on its way for long, or the
 * clock of the capture may have stood still. That the RST's sender talked on as well is another witness. */
static enum certainty certainty_that_no_reset_ended_it(const struct facts *f)
{
        enum certainty certainty = CERTAINTY_CERTAIN;

        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &f->resets[i];

                if (reset->obeyed.how != HOW_INFERRED || reset->obeyed.value || fact_is(reset->after_both_acked))
                        continue;
                if (!fact_is(reset->went_on))
                        return CERTAINTY_POSSIBLE;
                certainty = CERTAINTY_LIKELY;
        }
        return certainty;
}

/* A FIN that is repeated so often and never acknowledged was given up, perhaps, whatever came meanwhile that does not
 * acknowledge it: that may have been on its way for long. */
static bool fin_may_be_given_up(const struct facts *f, enum side side)
{
        const struct facts_of_direction *from = &f->from[side];

        return f->seen.source == SOURCE_CAPTURE && fact_is(from->fin) && !fact_is(from->fin_acked) &&
               !count_up_to(from->fin_repeats, REPEATS_ENOUGH - 1);
}

/* Some of what it sent may not be acknowledged. */
static bool may_wait(const struct facts_of_direction *from)
{
        return !fact_known(from->bytes.how) || !fact_known(from->acked.how) || from->acked.value < from->bytes.value ||
               (!fact_is_not(from->fin) && !fact_is(from->fin_acked));
}

/* When it asked last, and when it would have asked again. */
static bool knows_when_it_asks(const struct facts_of_end *end)
{
        return fact_known(end->unanswered_last.how) &&
               (fact_known(end->unanswered_gap.how) || count_is(end->repeats_unanswered, 0));
}

bool stopped_asking(const struct facts *f, enum side side)
{
        return f->seen.source == SOURCE_CAPTURE && may_wait(&f->from[side]) && knows_when_it_asks(&f->end[side]) &&
               !attempt_goes_on(f, side);
}

/* It waits, and is not known to ask on: what ended it may not have been seen. */
static bool may_have_stopped_asking(const struct facts *f, enum side side)
{
        return stopped_asking(f, side) || (f->seen.source == SOURCE_CAPTURE && may_wait(&f->from[side]) &&
                                           !knows_when_it_asks(&f->end[side]));
}

/* Of an ending that needs no cause. */
static enum certainty certainty_of_ending(const struct judging *j, enum ending ending)
{
        const struct facts *f = j->f;
        /* What was given out before its time goes on unseen. */
        bool whole = f->seen.sides == SIDES_SEEN_BOTH && !f->seen.gaps && !f->seen.evicted;
        enum certainty ended_by_no_reset = certainty_that_no_reset_ended_it(f);
        bool no_fin[2], no_time_out = true;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_end *end = &f->end[side];

                no_fin[side] = fact_is_not(f->from[side].fin);
                no_time_out = no_time_out && count_up_to(end->repeats_unanswered, REPEATS_ENOUGH - 1) &&
                              count_up_to(end->keepalives_unanswered, REPEATS_ENOUGH - 1) &&
                              count_up_to(end->probes_unanswered, REPEATS_ENOUGH - 1) &&
                              !(ending == ENDING_HALF_CLOSED && fin_may_be_given_up(f, (enum side)side));
        }
        if (ending == ENDING_UNSEEN)
                return CERTAINTY_POSSIBLE;
        if (!resets_changed_nothing(j))
                return CERTAINTY_POSSIBLE;
        if (ending == ENDING_ORDERLY && fact_is(f->both_acked))
                return CERTAINTY_CERTAIN;
        if (!whole || !no_time_out || (f->seen.source == SOURCE_CAPTURE && may_have_ended_otherwise(j)))
                return CERTAINTY_POSSIBLE;
        if (ending == ENDING_ORDERLY)
                return fact_is_not(f->both_acked) ? CERTAINTY_LIKELY : CERTAINTY_POSSIBLE;
        if (may_have_stopped_asking(f, SIDE_CLIENT) || may_have_stopped_asking(f, SIDE_SERVER))
                return CERTAINTY_POSSIBLE;
        if (ending == ENDING_HALF_CLOSED ? !no_fin[SIDE_CLIENT] && !no_fin[SIDE_SERVER]
                                         : !no_fin[SIDE_CLIENT] || !no_fin[SIDE_SERVER] ||
                                           !(fact_is(f->established) || f->seen.midstream))
                return CERTAINTY_POSSIBLE;
        /* Of a capture that lost segments the last FIN or RST may be one of them; of one that is out of order it may
         * stand before what it ended. */
        if (ended_by_no_reset == CERTAINTY_CERTAIN && (f->seen.losses || f->seen.disorder))
                return CERTAINTY_LIKELY;
        return ended_by_no_reset;
}

void judge_ending(struct judging *j)
{
        struct record *r = j->r;

        j->asker = SIDE_UNKNOWN;
        r->ending = ending_of(j);
        if (r->ending != ENDING_TIMED_OUT) {
                j->asker = SIDE_UNKNOWN;
                j->told_timeout = false;
        }
        switch (r->ending) {
        case ENDING_REFUSED:
                r->ended_by = who_refused(j);
                break;
        case ENDING_UNANSWERED:
                end_unanswered(j);
                break;
        case ENDING_TIMED_OUT:
                end_timed_out(j);
                break;
        case ENDING_RESET:
                r->ended_by = sender_of_reset(j);
                break;
        case ENDING_ORDERLY:
        case ENDING_HALF_CLOSED:
                r->ended_by = first_to_close(j->f);
                break;
        case ENDING_OPEN:
        case ENDING_UNSEEN:
        case N_ENDINGS:
        default:
                break;
        }
        if (r->ending == ENDING_HALF_CLOSED || r->ending == ENDING_OPEN || r->ending == ENDING_UNSEEN)
                r->ongoing = true;
        /* Of an ending that has causes it is theirs, and judge_cause() says it. */
        if (causes_of_ending[r->ending].n == 0)
                r->certainty = certainty_of_ending(j, r->ending);
}
