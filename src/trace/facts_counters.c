/* The bytes of both directions, as one end's kernel counted them: SYN and FIN are among its counts. */
#include "trace/deduce.h"
#include "trace/facts_order.h"
#include "trace/facts_parts.h"
#include "trace/first_fin.h"

/*
 * Whether the other's FIN is one of the bytes @received, as the kernel counts it: not where it came after the count.
 * The full socket of an end that closed first is destroyed before it.
 */
static bool counts_peers_fin(const struct traced_socket *s, bool at_end, uint64_t received)
{
        if (received == 0)
                return false;
        /* As socket_how_exact_is_unread() takes it: one more lay unread than was seen. */
        if (at_end && s->act.known && !socket_is_disconnected(s) && s->end.rqueue == s->act.before.unread + 1 &&
            socket_how_exact_is_unread(s) == UNREAD_EXACT)
                return true;
        if (!socket_had_peers_fin(s))
                return false;
        if (!at_end)
                return s->last.state == TCP_STATE_CLOSE || state_after_peers_fin(s->last.state);
        return !s->act.known || !s->act.before.info || s->act.before.state == TCP_STATE_CLOSE ||
               state_after_peers_fin(s->act.before.state) || received > s->act.before.bytes_received;
}

/* What one end knows of what the other sent; where that one was traced too, it says so itself. */
static void tell_received(const struct traced_socket *s, uint64_t received, bool fin, struct facts_of_direction *in)
{
        TELL(in->acked, received);
        INFER(in->fin, fin);
        if (fin) {
                INFER(in->bytes, received);
                if (!socket_left_no_time_wait(s))
                        INFER(in->fin_acked, true);
        }
}

/*
 * What its own host drops on the way out is counted each time that it is tried (__tcp_transmit_skb()): the sequence
 * numbers count it once, and only when it went. @queued and @unsent: SIOCOUTQ and what of it was never sent.
 */
static uint64_t sent_once(uint64_t counted, uint64_t acked, uint32_t queued, uint32_t unsent, bool fin_queued)
{
        uint64_t numbers = acked + (queued > unsent ? queued - unsent : 0);

        /* The FIN is the last in the queue. */
        numbers -= fin_queued && unsent == 0 && numbers > 0;
        return numbers < counted ? numbers : counted;
}

/* @acked: without the SYN. */
static uint64_t sent_by_look(const struct traced_socket *s, const struct look *look, uint64_t acked)
{
        uint64_t counted = look->bytes_sent - look->bytes_again;

        if (look->repair || !(look->whole || look->all_acked))
                return counted;
        return sent_once(counted, acked, look->outq, look->unsent,
                         state_has_queued_fin(look->state) || (look->state == TCP_STATE_CLOSE && s->shut.known));
}

/* What an end sent, and what of it was acknowledged; its FIN is one more of these. */
struct sent {
        bool bytes_known, acked_known;
        uint64_t bytes, acked;
};

/* Its program closed it, and its kernel had more to do for it; nothing was heard of that since. */
static bool is_left_to_its_kernel(const struct traced_socket *s, bool heard)
{
        return !heard && s->act.known && s->act.how != ACT_CONNECT_UNSPEC && s->act.before.state != TCP_STATE_CLOSE &&
               !socket_act_resets(s);
}

/* That goes on sending what waited then. */
static bool is_sent_on(const struct traced_socket *s, bool heard)
{
        const struct look *before = &s->act.before;

        return is_left_to_its_kernel(s, heard) && before->whole && !before->repair && before->outq > 0;
}

static struct sent sent_on(const struct traced_socket *s, uint64_t acked)
{
        const struct look *before = &s->act.before;
        uint64_t all = acked + before->outq - state_has_queued_fin(before->state);
        struct sent sent = { .bytes = all, .bytes_known = before->unsent == 0 };

        if (s->after == TCP_STATE_FIN_WAIT1 || s->after == TCP_STATE_CLOSING || s->after == TCP_STATE_LAST_ACK) {
                sent.acked_known = s->queued_after <= all + 1;
                sent.acked = all + 1 - s->queued_after;
        } else if (s->after == TCP_STATE_FIN_WAIT2 || s->after == TCP_STATE_TIME_WAIT) {
                sent = (struct sent){ true, true, all, all + 1 };
        }
        return sent;
}

