/* Two ends that each sent a RST, or may have, in one moment: nobody is named who may not have been the first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "by_hand.h"
#include "forget.h"

#define DO(fact, what) ((fact).how = HOW_TOLD, (fact).value = (what))
#define GUESS(fact, what) ((fact).how = HOW_INFERRED, (fact).value = (what))

static void add_own_reset(struct facts *f, enum side side, bool guessed)
{
        struct facts_of_reset *reset = &f->resets[f->n_resets++];

        DO(reset->by, side);
        if (guessed)
                reset->by.how = HOW_INFERRED;
        GUESS(reset->at, 50 * MS + side);
        f->n_resets_in_all = f->n_resets;
}

/* Traced programs: each closed while data lay unread. */
static void both_close(struct facts *f)
{
        facts_init(f, SOURCE_RUN);
        f->seen.sides = SIDES_SEEN_BOTH;
        f->seen.both_ends = true;
        f->seen.roles = ROLES_TOLD;
        f->seen.until = 900 * MS;
        DO(f->first, MS);
        DO(f->last, 60 * MS);
        DO(f->established, true);
        DO(f->mptcp, false);
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_end *end = &f->end[side];

                DO(end->os, OS_LINUX);
                DO(end->act, ACT_CLOSE);
                DO(end->act_at, 50 * MS);
                DO(end->closed, true);
                DO(end->linger_on, false);
                DO(end->unread, 7);
                DO(f->from[side].bytes, 7);
                DO(f->from[side].acked, 7);
                GUESS(f->from[side].fin, false);
        }
}

static void what_both_did_is_certain_and_who_was_first_is_not_known(void **state)
{
        uint64_t seed = 1;
        struct record r;
        struct facts f;

        (void)state;
        both_close(&f);
        add_own_reset(&f, SIDE_CLIENT, false);
        add_own_reset(&f, SIDE_SERVER, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.reset.by, SIDE_UNKNOWN);
        assert_int_equal(r.reset.count, 2);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        assert_int_equal(r.to_server.closed, CLOSED_RESET);
        assert_int_equal(r.to_client.closed, CLOSED_RESET);
        assert_int_equal(r.to_server.fate, FATE_LOST);
        assert_int_equal(forget_and_judge(&f, "both", 2000, &seed), 0);
        /* Their order is told. */
        DO(f.resets[0].at, 51 * MS);
        DO(f.resets[1].at, 52 * MS);
        judge_facts(&f, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
}

static void of_two_causes_each_is_possible(void **state)
{
        uint64_t seed = 1;
        struct record r;
        struct facts f;

        (void)state;
        both_close(&f);
        DO(f.end[SIDE_SERVER].linger_on, true);
        DO(f.end[SIDE_SERVER].linger_s, 0);
        DO(f.end[SIDE_SERVER].unread, 0);
        add_own_reset(&f, SIDE_CLIENT, false);
        add_own_reset(&f, SIDE_SERVER, false);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_RESET);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        assert_int_equal(r.n_causes, 2);
        assert_true(lists(&r, CAUSE_UNREAD_DATA) && lists(&r, CAUSE_ZERO_LINGER));
        assert_int_equal(forget_and_judge(&f, "two causes", 2000, &seed), 0);
}

static void who_may_have_sent_one_is_not_said_to_have_closed_so(void **state)
{
        uint64_t seed = 1;
        struct record r;
        struct facts f;

        (void)state;
        both_close(&f);
        add_own_reset(&f, SIDE_CLIENT, false);
        add_own_reset(&f, SIDE_SERVER, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ended_by, SIDE_UNKNOWN);
        assert_int_equal(r.reset.count, 1);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_int_equal(r.to_server.closed, CLOSED_RESET);
        assert_int_equal(r.to_client.closed, CLOSED_UNKNOWN);
        assert_int_equal(forget_and_judge(&f, "perhaps", 2000, &seed), 0);
}

/* One end alone is traced: the other's RST may have come just before its act. */
static void who_only_may_have_sent_it_is_likely(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        both_close(&f);
        add_own_reset(&f, SIDE_CLIENT, true);
        judge_facts(&f, &r);
        assert_int_equal(r.ended_by, SIDE_CLIENT);
        assert_int_equal(r.cause, CAUSE_UNREAD_DATA);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        assert_true(lists(&r, CAUSE_UNKNOWN));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_both_did_is_certain_and_who_was_first_is_not_known),
                cmocka_unit_test(of_two_causes_each_is_possible),
                cmocka_unit_test(who_may_have_sent_one_is_not_said_to_have_closed_so),
                cmocka_unit_test(who_only_may_have_sent_it_is_likely),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
