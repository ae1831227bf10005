/*
 * The kinds of endings. Each function plays one connection from its first segment to its last, and
 * states by hand what no counting tells: how it ended, by whom, why, and what Zeek's rules call it.
 */
#include "generate/endings.h"

#include <string.h>

#include "wire/segment.h"

#define SYN SEGMENT_SYN
#define FIN SEGMENT_FIN
#define ACK SEGMENT_ACK
#define PSH SEGMENT_PSH

static const enum side C = SIDE_CLIENT, S = SIDE_SERVER;

static enum side either(struct plan *p) {
        return dice_permille(&p->dice, 500) ? SIDE_CLIENT : SIDE_SERVER;
}

static struct verdict *verdict(struct plan *p) {
        return &p->verdict[p->n_parts - 1];
}

static void orderly(struct plan *p, enum side by) {
        verdict(p)->ending = ENDING_ORDERLY;
        verdict(p)->ended_by = by;
        verdict(p)->conn_state = CONN_STATE_SF;
}

static void reset(struct plan *p, enum side by, enum cause cause) {
        verdict(p)->ending = ENDING_RESET;
        verdict(p)->ended_by = verdict(p)->reset_by = by;
        verdict(p)->cause = cause;
        verdict(p)->conn_state = by == C ? CONN_STATE_RSTO : CONN_STATE_RSTR;
}

static void timed_out(struct plan *p, enum side gave_up, enum cause cause) {
        verdict(p)->ending = ENDING_TIMED_OUT;
        verdict(p)->ended_by = gave_up;
        verdict(p)->silent = other(gave_up);
        verdict(p)->cause = cause;
        verdict(p)->conn_state = CONN_STATE_S1;
        verdict(p)->gave_up = true;
}

static void handshake(struct plan *p, enum mix mix) {
        struct step syn = *plan_say(p, C, SYN, 0);

        if (mix == MIX_EVAL && dice_permille(&p->dice, 50)) {
                plan_wait_ms(p, 1000, 1040);
                plan_repeat(p, syn);
        }
        plan_say(p, S, SYN | ACK, 0);
        plan_say(p, C, ACK, 0);
}

/* Requests and answers. */
static void talk(struct plan *p, enum mix mix) {
        unsigned trouble = mix == MIX_EVAL ? 20 : 5;

        if (mix == MIX_FULL) {
                plan_bulk(p, C, dice_between(&p->dice, 100, 1200), trouble);
                plan_bulk(p, S, dice_between(&p->dice, 5000, 130000), trouble);
                return;
        }
        for (unsigned i = dice_between(&p->dice, mix == MIX_EVAL ? 0 : 2, 4); i--;) {
                if (mix == MIX_EVAL && dice_permille(&p->dice, 200)) {
                        uint32_t n = dice_between(&p->dice, 1, 12000);

                        plan_bulk(p, either(p), n, trouble);
                        continue;
                }
                plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 900));
                plan_say(p, S, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 1400));
                plan_say(p, C, ACK, 0);
                plan_wait_ms(p, 1, mix == MIX_SMALL ? 1200 : 300);
        }
}

static void begin(struct plan *p, enum mix mix) {
        handshake(p, mix);
        talk(p, mix);
}

/* A last piece of data rides on some FINs. */
static unsigned rider(struct plan *p, enum mix mix) {
        if (mix != MIX_EVAL || !dice_permille(&p->dice, 200))
                return 0;
        return dice_between(&p->dice, 1, 700);
}

static void close_both(struct plan *p, enum mix mix, enum side first) {
        plan_say(p, first, FIN | ACK, rider(p, mix));
        if (dice_permille(&p->dice, 500))
                plan_say(p, other(first), ACK, 0);
        plan_say(p, other(first), FIN | ACK, rider(p, mix));
        plan_say(p, first, ACK, 0);
        orderly(p, first);
}

static void fin_client(struct plan *p, enum mix mix) {
        begin(p, mix);
        close_both(p, mix, C);
}

