/*
 * When it began, when it was over, and how long nothing had been said before the ending began: an ending begins
 * with the first FIN, the RST, the segment that a reply answers, or the first that stayed unanswered, whichever
 * came first.
 */
#include "ending/judging.h"

static void take_later(struct maybe_i64 *latest, struct fact_time time)
{
        if (fact_known(time.how) && (!latest->known || time.value > latest->value))
                *latest = known_i64(time.value);
}

static struct maybe_i64 when_over(const struct judging *j)
{
        const struct facts *f = j->f;
        struct maybe_i64 over = { 0 };

        switch (j->r->ending) {
        case ENDING_REFUSED:
        case ENDING_RESET:
                if (j->reset) {
                        take_later(&over, j->reset->at);
                } else if (j->r->ending == ENDING_REFUSED && fact_known(f->icmp.how)) {
                        take_later(&over, f->icmp_at);
                        take_later(&over, f->last_syn);
                } else {
                        take_later(&over, f->end[SIDE_CLIENT].error_at);
                        take_later(&over, f->end[SIDE_SERVER].error_at);
                }
                break;
        case ENDING_ORDERLY:
                if (fact_is(f->both_acked)) {
                        take_later(&over, f->from[SIDE_CLIENT].fin_acked_at);
                        take_later(&over, f->from[SIDE_SERVER].fin_acked_at);
                } else {
                        take_later(&over, f->from[SIDE_CLIENT].fin_at);
                        take_later(&over, f->from[SIDE_SERVER].fin_at);
                }
                break;
        case ENDING_TIMED_OUT:
        case ENDING_UNANSWERED:
                if (is_end(j->asker) && j->told_timeout)
                        take_later(&over, f->end[j->asker].error_at);
                if (!over.known && j->reset && j->named == j->asker)
                        take_later(&over, j->reset->at);
                if (!over.known && is_end(j->asker))
                        take_later(&over, f->end[j->asker].unanswered_last);
                if (!over.known || j->r->ending == ENDING_UNANSWERED) {
                        take_later(&over, f->last_syn);
                        take_later(&over, f->last_syn_ack);
                }
                break;
        case ENDING_HALF_CLOSED:
        case ENDING_OPEN:
        case ENDING_UNSEEN:
        case N_ENDINGS:
        default:
                break;
        }
        if (!over.known)
                take_later(&over, f->last);
        return over.known ? over : known_i64(f->seen.until);
}

/* The earliest beginning of the ending so far, and the segment before it. */
struct beginning {
        struct maybe_i64 at;
        struct fact_time before;
};

static void take_earlier(struct beginning *b, struct fact_time at, struct fact_time before)
{
        if (fact_known(at.how) && (!b->at.known || at.value < b->at.value)) {
                b->at = known_i64(at.value);
                b->before = before;
        }
}

static struct maybe_i64 silence(const struct judging *j)
{
        const struct facts *f = j->f;
        struct beginning b = { 0 };
        int64_t span;

        if (j->r->ending != ENDING_RESET && j->r->ending != ENDING_ORDERLY && j->r->ending != ENDING_TIMED_OUT &&
            j->r->ending != ENDING_HALF_CLOSED)
                return (struct maybe_i64){ 0 };
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                if (fact_is(f->from[side].fin))
                        take_earlier(&b, f->from[side].fin_at, f->from[side].before_fin);
        if (j->reset && j->r->ending != ENDING_HALF_CLOSED) {
                take_earlier(&b, j->reset->at, j->reset->before);
                if (j->shape == RESET_KIND_REPLY)
                        take_earlier(&b, j->reset->answers_at, j->reset->before_answers);
        }
        if (j->r->ending == ENDING_TIMED_OUT && is_end(j->asker))
                take_earlier(&b, f->end[j->asker].unanswered_since, f->end[j->asker].before_unanswered);
        if (!b.at.known || !fact_known(b.before.how))
                return (struct maybe_i64){ 0 };
        if (__builtin_sub_overflow(b.at.value, b.before.value, &span) || span < 0)
                return (struct maybe_i64){ 0 };
        return known_i64(span);
}

void judge_times(struct judging *j)
{
        const struct facts *f = j->f;
        struct record *r = j->r;
        struct maybe_i64 until = { 0 };
        int64_t span;

        if (fact_known(f->first.how))
                r->started = known_i64(f->first.value);
        if (!r->ongoing) {
                until = when_over(j);
                /* Stamps may run backwards; an end before the beginning would be no time at all. */
                if (r->started.known && until.value < r->started.value)
                        until = r->started;
                r->ended = until;
        } else {
                take_later(&until, f->last);
        }
        if (r->started.known && until.known && !__builtin_sub_overflow(until.value, r->started.value, &span))
                r->duration = known_i64(span > 0 ? span : 0);
        r->idle_before = silence(j);
}
