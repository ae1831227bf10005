/*
 * The two directions: their counts, what became of their bytes, and whether the last request may be sent again.
 *
 * Acknowledged is by the other kernel. Bytes are lost only where it is known that no program can get them: a
 * kernel counted them as unread or unsent, or they drew a reply RST when they were sent for the first time. A
 * repeat that draws one may have arrived before. What is not acknowledged when the evidence ends is no loss: the
 * answer may be on its way, so it is unknown until somebody repeats it or nobody can answer any more.
 */
#include "ending/judging.h"

/* RSTs that bear its address; those shown to be another's are not its own. */
static const struct facts_of_reset *own_reset(const struct judging *j, enum side sender)
{
        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == sender &&
                    !is_anothers(j, reset))
                        return reset;
        }
        return NULL;
}

/* How the sender ended it first. */
static enum closed how_closed(const struct judging *j, enum side sender)
{
        const struct facts_of_direction *from = &j->f->from[sender];
        const struct facts_of_reset *reset = own_reset(j, sender);

        if (fact_is(from->fin)) {
                /* Who sends a FIN after "his" RST, which nobody took, did not send that RST. */
                if (reset && !fact_is_not(reset->obeyed) && fact_known(reset->at.how) && fact_known(from->fin_at.how) &&
                    reset->at.value < from->fin_at.value)
                        return CLOSED_RESET;
                return CLOSED_FIN;
        }
        /* Of a RST that nobody saw, a FIN that nobody saw either may have been before. */
        if (reset)
                return reset->by.how == HOW_INFERRED && (j->by_either || !fact_known(from->fin.how)) ? CLOSED_UNKNOWN
                                                                                                     : CLOSED_RESET;
        return fact_is_not(from->fin) ? CLOSED_NO : CLOSED_UNKNOWN;
}

/* Who refuses a SYN acknowledges it with all that it bears, and throws that away (tcp_v4_send_reset()). */
static bool acknowledges_what_it_refuses(const struct judging *j, enum side sender)
{
        const struct facts_of_direction *from = &j->f->from[sender];

        if (sender == SIDE_CLIENT && j->r->ending == ENDING_REFUSED)
                return true;
        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == other_side(sender) && reset_answers_syn(reset) &&
                    count_is(reset->ack_position, from->acked_by_reset.value))
                        return true;
        }
        return false;
}

/* How many RSTs that were counted as the sender's segments are another's. */
static uint64_t forged_in_its_name(const struct judging *j, enum side sender)
{
        uint64_t n = 0;

        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == sender && is_anothers(j, reset) &&
                    !fact_is(reset->not_sent))
                        n += 1 + (fact_known(reset->repeats.how) ? reset->repeats.value : 0);
        }
        return n;
}

static void count(const struct judging *j, enum side sender, struct record_direction *d)
{
        const struct facts_of_direction *from = &j->f->from[sender];
        enum side receiver = other_side(sender);
        bool forged = j->by_network && j->shown && j->shown->by.value == receiver;

        d->bytes = counted(from->bytes);
        d->acked = counted(from->acked);
        if (d->bytes.known && d->acked.known && d->acked.value > d->bytes.value)
                d->acked = d->bytes;
        if (!forged)
                d->acked_by_reset = counted(from->acked_by_reset);
        if (count_above(from->acked_by_reset, 0) && acknowledges_what_it_refuses(j, sender))
                d->acked_by_reset.value = 0;
        if (d->bytes.known && d->acked_by_reset.known && d->acked_by_reset.value > d->bytes.value)
                d->acked_by_reset = d->bytes;
        d->uncertain = record_uncertain(d);
        d->unsent = counted(j->f->end[sender].unsent);
        d->unread = counted(j->f->end[receiver].unread);
        d->closed = how_closed(j, sender);
        if (fact_known(from->fin_acked.how))
                d->fin_acked = known_bool(from->fin_acked.value && d->closed == CLOSED_FIN);
        d->retransmitted = counted(from->retransmitted);
        d->missing = counted(from->missing);
        d->packets = counted(from->packets);
        /* A capture at its own end has not counted them. */
        if (j->by_network && d->packets.known) {
                uint64_t others = forged_in_its_name(j, sender);

                d->packets.value -= others < d->packets.value ? others : d->packets.value;
        }
}

/* Did bytes that were sent for the first time draw a reply RST of the receiver's own? */
static bool drew_a_reset(const struct judging *j, enum side sender)
{
        const struct facts *f = j->f;

        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &f->resets[i];

                if (!fact_known(reset->by.how) || reset->by.value != other_side(sender) ||
                    is_anothers(j, reset))
                        continue;
                /* A forger waits for a segment, and lets it pass. */
                if (reset_shape(f, reset) != RESET_KIND_REPLY ||
                    (reset == j->reset && j->doubts & ~(unsigned)DOUBT_EARLY))
                        continue;
                if (fact_is(reset->drew_data))
                        return true;
                if (!fact_is_not(reset->answers_repeat) || !fact_known(reset->answers.how))
                        continue;
                if (reset->answers.value == SEGMENT_KIND_DATA ||
                    (reset_answers_syn(reset) && fact_is(f->syn_data) && j->r->ending == ENDING_REFUSED) ||
                    (reset->answers.value == SEGMENT_KIND_FIN && count_above(f->from[sender].after_peer_fin, 0)))
                        return true;
        }
        return false;
}

