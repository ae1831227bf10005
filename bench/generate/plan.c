/* Makes the steps of a connection one after the other; see plan.h. */
#include "generate/plan.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/segment.h"

enum {
        CLIENTS = 4093,              /* hosts; a prime, so that hosts and ports go round independently */
        PORTS = 28231,
        FIRST_PORT = 32768,
        WINDOW = 502,                /* scaled by 7 */
        WINDOW_OF_SYN = 64240,
};

static void choose_addresses(struct plan *plan, uint64_t number)
{
        static const uint16_t services[] = { 443, 443, 443, 80, 80, 22, 5432, 6379, 8080, 25 };
        uint32_t client = (uint32_t)(number % CLIENTS), server = dice_below(&plan->dice, 300);

        memset(plan->address, 0, sizeof(plan->address));
        plan->family = dice_permille(&plan->dice, 100) ? AF_INET6 : AF_INET;
        for (unsigned side = 0; side < 2; ++side) {
                uint8_t *a = plan->address[side];
                uint32_t host = side == SIDE_CLIENT ? client : server;

                if (plan->family == AF_INET6) {
                        memcpy(a, (uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8 }, 4);
                        a[7] = (uint8_t)side;
                        a += 12;
                } else {
                        a[0] = side == SIDE_CLIENT ? 10 : 198;
                        a[1] = side == SIDE_CLIENT ? 0 : 18;
                }
                a[2] = (uint8_t)(host >> 8);
                a[3] = (uint8_t)host;
        }
        plan->port[SIDE_CLIENT] = (uint16_t)(FIRST_PORT + number / CLIENTS % PORTS);
        plan->port[SIDE_SERVER] = services[dice_below(&plan->dice, sizeof(services) / sizeof(*services))];
}

void plan_begin(struct plan *plan, uint64_t seed, uint64_t number)
{
        uint32_t most;

        plan->dice.state = seed * 0xd1342543de82ef95 + number * 0x2545f4914f6cdd1d;
        (void)dice_roll(&plan->dice);
        choose_addresses(plan, number);
        plan->timestamps = dice_permille(&plan->dice, 800);
        most = dice_permille(&plan->dice, 700) ? 40 : 250;
        plan->rtt = dice_between(&plan->dice, 1, most) * 1000000ll;
        plan->mss = plan->timestamps ? 1448 : 1460;
        for (unsigned side = 0; side < 2; ++side) {
                /* One in eight wraps soon. */
                for (unsigned part = 0; part < PLAN_PARTS; ++part)
                        plan->isn[side][part] = dice_permille(&plan->dice, 125)
                                ? UINT32_MAX - dice_below(&plan->dice, 5000)
                                : (uint32_t)dice_roll(&plan->dice);
                plan->ts_base[side] = (uint32_t)dice_roll(&plan->dice);
                plan->ip_id[side] = (uint16_t)dice_roll(&plan->dice);
                plan->flow_label[side] = dice_below(&plan->dice, 1 << 20);
                plan->sent[side] = plan->heard[side] = 0;
                plan->deaf[side] = false;
                plan->window[side] = WINDOW;
                plan->ts_heard[side] = 0;
        }
        plan->ttl[SIDE_CLIENT] = 64;
        plan->ttl[SIDE_SERVER] = (uint8_t)(64 - dice_between(&plan->dice, 3, 18));
        plan->n_steps = plan->next = 0;
        plan->n_parts = 1;
        memset(plan->place, 0, sizeof(plan->place));
        for (unsigned part = 0; part < PLAN_PARTS; ++part)
                plan->verdict[part] = (struct verdict){
                        .ended_by = SIDE_UNKNOWN,
                        .silent = SIDE_UNKNOWN,
                        .reset_by = SIDE_UNKNOWN,
                        .cause = CAUSE_NONE,
                };
        plan->now = 0;
        plan->last_from = SIDE_CLIENT;
}

static struct step *add(struct plan *plan, enum side from)
{
        static struct step nowhere;
        struct step *step;

        if (plan->n_steps == plan->room) {
                size_t room = plan->room ? plan->room * 2 : 64;
                struct step *steps = realloc(plan->steps, room * sizeof(*steps));

                if (!steps) {
                        plan->error = -ENOMEM;
                        return &nowhere;
                }
                plan->steps = steps;
                plan->room = room;
        }
        if (plan->n_steps == 0)
                plan->now = 0;
        else if (from == plan->last_from)
                plan->now += dice_between(&plan->dice, 3, 40) * 1000ll;
        else if (from == SIDE_CLIENT)
                plan->now += dice_between(&plan->dice, 30, 200) * 1000ll;
        else
                plan->now += plan->rtt + dice_below(&plan->dice, 1000) * 1000ll;
        plan->last_from = (uint8_t)from;

