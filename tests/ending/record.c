/* The rules that bind the keys of a record together: each is seen to hold, and seen to be broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ending/record.h"

/* A reset with one possible cause: keeps every rule. */
static void make_reset(struct record *r)
{
        record_init(r, SOURCE_LAB, "1");
        r->ending = ENDING_RESET;
        r->ended = known_i64(1);
        r->reset.seen = true;
        r->reset.count = 1;
        record_add_cause(r, CAUSE_ZERO_LINGER);
}

static void a_new_record_that_goes_on_keeps_the_rules(void **state)
{
        struct record r;

        (void)state;
        memset(&r, 0xff, sizeof(r));
        record_init(&r, SOURCE_CAPTURE, "1.1");
        r.ongoing = true;
        assert_null(record_fault(&r));
        assert_int_equal(r.cause, CAUSE_NONE);
        assert_int_equal(r.to_client.fate, FATE_UNKNOWN);
        assert_false(r.to_client.bytes.known);
}

static void each_broken_rule_is_noted(void **state)
{
        struct record r;

        (void)state;
#define BROKEN(change)                                                                             \
        do {                                                                                       \
                make_reset(&r);                                                                    \
                assert_null(record_fault(&r));                                                     \
                change;                                                                            \
                assert_non_null(record_fault(&r));                                                 \
        } while (0)
        BROKEN(r.cause = CAUSE_ZERO_LINGER);
        BROKEN(r.certainty = CERTAINTY_LIKELY);
        BROKEN(r.certainty = CERTAINTY_CERTAIN; record_add_cause(&r, CAUSE_MEMORY));
        BROKEN(r.cause = CAUSE_MEMORY; r.certainty = CERTAINTY_LIKELY);
        BROKEN(r.n_causes = 0);
        BROKEN(r.ending = ENDING_ORDERLY);
        BROKEN(r.ended.known = false);
        BROKEN(r.ongoing = true);
        BROKEN(r.reset.seen = false);
        BROKEN(r.silent = SIDE_CLIENT);
        BROKEN(r.last_frame = known_u64(3));
        BROKEN(r.to_server.bytes = known_u64(1); r.to_server.acked = known_u64(2);
               r.to_server.uncertain = known_u64(0));
        BROKEN(r.to_server.bytes = known_u64(3); r.to_server.acked = known_u64(2);
               r.to_server.uncertain = known_u64(2));
        BROKEN(r.to_client.uncertain = known_u64(0));
        BROKEN(r.to_client.fin_acked = known_bool(true));
        BROKEN(r.to_client.fate = FATE_NONE; r.to_client.bytes = known_u64(1));
        BROKEN(r.to_client.fate = FATE_ACKED; r.to_client.bytes = known_u64(1);
               r.to_client.acked = known_u64(0); r.to_client.uncertain = known_u64(1));
#undef BROKEN
}

static void uncertain_is_what_neither_the_acks_nor_the_reset_cover(void **state)
{
        static const struct {
                uint64_t bytes, acked, by_reset;
                bool reset_known;
                uint64_t uncertain;
        } cases[] = {
                { 1000, 400, 1000, true, 0 },
                { 1000, 400, 600, true, 400 },
                { 1000, 400, 0, true, 600 }, /* a reset that acknowledges less takes nothing away */
                { 1000, 400, 0, false, 600 },
                { 1000, 1000, 0, false, 0 },
                { 0, 0, 0, false, 0 },
                { UINT64_MAX, 0, 0, false, UINT64_MAX }, /* no number means "unknown" */
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct record_direction d = {
                        .bytes = known_u64(cases[i].bytes),
                        .acked = known_u64(cases[i].acked),
                        .acked_by_reset = { cases[i].reset_known, cases[i].by_reset },
                };
                struct maybe_u64 uncertain = record_uncertain(&d);

                assert_true(uncertain.known);
                assert_int_equal(uncertain.value, cases[i].uncertain);
                d.acked.known = false;
                assert_false(record_uncertain(&d).known);
        }
}

static void a_cause_is_listed_once(void **state)
{
        struct record r;

        (void)state;
        record_init(&r, SOURCE_LAB, "1");
        for (int round = 0; round < 2; round++)
                for (int c = CAUSE_NONE; c < N_CAUSES; c++)
                        record_add_cause(&r, (enum cause)c);
        assert_int_equal(r.n_causes, N_CAUSES);
        assert_int_equal(r.causes[0], CAUSE_UNREAD_DATA);
}

static void each_side_sends_into_its_own_direction(void **state)
{
        struct record r;

        (void)state;
        record_init(&r, SOURCE_LAB, "1");
        assert_ptr_equal(record_from(&r, SIDE_CLIENT), &r.to_server);
        assert_ptr_equal(record_from(&r, SIDE_SERVER), &r.to_client);
        assert_null(record_from(&r, SIDE_NETWORK));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_record_that_goes_on_keeps_the_rules),
                cmocka_unit_test(each_broken_rule_is_noted),
                cmocka_unit_test(uncertain_is_what_neither_the_acks_nor_the_reset_cover),
                cmocka_unit_test(a_cause_is_listed_once),
                cmocka_unit_test(each_side_sends_into_its_own_direction),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