static void fin_server(struct plan *p, enum mix mix) {
        begin(p, mix);
        close_both(p, mix, S);
}

static void last_ack_missing(struct plan *p, enum mix mix) {
        fin_client(p, mix);
        --p->n_steps;
        p->heard[C] = p->sent[S] - 1;
}

static void fins_crossed(struct plan *p, enum mix mix) {
        enum side first = either(p);

        begin(p, mix);
        p->deaf[other(first)] = true;
        plan_say(p, first, FIN | ACK, 0);
        if (first == C)
                p->now -= p->rtt / 2;
        plan_say(p, other(first), FIN | ACK, 0);
        p->deaf[other(first)] = false;
        plan_say(p, first, ACK, 0);
        plan_say(p, other(first), ACK, 0);
        orderly(p, SIDE_UNKNOWN);
}

static void half_close(struct plan *p, enum mix mix) {
        begin(p, mix);
        plan_say(p, C, FIN | ACK, 0);
        plan_say(p, S, ACK, 0);
        if (mix == MIX_SMALL) {
                for (unsigned i = dice_between(&p->dice, 1, 3); i--;) {
                        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 1, 34));
                        plan_say(p, C, ACK, 0);
                }
        } else {
                plan_bulk(p, S, dice_between(&p->dice, 500, 20000), 5);
        }
        plan_wait_ms(p, 1, 900);
        plan_say(p, S, FIN | ACK, 0);
        plan_say(p, C, ACK, 0);
        orderly(p, C);
}

/* The client has closed; what comes then draws a RST each. */
static void late_data(struct plan *p, enum mix mix) {
        begin(p, mix);
        plan_say(p, C, FIN | ACK, 0);
        if (dice_permille(&p->dice, 500))
                plan_say(p, S, ACK, 0);
        plan_wait_ms(p, 1, 200);
        for (unsigned i = dice_between(&p->dice, 1, 3); i--;) {
                struct step late = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 20, mix == MIX_SMALL ? 34 : 1448));

                plan_reply(p, late);
        }
        reset(p, C, CAUSE_DATA_AFTER_CLOSE);
        verdict(p)->lost[S] = true;
}

static void reset_by_client(struct plan *p, enum mix mix) {
        begin(p, mix);
        plan_wait_ms(p, 0, 400);
        plan_reset(p, C);
        reset(p, C, CAUSE_ZERO_LINGER);
}

/* Some of what the client sends is still on its way when the server's RST leaves. */
static void unread_by_server(struct plan *p, enum mix mix) {
        struct step late;

        begin(p, mix);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 1000));
        if (dice_permille(&p->dice, 700))
                plan_say(p, S, ACK, 0);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 1000));
        if (dice_permille(&p->dice, 300)) {
                p->heard[S] = p->sent[C];
                p->deaf[S] = true;
                late = *plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 1000));
                plan_reset(p, S);
                p->now += p->rtt / 2;
                plan_reply(p, late);
                verdict(p)->lost[C] = true;
        } else {
                plan_reset(p, S);
        }
        reset(p, S, CAUSE_UNREAD_DATA);
}

/* Somebody on the way speaks in the server's name: another TTL, no options. */
static struct step *forge(struct plan *p, unsigned flags, uint32_t ahead) {
        struct step *step = plan_say(p, S, flags, 0);

        step->kind = STEP_FORGED | STEP_BARE;
        step->seq += ahead;
        step->window = 0;
        step->ttl = (uint8_t) (p->ttl[S] - dice_between(&p->dice, 3, 12));
        return step;
}

/* The number is not exact: Linux asks back (a challenge ACK), and both talk on. */
static void forged_not_taken(struct plan *p, enum mix mix) {
        uint32_t after;

        begin(p, mix);
        after = dice_between(&p->dice, 1, 30000);
        forge(p, SEGMENT_RST | (dice_permille(&p->dice, 500) ? ACK : 0), after);
        plan_say(p, C, ACK, 0);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 10, 34));
        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 10, 34));
        plan_say(p, C, ACK, 0);
        close_both(p, mix, C);
        verdict(p)->reset_by = SIDE_NETWORK;
        verdict(p)->conn_state = CONN_STATE_RSTR;
}

