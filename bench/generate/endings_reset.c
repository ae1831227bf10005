/* Endings by RST: true ones, forged ones, and those that change nothing. */
#include "generate/kinds.h"
#include "generate/story.h"

/* The client has closed; what comes then draws a RST each. */
void ending_late_data(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        plan_say(p, C, FIN | ACK, 0);
        if (dice_permille(&p->dice, 500))
                plan_say(p, S, ACK, 0);
        plan_wait_ms(p, 1, 200);
        for (unsigned i = dice_between(&p->dice, 1, 3); i--;) {
                struct step late = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 20, mix == MIX_SMALL ? 34 : 1448));

                plan_reply(p, late);
        }
        story_reset(p, C, CAUSE_DATA_AFTER_CLOSE);
        story_verdict(p)->lost[S] = true;
}

void ending_reset_by_client(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        plan_wait_ms(p, 0, 400);
        plan_reset(p, C);
        story_reset(p, C, CAUSE_ZERO_LINGER);
}

/* Some of what the client sends is still on its way when the server's RST leaves. */
void ending_unread_by_server(struct plan *p, enum mix mix)
{
        struct step late;

        story_begin(p, mix);
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
                story_verdict(p)->lost[C] = true;
        } else {
                plan_reset(p, S);
        }
        story_reset(p, S, CAUSE_UNREAD_DATA);
}

/* Somebody on the way speaks in the server's name: another TTL, no options. */
static struct step *forge(struct plan *p, unsigned flags, uint32_t ahead)
{
        struct step *step = plan_say(p, S, flags, 0);

        step->kind = STEP_FORGED | STEP_BARE;
        step->seq += ahead;
        step->window = 0;
        step->ttl = (uint8_t)(p->ttl[S] - dice_between(&p->dice, 3, 12));
        return step;
}

/* The number is not exact: Linux asks back (a challenge ACK), and both talk on. */
void ending_forged_not_taken(struct plan *p, enum mix mix)
{
        uint32_t after;

        story_begin(p, mix);
        after = dice_between(&p->dice, 1, 30000);
        forge(p, SEGMENT_RST | (dice_permille(&p->dice, 500) ? ACK : 0), after);
        plan_say(p, C, ACK, 0);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 10, 34));
        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 10, 34));
        plan_say(p, C, ACK, 0);
        story_close_both(p, mix, C);
        story_verdict(p)->reset_by = SIDE_NETWORK;
        story_verdict(p)->conn_state = CONN_STATE_RSTR;
}

/* The number is exact: the client obeys, the server knows nothing of it. */
void ending_forged_and_taken(struct plan *p, enum mix mix)
{
        struct step said;
        unsigned n;

        story_begin(p, mix);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 10, 34));
        forge(p, SEGMENT_RST | ACK, 0);
        n = dice_between(&p->dice, 1, 3);
        for (unsigned i = 0; i < n; ++i) {
                said = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 10, 34));
                plan_reply(p, said);
        }
        story_reset(p, SIDE_NETWORK, CAUSE_FORGED);
        story_verdict(p)->conn_state = CONN_STATE_RSTR;
        story_verdict(p)->lost[S] = true;
}

void ending_abandoned(struct plan *p, enum mix mix)
{
        struct step answer;

        (void)mix;
        plan_say(p, C, SYN, 0);
        answer = *plan_say(p, S, SYN | ACK, 0);
        plan_reply(p, answer);
        story_reset(p, C, CAUSE_ABANDONED);
}

void ending_refused(struct plan *p, enum mix mix)
{
        (void)mix;
        plan_reply(p, *plan_say(p, C, SYN, 0));
        story_reset(p, S, CAUSE_NOT_LISTENING);
        story_verdict(p)->ending = ENDING_REFUSED;
        story_verdict(p)->conn_state = CONN_STATE_REJ;
}

void ending_unreachable(struct plan *p, enum mix mix)
{
        bool router = dice_permille(&p->dice, 700);
        struct step syn, *error;

        (void)mix;
        syn = *plan_say(p, C, SYN, 0);
        if (dice_permille(&p->dice, 500)) {
                plan_wait_ms(p, 1000, 1020);
                syn = *plan_repeat(p, syn);
        }
        plan_wait_ms(p, 1, 900);
        error = plan_repeat(p, syn);
        error->from = SIDE_SERVER;
        error->kind = (uint16_t)(STEP_ICMP | (router ? STEP_ROUTER : 0));
        story_verdict(p)->ending = ENDING_REFUSED;
        story_verdict(p)->ended_by = router ? SIDE_NETWORK : SIDE_SERVER;
        story_verdict(p)->cause = CAUSE_UNREACHABLE;
        story_verdict(p)->conn_state = CONN_STATE_S0;
}

