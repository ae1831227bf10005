/* Knowing less makes nobody surer, nor changes his mind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "by_hand.h"
#include "forget.h"
#include "live_cases.h"
#include "random_facts.h"

static void answered(struct facts *f)
{
        late_data(f, 80 * MS, 100 * MS);
}

static void reset_then_reply(struct facts *f)
{
        reset_and_reply(f, false);
}

static void overtaken_by_a_reply(struct facts *f)
{
        reset_and_reply(f, true);
}

static void active(struct facts *f)
{
        exchange(f, 0);
        add_reset(f, SIDE_SERVER, false, 50 * MS);
}

static void still_open(struct facts *f)
{
        exchange(f, 300);
}

/* It talked on after a RST in its name whose TTL is another's. */
static void forged(struct facts *f)
{
        struct facts_of_reset *reset;

        exchange(f, 0);
        reset = add_reset(f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->ttl, 41);
        KNOW(reset->ttl_differs, true);
        KNOW(reset->went_on, true);
        KNOW(f->end[SIDE_SERVER].went_on, true);
}

static void ended_in_order_after_a_forged_reset(struct facts *f)
{
        forged(f);
        for (int side = 0; side < 2; side++) {
                KNOW(f->from[side].fin, true);
                KNOW(f->from[side].fin_at, (60 + side) * MS);
                KNOW(f->from[side].fin_acked, true);
        }
        KNOW(f->both_acked, true);
        f->resets[0].obeyed.how = HOW_INFERRED;
}

static void subflow(struct facts *f)
{
        active(f);
        KNOW(f->mptcp, true);
        KNOW(f->resets[0].ip_id, 7);
        KNOW(f->resets[0].ip_id_jumps, false);
}

static void keepalive(struct facts *f)
{
        exchange(f, 300);
        KNOW(f->end[SIDE_CLIENT].keepalives_unanswered, 3);
        KNOW(f->end[SIDE_CLIENT].unanswered_since, 10000 * MS);
        KNOW(f->end[SIDE_CLIENT].unanswered_last, 12000 * MS);
        KNOW(f->end[SIDE_CLIENT].unanswered_gap, 1000 * MS);
        add_reset(f, SIDE_CLIENT, false, 13000 * MS);
}

/* Of a handshake that failed. */
static void attempt(struct facts *f, bool syn_ack)
{
        exchange(f, 0);
        KNOW(f->established, false);
        KNOW(f->syn_acks, syn_ack);
        KNOW(f->answered_syns, 0);
        KNOW(f->syn_data, false);
        for (int side = 0; side < 2; side++) {
                KNOW(f->from[side].packets, side == SIDE_CLIENT || syn_ack);
                KNOW(f->from[side].payloads, 0);
                KNOW(f->from[side].bytes, 0);
                KNOW(f->from[side].acked, 0);
        }
}

static void quoted(struct facts *f)
{
        attempt(f, false);
        KNOW(f->icmp, ICMP_ERROR_HOST_UNREACHABLE);
        KNOW(f->icmp_at, 1 * MS);
        KNOW(f->icmp_to, SIDE_CLIENT);
        KNOW(f->icmp_quoted, SEGMENT_KIND_SYN);
}

static void quoted_and_reset(struct facts *f)
{
        quoted(f);
        add_reset(f, SIDE_CLIENT, true, 2 * MS);
}

static void abandoned(struct facts *f)
{
        struct facts_of_reset *reset;

        attempt(f, true);
        reset = add_reset(f, SIDE_CLIENT, true, 2 * MS);
        KNOW(reset->answers, SEGMENT_KIND_SYN_ACK);
        KNOW(reset->answers_at, 1 * MS);
        KNOW(reset->position, 0);
}

/* TCP Fast Open: what rode on the SYN was acknowledged with it. */
static void abandoned_with_its_data(struct facts *f)
{
        abandoned(f);
        KNOW(f->syn_data, true);
        KNOW(f->from[SIDE_CLIENT].payloads, 1);
        KNOW(f->from[SIDE_CLIENT].bytes, 10);
        KNOW(f->from[SIDE_CLIENT].acked, 10);
        KNOW(f->resets[0].position, 10);
}

/* What was not seen of it could make it a cause of its own. */
static void a_syn_ack_met_by_a_reset_of_its_own_accord(struct facts *f)
{
        abandoned(f);
        KNOW(f->resets[0].has_ack, true);
        KNOW(f->resets[0].window, 500);
}

/* The SYN-ACK was not seen, or never sent: only its answer was. */
static void answered_by_who_took_the_syn_back(struct facts *f)
{
        struct facts_of_reset *reset;

        attempt(f, false);
        KNOW(f->from[SIDE_CLIENT].fin, true);
        KNOW(f->from[SIDE_CLIENT].fin_at, 77 * MS);
        KNOW(f->from[SIDE_SERVER].packets, 2);
        KNOW(f->from[SIDE_SERVER].payloads, 1);
        KNOW(f->from[SIDE_SERVER].bytes, 10);
        reset = add_reset(f, SIDE_CLIENT, true, 78 * MS);
        KNOW(reset->position, 1);
        KNOW(reset->answers, SEGMENT_KIND_DATA);
        KNOW(reset->answers_at, 78 * MS);
        KNOW(reset->answers_repeat, false);
}

