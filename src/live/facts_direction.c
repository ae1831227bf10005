/* The two directions: what an end sent, and what it knows of what was sent to it. */
#include "live/facts.h"

#include "live/act.h"

/* The FIN is the last that is sent: it is unsent, under way or acknowledged with all before it. */
static bool fin_was_sent(const struct live_end *end)
{
        return end->flags & LIVE_FIN_OUT && end->unsent == 0;
}

static uint64_t received_by(const struct live_end *end)
{
        /* Its FIN counts as a byte there. */
        return end->bytes_received - (end->flags & LIVE_FIN_IN && end->bytes_received > 0);
}

/* Its SYN is among what the numbers count. */
static bool has_asked(const struct live_end *end, enum side side)
{
        return end->flags & (LIVE_BEGAN | LIVE_OPENED) ? end->flags & LIVE_OPENED : side == SIDE_CLIENT;
}

static bool numbers_stand(const struct live_end *end)
{
        return end->flags & LIVE_ESTABLISHED && !(end->flags & (LIVE_REPAIR | LIVE_MISSED));
}

/* What a queue of this host drops is counted as sent each time (__tcp_transmit_skb()); the sequence numbers
 * count it once. */
uint64_t live_sent(const struct live_end *end, enum side side)
{
        uint64_t counted = end->bytes_sent - end->bytes_again, numbers = end->bytes_acked + end->unacked;
        unsigned beside = has_asked(end, side) + fin_was_sent(end);

        if (!numbers_stand(end) || numbers < beside || numbers - beside > counted)
                return counted;
        return numbers - beside;
}

static void tell_own(const struct live_end *end, enum side side, const struct live_clock *clock,
                     struct facts_of_direction *out)
{
        bool fin = fin_was_sent(end), saw_fin = end->saw_fin && numbers_stand(end);
        uint64_t sent = live_sent(end, side), at_fin = end->sent_at_fin - has_asked(end, side);
        uint64_t under_way = end->unacked - (fin && end->unacked > 0);

        /* A SYN under way is no byte of the stream. */
        if (!(end->flags & LIVE_ESTABLISHED))
                under_way = 0;
        LIVE_TELL(out->bytes, sent);
        LIVE_TELL(out->payloads, sent > 0);
        LIVE_TELL(out->acked, under_way < sent ? sent - under_way : 0);
        LIVE_TELL(out->retransmitted, end->bytes_again);
        if (saw_fin && sent >= at_fin)
                LIVE_TELL(out->after_peer_fin, sent - at_fin);
        /* Since the other's last payload: all, if there was none; else known only from its FIN on. */
        if (end->flags & LIVE_BEGAN && received_by(end) == 0)
                LIVE_TELL(out->last_run, sent);
        else if (saw_fin && end->answered_at_fin && sent > at_fin)
                LIVE_TELL(out->last_run, sent - at_fin);
        LIVE_TELL(out->fin, fin);
        LIVE_TELL(out->fin_acked, fin && end->unacked == 0);
        if (fin) {
                LIVE_TELL(out->fin_position, sent);
                if (end->fin_out_ns)
                        LIVE_TELL(out->fin_at, live_time(clock, end->fin_out_ns));
                if (end->fin_out_ns && end->before_ns)
                        LIVE_TELL(out->before_fin, live_time(clock, end->before_ns));
                if (end->unacked == 0)
                        LIVE_INFER(out->fin_acked_at, live_time(clock, end->over_ns));
        }
}

/* What came in says what the other end sent at the least; with its FIN, all of it. */
static void tell_others(const struct live_end *end, const struct live_end *other, const struct live_clock *clock,
                        struct facts_of_direction *in)
{
        bool fin = end->flags & LIVE_FIN_IN;
        uint64_t received = received_by(end);

        LIVE_TELL(in->arrived, received);
        if (other)
                return;
        LIVE_TELL(in->acked, received);
        LIVE_TELL(in->payloads, received > 0);
        if (!(end->flags & LIVE_ESTABLISHED)) {
                LIVE_TELL(in->bytes, 0);
                LIVE_TELL(in->fin, false);
                LIVE_TELL(in->fin_acked, false);
        } else if (fin) {
                LIVE_TELL(in->fin, true);
                LIVE_TELL(in->fin_at, live_time(clock, end->fin_in_ns ? end->fin_in_ns : end->over_ns));
                LIVE_TELL(in->fin_acked, true);
                LIVE_INFER(in->fin_acked_at, live_time(clock, end->fin_in_ns ? end->fin_in_ns : end->over_ns));
                LIVE_TELL(in->bytes, received);
        } else if (end->error || end->flags & (LIVE_RST_IN | LIVE_RST_OUT)) {
                LIVE_TELL(in->fin, false);
                LIVE_TELL(in->fin_acked, false);
        }
}

/* Which payload was the last? Kept by jiffies: within one of them nothing is known. */
static void tell_order(const struct live_end *end, enum side side, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];
        uint64_t sent = end->bytes_sent, received = received_by(end);
        int32_t later = (int32_t)(end->last_sent - end->last_received);

        if (sent > 0 && received > 0 && later == 0)
                return;
        if (sent > 0)
                LIVE_TELL(out->last_answered, received > 0 && later < 0);
        if (received > 0)
                LIVE_TELL(in->last_answered, sent > 0 && later > 0);
}

void live_facts_of_directions(const struct live_end *end, bool gone, const struct live_end *other, enum side side,
                              const struct live_clock *clock, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];

        (void)gone;
        if (!(end->flags & LIVE_SNAPPED))
                return;
        tell_own(end, side, clock, out);
        tell_others(end, other, clock, in);
        if (!other || !fact_known(out->last_answered.how))
                tell_order(end, side, f);
        /* A RST of one's own accord acknowledges all that was received in order (tcp_send_active_reset()). */
        if (live_end_resets(end))
                LIVE_INFER(in->acked_by_reset, received_by(end));
}