/* The number is exact: the client obeys, the server knows nothing of it. */
static void forged_and_taken(struct plan *p, enum mix mix) {
        struct step said;
        unsigned n;

        begin(p, mix);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 10, 34));
        forge(p, SEGMENT_RST | ACK, 0);
        n = dice_between(&p->dice, 1, 3);
        for (unsigned i = 0; i < n; ++i) {
                said = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 10, 34));
                plan_reply(p, said);
        }
        reset(p, SIDE_NETWORK, CAUSE_FORGED);
        verdict(p)->conn_state = CONN_STATE_RSTR;
        verdict(p)->lost[S] = true;
}

static void abandoned(struct plan *p, enum mix mix) {
        struct step answer;

        (void) mix;
        plan_say(p, C, SYN, 0);
        answer = *plan_say(p, S, SYN | ACK, 0);
        plan_reply(p, answer);
        reset(p, C, CAUSE_ABANDONED);
}

static void refused(struct plan *p, enum mix mix) {
        (void) mix;
        plan_reply(p, *plan_say(p, C, SYN, 0));
        reset(p, S, CAUSE_NOT_LISTENING);
        verdict(p)->ending = ENDING_REFUSED;
        verdict(p)->conn_state = CONN_STATE_REJ;
}

static void unreachable(struct plan *p, enum mix mix) {
        bool router = dice_permille(&p->dice, 700);
        struct step syn, *error;

        (void) mix;
        syn = *plan_say(p, C, SYN, 0);
        if (dice_permille(&p->dice, 500)) {
                plan_wait_ms(p, 1000, 1020);
                syn = *plan_repeat(p, syn);
        }
        plan_wait_ms(p, 1, 900);
        error = plan_repeat(p, syn);
        error->from = SIDE_SERVER;
        error->kind = (uint16_t) (STEP_ICMP | (router ? STEP_ROUTER : 0));
        verdict(p)->ending = ENDING_REFUSED;
        verdict(p)->ended_by = router ? SIDE_NETWORK : SIDE_SERVER;
        verdict(p)->cause = CAUSE_UNREACHABLE;
        verdict(p)->conn_state = CONN_STATE_S0;
}

/* Repeats with twice the interval each time. */
static void in_vain(struct plan *p, struct step what, unsigned n, int64_t interval) {
        for (; n--; interval *= 2) {
                plan_wait(p, interval);
                plan_repeat(p, what);
        }
}

static int64_t rto(struct plan *p) {
        return p->rtt + 200000000;
}

static void syn_unanswered(struct plan *p, enum mix mix) {
        uint32_t n = dice_between(&p->dice, 3, mix == MIX_EVAL ? 5 : 3);

        in_vain(p, *plan_say(p, C, SYN, 0), n, 1000000000);
        timed_out(p, C, CAUSE_NONE);
        verdict(p)->ending = ENDING_UNANSWERED;
        verdict(p)->conn_state = CONN_STATE_S0;
}

static void syn_ack_unanswered(struct plan *p, enum mix mix) {
        uint32_t n;

        (void) mix;
        plan_say(p, C, SYN, 0);
        n = dice_between(&p->dice, 3, 4);
        in_vain(p, *plan_say(p, S, SYN | ACK, 0), n, 1000000000);
        timed_out(p, S, CAUSE_NONE);
        verdict(p)->ending = ENDING_UNANSWERED;
}

static void data_unanswered(struct plan *p, enum mix mix) {
        enum side from = either(p);

        begin(p, mix);
        plan_wait_ms(p, 1, 3000);
        in_vain(p, *plan_say(p, from, PSH | ACK, dice_between(&p->dice, 1, 34)), 6, rto(p));
        timed_out(p, from, CAUSE_RETRANSMISSION_TIMEOUT);
}

