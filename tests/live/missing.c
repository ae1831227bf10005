/* One end alone, and whether the other must have been heard of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ending/judge.h"
#include "live/facts.h"
#include "live/missing.h"
#include "stories.h"

enum { NETNS = 7, ELSEWHERE = 8, SYN_ACK = 0x12, PUSH_ACK = 0x18 };

/* A client that was answered, whose later request drew a RST from where its server had been. */
static struct live_connection late(void)
{
        struct live_connection c = {
                .n_ends = 1, .n_resets = 1, .gone = { true }, .first = SIDE_CLIENT, .roles = ROLES_TOLD,
        };
        struct live_end server;

        ends(&c.ends[0], &server);
        c.ends[0].flags |= LIVE_RST_IN;
        c.ends[0].error = ECONNRESET;
        c.ends[0].last_state = TCP_STATE_ESTABLISHED;
        c.ends[0].bytes_received = 10;
        c.ends[0].bytes_sent = 130;
        c.ends[0].unacked = 30;
        c.ends[0].netns = NETNS;
        c.resets[0] = (struct live_reset){
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_NO_SOCKET, .reason_known = 1,
                .answers_flags = PUSH_ACK, .payload = 30, .at_ns = c.ends[0].over_ns - MS, .netns = NETNS,
                .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(80), .remote_port = htons(40000),
        };
        return c;
}

/* The same over loopback, and the client resets. */
static struct live_connection aborted(void)
{
        static const uint8_t loopback[16] = { 127, 0, 0, 1 };
        struct live_connection c = late();

        c.n_resets = 0;
        memcpy(c.ends[0].local, loopback, sizeof(loopback));
        memcpy(c.ends[0].remote, loopback, sizeof(loopback));
        c.ends[0].error = 0;
        c.ends[0].flags = (c.ends[0].flags & ~(unsigned)LIVE_RST_IN) | LIVE_RST_OUT;
        return c;
}

static void what_sent_a_reset_in_its_place_was_here(void **state)
{
        struct live_connection c = late();

        (void)state;
        assert_true(live_misses_an_end(&c));
        c.resets[0].state = TCP_STATE_TIME_WAIT;
        assert_true(live_misses_an_end(&c));
        /* What is left of a socket does not stay for long, however long it stood. */
        c.ends[0].bytes_received = 0;
        c.resets[0].at_ns += 3600000 * MS;
        assert_true(live_misses_an_end(&c));
}

static void who_was_reset_over_loopback_is_heard_of(void **state)
{
        struct live_connection c = aborted();

        (void)state;
        assert_true(live_misses_an_end(&c));
}

static void elsewhere(struct live_connection *c) { c->resets[0].netns = ELSEWHERE; }
static void nobody_knows_where(struct live_connection *c) { c->resets[0].netns = 0; }
static void it_answers_a_handshake(struct live_connection *c) { c->resets[0].answers_flags = SYN_ACK; }
static void it_only_was_promised_a_socket(struct live_connection *c) { c->ends[0].bytes_received = 0; }
static void it_may_have_been_forgotten(struct live_connection *c) { c->resets[0].at_ns += 60000 * MS; }
static void it_began_before_the_watch(struct live_connection *c) { c->ends[0].flags &= ~(unsigned)LIVE_BEGAN; }
static void it_never_stood(struct live_connection *c) { c->ends[0].flags &= ~(unsigned)LIVE_ESTABLISHED; }
static void both_are_here(struct live_connection *c) { c->n_ends = 2; }
static void none_is_here(struct live_connection *c) { c->n_ends = 0; }
static void this_end_sent_it(struct live_connection *c)
{
        c->resets[0].local_port = c->ends[0].local_port;
        c->resets[0].remote_port = c->ends[0].remote_port;
}

static void what_may_be_elsewhere_or_forgotten_is_not_missed(void **state)
{
        static void (*const but[])(struct live_connection *c) = {
                elsewhere, nobody_knows_where, it_answers_a_handshake, it_only_was_promised_a_socket,
                it_may_have_been_forgotten, it_began_before_the_watch, it_never_stood, both_are_here, none_is_here,
                this_end_sent_it,
        };

        (void)state;
        for (size_t i = 0; i < sizeof(but) / sizeof(*but); i++) {
                struct live_connection c = late();

                but[i](&c);
                assert_false(live_misses_an_end(&c));
        }
}

static void far_away(struct live_connection *c) { c->ends[0].remote[0] = 10; }
static void it_stood_for_long(struct live_connection *c) { c->ends[0].over_ns += 60000 * MS; }
static void nothing_was_sent(struct live_connection *c) { c->ends[0].flags &= ~(unsigned)LIVE_RST_OUT; }

static void a_reset_that_may_go_elsewhere_misses_nobody(void **state)
{
        static void (*const but[])(struct live_connection *c) = {
                far_away, it_stood_for_long, nothing_was_sent, it_only_was_promised_a_socket, it_began_before_the_watch,
                both_are_here,
        };

        (void)state;
        for (size_t i = 0; i < sizeof(but) / sizeof(*but); i++) {
                struct live_connection c = aborted();

                but[i](&c);
                assert_false(live_misses_an_end(&c));
        }
}

/* Its server may have closed, and said so in a FIN that came too late to be taken. */
static void what_was_not_heard_makes_no_cause_certain(void **state)
{
        static const struct live_clock now = { .until_ns = INT64_C(1) << 60, .reasons = true };

        (void)state;
        for (int missed = 0; missed < 2; missed++) {
                struct live_connection c = late();
                struct record r;
                struct facts f;

                if (!missed)
                        elsewhere(&c);
                live_facts(&c, &now, &f);
                record_init(&r, SOURCE_WATCH, "1");
                judge(&f, &r, NULL);
                assert_int_equal(r.ending, ENDING_RESET);
                assert_int_equal(r.ended_by, SIDE_SERVER);
                assert_int_equal(r.seen.gaps, missed);
                assert_int_equal(r.certainty, missed ? CERTAINTY_POSSIBLE : CERTAINTY_CERTAIN);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_sent_a_reset_in_its_place_was_here),
                cmocka_unit_test(who_was_reset_over_loopback_is_heard_of),
                cmocka_unit_test(what_may_be_elsewhere_or_forgotten_is_not_missed),
                cmocka_unit_test(a_reset_that_may_go_elsewhere_misses_nobody),
                cmocka_unit_test(what_was_not_heard_makes_no_cause_certain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
