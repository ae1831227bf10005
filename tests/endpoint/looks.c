/* What can be seen of an end: poll bits, the three queues, the account of its bytes, and whether a FIN came. */
#include <poll.h>

#include "model.h"

#define DEAD (POLLIN | POLLOUT | POLLHUP | POLLRDHUP)

static short bits_of(const struct endpoint *e)
{
        short ignored;

        return endpoint_poll(e, &ignored);
}

static void poll_says_what_the_table_says(void **state)
{
        static const struct {
                enum tcp_state in;
                short bits, after_reset, after_error_taken;
        } rows[] = {
                { TCP_STATE_ESTABLISHED, POLLOUT, DEAD | POLLERR, DEAD },
                { TCP_STATE_SYN_SENT, 0, DEAD | POLLERR, DEAD },
                { TCP_STATE_CLOSE_WAIT, POLLIN | POLLOUT | POLLRDHUP, DEAD | POLLERR, DEAD },
                { TCP_STATE_FIN_WAIT1, POLLOUT, DEAD | POLLERR, DEAD },
                { TCP_STATE_FIN_WAIT2, POLLOUT, DEAD | POLLERR, DEAD },
                { TCP_STATE_CLOSING, DEAD, DEAD | POLLERR, DEAD },
                { TCP_STATE_LAST_ACK, DEAD, DEAD | POLLERR, DEAD },
                { TCP_STATE_CLOSE, POLLOUT | POLLHUP, POLLOUT | POLLHUP, POLLOUT | POLLHUP },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct endpoint e = in_state(rows[i].in);

                assert_int_equal(bits_of(&e), rows[i].bits);
                step(&e, RST);
                assert_int_equal(bits_of(&e), rows[i].after_reset);
                step(&e, ASKS_SO_ERROR);
                assert_int_equal(bits_of(&e), rows[i].after_error_taken);
        }
}

static void poll_after_own_shutdowns(void **state)
{
        struct endpoint e = connected(), rd = e, both = e;

        (void)state;
        step(&e, SHUTS_WR);
        assert_int_equal(bits_of(&e), POLLOUT);
        step(&rd, SHUTS_RD);
        assert_int_equal(bits_of(&rd), POLLIN | POLLOUT | POLLRDHUP);
        step(&both, SHUTS_RDWR);
        assert_int_equal(bits_of(&both), DEAD);
}

static void poll_after_both_fins_is_what_it_is_after_a_reset_whose_error_was_taken(void **state)
{
        struct endpoint e = in_state(TCP_STATE_FIN_WAIT2);

        (void)state;
        step(&e, FIN_AT(0));
        assert_int_equal(bits_of(&e), DEAD);
}

static void poll_after_refused_and_failed_connects(void **state)
{
        struct endpoint e;

        (void)state;
        endpoint_init_fresh(&e);
        step(&e, CONNECTS);
        step(&e, RST);
        assert_int_equal(bits_of(&e), DEAD | POLLERR);
        step(&e, CONNECTS); /* takes the error: as if never connected */
        assert_int_equal(bits_of(&e), POLLOUT | POLLHUP);
}

static void poll_after_disconnect_shows_the_error_and_no_input(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DISCONNECTS);
        assert_int_equal(bits_of(&e), POLLOUT | POLLERR | POLLHUP);
}

static void poll_of_a_full_pipeline_leaves_pollout_to_the_kernel(void **state)
{
        struct endpoint e = connected();
        short free_bits;

        (void)state;
        endpoint_poll(&e, &free_bits);
        assert_int_equal(free_bits, 0);
        e.crowded = true;
        endpoint_poll(&e, &free_bits);
        assert_int_equal(free_bits, POLLOUT);
}

static void poll_of_an_icmp_error_with_recverr_is_err_on_a_living_connection(void **state)
{
        struct endpoint e = connected();

        (void)state;
        e.recverr = true;
        step(&e, EVENT(.kind = EVENT_ICMP, .icmp_errno = EHOSTUNREACH));
        assert_int_equal(bits_of(&e), POLLOUT | POLLERR);
}

