/* Endings by silence, and silences that end. */
#include "generate/kinds.h"
#include "generate/story.h"

void ending_syn_unanswered(struct plan *p, enum mix mix)
{
        uint32_t n = dice_between(&p->dice, 3, mix == MIX_EVAL ? 5 : 3);

        story_in_vain(p, *plan_say(p, C, SYN, 0), n, 1000000000);
        story_timed_out(p, C, CAUSE_NONE);
        story_verdict(p)->ending = ENDING_UNANSWERED;
        story_verdict(p)->conn_state = CONN_STATE_S0;
}

void ending_syn_ack_unanswered(struct plan *p, enum mix mix)
{
        uint32_t n;

        (void)mix;
        plan_say(p, C, SYN, 0);
        n = dice_between(&p->dice, 3, 4);
        story_in_vain(p, *plan_say(p, S, SYN | ACK, 0), n, 1000000000);
        story_timed_out(p, S, CAUSE_NONE);
        story_verdict(p)->ending = ENDING_UNANSWERED;
}

void ending_data_unanswered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);

        story_begin(p, mix);
        plan_wait_ms(p, 1, 3000);
        story_in_vain(p, *plan_say(p, from, PSH | ACK, dice_between(&p->dice, 1, 34)), 6, story_rto(p));
        story_timed_out(p, from, CAUSE_RETRANSMISSION_TIMEOUT);
}

void ending_fin_unanswered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);
        uint32_t n;

        story_begin(p, mix);
        n = dice_between(&p->dice, 4, 7);
        story_in_vain(p, *plan_say(p, from, FIN | ACK, 0), n, story_rto(p));
        story_timed_out(p, from, CAUSE_NONE);
        story_verdict(p)->conn_state = from == C ? CONN_STATE_S2 : CONN_STATE_S3;
}

void ending_keepalive_unanswered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);
        unsigned interval = dice_between(&p->dice, 5, 12) * 1000;
        bool with_byte = mix == MIX_EVAL && dice_permille(&p->dice, 200);

        story_begin(p, mix);
        plan_wait_ms(p, 10000, 30000);
        for (unsigned n = dice_between(&p->dice, 3, 6); n--;) {
                story_probe(p, from, with_byte);
                plan_wait_ms(p, interval, interval + 3);
        }
        plan_reset(p, from);
        story_timed_out(p, from, CAUSE_KEEPALIVE);
        story_verdict(p)->gave_up = false;
        story_verdict(p)->reset_by = from;
        story_verdict(p)->conn_state = from == C ? CONN_STATE_RSTO : CONN_STATE_RSTR;
}

void ending_keepalive_answered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);

        story_begin(p, mix);
        for (unsigned n = dice_between(&p->dice, 1, 3); n--;) {
                plan_wait_ms(p, 5000, 7000);
                story_probe(p, from, mix == MIX_EVAL && dice_permille(&p->dice, 300));
                plan_say(p, other(from), ACK, 0);
        }
        story_close_both(p, mix, story_either(p));
}

/* The reader's window is full; the sender probes. */
static void fill(struct plan *p, enum mix mix, enum side from)
{
        plan_say(p, from, PSH | ACK, dice_between(&p->dice, 20, mix == MIX_SMALL ? 34 : 1448));
        p->window[other(from)] = 0;
        plan_say(p, other(from), ACK, 0);
}

void ending_probes_unanswered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);
        int64_t interval = story_rto(p);

        story_begin(p, mix);
        fill(p, mix, from);
        for (unsigned i = 0; i < 7; ++i, interval *= 2) {
                plan_wait(p, interval);
                story_probe(p, from, false);
                if (i < 2)
                        plan_say(p, other(from), ACK, 0);
        }
        story_timed_out(p, from, CAUSE_PROBE_TIMEOUT);
}

void ending_window_opens_again(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);

        story_begin(p, mix);
        fill(p, mix, from);
        plan_wait(p, story_rto(p));
        story_probe(p, from, false);
        plan_say(p, other(from), ACK, 0);
        plan_wait_ms(p, 10, 300);
        p->window[other(from)] = 502;
        plan_say(p, other(from), ACK, 0);
        plan_say(p, from, PSH | ACK, dice_between(&p->dice, 1, 34));
        plan_say(p, other(from), ACK, 0);
        story_close_both(p, mix, story_either(p));
}

/* The path is dead for a while, and comes back before anybody gives up. */
void ending_recovered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);
        struct step said;

        story_begin(p, mix);
        said = *plan_say(p, from, PSH | ACK, dice_between(&p->dice, 2, 34));
        story_in_vain(p, said, dice_between(&p->dice, 3, 5), story_rto(p));
        plan_say(p, other(from), ACK, 0);
        plan_say(p, other(from), PSH | ACK, dice_between(&p->dice, 2, 34));
        plan_say(p, from, ACK, 0);
        story_close_both(p, mix, story_either(p));
}

void ending_fin_recovered(struct plan *p, enum mix mix)
{
        enum side from = story_either(p);
        uint32_t n;

        story_begin(p, mix);
        n = dice_between(&p->dice, 2, 4);
        story_in_vain(p, *plan_say(p, from, FIN | ACK, 0), n, story_rto(p));
        plan_say(p, other(from), ACK, 0);
        plan_say(p, other(from), FIN | ACK, 0);
        plan_say(p, from, ACK, 0);
        story_orderly(p, from);
}
