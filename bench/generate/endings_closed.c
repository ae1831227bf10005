/* Endings by FIN, and connections that the capture leaves open. */
#include "generate/kinds.h"
#include "generate/story.h"

void ending_fin_client(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        story_close_both(p, mix, C);
}

void ending_fin_server(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        story_close_both(p, mix, S);
}

void ending_last_ack_missing(struct plan *p, enum mix mix)
{
        ending_fin_client(p, mix);
        --p->n_steps;
        p->heard[C] = p->sent[S] - 1;
}

void ending_fins_crossed(struct plan *p, enum mix mix)
{
        enum side first = story_either(p);

        story_begin(p, mix);
        p->deaf[other(first)] = true;
        plan_say(p, first, FIN | ACK, 0);
        if (first == C)
                p->now -= p->rtt / 2;
        plan_say(p, other(first), FIN | ACK, 0);
        p->deaf[other(first)] = false;
        plan_say(p, first, ACK, 0);
        plan_say(p, other(first), ACK, 0);
        story_orderly(p, SIDE_UNKNOWN);
}

void ending_half_close(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
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
        story_orderly(p, C);
}

void ending_still_open(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        if (dice_permille(&p->dice, 300))
                plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, 34));
        story_verdict(p)->ending = ENDING_OPEN;
        story_verdict(p)->conn_state = CONN_STATE_S1;
}

void ending_half_closed(struct plan *p, enum mix mix)
{
        enum side by = story_either(p);

        story_begin(p, mix);
        plan_say(p, by, FIN | ACK, 0);
        plan_say(p, other(by), ACK, 0);
        if (dice_permille(&p->dice, 500)) {
                plan_say(p, other(by), PSH | ACK, dice_between(&p->dice, 1, 34));
                plan_say(p, by, ACK, 0);
        }
        story_verdict(p)->ending = ENDING_HALF_CLOSED;
        story_verdict(p)->ended_by = by;
        story_verdict(p)->conn_state = by == C ? CONN_STATE_S2 : CONN_STATE_S3;
}

void ending_reuse(struct plan *p, enum mix mix)
{
        story_begin(p, mix);
        story_close_both(p, mix, S);
        plan_wait_ms(p, 1000, dice_permille(&p->dice, 500) ? 4000 : 15000);
        for (unsigned side = 0; side < 2; ++side) {
                p->isn[side][1] = p->isn[side][0] + p->sent[side] + dice_between(&p->dice, 1000, 5000000);
                p->sent[side] = p->heard[side] = 0;
        }
        p->n_parts = 2;
        story_begin(p, mix);
        story_close_both(p, mix, story_either(p));
}

/* The capture begins in the middle; that port 443 is a service tells who is who. */
void ending_midstream(struct plan *p, enum mix mix)
{
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
        story_talk(p, mix);
        story_close_both(p, mix, story_either(p));
        story_verdict(p)->midstream = true;
}

void ending_data_in_syn(struct plan *p, enum mix mix)
{
        plan_say(p, C, SYN, dice_between(&p->dice, 1, mix == MIX_SMALL ? 14 : 1000));
        plan_say(p, S, SYN | ACK, 0);
        plan_say(p, C, ACK, 0);
        story_talk(p, mix);
        story_close_both(p, mix, story_either(p));
}

void ending_simultaneous_open(struct plan *p, enum mix mix)
{
        struct step one, two;

        p->deaf[S] = true;
        one = *plan_say(p, C, SYN, 0);
        two = *plan_say(p, S, SYN, 0);
        p->deaf[S] = false;
        one.flags |= ACK;
        two.flags |= ACK;
        plan_repeat(p, one);
        plan_repeat(p, two);
        story_talk(p, mix);
        story_close_both(p, mix, C);
}
