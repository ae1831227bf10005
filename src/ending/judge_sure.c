/*
 * Is it sure? Whatever is not known might have led elsewhere: to an ending that is tried before, to a rule of causes
 * that stands before, to another RST, or to somebody else who sent it. Then nothing is certain or likely; so who knows
 * less is never the surer one. Asked of captures alone, and only where the verdict is more than possible: what a kernel
 * or a program has told needs no witness besides.
 */
#include "ending/cause_rules.h"
#include "ending/judging.h"

/* Three are a time-out (judge_ending.c). */
#define REPEATS_ENOUGH 3

static bool may_be(struct fact_flag flag)
{
        return !fact_known(flag.how) || flag.value;
}

static bool may_be_not(struct fact_flag flag)
{
        return !fact_known(flag.how) || !flag.value;
}

static bool may_be_none(struct fact_count count)
{
        return !fact_known(count.how) || count.value == 0;
}

static bool may_be_some(struct fact_count count)
{
        return !fact_known(count.how) || count.value > 0;
}

/* That the server took the connection up is known by what it sent, or by the client's ACK. */
static bool was_established(const struct facts *f)
{
        const struct facts_of_direction *server = &f->from[SIDE_SERVER];

        return fact_is(f->established) || count_above(server->payloads, 0) || count_above(server->bytes, 0) ||
               fact_is(server->fin);
}

static bool may_be_refused(const struct judging *j)
{
        const struct facts *f = j->f;

        if (!j->reset || j->named != SIDE_SERVER || was_established(f))
                return false;
        return reset_answers_syn(j->reset) ||
               (!f->seen.midstream && may_be_some(f->syns) && may_be_none(f->syn_acks));
}

static bool queue_may_have_been_full(const struct facts *f)
{
        const struct facts_of_direction *server = &f->from[SIDE_SERVER];
        bool spoke = count_above(server->payloads, 0) || count_above(server->bytes, 0) || fact_is(server->fin);
        bool only_syn_acks = !fact_known(f->syn_acks.how) || !fact_known(server->packets.how) ||
                             f->syn_acks.value == server->packets.value;

        return only_syn_acks && !spoke && !count_above(f->from[SIDE_CLIENT].acked, 0) &&
               !count_up_to(f->late_syn_acks, count_is(f->end[SIDE_CLIENT].repeats_unanswered, 0) ? 1 : 0);
}

static bool may_be_unanswered(const struct judging *j)
{
        const struct facts *f = j->f;

        if (j->reset)
                return false;
        return (!f->seen.midstream && !was_established(f)) || queue_may_have_been_full(f);
}

/* It is known that whoever asked in vain was answered by the RST in the end. */
static bool was_answered_at_last(const struct judging *j, enum side asker)
{
        const struct fact_time last = j->f->end[asker].unanswered_last;

        return j->reset && (j->named != asker || j->by_network) && fact_known(last.how) &&
               fact_known(j->reset->at.how) && j->reset->at.value >= last.value;
}

static bool may_be_timed_out(const struct judging *j)
{
        const struct facts *f = j->f;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_end *end = &f->end[side];

                if (!(count_up_to(end->repeats_unanswered, REPEATS_ENOUGH - 1) &&
                      count_up_to(end->keepalives_unanswered, REPEATS_ENOUGH - 1) &&
                      count_up_to(end->probes_unanswered, REPEATS_ENOUGH - 1)) &&
                    !was_answered_at_last(j, (enum side)side))
                        return true;
        }
        return false;
}

static bool may_be_only_resets(const struct facts *f)
{
        return !fact_known(f->from[SIDE_CLIENT].packets.how) || !fact_known(f->from[SIDE_SERVER].packets.how);
}

static bool may_have_talked(const struct facts_of_direction *from)
{
        return may_be_some(from->payloads) || may_be_some(from->bytes) || may_be(from->fin);
}

/* Of a handshake that failed it is known that nobody said more. */
static bool may_have_been_more(const struct facts *f)
{
        return !fact_is_not(f->established) || may_have_talked(&f->from[SIDE_SERVER]) ||
               (may_have_talked(&f->from[SIDE_CLIENT]) && !fact_is(f->syn_data));
}

