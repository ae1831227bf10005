/* Events of sockets, written by hand, through pairing and facts to records: what `finis watch` says of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "hearing.h"
#include "stories.h"

/* What is said of one connection of which these ends were told, @second if there is one; no more than that is. */
static const struct record *told_once(struct heard *heard, const struct live_end *first, const struct live_end *second)
{
        struct pairs *pairs = begin(heard);

        pairs_end(pairs, first);
        if (second)
                pairs_end(pairs, second);
        pairs_flush(pairs);
        pairs_free(pairs);
        assert_int_equal(heard->n, 1);
        assert_int_equal(heard->n_ends[0], second ? 2 : 1);
        return &heard->records[0];
}

static void both_ends_are_one_connection(void **state)
{
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        pairs_end(pairs, &server);
        pairs_end(pairs, &client);
        pairs_tick(pairs, 3000 * MS);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.n_ends[0], 2);
        assert_int_equal(heard.records[0].ending, ENDING_RESET);
        assert_int_equal(heard.records[0].ended_by, SIDE_SERVER);
        assert_int_equal(heard.records[0].cause, CAUSE_UNREAD_DATA);
        assert_int_equal(heard.records[0].certainty, CERTAINTY_CERTAIN);
        assert_int_equal(heard.records[0].to_server.fate, FATE_LOST);
        assert_int_equal(heard.records[0].reset.count, 1);
        pairs_free(pairs);
}

static void other_numbers_are_another_connection(void **state)
{
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        client.send_start++;
        pairs_end(pairs, &server);
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        pairs_free(pairs);
}

/* Both see another address of the other: a NAT on this host. */
static void across_a_nat_the_numbers_join(void **state)
{
        static const uint8_t outside[16] = { 192, 0, 2, 1 };
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        memcpy(client.remote, outside, sizeof(outside));
        client.remote_port = htons(8080);
        pairs_end(pairs, &server);
        /* It is told before its program closes it … */
        client.kind = LIVE_NEWS;
        pairs_end(pairs, &client);
        pairs_tick(pairs, 3000 * MS);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.n_ends[0], 2);
        assert_int_equal(heard.records[0].ended_by, SIDE_SERVER);
        assert_int_equal(heard.records[0].cause, CAUSE_UNREAD_DATA);
        /* … and that is no third end. */
        client.kind = LIVE_END;
        client.ended_ns = 4000 * MS;
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        assert_int_equal(heard.n_ends[1], 2);
        pairs_free(pairs);
}

static void numbers_alone_join_only_who_asked_and_who_was_asked(void **state)
{
        static const uint8_t outside[16] = { 192, 0, 2, 1 };
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        memcpy(client.remote, outside, sizeof(outside));
        /* A handshake that was not seen could be anybody's. */
        server.flags &= ~(unsigned)LIVE_BEGAN;
        pairs_end(pairs, &server);
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        pairs_free(pairs);
}

/* The same, with events missed: of the handshake, of the RST that was sent, of that which came. */
static void what_was_missed_is_read_from_the_rest(void **state)
{
        static const unsigned missed[] = { 0, LIVE_ESTABLISHED, LIVE_RST_OUT,
                                           LIVE_RST_IN, LIVE_ESTABLISHED | LIVE_RST_OUT | LIVE_RST_IN };

        (void)state;
        for (size_t i = 0; i < sizeof(missed) / sizeof(*missed); i++) {
                struct live_end client, server;
                const struct record *r;
                struct heard heard;

                unread(&client, &server);
                client.flags &= ~missed[i];
                server.flags &= ~missed[i];
                r = told_once(&heard, &server, &client);
                assert_int_equal(r->ending, ENDING_RESET);
                assert_int_equal(r->ended_by, SIDE_SERVER);
                assert_int_equal(r->cause, CAUSE_UNREAD_DATA);
        }
}

static void roles_follow_from_the_numbers_where_no_beginning_was_seen(void **state)
{
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        client.flags &= ~(unsigned)(LIVE_BEGAN | LIVE_OPENED);
        server.flags &= ~(unsigned)LIVE_BEGAN;
        pairs_end(pairs, &server);
        pairs_flush(pairs);
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(heard.records[i].ended_by, SIDE_SERVER);
                assert_int_equal(heard.records[i].seen.roles, ROLES_TOLD);
                assert_false(heard.records[i].started.known);
        }
        pairs_free(pairs);
}

static void a_reset_sent_later_joins_the_close_before_it(void **state)
{
        struct live_reset late = {
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_TCP_TIMEWAIT_SOCKET, .reason_known = 1,
                .state = TCP_STATE_TIME_WAIT, .answers_flags = 0x18, .payload = 30, .at_ns = 30000 * MS,
                .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(80), .remote_port = htons(40000),
        };
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        ends(&client, &server);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        server.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        server.fin_out_ns = 1900 * MS;
        pairs_end(pairs, &server);
        pairs_tick(pairs, 4000 * MS);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.records[0].ending, ENDING_HALF_CLOSED);
        pairs_reset(pairs, &late);
        pairs_tick(pairs, 40000 * MS);
        assert_int_equal(heard.n, 2);
        assert_int_equal(heard.records[1].ending, ENDING_RESET);
        assert_int_equal(heard.records[1].cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(heard.records[1].ended_by, SIDE_SERVER);
        assert_int_equal(heard.records[1].to_server.fate, FATE_LOST);
        pairs_free(pairs);
}