static void fin_unanswered(struct plan *p, enum mix mix) {
        enum side from = either(p);
        uint32_t n;

        begin(p, mix);
        n = dice_between(&p->dice, 4, 7);
        in_vain(p, *plan_say(p, from, FIN | ACK, 0), n, rto(p));
        timed_out(p, from, CAUSE_NONE);
        verdict(p)->conn_state = from == C ? CONN_STATE_S2 : CONN_STATE_S3;
}

static void probe(struct plan *p, enum side from, bool with_byte) {
        struct step *step = plan_say(p, from, ACK, 0);

        step->kind = STEP_PROBE;
        step->seq -= 1;
        step->n = with_byte;
}

static void keepalive_unanswered(struct plan *p, enum mix mix) {
        enum side from = either(p);
        unsigned interval = dice_between(&p->dice, 5, 12) * 1000;
        bool with_byte = mix == MIX_EVAL && dice_permille(&p->dice, 200);

        begin(p, mix);
        plan_wait_ms(p, 10000, 30000);
        for (unsigned n = dice_between(&p->dice, 3, 6); n--;) {
                probe(p, from, with_byte);
                plan_wait_ms(p, interval, interval + 3);
        }
        plan_reset(p, from);
        timed_out(p, from, CAUSE_KEEPALIVE);
        verdict(p)->gave_up = false;
        verdict(p)->reset_by = from;
        verdict(p)->conn_state = from == C ? CONN_STATE_RSTO : CONN_STATE_RSTR;
}

static void keepalive_answered(struct plan *p, enum mix mix) {
        enum side from = either(p);

        begin(p, mix);
        for (unsigned n = dice_between(&p->dice, 1, 3); n--;) {
                plan_wait_ms(p, 5000, 7000);
                probe(p, from, mix == MIX_EVAL && dice_permille(&p->dice, 300));
                plan_say(p, other(from), ACK, 0);
        }
        close_both(p, mix, either(p));
}

/* The reader's window is full; the sender probes. */
static void fill(struct plan *p, enum mix mix, enum side from) {
        plan_say(p, from, PSH | ACK, dice_between(&p->dice, 20, mix == MIX_SMALL ? 34 : 1448));
        p->window[other(from)] = 0;
        plan_say(p, other(from), ACK, 0);
}

static void probes_unanswered(struct plan *p, enum mix mix) {
        enum side from = either(p);
        int64_t interval = rto(p);

        begin(p, mix);
        fill(p, mix, from);
        for (unsigned i = 0; i < 7; ++i, interval *= 2) {
                plan_wait(p, interval);
                probe(p, from, false);
                if (i < 2)
                        plan_say(p, other(from), ACK, 0);
        }
        timed_out(p, from, CAUSE_PROBE_TIMEOUT);
}

static void window_opens_again(struct plan *p, enum mix mix) {
        enum side from = either(p);

        begin(p, mix);
        fill(p, mix, from);
        plan_wait(p, rto(p));
        probe(p, from, false);
        plan_say(p, other(from), ACK, 0);
        plan_wait_ms(p, 10, 300);
        p->window[other(from)] = 502;
        plan_say(p, other(from), ACK, 0);
        plan_say(p, from, PSH | ACK, dice_between(&p->dice, 1, 34));
        plan_say(p, other(from), ACK, 0);
        close_both(p, mix, either(p));
}

static void still_open(struct plan *p, enum mix mix) {
        begin(p, mix);
        if (dice_permille(&p->dice, 300))
                plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, 34));
        verdict(p)->ending = ENDING_OPEN;
        verdict(p)->conn_state = CONN_STATE_S1;
}

static void half_closed(struct plan *p, enum mix mix) {
        enum side by = either(p);

        begin(p, mix);
        plan_say(p, by, FIN | ACK, 0);
        plan_say(p, other(by), ACK, 0);
        if (dice_permille(&p->dice, 500)) {
                plan_say(p, other(by), PSH | ACK, dice_between(&p->dice, 1, 34));
                plan_say(p, by, ACK, 0);
        }
        verdict(p)->ending = ENDING_HALF_CLOSED;
        verdict(p)->ended_by = by;
        verdict(p)->conn_state = by == C ? CONN_STATE_S2 : CONN_STATE_S3;
}

