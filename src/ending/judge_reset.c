/*
 * The RSTs: which of them ended the connection, what shape it has, and whether it came from the end that it
 * names.
 *
 * Linux sends two shapes (tcp_send_active_reset, tcp_v4_send_reset). An active one bears the closing socket's
 * own ACK, window and options. A reply is bare, with window 0 and no options; only where the segment answered
 * had no ACK does it bear one. What fits neither comes from another system, or from something between.
 *
 * The tests for forgery are those of Weaver, Sommer and Paxson (NDSS 2009): RST_SEQ_DATA, DATA_SEQ_RST,
 * RST_SEQ_CHANGE, RST_ACK_CHANGE; and TTL, IP ID, window and time, held against that end's other segments.
 * Harmless hosts show each of them now and then, so no single one is believed unless it cannot be harmless,
 * and a reply is excused what is natural to it: Linux sends replies with the default TTL whatever the
 * socket's is, with IP ID 0, and with the number that the segment answered asked for.
 */
#include "ending/judging.h"

/* Hosts nearer than this answer too fast for their speed to say anything. */
#define NEAR_NS 2000000
#define SAME_MOMENT_NS 1000000
/* Together they must weigh so much before a RST is held to be another's. */
#define DOUBT_ENOUGH 3

static bool reason_is_active(enum reset_reason reason)
{
        return reason == RESET_REASON_TCP_ABORT_ON_CLOSE || reason == RESET_REASON_TCP_ABORT_ON_LINGER ||
               reason == RESET_REASON_TCP_ABORT_ON_MEMORY || reason == RESET_REASON_TCP_STATE ||
               reason == RESET_REASON_TCP_KEEPALIVE_TIMEOUT ||
               reason == RESET_REASON_TCP_DISCONNECT_WITH_DATA;
}

/* Those of MPTCP may have either shape. */
static bool reason_is_reply(enum reset_reason reason)
{
        return (reason >= RESET_REASON_NO_SOCKET && reason <= RESET_REASON_INVALID_SYN);
}

static enum reset_reason told_reason(const struct facts *f, const struct facts_of_reset *reset)
{
        enum side by = fact_known(reset->by.how) ? reset->by.value : SIDE_UNKNOWN;

        if (fact_known(reset->reason.how))
                return reset->reason.value;
        if (is_end(by) && fact_known(f->end[by].reason.how))
                return f->end[by].reason.value;
        return RESET_REASON_NOT_SPECIFIED;
}

/* Its window was shut: so is that of its own RST, unless it was closed (tcp_close() frees what lay unread first), and
 * without timestamps there are no options. Where what its program did is known, that says more than a shape. */
static bool was_shut(const struct facts *f, const struct facts_of_reset *reset)
{
        const struct facts_of_end *end;

        if (!fact_known(reset->by.how) || !is_end(reset->by.value) || fact_known(reset->answers.how))
                return false;
        end = &f->end[reset->by.value];
        return !fact_known(end->act.how) && fact_known(end->os.how) && end->os.value == OS_LINUX &&
               fact_is_not(end->timestamps) && fact_is(f->from[other_side(reset->by.value)].window_shut);
}

enum reset_kind reset_shape(const struct facts *f, const struct facts_of_reset *reset)
{
        bool window, options, answers_syn = reset_answers_syn(reset);
        /* In a capture a RST with an ACK is known to answer nothing but what bore none (RFC 9293 3.10.7.1). */
        bool answers_no_ack = answers_syn || (f->seen.source == SOURCE_CAPTURE && fact_known(reset->answers.how));

        if (!fact_known(reset->has_ack.how) && !fact_known(reset->window.how)) {
                enum reset_reason reason = told_reason(f, reset);

                return reason_is_active(reason)  ? RESET_KIND_ACTIVE
                       : reason_is_reply(reason) ? RESET_KIND_REPLY
                                                 : RESET_KIND_UNKNOWN;
        }
        if (!fact_known(reset->has_ack.how) || !fact_known(reset->window.how) || count_above(reset->payload, 0))
                return RESET_KIND_UNKNOWN;
        window = reset->window.value > 0;
        options = fact_is(reset->options);
        if (reset->has_ack.value && (window || options))
                return answers_syn ? RESET_KIND_UNKNOWN : RESET_KIND_ACTIVE;
        if (!window && fact_is_not(reset->options) && (!reset->has_ack.value || answers_no_ack))
                return RESET_KIND_REPLY;
        if (reset->has_ack.value && was_shut(f, reset))
                return RESET_KIND_ACTIVE;
        return RESET_KIND_UNKNOWN;
}

bool reset_shape_is_seen(const struct facts_of_reset *reset)
{
        return fact_known(reset->has_ack.how) && fact_known(reset->window.how) && fact_known(reset->options.how) &&
               fact_known(reset->payload.how);
}

