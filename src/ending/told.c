/*
 * What calls would tell each end's program next, after all data that had arrived was read.
 *
 * A socket's answers follow from five things: whether the other's FIN was received (SOCK_DONE: a receiver gets 0
 * before any error), the one error slot, whether the connection is over, whether the program shut its sending way,
 * and whether it is still connecting. Rows of answers[] are tcp_recvmsg_locked() and tcp_sendmsg_locked() with
 * sk_stream_error(), in their order; tests/ending/told.c holds them against the model in src/endpoint.
 *
 * Nothing is said of an end that is not known to be Linux, that closed, or whose error depends on more than was seen.
 */
#include <errno.h>

#include "ending/judging.h"

/* An end's socket, as far as its next answers go. */
struct socket_view {
        bool known;
        bool fin_received;
        bool over;             /* CLOSE */
        bool shut_write;
        bool shut_read;
        bool connecting;
        bool connect_failed;
        int error;             /* what lies in the slot */
};

/* Behind the @n that there are; returns how many there are then. */
static size_t add(struct told list[static RECORD_NEXT_MAX], size_t n, enum told_kind kind, int error, bool sigpipe)
{
        list[n] = (struct told){ .kind = kind, .error = error, .sigpipe = sigpipe };
        return n + 1;
}

static inline void answer(const struct socket_view *s, struct record_next *next)
{
        struct told *recv = next->if_recv, *send = next->if_send;
        size_t n_recv = 0, n_send = 0;

        if (s->connect_failed) {
                n_recv = add(recv, n_recv, TOLD_ERROR, ENOTCONN, false);
                n_send = add(send, n_send, TOLD_ERROR, EPIPE, true);
        } else if (s->connecting) {
                n_recv = add(recv, n_recv, TOLD_WAITS, 0, false);
                n_send = add(send, n_send, TOLD_WAITS, 0, false);
        } else {
                if (s->error && !s->fin_received)
                        n_recv = add(recv, n_recv, TOLD_ERROR, s->error, false);
                if (s->fin_received || s->error || s->over || s->shut_read)
                        n_recv = add(recv, n_recv, TOLD_BYTES, 0, false);
                else
                        n_recv = add(recv, n_recv, TOLD_WAITS, 0, false);
                if (s->error && s->error != EPIPE)
                        n_send = add(send, n_send, TOLD_ERROR, s->error, false);
                if (s->error || s->over || s->shut_write)
                        n_send = add(send, n_send, TOLD_ERROR, EPIPE, true);
                else
                        n_send = add(send, n_send, TOLD_SENT, 0, false);
        }
        next->known = true;
        next->n_if_recv = n_recv;
        next->n_if_send = n_send;
}

void tell_error(int error, struct record_next *next)
{
        answer(&(struct socket_view){ .over = true, .error = error }, next);
}

void tell_waiting(struct record_next *next)
{
        answer(&(struct socket_view){ .connecting = true }, next);
}

/* The error that a RST leaves: tcp_reset() looks at the state alone. */
static int error_of_reset(bool connecting, bool fin_received, bool fin_sent)
{
        if (connecting)
                return ECONNREFUSED;
        return fin_received && !fin_sent ? EPIPE : ECONNRESET;
}

/* A FIN that had come before the moment @at. */
static bool fin_before(const struct facts_of_direction *from, struct fact_time at)
{
        return fact_is(from->fin) && (!fact_known(at.how) || !fact_known(from->fin_at.how) ||
                                      from->fin_at.value <= at.value);
}

/* The RST, if any, that this end took. */
static const struct facts_of_reset *taken_by(const struct judging *j, enum side side)
{
        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == other_side(side) &&
                    !fact_is(reset->after_both_acked) && !fact_is_not(reset->obeyed) && !fact_is(reset->not_arrived) &&
                    !(fact_known(reset->validity.how) && (reset->validity.value == RESET_VALIDITY_OUTSIDE ||
                                                          reset->validity.value == RESET_VALIDITY_IN_WINDOW)))
                        return reset;
        }
        return NULL;
}

/* Did the end itself send a RST before it took one? Then its socket is gone, or was never there. What it sends
 * after it was reset are replies to what still comes in. */
static bool sent_reset(const struct judging *j, enum side side)
{
        const struct facts_of_reset *taken = taken_by(j, side);

        for (size_t i = 0; i < j->f->n_resets && i < FACTS_RESETS_MAX; i++) {
                const struct facts_of_reset *reset = &j->f->resets[i];

                if (!fact_known(reset->by.how) || reset->by.value != side || fact_is(reset->after_both_acked) ||
                    is_anothers(j, reset))
                        continue;
                if (!taken || j->by_either || !fact_known(taken->at.how) || !fact_known(reset->at.how) ||
                    reset->at.value < taken->at.value)
                        return true;
        }
        return false;
}

static struct socket_view view_of_reset(const struct judging *j, enum side side)
{
        const struct facts *f = j->f;
        const struct facts_of_reset *reset = taken_by(j, side);
        struct socket_view s = { .over = true };

        if (!reset)
                return s;
        /* In the handshake the server's program has no socket yet. */
        if (side == SIDE_SERVER && !fact_is(f->established) && !count_above(f->from[SIDE_SERVER].payloads, 0))
                return s;
        s.known = true;
        s.fin_received = fin_before(&f->from[other_side(side)], reset->at);
        s.error = error_of_reset(j->r->ending == ENDING_REFUSED, s.fin_received,
                                 fin_before(&f->from[side], reset->at));
        return s;
}