static void reset_after_fins(struct plan *p, enum mix mix) {
        begin(p, mix);
        close_both(p, mix, C);
        plan_wait_ms(p, 0, 300);
        if (dice_permille(&p->dice, 500))
                plan_reset(p, S)->window = 0;
        else
                plan_say(p, S, SEGMENT_RST, 0)->kind = STEP_BARE;
        verdict(p)->reset_by = S;
}

static void reset_for_last_ack(struct plan *p, enum mix mix) {
        begin(p, mix);
        plan_say(p, C, FIN | ACK, 0);
        plan_say(p, S, ACK, 0);
        plan_wait_ms(p, 61000, 70000);
        plan_reply(p, *plan_say(p, S, FIN | ACK, 0));
        reset(p, C, CAUSE_NO_CONNECTION);
        verdict(p)->conn_state = CONN_STATE_SF;
}

static void reboot(struct plan *p, enum mix mix) {
        begin(p, mix);
        plan_wait_ms(p, 8000, 40000);
        plan_reply(p, *plan_say(p, C, PSH | ACK, dice_between(&p->dice, 20, 34)));
        reset(p, S, CAUSE_NO_CONNECTION);
        verdict(p)->lost[C] = true;
}

static void health_check(struct plan *p, enum mix mix) {
        handshake(p, mix);
        plan_reset(p, C);
        reset(p, C, CAUSE_ZERO_LINGER);
}

static void reuse(struct plan *p, enum mix mix) {
        begin(p, mix);
        close_both(p, mix, S);
        plan_wait_ms(p, 1000, dice_permille(&p->dice, 500) ? 4000 : 15000);
        for (unsigned side = 0; side < 2; ++side) {
                p->isn[side][1] = p->isn[side][0] + p->sent[side] + dice_between(&p->dice, 1000, 5000000);
                p->sent[side] = p->heard[side] = 0;
        }
        p->n_parts = 2;
        begin(p, mix);
        close_both(p, mix, either(p));
}

/* The capture begins in the middle; that port 443 is a service tells who is who. */
static void midstream(struct plan *p, enum mix mix) {
        p->port[S] = 443;
        for (unsigned side = 0; side < 2; ++side)
                p->sent[side] = p->heard[side] = 1;
        if (dice_permille(&p->dice, 500)) {
                plan_say(p, S, PSH | ACK, dice_between(&p->dice, 1, 34));
                plan_say(p, C, ACK, 0);
        }
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, 34));
        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 1, 34));
        plan_say(p, C, ACK, 0);
        talk(p, mix);
        close_both(p, mix, either(p));
        verdict(p)->midstream = true;
}

static void data_in_syn(struct plan *p, enum mix mix) {
        plan_say(p, C, SYN, dice_between(&p->dice, 1, mix == MIX_SMALL ? 14 : 1000));
        plan_say(p, S, SYN | ACK, 0);
        plan_say(p, C, ACK, 0);
        talk(p, mix);
        close_both(p, mix, either(p));
}

static void simultaneous_open(struct plan *p, enum mix mix) {
        struct step one, two;

        p->deaf[S] = true;
        one = *plan_say(p, C, SYN, 0);
        two = *plan_say(p, S, SYN, 0);
        p->deaf[S] = false;
        one.flags |= ACK;
        two.flags |= ACK;
        plan_repeat(p, one);
        plan_repeat(p, two);
        talk(p, mix);
        close_both(p, mix, C);
}

/* The server closes an idle connection; the client's next request crosses the FIN, or comes too late. */
static void closed_in_reuse(struct plan *p, enum mix mix) {
        struct step late;

        begin(p, mix);
        plan_wait_ms(p, 2000, 5000);
        plan_say(p, S, FIN | ACK, 0);
        p->deaf[C] = dice_permille(&p->dice, 500);
        if (p->deaf[C])
                p->heard[C] = p->sent[S] - 1;
        late = *plan_say(p, C, PSH | ACK, dice_between(&p->dice, 20, 34));
        plan_reply(p, late);
        reset(p, S, CAUSE_DATA_AFTER_CLOSE);
        verdict(p)->lost[C] = true;
}