/* The kernel counts as sent what a queue of its own then drops, and again when it is taken after all. */
static void what_a_queue_of_this_host_dropped_was_sent_once(void **state)
{
        struct live_end client, server;
        const struct record *r;
        struct heard heard;

        (void)state;
        for (int fin = 0; fin < 2; fin++) {
                unread(&client, &server);
                client.bytes_sent = 3100;
                client.bytes_again = 1000;
                client.flags |= fin ? LIVE_FIN_OUT : 0;
                client.bytes_acked += fin;
                r = told_once(&heard, &server, &client);
                assert_int_equal(r->to_server.bytes.value, 100);
                assert_int_equal(r->to_server.acked.value, 100);
                assert_int_equal(r->to_server.retransmitted.value, 1000);
        }
}

/* The same addresses again, soon after: but a SYN never belongs to what stood before. */
static void a_refusal_is_not_laid_to_the_connection_before_it(void **state)
{
        struct live_reset refusal = {
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_NO_SOCKET, .reason_known = 1,
                .answers_flags = 2, .at_ns = 9000 * MS, .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(80), .remote_port = htons(40000),
        };
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        ends(&client, &server);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        server.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        server.fin_out_ns = 1900 * MS;
        pairs_end(pairs, &server);
        pairs_tick(pairs, 4000 * MS);
        pairs_reset(pairs, &refusal);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        assert_int_equal(heard.records[0].ending, ENDING_HALF_CLOSED);
        assert_int_equal(heard.records[1].ending, ENDING_REFUSED);
        pairs_free(pairs);
}

/* Before 6.10 the RST itself is not told of. */
static void late_data_follows_from_both_ends_where_the_kernel_is_silent(void **state)
{
        struct live_end client, server;
        const struct record *r;
        struct heard heard;

        (void)state;
        ends(&client, &server);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        server.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        server.fin_out_ns = 1900 * MS;
        client.flags |= LIVE_RST_IN | LIVE_FIN_IN;
        client.fin_in_ns = 1900 * MS;
        client.bytes_sent = 130;
        client.unacked = 30;
        client.error = EPIPE;
        r = told_once(&heard, &server, &client);
        assert_int_equal(r->ended_by, SIDE_SERVER);
        assert_int_equal(r->cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r->certainty, CERTAINTY_LIKELY);
}

/* tcp_reset() also runs where the kernel itself resets, on data for a socket shut both ways. */
static void data_after_shutdown_is_no_reset_received(void **state)
{
        struct live_end client, server;
        const struct record *r;
        struct heard heard;

        (void)state;
        ends(&client, &server);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_shutdown);
        server.flags |= LIVE_FIN_OUT | LIVE_RST_IN | LIVE_RST_IN_SHUT |
                        LIVE_RST_OUT | LIVE_RST_REPLY | LIVE_REASON_KNOWN;
        server.last_state = TCP_STATE_FIN_WAIT2;
        server.shutdown = 3;
        server.error = ECONNRESET;
        server.reason = RESET_REASON_TCP_ABORT_ON_DATA;
        server.reset_flags = 0x18;
        server.reset_payload = 10;
        r = told_once(&heard, &server, NULL);
        assert_int_equal(r->ended_by, SIDE_SERVER);
        assert_int_equal(r->cause, CAUSE_DATA_AFTER_CLOSE);
        assert_int_equal(r->reset.count, 1);
}

/* Past the other's FIN there is nothing that a program could have closed its ears to. */
static void data_past_a_fin_is_never_certainly_data_after_close(void **state)
{
        struct live_end client, server;
        const struct record *r;
        struct heard heard;

        (void)state;
        ends(&client, &server);
        server.flags |= LIVE_FIN_IN | LIVE_RST_IN | LIVE_RST_OUT | LIVE_RST_REPLY | LIVE_REASON_KNOWN;
        server.last_state = TCP_STATE_CLOSE_WAIT;
        server.shutdown = 1;
        server.bytes_received = 101;
        server.error = EPIPE;
        server.reason = RESET_REASON_TCP_ABORT_ON_DATA;
        server.reset_flags = 0x18;
        r = told_once(&heard, &server, NULL);
        assert_int_not_equal(r->certainty, CERTAINTY_CERTAIN);
}

static void news_are_told_and_the_end_changes_nothing(void **state)
{
        struct live_end client, server;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        unread(&client, &server);
        client.kind = LIVE_NEWS;
        client.ended_ns = 0;
        pairs_end(pairs, &client);
        pairs_tick(pairs, 9000 * MS);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.records[0].ended_by, SIDE_SERVER);
        client.kind = LIVE_END;
        client.ended_ns = 9500 * MS;
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 2);
        assert_int_equal(heard.n_ends[1], 1);
        pairs_free(pairs);
}