static void the_fin_counts_in_outq_until_it_is_acknowledged(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, SENDS(1500));
        e.sent = 1500;
        step(&e, ACK_OF(1000));
        step(&e, SHUTS_WR);
        assert_int_equal(endpoint_outq(&e), 501);
        assert_int_equal(endpoint_outq_unsent(&e), 1);
        e.fin_sent = true;
        assert_int_equal(endpoint_outq_unsent(&e), 0);
        step(&e, ACK_OF(1500));
        assert_int_equal(endpoint_outq(&e), 1);
        step(&e, ACK_OF_FIN(1500));
        assert_int_equal(endpoint_outq(&e), 0);
}

static void the_syn_counts_in_outq_once_the_attempt_has_failed(void **state)
{
        struct endpoint e;

        (void)state;
        endpoint_init_fresh(&e);
        step(&e, CONNECTS);
        assert_int_equal(endpoint_outq(&e), 0); /* the ioctl says 0 in the handshake */
        step(&e, RST);
        assert_int_equal(endpoint_outq(&e), 1);
}

static void the_queues_tell_the_same_after_a_reset_and_after_its_error(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, SENDS(5000));
        e.sent = 3000;
        step(&e, ACK_OF(1000));
        step(&e, DATA_AT(0, 77));
        step(&e, RST);
        for (int i = 0; i < 3; i++) {
                struct account a = endpoint_account(&e);

                assert_int_equal(endpoint_outq(&e), 4000);
                assert_int_equal(endpoint_outq_unsent(&e), 2000);
                assert_int_equal(endpoint_inq(&e), 77);
                assert_int_equal(a.acked, 1000);
                assert_int_equal(a.uncertain, 2000);
                assert_int_equal(a.unsent, 2000);
                assert_int_equal(a.acked, e.written - endpoint_outq(&e));
                step(&e, SENDS(1)); /* ECONNRESET, then EPIPE */
        }
}

static void an_ack_past_what_was_sent_or_of_old_bytes_moves_nothing(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, SENDS(100));
        e.sent = 50;
        step(&e, ACK_OF(60));
        assert_int_equal(e.acked, 0);
        step(&e, ACK_OF(40));
        step(&e, ACK_OF(30));
        assert_int_equal(e.acked, 40);
}

static void a_truncated_stream_is_told_from_its_end_by_the_fin_alone(void **state)
{
        struct endpoint ended = connected(), cut = connected();

        (void)state;
        step(&ended, DATA_AT(0, 10));
        step(&ended, FIN_AT(10));
        step(&ended, RECVS(10));
        is_count(step(&ended, RECVS(10)), 0);
        assert_true(endpoint_saw_fin(&ended));

        step(&cut, DATA_AT(0, 10));
        step(&cut, RST);
        step(&cut, SENDS(1));
        step(&cut, RECVS(10));
        is_count(step(&cut, RECVS(10)), 0);
        assert_false(endpoint_saw_fin(&cut));
        step(&ended, RST);
        assert_true(endpoint_saw_fin(&ended));
}

static void after_disconnect_no_counter_means_anything(void **state)
{
        struct endpoint e = connected();

        (void)state;
        step(&e, DATA_AT(0, 10));
        step(&e, DISCONNECTS);
        assert_true(e.voided);
        assert_int_equal(endpoint_inq(&e), 0);
        assert_false(endpoint_saw_fin(&e));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(poll_says_what_the_table_says),
                cmocka_unit_test(poll_after_own_shutdowns),
                cmocka_unit_test(poll_after_both_fins_is_what_it_is_after_a_reset_whose_error_was_taken),
                cmocka_unit_test(poll_after_refused_and_failed_connects),
                cmocka_unit_test(poll_after_disconnect_shows_the_error_and_no_input),
                cmocka_unit_test(poll_of_a_full_pipeline_leaves_pollout_to_the_kernel),
                cmocka_unit_test(poll_of_an_icmp_error_with_recverr_is_err_on_a_living_connection),
                cmocka_unit_test(the_fin_counts_in_outq_until_it_is_acknowledged),
                cmocka_unit_test(the_syn_counts_in_outq_once_the_attempt_has_failed),
                cmocka_unit_test(the_queues_tell_the_same_after_a_reset_and_after_its_error),
                cmocka_unit_test(an_ack_past_what_was_sent_or_of_old_bytes_moves_nothing),
                cmocka_unit_test(a_truncated_stream_is_told_from_its_end_by_the_fin_alone),
                cmocka_unit_test(after_disconnect_no_counter_means_anything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