static struct step alert(struct plan *p, enum side from) {
        struct step *step = plan_say(p, from, PSH | ACK, 24);

        step->kind = STEP_ALERT;
        return *step;
}

/* The client says goodbye and closes at once; the server's goodbye draws a RST, and so does its FIN. */
static void close_notify(struct plan *p, enum mix mix) {
        struct step late, fin;

        begin(p, mix);
        alert(p, C);
        plan_say(p, C, FIN | ACK, 0);
        plan_say(p, S, ACK, 0);
        late = alert(p, S);
        fin = *plan_say(p, S, FIN | ACK, 0);
        plan_reply(p, late);
        plan_reply(p, fin);
        reset(p, C, CAUSE_DATA_AFTER_CLOSE);
        verdict(p)->lost[S] = true;
        verdict(p)->conn_state = CONN_STATE_SF;
}

/* An old duplicate after the end draws an ACK out of TIME_WAIT, and that a RST. */
static void assassinated(struct plan *p, enum mix mix) {
        struct step old;

        begin(p, mix);
        old = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, C, ACK, 0);
        close_both(p, mix, C);
        plan_wait_ms(p, 100, 3000);
        plan_repeat(p, old)->ack = old.ack;
        plan_reply(p, *plan_say(p, C, ACK, 0));
        verdict(p)->reset_by = S;
}

/* The client aborts while an answer is on its way. */
static void aborted_in_flight(struct plan *p, enum mix mix) {
        struct step late[2];

        begin(p, mix);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_wait_ms(p, 1, 50);
        plan_reset(p, C);
        p->heard[S] = p->sent[C];
        for (unsigned i = 0; i < 2; ++i)
                late[i] = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        for (unsigned i = 0; i < 2; ++i)
                plan_reply(p, late[i]);
        reset(p, C, CAUSE_ZERO_LINGER);
        verdict(p)->lost[S] = true;
}

/* The path is dead for a while, and comes back before anybody gives up. */
static void recovered(struct plan *p, enum mix mix) {
        enum side from = either(p);
        struct step said;

        begin(p, mix);
        said = *plan_say(p, from, PSH | ACK, dice_between(&p->dice, 2, 34));
        in_vain(p, said, dice_between(&p->dice, 3, 5), rto(p));
        plan_say(p, other(from), ACK, 0);
        plan_say(p, other(from), PSH | ACK, dice_between(&p->dice, 2, 34));
        plan_say(p, from, ACK, 0);
        close_both(p, mix, either(p));
}

static void fin_recovered(struct plan *p, enum mix mix) {
        enum side from = either(p);
        uint32_t n;

        begin(p, mix);
        n = dice_between(&p->dice, 2, 4);
        in_vain(p, *plan_say(p, from, FIN | ACK, 0), n, rto(p));
        plan_say(p, other(from), ACK, 0);
        plan_say(p, other(from), FIN | ACK, 0);
        plan_say(p, from, ACK, 0);
        orderly(p, from);
}

/* A SYN with another number, blind or of a host that was restarted, on a living connection: the server
 * answers with a challenge ACK (RFC 5961, 4) and the true ends talk on. */
static void syn_on_live(struct plan *p, enum mix mix) {
        struct step *syn;

        begin(p, mix);
        syn = plan_say(p, C, 0, 0);
        syn->flags = SYN;
        syn->seq += dice_between(&p->dice, 100000, 2000000000);
        syn->kind = STEP_FORGED;
        syn->ttl = (uint8_t) (64 - dice_between(&p->dice, 5, 12));
        plan_say(p, S, ACK, 0);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, C, ACK, 0);
        close_both(p, mix, C);
        verdict(p)->conn_state = N_CONN_STATES;
}