/* However long its program holds what is dead: the record of both ends is the last word, or comes again with both. */
static void half_of_what_was_told_is_not_told_anew(void **state)
{
        static struct live_end client, server;
        struct pairs *pairs;
        struct heard heard;

        (void)state;
        for (int forgotten = 0; forgotten < 2; forgotten++) {
                pairs = begin(&heard);
                unread(&client, &server);
                client.kind = LIVE_NEWS;
                pairs_end(pairs, &client);
                pairs_end(pairs, &server);
                pairs_tick(pairs, 3000 * MS);
                assert_int_equal(heard.n, 1);
                pairs_tick(pairs, (forgotten ? 7200000 : 600000) * MS);
                client.kind = LIVE_END;
                client.flags |= LIVE_TOLD;
                client.ended_ns = 7200001 * MS;
                pairs_end(pairs, &client);
                pairs_flush(pairs);
                assert_int_equal(heard.n, forgotten ? 1 : 2);
                assert_int_equal(heard.n_ends[heard.n - 1], 2);
                pairs_free(pairs);
        }
}

/* Both had closed their ways with data unread; then it was read, and connect() with AF_UNSPEC forgot the counts. */
static void what_was_read_after_the_end_is_not_told_as_unread(void **state)
{
        struct live_end client, server;
        const struct record *r;
        struct heard heard;

        (void)state;
        ends(&client, &server);
        acts(&client, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_shutdown);
        acts(&server, TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, SYS_shutdown);
        client.flags |= LIVE_FIN_OUT | LIVE_FIN_IN;
        server.flags |= LIVE_FIN_OUT | LIVE_FIN_IN | LIVE_DISCONNECTED;
        client.bytes_acked++;
        client.bytes_received = server.bytes_acked = 1;
        server.bytes_received++;
        server.unread = 100;
        r = told_once(&heard, &client, &server);
        assert_int_equal(r->ending, ENDING_ORDERLY);
        assert_false(r->to_server.unread.known);
        assert_int_equal(r->to_server.fate, FATE_ACKED);
        /* If the disconnect ended it, nothing was read after that. */
        unread(&client, &server);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE, SYS_connect);
        server.flags |= LIVE_DISCONNECTED;
        r = told_once(&heard, &client, &server);
        assert_int_equal(r->to_server.unread.value, 100);
        assert_int_equal(r->to_server.fate, FATE_LOST);
        /* Nobody had accepted it, and the listener closed: nobody can have read. */
        unread(&client, &server);
        server.flags = (server.flags & ~LIVE_ACT) | LIVE_DISCONNECTED;
        server.act_from = server.act_to = 0;
        r = told_once(&heard, &client, &server);
        assert_int_equal(r->to_server.unread.value, 100);
}

static void more_connections_than_there_is_room_are_all_told(void **state)
{
        static struct live_end client, server;
        struct pairs *pairs;
        struct heard heard;

        (void)state;
        pairs = begin(&heard);
        unread(&client, &server);
        /* Whoever waited longest makes room. */
        for (uint32_t i = 0; i < PAIRS_MAX + 5; i++) {
                client.local[1] = (uint8_t)(i >> 16);
                client.local[2] = (uint8_t)(i >> 8);
                client.local[3] = (uint8_t)i;
                client.over_ns = (2000 + i / 1000) * MS;
                client.ended_ns = 0;
                pairs_end(pairs, &client);
        }
        assert_int_equal(heard.n, 5);
        pairs_free(pairs);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_ends_are_one_connection),
                cmocka_unit_test(other_numbers_are_another_connection),
                cmocka_unit_test(what_was_missed_is_read_from_the_rest),
                cmocka_unit_test(across_a_nat_the_numbers_join),
                cmocka_unit_test(numbers_alone_join_only_who_asked_and_who_was_asked),
                cmocka_unit_test(roles_follow_from_the_numbers_where_no_beginning_was_seen),
                cmocka_unit_test(a_reset_sent_later_joins_the_close_before_it),
                cmocka_unit_test(what_a_queue_of_this_host_dropped_was_sent_once),
                cmocka_unit_test(a_refusal_is_not_laid_to_the_connection_before_it),
                cmocka_unit_test(late_data_follows_from_both_ends_where_the_kernel_is_silent),
                cmocka_unit_test(data_after_shutdown_is_no_reset_received),
                cmocka_unit_test(data_past_a_fin_is_never_certainly_data_after_close),
                cmocka_unit_test(news_are_told_and_the_end_changes_nothing),
                cmocka_unit_test(half_of_what_was_told_is_not_told_anew),
                cmocka_unit_test(what_was_read_after_the_end_is_not_told_as_unread),
                cmocka_unit_test(more_connections_than_there_is_room_are_all_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