/* What was seen of it does not speak against a reply: then it is excused what one is. */
static bool may_be_reply(const struct facts *f, const struct facts_of_reset *reset, enum reset_kind shape)
{
        return shape == RESET_KIND_REPLY ||
               (f->seen.source == SOURCE_CAPTURE && shape == RESET_KIND_UNKNOWN && !count_above(reset->window, 0) &&
                !fact_is(reset->options) && !count_above(reset->payload, 0) &&
                (!fact_is(reset->has_ack) || fact_known(reset->answers.how)));
}

/* Could the receiver have taken it? */
static bool may_end(const struct facts *f, const struct facts_of_reset *reset)
{
        if (!fact_known(reset->by.how) || !is_end(reset->by.value))
                return false;
        if (fact_is(reset->after_both_acked) || fact_is_not(reset->obeyed))
                return false;
        /* Two FINs that were both acknowledged later show that it changed nothing, unless its effect was seen. */
        if (fact_is(f->both_acked) && !(fact_is(reset->obeyed) && reset->obeyed.how >= HOW_TOLD))
                return false;
        if (fact_is(reset->obeyed))
                return true;
        if (!fact_known(reset->validity.how))
                return !fact_is(reset->went_on);
        /* Who resets of its own accord has nothing left to go on with, even if the other is slow to notice. But
         * challenged (RFC 5961 3.2) it ended nothing: had it been meant, an exact one would have followed. */
        if (reset->validity.value == RESET_VALIDITY_IN_WINDOW)
                return !fact_is(reset->went_on) &&
                       !count_above(f->end[other_side(reset->by.value)].challenge_acks, 0);
        return reset->validity.value != RESET_VALIDITY_OUTSIDE;
}

static bool ttl_is_another(const struct facts_of_end *end, const struct facts_of_reset *reset)
{
        uint64_t a = reset->ttl.value, b = end->ttl.value;

        if (!fact_is(reset->ttl_differs))
                return false;
        if (!fact_known(reset->ttl.how) || !fact_known(end->ttl.how))
                return true;
        return (a > b ? a - b : b - a) > TTL_SLACK;
}

/* Did it come in less than half of the time in which that end has ever answered? */
static bool came_early(const struct facts_of_end *end, const struct facts_of_reset *reset)
{
        int64_t took;

        if (!count_above(end->answers_in, NEAR_NS) || !fact_known(reset->at.how) || !fact_known(reset->answers_at.how))
                return false;
        return !__builtin_sub_overflow(reset->at.value, reset->answers_at.value, &took) && took >= 0 &&
               (uint64_t)took < end->answers_in.value / 2;
}

/* Whatever else is seen of it. */
static bool is_no_reply(const struct facts_of_reset *reset)
{
        return count_above(reset->window, 0) || fact_is(reset->options) || count_above(reset->payload, 0);
}

/* RSTs of one end, none of them a reply, with different numbers: it hedges. */
static bool numbers_change(const struct facts *f, const struct facts_of_reset *reset, bool surely)
{
        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *other = &f->resets[i];

                if (other != reset && fact_known(other->by.how) && other->by.value == reset->by.value &&
                    fact_known(other->position.how) && fact_known(reset->position.how) &&
                    other->position.value > reset->position.value &&
                    (surely ? is_no_reply(other) : !may_be_reply(f, other, reset_shape(f, other))))
                        return true;
        }
        return false;
}

/* Ends of which each resets without having been asked: they do not do so in the same moment, but a box between them
 * that forgets both does. */
static bool comes_with_another(const struct facts *f, const struct facts_of_reset *reset)
{
        int64_t span;

        if (!fact_is(reset->unasked) || !fact_known(reset->at.how) || f->seen.gaps || f->seen.sides != SIDES_SEEN_BOTH)
                return false;
        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *other = &f->resets[i];

                if (fact_known(other->by.how) && other->by.value == other_side(reset->by.value) &&
                    fact_is(other->unasked) &&
                    fact_known(other->at.how) && !__builtin_sub_overflow(other->at.value, reset->at.value, &span) &&
                    span <= SAME_MOMENT_NS && span >= -SAME_MOMENT_NS)
                        return true;
        }
        return false;
}