static void a_full_queue(struct facts *f)
{
        exchange(f, 0);
        KNOW(f->syn_acks, 2);
        KNOW(f->late_syn_acks, 1);
        KNOW(f->from[SIDE_SERVER].packets, 2);
        KNOW(f->from[SIDE_CLIENT].acked, 0);
        KNOW(f->end[SIDE_CLIENT].repeats_unanswered, 2);
}

static void asked_in_vain_before_a_forged_reset(struct facts *f)
{
        forged(f);
        KNOW(f->end[SIDE_CLIENT].repeats_unanswered, 3);
        KNOW(f->end[SIDE_CLIENT].unanswered_last, 800 * MS);
}

static const struct {
        const char *name;
        void (*make)(struct facts *f);
} cases[] = {
#define CASE(name) { #name, name }
        CASE(answered), CASE(reset_then_reply), CASE(overtaken_by_a_reply), CASE(active), CASE(still_open),
        CASE(forged), CASE(ended_in_order_after_a_forged_reset), CASE(subflow), CASE(keepalive), CASE(quoted),
        CASE(quoted_and_reset), CASE(abandoned), CASE(abandoned_with_its_data),
        CASE(a_syn_ack_met_by_a_reset_of_its_own_accord), CASE(answered_by_who_took_the_syn_back), CASE(a_full_queue),
        CASE(asked_in_vain_before_a_forged_reset),
#undef CASE
};

#define N_CASES (sizeof(cases) / sizeof(*cases))

static void knowing_less_makes_nobody_surer(void **state)
{
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        unsigned n_faults = 0;
        struct facts f;

        (void)state;
        for (size_t i = 0; i < n_live_cases; i++) {
                live_cases[i].make(&f);
                n_faults += forget_and_judge(&f, live_cases[i].name, 20000, &seed);
        }
        for (size_t i = 0; i < N_CASES; i++) {
                cases[i].make(&f);
                n_faults += forget_and_judge(&f, cases[i].name, 20000, &seed);
        }
        assert_int_equal(n_faults, 0);
}

/* Cases that nobody thought of: of those above, with other values. */
static void nor_of_stranger_facts(void **state)
{
        uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);
        unsigned n_faults = 0;
        struct facts f;

        (void)state;
        for (size_t i = 0; i < N_CASES; i++)
                for (unsigned k = 0; k < 500; k++) {
                        cases[i].make(&f);
                        vary_facts(&f, &seed, 1 + k % 60);
                        n_faults += forget_and_judge(&f, cases[i].name, 50, &seed);
                }
        assert_int_equal(n_faults, 0);
}

static void a_syn_ack_of_all_that_the_syn_bore_has_the_right_number(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        abandoned_with_its_data(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_ABANDONED);
        assert_false(lists(&r, CAUSE_BAD_SEGMENT));
        f.from[SIDE_CLIENT].bytes.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        abandoned_with_its_data(&f);
        KNOW(f.resets[0].position, 11);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_BAD_SEGMENT);
}

/* Where another rule, another ending or another sender is not known to be out of question, nothing is likely. */
static void what_is_not_known_might_have_led_elsewhere(void **state)
{
        struct record r;
        struct facts f;

        (void)state;
        keepalive(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_KEEPALIVE);
        f.resets[0].validity.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        subflow(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_MPTCP);
        assert_int_equal(r.certainty, CERTAINTY_LIKELY);
        /* Many systems make nothing of IP IDs. */
        KNOW(f.resets[0].ip_id_jumps, true);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_MPTCP);
        assert_true(lists(&r, CAUSE_FORGED));
        f.resets[0].behind.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        quoted(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        f.icmp_to.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        quoted_and_reset(&f);
        f.resets[0].by.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_REFUSED);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        abandoned(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_ABANDONED);
        f.resets[0].has_ack.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        still_open(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_CERTAIN);
        a_full_queue(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_UNANSWERED);
        f.late_syn_acks.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.ending, ENDING_OPEN);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
        answered(&f);
        judge_facts(&f, &r);
        assert_int_equal(r.cause, CAUSE_DATA_AFTER_CLOSE);
        f.end[SIDE_CLIENT].repeats_unanswered.how = HOW_UNKNOWN;
        judge_facts(&f, &r);
        assert_int_equal(r.certainty, CERTAINTY_POSSIBLE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(knowing_less_makes_nobody_surer),
                cmocka_unit_test(nor_of_stranger_facts),
                cmocka_unit_test(a_syn_ack_of_all_that_the_syn_bore_has_the_right_number),
                cmocka_unit_test(what_is_not_known_might_have_led_elsewhere),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