static int icmp_error_of(enum icmp_error error)
{
        switch (error) {
        case ICMP_ERROR_NET_UNREACHABLE: return ENETUNREACH;
        case ICMP_ERROR_HOST_UNREACHABLE:
        case ICMP_ERROR_TIME_EXCEEDED: return EHOSTUNREACH;
        case ICMP_ERROR_PORT_UNREACHABLE: return ECONNREFUSED;
        /* The two families differ in these. */
        case ICMP_ERROR_PROTOCOL_UNREACHABLE:
        case ICMP_ERROR_ADMIN_PROHIBITED:
        case ICMP_ERROR_TOO_BIG:
        case ICMP_ERROR_OTHER:
        case N_ICMP_ERRORS:
        default: return 0;
        }
}

static struct socket_view view_of_refusal(const struct judging *j, enum side side)
{
        struct socket_view s = { .over = true };

        if (side != SIDE_CLIENT)
                return s;
        if (j->reset)
                s.error = ECONNREFUSED;
        else if (fact_known(j->f->icmp.how))
                s.error = icmp_error_of(j->f->icmp.value);
        s.known = s.error != 0;
        return s;
}

/* Still trying: nothing has been told yet. What a time-out leaves depends on ICMP, too; keepalive's RST is plain. */
static struct socket_view view_of_silence(const struct judging *j, enum side side)
{
        const struct facts *f = j->f;
        struct socket_view s = { 0 };

        if (side != j->asker)
                return s;
        s.fin_received = fact_is(f->from[other_side(side)].fin);
        s.shut_write = fact_is(f->from[side].fin);
        if (j->r->ongoing) {
                s.connecting = j->r->ending == ENDING_UNANSWERED && !fact_is(f->established);
                s.known = true;
        } else if (j->r->cause == CAUSE_KEEPALIVE && !fact_known(f->icmp.how)) {
                /* What came after it gave up it never got. */
                s.fin_received = fin_before(&f->from[other_side(side)], f->end[side].unanswered_last);
                s.error = ETIMEDOUT;
                s.over = true;
                s.known = true;
        }
        return s;
}

static struct socket_view view_of_life(const struct judging *j, enum side side)
{
        const struct facts *f = j->f;
        struct socket_view s = { 0 };

        if (j->r->certainty == CERTAINTY_POSSIBLE)
                return s;
        s.known = true;
        s.fin_received = fact_is(f->from[other_side(side)].fin);
        s.shut_write = fact_is(f->from[side].fin);
        s.over = j->r->ending == ENDING_ORDERLY;
        return s;
}

/* What the kernel itself said of the socket goes before what follows from segments. */
static bool view_from_kernel(const struct judging *j, enum side side, struct socket_view *ret_s)
{
        const struct facts_of_end *end = &j->f->end[side];
        struct socket_view s = { .over = true };

        if (fact_is(end->connect_failed)) {
                s.known = s.connect_failed = true;
        } else if (fact_known(end->error_set.how) && end->error_set.value > 0) {
                if (!fact_known(end->error_taken.how))
                        return false;
                s.known = true;
                s.error = end->error_taken.value ? 0 : end->error_set.value;
                s.fin_received = fact_is(j->f->from[other_side(side)].fin);
        } else {
                return false;
        }
        *ret_s = s;
        return true;
}

/* What the captures of both ends hold of the other's FIN may be its sender's alone: it came if it was acknowledged. */
static bool may_lack_fin(const struct facts *f, enum side side)
{
        const struct facts_of_direction *from = &f->from[other_side(side)];

        return f->seen.source == SOURCE_CAPTURE && f->seen.both_ends && fact_is(from->fin) &&
               !fact_is(from->fin_acked) && !fact_is(f->both_acked);
}

static struct socket_view view(const struct judging *j, enum side side)
{
        const struct facts *f = j->f;
        const struct facts_of_end *end = &f->end[side];
        struct socket_view s = { 0 };

        if (!fact_known(end->os.how) || end->os.value != OS_LINUX || fact_is(end->closed))
                return s;
        if (view_from_kernel(j, side, &s))
                return s;
        if (f->seen.source != SOURCE_CAPTURE && fact_known(end->act.how) && end->act.value != ACT_SHUTDOWN)
                return s;
        if (f->seen.gaps || may_lack_fin(f, side))
                return s;
        switch (j->r->ending) {
        case ENDING_REFUSED:
                return view_of_refusal(j, side);
        case ENDING_RESET:
                return sent_reset(j, side) ? s : view_of_reset(j, side);
        case ENDING_TIMED_OUT:
        case ENDING_UNANSWERED:
                return view_of_silence(j, side);
        case ENDING_ORDERLY:
        case ENDING_HALF_CLOSED:
        case ENDING_OPEN:
                return view_of_life(j, side);
        case ENDING_UNSEEN:
        case N_ENDINGS:
        default:
                return s;
        }
}

void judge_told(struct judging *j)
{
        struct record_next *next[] = { [SIDE_CLIENT] = &j->r->client_next, [SIDE_SERVER] = &j->r->server_next };

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct socket_view s = view(j, (enum side)side);

                if (s.known)
                        answer(&s, next[side]);
        }
}
