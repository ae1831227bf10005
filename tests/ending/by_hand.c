/* Facts by hand, and their verdict: what the tests of the judge begin with. */
#include "by_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "live_cases.h"

void judge_facts(const struct facts *f, struct record *r)
{
        record_init(r, f->seen.source, "1.1");
        judge(f, r, NULL);
        assert_null(record_fault(r));
}

void judge_live(const char *name, struct record *r)
{
        struct facts f;

        for (size_t i = 0; i < n_live_cases; i++)
                if (strcmp(live_cases[i].name, name) == 0) {
                        live_cases[i].make(&f);
                        judge_facts(&f, r);
                        return;
                }
        fail_msg("there is no case %s", name);
}

bool lists(const struct record *r, enum cause cause)
{
        for (size_t i = 0; i < r->n_causes; i++)
                if (r->causes[i] == cause)
                        return true;
        return false;
}

void exchange(struct facts *f, uint64_t answer)
{
        facts_init(f, SOURCE_CAPTURE);
        f->seen.roles = ROLES_SYN;
        f->seen.sides = SIDES_SEEN_BOTH;
        f->seen.until = 3600 * 1000 * MS;
        KNOW(f->first, 0);
        KNOW(f->last, 100 * MS);
        KNOW(f->syns, 1);
        KNOW(f->syn_acks, 1);
        KNOW(f->late_syn_acks, 0);
        KNOW(f->established, true);
        KNOW(f->mptcp, false);
        KNOW(f->both_acked, false);
        for (int side = 0; side < 2; side++) {
                uint64_t n = side == SIDE_CLIENT ? 100 : answer;

                KNOW(f->end[side].os, OS_LINUX);
                KNOW(f->end[side].ttl, side == SIDE_CLIENT ? 64 : 57);
                KNOW(f->end[side].went_on, false);
                KNOW(f->end[side].repeats_unanswered, 0);
                KNOW(f->end[side].keepalives_unanswered, 0);
                KNOW(f->end[side].probes_unanswered, 0);
                KNOW(f->from[side].packets, 3);
                KNOW(f->from[side].payloads, n > 0);
                KNOW(f->from[side].bytes, n);
                KNOW(f->from[side].acked, n);
                KNOW(f->from[side].last_run, n);
                KNOW(f->from[side].fin, false);
                KNOW(f->from[side].fin_acked, false);
                KNOW(f->from[side].after_peer_fin, 0);
        }
        KNOW(f->from[SIDE_CLIENT].last_answered, answer > 0);
}

struct facts_of_reset *add_reset(struct facts *f, enum side by, bool reply, int64_t at)
{
        struct facts_of_reset *reset = &f->resets[f->n_resets++];

        f->n_resets_in_all = f->n_resets;
        KNOW(reset->by, by);
        KNOW(reset->at, at);
        KNOW(reset->frame, 10);
        KNOW(reset->repeats, 0);
        KNOW(reset->has_ack, !reply);
        KNOW(reset->window, reply ? 0 : 500);
        KNOW(reset->options, !reply);
        KNOW(reset->payload, 0);
        KNOW(reset->ttl, by == SIDE_CLIENT ? 64 : 57);
        KNOW(reset->ttl_differs, false);
        KNOW(reset->validity, RESET_VALIDITY_EXACT);
        KNOW(reset->behind, false);
        if (!reply) {
                KNOW(reset->position, 0);
                KNOW(reset->ack_impossible, false);
        }
        KNOW(reset->after_both_acked, false);
        KNOW(reset->obeyed, true);
        KNOW(reset->went_on, false);
        return reset;
}

struct facts_of_reset *late_data(struct facts *f, int64_t fin_at, int64_t reset_at)
{
        struct facts_of_reset *reset;

        exchange(f, 300);
        KNOW(f->from[SIDE_SERVER].fin, true);
        KNOW(f->from[SIDE_SERVER].fin_at, fin_at);
        KNOW(f->from[SIDE_SERVER].fin_acked, true);
        KNOW(f->from[SIDE_CLIENT].bytes, 200);
        KNOW(f->from[SIDE_CLIENT].payloads, 2);
        KNOW(f->from[SIDE_CLIENT].last_answered, false);
        KNOW(f->from[SIDE_CLIENT].last_run, 100);
        KNOW(f->from[SIDE_CLIENT].after_peer_fin, 100);
        reset = add_reset(f, SIDE_SERVER, true, reset_at);
        KNOW(reset->answers, SEGMENT_KIND_DATA);
        KNOW(reset->answers_at, reset_at - 20 * MS);
        KNOW(reset->answers_repeat, false);
        return reset;
}

void reset_and_reply(struct facts *f, bool overtakes)
{
        struct facts_of_reset reply = *late_data(f, 80 * MS, 100 * MS), *active;

        f->n_resets = f->n_resets_in_all = 0;
        active = add_reset(f, reply.by.value, false, 80 * MS + (overtakes ? 20100000 : 100000));
        KNOW(active->obeyed, overtakes);
        add_reset(f, reply.by.value, true, 100 * MS);
        f->resets[1] = reply;
        if (overtakes) {
                f->resets[1] = *active;
                f->resets[0] = reply;
        }
}
