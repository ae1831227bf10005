/*
 * The common case, without the tables: both FINs were acknowledged, all bytes too, there was no RST and no ICMP error,
 * and no kernel or program told anything. Nothing of what the rules ask for can then hold, so what they would conclude
 * stands here at once; a test judges facts both ways. Most connections end like this, and there may be millions.
 */
#include <errno.h>

#include "ending/judging.h"

/* All sent, all acknowledged. */
static bool is_done(const struct facts_of_direction *from)
{
        bool fin = fact_is(from->fin), bytes = fact_known(from->bytes.how), acked = fact_known(from->acked.how);
        bool by_reset = fact_known(from->acked_by_reset.how);

        return fin & bytes & acked & (from->acked.value >= from->bytes.value) & !by_reset;
}

bool judge_is_orderly(const struct facts *f)
{
        bool alone = !fact_known(f->icmp.how) & (f->n_resets == 0) & (f->n_resets_in_all == 0);

        return fact_is(f->both_acked) && alone &&
               !(told_of_end(&f->end[SIDE_CLIENT]) | told_of_end(&f->end[SIDE_SERVER])) &&
               is_done(&f->from[SIDE_CLIENT]) && is_done(&f->from[SIDE_SERVER]);
}

static void fill_direction(const struct facts_of_direction *from, struct record_direction *d)
{
        d->bytes = d->acked = known_u64(from->bytes.value);
        d->uncertain = known_u64(0);
        d->closed = CLOSED_FIN;
        if (fact_known(from->fin_acked.how))
                d->fin_acked = known_bool(from->fin_acked.value);
        d->retransmitted = counted(from->retransmitted);
        d->missing = counted(from->missing);
        d->packets = counted(from->packets);
        d->fate = from->bytes.value > 0 ? FATE_ACKED : FATE_NONE;
}

/* What judge_times() says where all these times are known and none runs backwards: it was over with the later of the
 * two acknowledgements, and its ending began with the earlier FIN. Else false, and nothing was done. */
bool judge_orderly_times(const struct facts *f, struct record *r)
{
        const struct facts_of_direction *a = &f->from[SIDE_CLIENT], *b = &f->from[SIDE_SERVER], *begins;
        int64_t first = f->first.value, over, idle, span;

        if (!fact_known(f->first.how) || !fact_known(a->fin_acked_at.how) || !fact_known(b->fin_acked_at.how) ||
            !fact_known(a->fin_at.how) || !fact_known(b->fin_at.how))
                return false;
        begins = b->fin_at.value < a->fin_at.value ? b : a;
        over = a->fin_acked_at.value > b->fin_acked_at.value ? a->fin_acked_at.value : b->fin_acked_at.value;
        if (over < first || !fact_known(begins->before_fin.how) || __builtin_sub_overflow(over, first, &span) ||
            __builtin_sub_overflow(begins->fin_at.value, begins->before_fin.value, &idle) || idle < 0)
                return false;
        r->started = known_i64(first);
        r->ended = known_i64(over);
        r->duration = known_i64(span);
        r->idle_before = known_i64(idle);
        return true;
}

/* After both FINs a receiver gets the end of the stream, and a sender EPIPE. */
static void fill_next(const struct facts *f, enum side side, struct record_next *next)
{
        const struct facts_of_end *end = &f->end[side];

        if (!fact_known(end->os.how) || end->os.value != OS_LINUX || f->seen.gaps)
                return;
        next->known = true;
        next->if_recv[0] = (struct told){ .kind = TOLD_BYTES };
        next->if_send[0] = (struct told){ .kind = TOLD_ERROR, .error = EPIPE, .sigpipe = true };
        next->n_if_recv = next->n_if_send = 1;
}

bool judge_orderly(struct judging *j)
{
        const struct facts *f = j->f;
        struct record *r = j->r;

        if (!judge_is_orderly(f))
                return false;
        r->ending = ENDING_ORDERLY;
        r->ended_by = first_to_close(f);
        r->certainty = CERTAINTY_CERTAIN;
        if (!judge_orderly_times(f, r))
                judge_times(j);
        fill_direction(&f->from[SIDE_CLIENT], &r->to_server);
        fill_direction(&f->from[SIDE_SERVER], &r->to_client);
        r->severity = SEVERITY_FINE;
        r->retry = r->to_server.bytes.value > 0 ? RETRY_MAYBE_PROCESSED
                   : f->seen.midstream          ? RETRY_UNKNOWN
                                                : RETRY_SAFE;
        fill_next(f, SIDE_CLIENT, &r->client_next);
        fill_next(f, SIDE_SERVER, &r->server_next);
        return true;
}
