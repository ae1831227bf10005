/*
 * Who is in FIN_WAIT2, or has been, was the first: its FIN was acknowledged before the other's came. So was one whose
 * FIN was acknowledged by the same segment that brought the other's, and that was the only one to come. CLOSE_WAIT and
 * LAST_ACK are those of the second; CLOSING is seen only where FINs crossed, for a moment.
 *
 * More segments tell nothing: an ACK of data and the other's FIN look like a FIN that crossed and the ACK of the own.
 * But whoever closes second leaves no TIME_WAIT, and where FINs crossed both do: an end on the same host shows it.
 */
#include "trace/first_fin.h"

#include "trace/deduce.h"

static enum first_fin by_states(const struct traced_socket *s)
{
        if (socket_was_found_in(s, TCP_STATE_CLOSING))
                return FIRST_FIN_CROSSED;
        if (socket_was_found_in(s, TCP_STATE_CLOSE_WAIT) || socket_was_found_in(s, TCP_STATE_LAST_ACK))
                return FIRST_FIN_OTHERS;
        return socket_was_found_in(s, TCP_STATE_FIN_WAIT2) ? FIRST_FIN_OWN : FIRST_FIN_UNKNOWN;
}

/* Both from the look before the own FIN on. */
static enum first_fin by_counts(const struct traced_socket *s)
{
        const struct look *before = s->shut.known ? &s->shut.before : &s->act.before, *last = &s->last;
        bool heard = s->ended && s->end.info && !socket_forgot_its_counts(s);
        bool acked = heard ? s->end.wqueue == 0 && socket_counted_a_fin(s) : socket_own_fin_is_acked(s);
        struct segment_counts since;
        uint64_t received;

        if (!acked || before->state != TCP_STATE_ESTABLISHED || !before->whole || !before->info)
                return FIRST_FIN_UNKNOWN;
        since = segment_counts_since(heard ? s->end.segments : last->segments, before->segments);
        received = (heard ? s->end.bytes_received : last->bytes_received) - before->bytes_received;
        return received == 0 || since.in == 1 ? FIRST_FIN_OWN : FIRST_FIN_UNKNOWN;
}

static enum first_fin by_the_other_end(const struct traced_socket *s)
{
        if (!s->others_asked)
                return FIRST_FIN_UNKNOWN;
        if (!socket_was_found_in(s, TCP_STATE_TIME_WAIT))
                return s->others == TCP_STATE_TIME_WAIT ? FIRST_FIN_OTHERS : FIRST_FIN_UNKNOWN;
        if (s->others == TCP_STATE_TIME_WAIT || s->others == TCP_STATE_CLOSING)
                return FIRST_FIN_CROSSED;
        if (s->others == TCP_STATE_LAST_ACK || s->others == TCP_STATE_CLOSE_WAIT)
                return FIRST_FIN_OWN;
        return s->others == 0 && tuple_is_of_one_host(&s->tuple) ? FIRST_FIN_OWN : FIRST_FIN_UNKNOWN;
}

enum first_fin socket_first_fin(const struct traced_socket *s)
{
        enum first_fin first = by_states(s);

        if (first == FIRST_FIN_UNKNOWN)
                first = by_counts(s);
        return first == FIRST_FIN_UNKNOWN ? by_the_other_end(s) : first;
}

bool socket_left_no_time_wait(const struct traced_socket *s)
{
        return s->nothing_left && socket_first_fin(s) != FIRST_FIN_OTHERS;
}