static bool kernel_told_of_loss(const struct judging *j, enum side sender)
{
        enum side receiver = other_side(sender);

        /* Whichever of the two it was, no program can get what came for a socket that was gone. */
        return (j->r->cause == CAUSE_DATA_AFTER_CLOSE || j->r->cause == CAUSE_NO_CONNECTION) && j->named == receiver &&
               (j->r->certainty == CERTAINTY_CERTAIN ||
                (j->reason != RESET_REASON_NOT_SPECIFIED && count_above(j->f->from[sender].after_peer_close, 0)));
}

/* Bytes sent that a capture at the receiver's end does not hold; 0 where nothing is known of that. */
uint64_t never_arrived(const struct judging *j, enum side sender)
{
        const struct facts_of_direction *from = &j->f->from[sender];

        if (!fact_known(from->bytes.how) || !fact_known(from->arrived.how) || from->arrived.value >= from->bytes.value)
                return 0;
        return from->bytes.value - from->arrived.value;
}

static enum fate fate_of(const struct judging *j, enum side sender, const struct record_direction *d)
{
        const struct facts *f = j->f;
        const struct facts_of_end *from = &f->end[sender], *to = &f->end[other_side(sender)];
        bool unsent = d->unsent.known && d->unsent.value > 0;
        bool unread = d->unread.known && d->unread.value > 0;
        bool gone = fact_is(to->closed) || (j->reset && !j->r->ongoing);

        if (d->bytes.known && d->bytes.value == 0 && !unsent)
                return FATE_NONE;
        if (unread && gone)
                return FATE_LOST;
        if (unsent && (!j->r->ongoing || fact_is(from->closed)))
                return j->r->ending == ENDING_ORDERLY ? FATE_UNKNOWN : FATE_LOST;
        if (d->bytes.known && j->r->cause == CAUSE_UNREAD_DATA && j->r->certainty == CERTAINTY_CERTAIN &&
            (j->by_either || j->named == other_side(sender)))
                return FATE_LOST;
        if (unread || unsent || !d->uncertain.known)
                return FATE_UNKNOWN;
        if (d->uncertain.value == 0)
                return FATE_ACKED;
        if (kernel_told_of_loss(j, sender))
                return FATE_LOST;
        /* What is on its way while it goes on may still come. */
        if (!j->r->ongoing && never_arrived(j, sender) > 0)
                return FATE_LOST;
        /* The acknowledgement, or an earlier copy, may be among what was not seen. */
        if (f->seen.gaps)
                return FATE_UNKNOWN;
        if (drew_a_reset(j, sender))
                return FATE_LOST;
        switch (j->r->ending) {
        case ENDING_HALF_CLOSED:
        case ENDING_OPEN:
                return count_above(from->repeats_unanswered, 0) && stopped_asking(f, sender) ? FATE_UNCERTAIN
                                                                                             : FATE_UNKNOWN;
        case ENDING_ORDERLY:
        case ENDING_UNSEEN:
                return FATE_UNKNOWN;
        case ENDING_UNANSWERED:
                return j->r->ongoing && !count_above(f->from[sender].retransmitted, 0) && !count_above(f->syns, 1)
                               ? FATE_UNKNOWN : FATE_UNCERTAIN;
        case ENDING_REFUSED:
        case ENDING_RESET:
        case ENDING_TIMED_OUT:
        case N_ENDINGS:
        default:
                return FATE_UNCERTAIN;
        }
}

void judge_fate(struct judging *j)
{
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct record_direction *d = record_from(j->r, (enum side)side);

                count(j, (enum side)side, d);
                d->fate = fate_of(j, (enum side)side, d);
        }
}

/* With each of these the host answers for a segment that it gives to no program. */
static bool reaches_no_program(enum cause cause)
{
        return cause == CAUSE_DATA_AFTER_CLOSE || cause == CAUSE_NO_CONNECTION || cause == CAUSE_NOT_LISTENING ||
               cause == CAUSE_FIREWALL || cause == CAUSE_BACKLOG_FULL || cause == CAUSE_LISTENER_CLOSED ||
               cause == CAUSE_ABANDONED || cause == CAUSE_UNREACHABLE || cause == CAUSE_LINGER2 ||
               cause == CAUSE_BAD_SEGMENT;
}

static bool no_cause_reaches_a_program(const struct record *r)
{
        for (size_t i = 0; i < r->n_causes; i++)
                if (!reaches_no_program(r->causes[i]))
                        return false;
        return r->n_causes > 0;
}

void judge_retry(struct judging *j)
{
        const struct facts *f = j->f;
        struct record *r = j->r;
        const struct record_direction *request = &r->to_server;

        if (!request->bytes.known)
                r->retry = RETRY_UNKNOWN;
        else if (request->bytes.value == 0)
                /* A byte acknowledged of a piece that was not seen may have been its FIN, or the request. */
                r->retry = f->seen.midstream || (f->seen.evicted && r->ongoing) ||
                                           (f->seen.gaps && !fact_known(f->from[SIDE_CLIENT].fin.how))
                                   ? RETRY_UNKNOWN
                                   : RETRY_SAFE;
        else if (fact_is_not(f->end[SIDE_SERVER].accepted) && r->cause == CAUSE_LISTENER_CLOSED)
                r->retry = RETRY_SAFE;
        else if (r->ending == ENDING_REFUSED && no_cause_reaches_a_program(r))
                r->retry = RETRY_SAFE;
        else if (request->fate == FATE_LOST && j->named == SIDE_SERVER && !j->by_network &&
                 no_cause_reaches_a_program(r) && request->uncertain.known &&
                 fact_known(f->from[SIDE_CLIENT].last_run.how) &&
                 request->uncertain.value >= f->from[SIDE_CLIENT].last_run.value)
                r->retry = RETRY_SAFE;
        else
                r->retry = RETRY_MAYBE_PROCESSED;
}
