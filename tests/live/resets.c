/* RSTs that are told of apart from the sockets: to which connection they belong, and which of them ended it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hearing.h"
#include "stories.h"

/* The server had closed when 30 bytes more came: what met its stand-in, or nothing at all, drew a RST. */
static struct live_reset late_data(struct live_end *client, struct live_end *server, uint64_t later_ns)
{
        ends(client, server);
        acts(server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        server->last_state = TCP_STATE_FIN_WAIT2;
        server->flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        client->flags |= LIVE_RST_IN | LIVE_FIN_IN;
        client->last_state = TCP_STATE_CLOSE_WAIT;
        client->bytes_sent = 130;
        client->unacked = 30;
        client->error = EPIPE;
        client->send_start += (uint32_t)later_ns;
        server->recv_start += (uint32_t)later_ns;
        client->began_ns += later_ns;
        server->began_ns += later_ns;
        server->fin_out_ns = 1900 * MS + later_ns;
        client->fin_in_ns = 1901 * MS + later_ns;
        client->over_ns += later_ns;
        server->over_ns += later_ns;
        client->ended_ns += later_ns;
        server->ended_ns += later_ns;
        return (struct live_reset){
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_TCP_TIMEWAIT_SOCKET, .reason_known = 1,
                .state = TCP_STATE_TIME_WAIT, .answers_flags = 0x18, .payload = 30, .at_ns = 1999 * MS + later_ns,
                .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(80), .remote_port = htons(40000),
        };
}

/* A storm uses its ports again within seconds, and the RST is heard of before the ends of its connection are. */
static void a_reset_is_not_laid_to_the_connection_before_it(void **state)
{
        struct live_end client, server;
        struct live_reset reset;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        ends(&client, &server);
        acts(&client, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        client.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        client.fin_out_ns = 1900 * MS;
        pairs_end(pairs, &client);
        pairs_tick(pairs, 3500 * MS);
        reset = late_data(&client, &server, 2000 * MS);
        pairs_reset(pairs, &reset);
        pairs_end(pairs, &server);
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        assert_int_equal(heard.n, 3);
        assert_int_equal(heard.records[0].ending, ENDING_HALF_CLOSED);
        for (size_t i = 1; i < heard.n; i++) {
                const struct record *r = &heard.records[i];

                if (heard.n_ends[i] == 1) {
                        assert_int_equal(r->ending, ENDING_HALF_CLOSED);
                        assert_false(r->reset.seen);
                        continue;
                }
                assert_int_equal(r->cause, CAUSE_DATA_AFTER_CLOSE);
                assert_int_equal(r->certainty, CERTAINTY_CERTAIN);
        }
        pairs_free(pairs);
}

/* Each is counted; and the one of many that ended the socket goes first, though it is told of as the last. */
static void of_many_resets_none_is_forgotten(void **state)
{
        struct live_end client, server;
        struct live_reset to_data, other;
        struct heard heard;

        (void)state;
        for (unsigned n = 1; n <= 6; n++) {
                struct pairs *pairs = begin(&heard);

                to_data = other = late_data(&client, &server, 0);
                to_data.reason = RESET_REASON_TCP_ABORT_ON_DATA;
                to_data.state = TCP_STATE_CLOSE;
                other.reason = RESET_REASON_NO_SOCKET;
                other.payload = 0;
                other.answers_flags = 0x10;
                pairs_end(pairs, &server);
                for (unsigned i = 1; i < n; i++) {
                        other.at_ns = to_data.at_ns - 1000 * (n - i);
                        pairs_reset(pairs, &other);
                }
                pairs_reset(pairs, &to_data);
                pairs_end(pairs, &client);
                pairs_flush(pairs);
                pairs_free(pairs);
                assert_int_equal(heard.n, 1);
                assert_int_equal(heard.records[0].reset.count, n);
                if (n <= FACTS_RESETS_MAX)
                        assert_int_equal(heard.records[0].cause, CAUSE_DATA_AFTER_CLOSE);
        }
}

/* Its socket was gone by the time that the RST for the data was sent. The FIN behind that data, or the acknowledgement
 * before it, found none on another CPU, and was answered first. */
static void what_ended_the_socket_goes_before_what_found_none(void **state)
{
        static const uint8_t flags[] = { 0x11, 0x10 };
        static const enum reset_reason reasons[] = { RESET_REASON_TCP_FLAGS, RESET_REASON_NO_SOCKET };

        (void)state;
        for (size_t i = 0; i < 4; i++) {
                struct live_end client, server;
                struct live_reset to_data, other;
                struct heard heard;
                struct pairs *pairs = begin(&heard);

                to_data = other = late_data(&client, &server, 0);
                to_data.reason = RESET_REASON_TCP_ABORT_ON_DATA;
                to_data.state = TCP_STATE_CLOSE;
                other.reason = (uint8_t)reasons[i / 2];
                other.answers_flags = flags[i % 2];
                other.payload = 0;
                other.at_ns -= 1000;
                pairs_reset(pairs, &other);
                pairs_reset(pairs, &to_data);
                pairs_end(pairs, &server);
                pairs_end(pairs, &client);
                pairs_flush(pairs);
                pairs_free(pairs);
                /* Both RSTs stood alone before. */
                assert_int_equal(heard.n, 1);
                assert_int_equal(heard.records[0].reset.count, 2);
                assert_int_equal(heard.records[0].cause, CAUSE_DATA_AFTER_CLOSE);
                assert_int_equal(heard.records[0].certainty, CERTAINTY_CERTAIN);
        }
}

/* The server closed with all unread, and another CPU had more for it in the moment before its state was told. */
static void what_came_while_a_socket_was_taken_away_did_not_end_it(void **state)
{
        struct live_end client, server;
        struct live_reset other;
        struct heard heard;
        struct pairs *pairs = begin(&heard);

        (void)state;
        other = late_data(&client, &server, 0);
        unread(&client, &server);
        other.reason = RESET_REASON_NO_SOCKET;
        other.state = 0;
        other.at_ns = server.over_ns - 1000;
        pairs_reset(pairs, &other);
        pairs_end(pairs, &server);
        pairs_end(pairs, &client);
        pairs_flush(pairs);
        pairs_free(pairs);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.records[0].reset.count, 2);
        assert_int_equal(heard.records[0].cause, CAUSE_UNREAD_DATA);
        assert_int_equal(heard.records[0].certainty, CERTAINTY_CERTAIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_is_not_laid_to_the_connection_before_it),
                cmocka_unit_test(of_many_resets_none_is_forgotten),
                cmocka_unit_test(what_ended_the_socket_goes_before_what_found_none),
                cmocka_unit_test(what_came_while_a_socket_was_taken_away_did_not_end_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