bool may_have_ended_otherwise(const struct judging *j)
{
        const struct facts *f = j->f;

        switch (j->r->ending) {
        case ENDING_REFUSED:
                return may_have_been_more(f) ||
                       (!j->reset && !(fact_known(f->icmp_to.how) && f->icmp_to.value == SIDE_CLIENT));
        case ENDING_UNANSWERED:
                return may_have_been_more(f);
        case ENDING_TIMED_OUT:
                return may_be_refused(j) || may_be_unanswered(j);
        case ENDING_RESET:
                return may_be_refused(j) || may_be_unanswered(j) || may_be_timed_out(j) || may_be_only_resets(f);
        case ENDING_ORDERLY:
        case ENDING_HALF_CLOSED:
        case ENDING_OPEN:
        case ENDING_UNSEEN:
        case N_ENDINGS:
        default:
                return may_be_unanswered(j) || may_be_only_resets(f);
        }
}

/* Of the RST that ended it, what may have drawn it, and the FINs before. */
static uint64_t may_hold_of_reset(const struct judging *j, enum side x)
{
        const struct facts_of_direction *own = &j->f->from[x], *peer = &j->f->from[other_side(x)];
        const struct facts_of_reset *reset = j->reset;
        uint64_t c = 0;

        if (j->shape == RESET_KIND_UNKNOWN)
                c |= COND(ACTIVE) | COND(REPLY) | COND(FOREIGN);
        if (!fact_known(reset->answers.how))
                c |= COND(TO_SYN_ACK) | COND(TO_DATA) | COND(TO_FIN) | COND(TO_ACK);
        if (!fact_known(reset->position.how) || (reset->position.value > 0 && !fact_known(own->bytes.how)))
                c |= COND(WRONG_NUMBER);
        if (!fact_known(reset->went_on.how))
                c |= COND(WENT_ON);
        if (!j->r->idle_before.known)
                c |= COND(IDLE);
        if (!fact_known(own->fin.how) ||
            (own->fin.value && (!fact_known(own->fin_at.how) || !fact_known(reset->at.how))))
                c |= COND(FIN_BEFORE) | COND(FIN_JUST) | COND(FIN_RECENT) | COND(FIN_LONG_AGO);
        if (!fact_known(peer->fin.how) ||
            (peer->fin.value && (!fact_known(peer->fin_at.how) || !fact_known(reset->answers_at.how))))
                c |= COND(PEER_FIN_BEFORE) | COND(DATA_IN_PLACE);
        if (!fact_known(peer->after_peer_fin.how))
                c |= COND(LATE_DATA) | COND(NO_LATE_DATA);
        if (may_be_some(peer->after_peer_fin) && (!fact_known(peer->bytes.how) || !fact_known(peer->acked.how)))
                c |= COND(LATE_DATA);
        return c;
}

uint64_t conditions_that_may_hold(const struct judging *j, enum side x)
{
        const struct facts *f = j->f;
        const struct facts_of_direction *server = &f->from[SIDE_SERVER];
        uint64_t c = 0;

        if (!fact_known(f->mptcp.how))
                c |= COND(MPTCP);
        if (may_be_some(f->syn_acks) && may_be_none(server->payloads) && may_be_not(server->fin) &&
            may_be_none(f->from[SIDE_CLIENT].acked))
                c |= COND(ONLY_SYN_ACKED);
        if (may_be_not(f->established) && may_be_none(f->syn_acks))
                c |= COND(NO_SYN_ACK);
        if (j->reset && is_end(x) && j->named == x)
                c |= may_hold_of_reset(j, x);
        /* Those of silence have the same bits as some of a RST, and captures leave none of them open. */
        return j->r->ending == ENDING_RESET || j->r->ending == ENDING_REFUSED ? c : c & COMMON_CONDITIONS;
}

/* It is known of the RST on the wire that it is the one that counts, that it was taken, and whose it is. */
bool reset_is_plain(const struct judging *j)
{
        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (!fact_known(reset->by.how))
                        return false;
                /* One that came earlier may have been the one that counts. */
                if ((!j->reset || reset < j->reset) && !fact_is_not(reset->obeyed))
                        return false;
        }
        if (!j->reset)
                return true;
        if (!reset_shape_is_seen(j->reset) || !fact_is_not(j->reset->after_both_acked) || reset_may_be_second(j))
                return false;
        if (!fact_is_not(j->f->both_acked) || !fact_known(j->reset->validity.how))
                return false;
        /* That who gave up was not heard any more changes nothing. */
        if (j->r->ending != ENDING_TIMED_OUT && !fact_is(j->reset->obeyed))
                return false;
        return j->by_network ? surely_by_network(j) : surely_its_own(j);
}
