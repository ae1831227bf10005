/* What the stories of connections are told with. */
#include "generate/story.h"

enum side story_either(struct plan *p)
{
        return dice_permille(&p->dice, 500) ? SIDE_CLIENT : SIDE_SERVER;
}

struct verdict *story_verdict(struct plan *p)
{
        return &p->verdict[p->n_parts - 1];
}

void story_orderly(struct plan *p, enum side by)
{
        story_verdict(p)->ending = ENDING_ORDERLY;
        story_verdict(p)->ended_by = by;
        story_verdict(p)->conn_state = CONN_STATE_SF;
}

void story_reset(struct plan *p, enum side by, enum cause cause)
{
        story_verdict(p)->ending = ENDING_RESET;
        story_verdict(p)->ended_by = story_verdict(p)->reset_by = by;
        story_verdict(p)->cause = cause;
        story_verdict(p)->conn_state = by == C ? CONN_STATE_RSTO : CONN_STATE_RSTR;
}

void story_timed_out(struct plan *p, enum side gave_up, enum cause cause)
{
        story_verdict(p)->ending = ENDING_TIMED_OUT;
        story_verdict(p)->ended_by = gave_up;
        story_verdict(p)->silent = other(gave_up);
        story_verdict(p)->cause = cause;
        story_verdict(p)->conn_state = CONN_STATE_S1;
        story_verdict(p)->gave_up = true;
}

void story_handshake(struct plan *p, enum mix mix)
{
        struct step syn = *plan_say(p, C, SYN, 0);

        if (mix == MIX_EVAL && dice_permille(&p->dice, 50)) {
                plan_wait_ms(p, 1000, 1040);
                plan_repeat(p, syn);
        }
        plan_say(p, S, SYN | ACK, 0);
        plan_say(p, C, ACK, 0);
}

void story_talk(struct plan *p, enum mix mix)
{
        unsigned trouble = mix == MIX_EVAL ? 20 : 5;

        if (mix == MIX_FULL) {
                plan_bulk(p, C, dice_between(&p->dice, 100, 1200), trouble);
                plan_bulk(p, S, dice_between(&p->dice, 5000, 130000), trouble);
                return;
        }
        for (unsigned i = dice_between(&p->dice, mix == MIX_EVAL ? 0 : 2, 4); i--;) {
                if (mix == MIX_EVAL && dice_permille(&p->dice, 200)) {
                        uint32_t n = dice_between(&p->dice, 1, 12000);

                        plan_bulk(p, story_either(p), n, trouble);
                        continue;
                }
                plan_say(p, C, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 900));
                plan_say(p, S, PSH | ACK, dice_between(&p->dice, 1, mix == MIX_SMALL ? 34 : 1400));
                plan_say(p, C, ACK, 0);
                plan_wait_ms(p, 1, mix == MIX_SMALL ? 1200 : 300);
        }
}

void story_begin(struct plan *p, enum mix mix)
{
        story_handshake(p, mix);
        story_talk(p, mix);
}

/* A last piece of data rides on some FINs. */
static unsigned rider(struct plan *p, enum mix mix)
{
        if (mix != MIX_EVAL || !dice_permille(&p->dice, 200))
                return 0;
        return dice_between(&p->dice, 1, 700);
}

void story_close_both(struct plan *p, enum mix mix, enum side first)
{
        plan_say(p, first, FIN | ACK, rider(p, mix));
        if (dice_permille(&p->dice, 500))
                plan_say(p, other(first), ACK, 0);
        plan_say(p, other(first), FIN | ACK, rider(p, mix));
        plan_say(p, first, ACK, 0);
        story_orderly(p, first);
}

void story_in_vain(struct plan *p, struct step what, unsigned n, int64_t interval)
{
        for (; n--; interval *= 2) {
                plan_wait(p, interval);
                plan_repeat(p, what);
        }
}

int64_t story_rto(struct plan *p)
{
        return p->rtt + 200000000;
}

void story_probe(struct plan *p, enum side from, bool with_byte)
{
        struct step *step = plan_say(p, from, ACK, 0);

        step->kind = STEP_PROBE;
        step->seq -= 1;
        step->n = with_byte;
}