/* What was counted before the close says nothing of a FIN that went with it, nor of what came since, as it does not
 * where that set the counts to zero; but its kernel may have been asked before its message came. */
static void tell_fin_acked(const struct traced_socket *s, bool heard, const struct sent *own,
                           struct facts_of_direction *out)
{
        bool last_word = !is_left_to_its_kernel(s, heard) && !socket_forgot_its_counts(s);

        if (own->acked_known && (own->acked > own->bytes || last_word))
                INFER(out->fin_acked, own->acked > own->bytes);
        else if (s->after == TCP_STATE_FIN_WAIT2 || s->after == TCP_STATE_TIME_WAIT)
                INFER(out->fin_acked, true);
        else if (s->after == TCP_STATE_FIN_WAIT1 || s->after == TCP_STATE_CLOSING || s->after == TCP_STATE_LAST_ACK)
                INFER(out->fin_acked, false);
}

static uint64_t sent_in_the_end(const struct traced_socket *s, uint64_t acked)
{
        const struct ended_socket *end = &s->end;
        uint64_t counted = end->bytes_sent - end->bytes_again;

        return s->last.repair ? counted : sent_once(counted, acked, end->wqueue, end->unsent, socket_counted_a_fin(s));
}

void facts_of_counters(const struct traced_socket *s, enum side side, bool alone, struct facts *f)
{
        struct facts_of_direction *out = &f->from[side], *in = &f->from[1 - side];
        bool forgot = socket_forgot_its_counts(s);
        bool heard = s->ended && s->end.info && !forgot, opened = s->role_known && s->client;
        const struct look *look = forgot && s->act.known ? &s->act.before : &s->last;
        uint64_t acked = heard ? s->end.bytes_acked : look->bytes_acked;
        uint64_t received = heard ? s->end.bytes_received : look->bytes_received;
        bool fin = socket_had_peers_fin(s), exact, counted_in_look, spoke_known;
        struct sent own = { .bytes_known = true, .acked_known = true };

        if (!heard && !look->info)
                return;
        if (!s->established_ns) {
                TELL(out->bytes, 0);
                TELL(out->acked, 0);
                TELL(in->acked, 0);
                INFER(in->bytes, 0);
                INFER(in->fin, false);
                return;
        }
        /* Who asked first knows that its SYN was acknowledged: that counts as a byte there
         * (tcp_rcv_synsent_state_process()). */
        acked -= opened && acked > 0 ? 1 : 0;
        own.bytes = heard ? sent_in_the_end(s, acked) : sent_by_look(s, look, acked);
        own.acked = acked;
        if (is_sent_on(s, heard))
                own = sent_on(s, acked);
        if (socket_sent_on_before_it_forgot(s))
                own.bytes_known = own.acked_known = false;
        if (own.bytes_known)
                TELL(out->bytes, own.bytes);
        if (own.acked_known)
                TELL(out->acked, own.acked < own.bytes ? own.acked : own.bytes);
        if (s->all_calls)
                TELL(out->last_run, s->last_run);
        if (!is_sent_on(s, heard))
                TELL(out->retransmitted, heard ? s->end.bytes_again : look->bytes_again);
        if (fact_is(out->fin))
                tell_fin_acked(s, heard, &own, out);
        /* Where it is not known how many bytes came between the look and the end, a FIN may be among them. */
        exact = (!heard || socket_how_exact_is_unread(s) == UNREAD_EXACT) && !socket_died_unseen(s);
        counted_in_look = !heard || (look->bytes_received == received && look->bytes_sent == s->end.bytes_sent);
        /* Of a single byte it is not known whether it is a FIN. */
        spoke_known = exact || received != 1;
        received -= counts_peers_fin(s, heard, received);
        if (spoke_known && own.bytes_known)
                facts_of_order(counted_in_look ? look : NULL, s->seen_to_begin, own.bytes, received, alone, out, in);
        if (alone && exact)
                tell_received(s, received, fin, in);
        /* Whoever spoke had been accepted. */
        if (alone && received > 0)
                INFER(f->end[1 - side].accepted, true);
        /* A RST of one's own accord acknowledges what was received (tcp_send_active_reset). */
        if (socket_act_resets(s) && exact)
                INFER(in->acked_by_reset, received);
}