static unsigned doubts_of(const struct facts *f, const struct facts_of_reset *reset, enum reset_kind shape, bool reply)
{
        const struct facts_of_end *end = &f->end[reset->by.value];
        bool foreign = shape == RESET_KIND_UNKNOWN && fact_known(reset->window.how) &&
                       fact_known(reset->has_ack.how);
        unsigned doubts = 0;

        if (fact_is(reset->not_sent))
                doubts |= DOUBT_NOT_SENT;
        if (fact_is(reset->went_on))
                doubts |= DOUBT_WENT_ON;
        else if (fact_is(end->went_on))
                doubts |= DOUBT_EARLIER;
        if (fact_is(reset->behind) && !reply)
                doubts |= DOUBT_BEHIND;
        if (!reply && numbers_change(f, reset, false))
                doubts |= DOUBT_CHANGES;
        if (fact_is(reset->ack_impossible))
                doubts |= DOUBT_ACK;
        if (ttl_is_another(end, reset))
                doubts |= DOUBT_TTL;
        if (fact_is(reset->ip_id_jumps) && !reply)
                doubts |= DOUBT_IP_ID;
        if (fact_is(reset->mirrors) && !reply)
                doubts |= DOUBT_MIRRORS;
        if (reply && came_early(end, reset))
                doubts |= DOUBT_EARLY;
        if (reply && comes_with_another(f, reset))
                doubts |= DOUBT_BOTH_NAMES;
        if (foreign && fact_known(end->os.how) && end->os.value == OS_LINUX)
                doubts |= DOUBT_SHAPE;
        return doubts;
}

/* How much the doubts weigh together. */
static int weigh(unsigned doubts, bool reply)
{
        static const struct {
                enum doubt doubt;
                int of_reply, of_other;
        } weights[] = {
                { DOUBT_NOT_SENT, DOUBT_ENOUGH, DOUBT_ENOUGH },
                { DOUBT_WENT_ON, 2, 2 }, { DOUBT_MIRRORS, 0, 3 }, { DOUBT_ACK, 2, 2 },
                { DOUBT_CHANGES, 0, 2 }, { DOUBT_TTL, 1, 2 },     { DOUBT_EARLY, 2, 0 },
                { DOUBT_BEHIND, 0, 1 },  { DOUBT_IP_ID, 0, 1 },   { DOUBT_SHAPE, 0, 1 },
                { DOUBT_BOTH_NAMES, DOUBT_ENOUGH, 0 },
        };
        int weight = 0;

        if (doubts == 0)
                return 0;
        for (size_t i = 0; i < sizeof(weights) / sizeof(*weights); i++)
                if (doubts & weights[i].doubt)
                        weight += reply ? weights[i].of_reply : weights[i].of_other;
        return weight;
}

/* So soon after a reply the same end's own RST was sent before it, or at the same time. */
#define OVERTAKES_NS 10000000

static bool is_active_of(const struct facts *f, const struct facts_of_reset *reset, enum side by)
{
        return fact_known(reset->by.how) && reset->by.value == by && fact_is_not(reset->after_both_acked) &&
               reset_shape(f, reset) == RESET_KIND_ACTIVE &&
               !(fact_known(reset->validity.how) && reset->validity.value == RESET_VALIDITY_OUTSIDE);
}

/* Not known to be a reply, nor to be anything else than this end's own. */
static bool may_be_active_of(const struct facts *f, const struct facts_of_reset *reset, enum side by)
{
        return (!fact_known(reset->by.how) || reset->by.value == by) && !fact_is(reset->after_both_acked) &&
               (reset_shape(f, reset) != RESET_KIND_REPLY || !reset_shape_is_seen(reset)) &&
               !(fact_known(reset->validity.how) && reset->validity.value == RESET_VALIDITY_OUTSIDE);
}

static bool comes_at_once(const struct facts_of_reset *reset, const struct facts_of_reset *later)
{
        int64_t span;

        return fact_known(reset->at.how) && fact_known(later->at.how) &&
               !__builtin_sub_overflow(later->at.value, reset->at.value, &span) && span >= 0 && span <= OVERTAKES_NS;
}

/* Who resets of his own accord is gone from then on. If the other did not take it (it was lost, or challenged) and
 * went on, what comes back then is a reply from where nobody is left: the first one is what ended it. A kernel forgets
 * the socket before it sends its own RST (__tcp_close()), so such a reply may also stand just before it: who had no
 * connection could not write the right numbers into another. */
static const struct facts_of_reset *first_of_its_sender(const struct facts *f, const struct facts_of_reset *reset)
{
        enum side by = reset->by.value;

        if (reset_shape(f, reset) != RESET_KIND_REPLY || !fact_is_not(f->end[by].went_on))
                return reset;
        for (const struct facts_of_reset *first = f->resets; first < reset; first++)
                if (is_active_of(f, first, by))
                        return first;
        for (const struct facts_of_reset *next = reset + 1; next < f->resets + FACTS_RESETS_MAX &&
                                                            next < f->resets + f->n_resets; next++)
                if (is_active_of(f, next, by) && comes_at_once(reset, next))
                        return next;
        return reset;
}