        step = &plan->steps[plan->n_steps++];
        *step = (struct step){
                .at = plan->now,
                .from = (uint8_t)from,
                .window = plan->window[from],
                .part = (uint8_t)(plan->n_parts - 1),
        };
        return step;
}

static void hear(struct plan *plan, enum side side)
{
        if (!plan->deaf[side])
                plan->heard[side] = plan->sent[other(side)];
}

struct step *plan_say(struct plan *plan, enum side from, unsigned flags, unsigned n)
{
        struct step *step = add(plan, from);

        hear(plan, from);
        step->flags = (uint16_t)flags;
        step->n = (uint16_t)n;
        step->seq = plan->sent[from];
        step->ack = flags & SEGMENT_ACK ? plan->heard[from] : 0;
        if (flags & SEGMENT_SYN)
                step->window = WINDOW_OF_SYN;
        plan->sent[from] += n + !!(flags & SEGMENT_SYN) + !!(flags & SEGMENT_FIN);
        return step;
}

struct step *plan_repeat(struct plan *plan, struct step original)
{
        struct step *step = add(plan, original.from);
        int64_t at = step->at;

        hear(plan, original.from);
        *step = original;
        step->at = at;
        step->kind &= (uint16_t)~STEP_SACK;
        if (step->flags & SEGMENT_ACK)
                step->ack = plan->heard[original.from];
        return step;
}

struct step *plan_reset(struct plan *plan, enum side from)
{
        return plan_say(plan, from, SEGMENT_RST | SEGMENT_ACK, 0);
}

struct step *plan_reply(struct plan *plan, struct step to)
{
        struct step *step = add(plan, other(to.from));

        step->kind = STEP_BARE;
        step->window = 0;
        step->flags = SEGMENT_RST;
        step->seq = to.ack;
        if (!(to.flags & SEGMENT_ACK)) {
                step->flags |= SEGMENT_ACK;
                step->kind |= STEP_RAW_SEQ;
                step->ack = to.seq + to.n + !!(to.flags & SEGMENT_SYN) + !!(to.flags & SEGMENT_FIN);
        }
        return step;
}

void plan_wait(struct plan *plan, int64_t ns)
{
        plan->now += ns / 1000 * 1000;
}

void plan_wait_ms(struct plan *plan, unsigned from, unsigned to)
{
        /* One roll a statement, here and elsewhere: the order within one is the compiler's to choose. */
        int64_t wait = dice_between(&plan->dice, from, to) * 1000000ll;

        wait += dice_below(&plan->dice, 1000) * 1000ll;
        plan_wait(plan, wait);
}

static unsigned segment_of(struct plan *plan, uint32_t n)
{
        return n < plan->mss ? n : plan->mss;
}

/* One segment is lost, before or behind the place of the capture; up to three others follow it and draw
 * acknowledgements that say what is missing; then it is sent again. */
static uint32_t lose_one(struct plan *plan, enum side from, uint32_t n, bool seen)
{
        struct step lost, *step;
        uint32_t done = 0, end;

        plan->deaf[other(from)] = true;
        step = plan_say(plan, from, SEGMENT_ACK, segment_of(plan, n));
        lost = *step;
        done += lost.n;
        if (!seen)
                --plan->n_steps;
        end = plan->sent[from];
        for (unsigned i = dice_between(&plan->dice, 1, 3); i-- && done < n;) {
                done += plan_say(plan, from, SEGMENT_ACK, segment_of(plan, n - done))->n;
                step = plan_say(plan, other(from), SEGMENT_ACK, 0);
                step->kind = STEP_SACK;
                step->sack_start = end;
                step->sack_end = plan->sent[from];
        }
        plan_wait(plan, plan->rtt);
        step = plan_repeat(plan, lost);
        if (!seen)
                step->kind |= STEP_FIRST_SIGHT;
        plan->deaf[other(from)] = false;
        plan_say(plan, other(from), SEGMENT_ACK, 0);
        return done;
}

void plan_bulk(struct plan *plan, enum side from, uint32_t n, unsigned trouble_permille)
{
        unsigned unacked = 0;
        struct step said;

        while (n > 0) {
                if (n > 3u * plan->mss && dice_permille(&plan->dice, trouble_permille)) {
                        n -= lose_one(plan, from, n, dice_permille(&plan->dice, 500));
                        unacked = 0;
                        continue;
                }
                said = *plan_say(plan, from, SEGMENT_ACK | (n <= plan->mss ? SEGMENT_PSH : 0), segment_of(plan, n));
                n -= said.n;
                if (dice_permille(&plan->dice, trouble_permille)) {
                        /* Its acknowledgement was slow, or lost. */
                        plan_wait_ms(plan, 200, 300);
                        plan_repeat(plan, said);
                        ++unacked;
                }
                if (++unacked >= 2 || n == 0) {
                        plan_say(plan, other(from), SEGMENT_ACK, 0);
                        unacked = 0;
                }
        }
}