static const struct kind {
        const char *name;
        uint16_t weight[N_MIXES];
        void (*play)(struct plan *p, enum mix mix);
} kinds[] = {
        { "fin-client", { 300, 400, 80 }, fin_client },
        { "fin-server", { 220, 300, 60 }, fin_server },
        { "last-ack-missing", { 5, 5, 20 }, last_ack_missing },
        { "fins-crossed", { 30, 10, 40 }, fins_crossed },
        { "half-close", { 30, 30, 50 }, half_close },
        { "late-data", { 40, 20, 50 }, late_data },
        { "reset-by-client", { 60, 40, 40 }, reset_by_client },
        { "unread-by-server", { 40, 30, 60 }, unread_by_server },
        { "forged-not-taken", { 5, 5, 30 }, forged_not_taken },
        { "forged-and-taken", { 5, 5, 30 }, forged_and_taken },
        { "abandoned", { 20, 0, 30 }, abandoned },
        { "refused", { 60, 0, 30 }, refused },
        { "unreachable", { 10, 0, 30 }, unreachable },
        { "syn-unanswered", { 20, 0, 30 }, syn_unanswered },
        { "syn-ack-unanswered", { 3, 0, 30 }, syn_ack_unanswered },
        { "data-unanswered", { 10, 10, 40 }, data_unanswered },
        { "fin-unanswered", { 4, 5, 30 }, fin_unanswered },
        { "keepalive-unanswered", { 2, 5, 40 }, keepalive_unanswered },
        { "keepalive-answered", { 5, 10, 30 }, keepalive_answered },
        { "probes-unanswered", { 2, 5, 40 }, probes_unanswered },
        { "window-opens-again", { 5, 10, 30 }, window_opens_again },
        { "still-open", { 30, 30, 40 }, still_open },
        { "half-closed", { 20, 10, 30 }, half_closed },
        { "reset-after-fins", { 20, 10, 40 }, reset_after_fins },
        { "reset-for-last-ack", { 1, 5, 30 }, reset_for_last_ack },
        { "reboot", { 3, 5, 30 }, reboot },
        { "health-check", { 30, 5, 30 }, health_check },
        { "reuse", { 5, 5, 30 }, reuse },
        { "midstream", { 10, 10, 30 }, midstream },
        { "data-in-syn", { 2, 5, 20 }, data_in_syn },
        { "closed-in-reuse", { 5, 5, 30 }, closed_in_reuse },
        { "close-notify", { 5, 5, 30 }, close_notify },
        { "assassinated", { 1, 1, 20 }, assassinated },
        { "aborted-in-flight", { 5, 5, 30 }, aborted_in_flight },
        { "recovered", { 5, 10, 30 }, recovered },
        { "fin-recovered", { 5, 5, 30 }, fin_recovered },
        { "syn-on-live", { 1, 1, 20 }, syn_on_live },
        { "simultaneous-open", { 1, 1, 10 }, simultaneous_open },
};

enum { N_KINDS = sizeof(kinds) / sizeof(*kinds) };

const char *endings_name(unsigned i) {
        return i < N_KINDS ? kinds[i].name : NULL;
}

static const struct kind *choose(struct plan *plan, enum mix mix, const char *only) {
        uint32_t all = 0, at;
        unsigned i;

        if (only)
                for (i = 0; i < N_KINDS; ++i)
                        if (strcmp(kinds[i].name, only) == 0)
                                return &kinds[i];
        for (i = 0; i < N_KINDS; ++i)
                all += kinds[i].weight[mix];
        at = dice_below(&plan->dice, all);
        for (i = 0; at >= kinds[i].weight[mix]; ++i)
                at -= kinds[i].weight[mix];
        return &kinds[i];
}

void endings_plan(struct plan *plan, enum mix mix, const char *only) {
        const struct kind *kind = choose(plan, mix, only);

        kind->play(plan, mix);
        for (unsigned part = 0; part < plan->n_parts; ++part)
                plan->verdict[part].kind = kind->name;
}