bool reset_may_be_second(const struct judging *j)
{
        const struct facts *f = j->f;

        if (j->shape != RESET_KIND_REPLY)
                return false;
        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *other = &f->resets[i];

                if (other == j->reset || !may_be_active_of(f, other, j->named))
                        continue;
                if (other < j->reset || !fact_known(other->at.how) || !fact_known(j->reset->at.how) ||
                    comes_at_once(j->reset, other))
                        return true;
        }
        return false;
}

/* Whatever else is seen of it, Linux makes no such RST. */
static bool is_foreign(const struct facts_of_reset *reset)
{
        return count_above(reset->payload, 0) ||
               (fact_is_not(reset->has_ack) && (count_above(reset->window, 0) || fact_is(reset->options)));
}

/* Read as a reply and as none, unless it is known which it is: the doubts are enough by either. A distance is another's
 * only where both are known. */
bool surely_by_network(const struct judging *j)
{
        const struct facts *f = j->f;
        unsigned doubts = j->doubts & ~(unsigned)DOUBT_SHAPE;
        bool reply = j->shape == RESET_KIND_REPLY && reset_shape_is_seen(j->shown);

        if (!fact_known(j->shown->ttl.how) || !fact_known(f->end[j->shown->by.value].ttl.how))
                doubts &= ~(unsigned)DOUBT_TTL;
        if (is_foreign(j->shown))
                doubts |= j->doubts & DOUBT_SHAPE;
        if (!numbers_change(f, j->shown, true))
                doubts &= ~(unsigned)DOUBT_CHANGES;
        return (reply || weigh(doubts, false) >= DOUBT_ENOUGH) &&
               (is_no_reply(j->shown) || weigh(doubts, true) >= DOUBT_ENOUGH);
}

/* What is not known of the numbers of that end's RSTs might show that they rise. */
static bool numbers_are_known(const struct facts *f, enum side by)
{
        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &f->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == by && !fact_known(reset->position.how) &&
                    !(reset_shape(f, reset) == RESET_KIND_REPLY && reset_shape_is_seen(reset)))
                        return false;
        }
        return true;
}

/* A route that changed by a hop is no doubt, but no certainty either. */
bool surely_its_own(const struct judging *j)
{
        const struct facts_of_reset *reset = j->reset;

        if (!fact_is_not(reset->ttl_differs) || !fact_is_not(reset->went_on) ||
            !fact_is_not(j->f->end[j->named].went_on))
                return false;
        if (!fact_is_not(reset->ack_impossible) && !fact_is_not(reset->has_ack))
                return false;
        return j->shape == RESET_KIND_REPLY || (fact_is_not(reset->behind) && numbers_are_known(j->f, j->named));
}

/* Where no segment was seen, an inferred moment is that of the act. Two acts in their order need not be two RSTs in
 * theirs: the second program may have done more before its call. */
static bool order_is_known(const struct facts_of_reset *a, const struct facts_of_reset *b)
{
        return a->at.how > HOW_INFERRED && b->at.how > HOW_INFERRED;
}

static bool may_be_of_either(const struct facts *f, const struct facts_of_reset *reset)
{
        for (size_t i = 0; f->seen.source != SOURCE_CAPTURE && i < f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *other = &f->resets[i];

                if (!fact_known(other->by.how) || (may_end(f, other) && other->by.value != reset->by.value &&
                                                   !order_is_known(other, reset)))
                        return true;
        }
        return false;
}

void judge_reset(struct judging *j)
{
        const struct facts *f = j->f;
        size_t n = f->n_resets < FACTS_RESETS_MAX ? f->n_resets : FACTS_RESETS_MAX;
        bool reply;

        j->named = SIDE_UNKNOWN;
        j->shape = RESET_KIND_UNKNOWN;
        j->reason = RESET_REASON_NOT_SPECIFIED;
        for (size_t i = 0; i < n && !j->reset; i++)
                if (may_end(f, &f->resets[i]))
                        j->reset = first_of_its_sender(f, &f->resets[i]);
        j->shown = j->reset ? j->reset : n > 0 ? &f->resets[0] : NULL;
        if (!j->shown)
                return;
        j->shape = reset_shape(f, j->shown);
        j->reason = told_reason(f, j->shown);
        reply = may_be_reply(f, j->shown, j->shape);
        if (!fact_known(j->shown->by.how) || !is_end(j->shown->by.value))
                return;
        /* A kernel that owns up to it leaves no doubt. */
        if (j->reason == RESET_REASON_NOT_SPECIFIED)
                j->doubts = doubts_of(f, j->shown, j->shape, reply);
        j->by_network = weigh(j->doubts, reply) >= DOUBT_ENOUGH;
        if (j->reset) {
                j->by_either = may_be_of_either(f, j->reset);
                j->named = j->by_either ? SIDE_UNKNOWN : j->reset->by.value;
        }
}