void ending_reset_after_fins(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        story_close_both(p, mix, C);
        plan_wait_ms(p, 0, 300);
        if (dice_permille(&p->dice, 500))
                plan_reset(p, S)->window = 0;
        else
                plan_say(p, S, SEGMENT_RST, 0)->kind = STEP_BARE;
        story_verdict(p)->reset_by = S;
}

void ending_reset_for_last_ack(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        plan_say(p, C, FIN | ACK, 0);
        plan_say(p, S, ACK, 0);
        plan_wait_ms(p, 61000, 70000);
        plan_reply(p, *plan_say(p, S, FIN | ACK, 0));
        story_reset(p, C, CAUSE_NO_CONNECTION);
        story_verdict(p)->conn_state = CONN_STATE_SF;
}

void ending_reboot(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        plan_wait_ms(p, 8000, 40000);
        plan_reply(p, *plan_say(p, C, PSH | ACK, dice_between(&p->dice, 20, 34)));
        story_reset(p, S, CAUSE_NO_CONNECTION);
        story_verdict(p)->lost[C] = true;
}

void ending_health_check(struct plan *p, enum mix mix)
{
        story_handshake(p, mix);
        plan_reset(p, C);
        story_reset(p, C, CAUSE_ZERO_LINGER);
}

/* The server closes an idle connection; the client's next request crosses the FIN, or comes too late. */
void ending_closed_in_reuse(struct plan *p, enum mix mix)
{
        struct step late;

        story_begin(p, mix);
        plan_wait_ms(p, 2000, 5000);
        plan_say(p, S, FIN | ACK, 0);
        p->deaf[C] = dice_permille(&p->dice, 500);
        if (p->deaf[C])
                p->heard[C] = p->sent[S] - 1;
        late = *plan_say(p, C, PSH | ACK, dice_between(&p->dice, 20, 34));
        plan_reply(p, late);
        story_reset(p, S, CAUSE_DATA_AFTER_CLOSE);
        story_verdict(p)->lost[C] = true;
}

static struct step alert(struct plan *p, enum side from)
{
        struct step *step = plan_say(p, from, PSH | ACK, 24);

        step->kind = STEP_ALERT;
        return *step;
}

/* The client says goodbye and closes at once; the server's goodbye draws a RST, and so does its FIN. */
void ending_close_notify(struct plan *p, enum mix mix)
{
        struct step late, fin;

        story_begin(p, mix);
        alert(p, C);
        plan_say(p, C, FIN | ACK, 0);
        plan_say(p, S, ACK, 0);
        late = alert(p, S);
        fin = *plan_say(p, S, FIN | ACK, 0);
        plan_reply(p, late);
        plan_reply(p, fin);
        story_reset(p, C, CAUSE_DATA_AFTER_CLOSE);
        story_verdict(p)->lost[S] = true;
        story_verdict(p)->conn_state = CONN_STATE_SF;
}

/* An old duplicate after the end draws an ACK out of TIME_WAIT, and that a RST. */
void ending_assassinated(struct plan *p, enum mix mix)
{
        struct step old;

        story_begin(p, mix);
        old = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, C, ACK, 0);
        story_close_both(p, mix, C);
        plan_wait_ms(p, 100, 3000);
        plan_repeat(p, old)->ack = old.ack;
        plan_reply(p, *plan_say(p, C, ACK, 0));
        story_verdict(p)->reset_by = S;
}

/* The client aborts while an answer is on its way. */
void ending_aborted_in_flight(struct plan *p, enum mix mix)
{
        struct step late[2];

        story_begin(p, mix);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_wait_ms(p, 1, 50);
        plan_reset(p, C);
        p->heard[S] = p->sent[C];
        for (unsigned i = 0; i < 2; ++i)
                late[i] = *plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        for (unsigned i = 0; i < 2; ++i)
                plan_reply(p, late[i]);
        story_reset(p, C, CAUSE_ZERO_LINGER);
        story_verdict(p)->lost[S] = true;
}

/* A SYN with another number, blind or of a host that was restarted, on a living connection: the server
 * answers with a challenge ACK (RFC 5961, 4) and the true ends talk on. */
void ending_syn_on_live(struct plan *p, enum mix mix)
{
        struct step *syn;

        story_begin(p, mix);
        syn = plan_say(p, C, 0, 0);
        syn->flags = SYN;
        syn->seq += dice_between(&p->dice, 100000, 2000000000);
        syn->kind = STEP_FORGED;
        syn->ttl = (uint8_t)(64 - dice_between(&p->dice, 5, 12));
        plan_say(p, S, ACK, 0);
        plan_say(p, C, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, S, PSH | ACK, dice_between(&p->dice, 5, 34));
        plan_say(p, C, ACK, 0);
        story_close_both(p, mix, C);
        story_verdict(p)->conn_state = N_CONN_STATES;
}
