/*
 * Events come through one ring, but those of two sockets in any order, and the reader may be late by any time: so
 * stories are played in every order, with every pattern of pauses, and whatever is told on the way must be true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ending/judge.h"
#include "live/facts.h"
#include "live/pairs.h"
#include "stories.h"

enum { EVENTS_MAX = 5, PAUSES = 3, CLIENT_PORT = 40000, SERVER_PORT = 50000 };

struct event {
        struct live_end end;
        struct live_reset reset;        /* if its kind is set, it is this */
        int after;                      /* 1 + the index of the event that always comes before it; 0: none */
};

struct story {
        struct event events[EVENTS_MAX];
        size_t n;
        enum ending ending;
        enum side ended_by;
        enum cause cause;
        bool at_once;                   /* an end alone that asked cannot know that the other did, too */
};

struct heard {
        const struct story *story;
        uint64_t base;
        struct record last;
        size_t n;
        unsigned most_ends;
};

static const struct live_clock clock_now = { .epoch_ns = 0, .until_ns = INT64_C(1) << 60, .reasons = true };

static uint16_t client_port_of(const struct live_connection *c)
{
        bool is_client = c->first == SIDE_CLIENT;

        if (c->n_ends > 0)
                return is_client ? c->ends[0].local_port : c->ends[0].remote_port;
        return is_client ? c->resets[0].local_port : c->resets[0].remote_port;
}

static void hear(void *context, struct live_connection *c)
{
        struct heard *heard = context;
        struct record r;
        struct facts f;

        live_facts(c, &clock_now, &f);
        record_init(&r, SOURCE_WATCH, "1");
        judge(&f, &r, NULL);
        if (c->roles != ROLES_PORTS)
                assert_int_equal(client_port_of(c), CLIENT_PORT);
        if (r.cause != CAUSE_NONE)
                assert_int_equal(r.cause, heard->story->cause);
        if (r.ended_by != SIDE_UNKNOWN && c->roles != ROLES_PORTS)
                assert_int_equal(r.ended_by, heard->story->ended_by);
        /* Both ends, once told, are never told as one again. */
        assert_true(c->n_ends >= heard->most_ends);
        heard->most_ends = c->n_ends;
        heard->last = r;
        heard->n++;
}

static void play(struct pairs *pairs, struct heard *heard, const struct story *story, const size_t *order,
                 unsigned pauses)
{
        static const uint64_t lengths[PAUSES] = { 0, 200 * MS, 5000 * MS };
        uint64_t now = 2002 * MS;

        heard->base += UINT64_C(10000000) * MS;
        heard->story = story;
        heard->n = heard->most_ends = 0;
        for (size_t i = 0; i < story->n; i++, pauses /= PAUSES) {
                const struct event *event = &story->events[order[i]];
                struct live_reset reset = event->reset;
                struct live_end end = event->end;

                now += lengths[pauses % PAUSES];
                pairs_tick(pairs, heard->base + now);
                reset.at_ns += heard->base;
                end.began_ns += end.began_ns ? heard->base : 0;
                end.over_ns += heard->base;
                end.ended_ns += end.ended_ns ? heard->base : 0;
                end.act_ns += end.act_ns ? heard->base : 0;
                end.fin_out_ns += end.fin_out_ns ? heard->base : 0;
                end.fin_in_ns += end.fin_in_ns ? heard->base : 0;
                if (event->reset.kind)
                        pairs_reset(pairs, &reset);
                else
                        pairs_end(pairs, &end);
        }
        pairs_flush(pairs);
        assert_true(heard->n > 0);
        assert_int_equal(heard->most_ends, story->events[0].reset.kind || story->n == 1 ? 1 : 2);
        assert_int_equal(heard->last.ending, story->ending);
        assert_int_equal(heard->last.ended_by, story->ended_by);
        assert_int_equal(heard->last.cause, story->cause);
}

/* Each order that the story allows, and with it each pattern of pauses. */
static void each_order(struct pairs *pairs, struct heard *heard, const struct story *story, size_t *order, size_t n)
{
        if (n == story->n) {
                unsigned patterns = 1;

                for (size_t i = 0; i < n && !story->at_once; i++)
                        patterns *= PAUSES;
                for (unsigned i = 0; i < patterns; i++)
                        play(pairs, heard, story, order, i);
                return;
        }
        for (size_t next = 0; next < story->n; next++) {
                bool used = false, may = !story->events[next].after;

                for (size_t i = 0; i < n; i++) {
                        used |= order[i] == next;
                        may |= order[i] + 1 == (size_t)story->events[next].after;
                }
                if (used || !may)
                        continue;
                order[n] = next;
                each_order(pairs, heard, story, order, n + 1);
        }
}

static void tell(const struct story *story)
{
        struct heard heard = { 0 };
        size_t order[EVENTS_MAX];
        struct pairs *pairs;

        assert_int_equal(pairs_new(hear, &heard, &pairs), 0);
        each_order(pairs, &heard, story, order, 0);
        pairs_free(pairs);
}

/* The greater port is the server's: who guesses by ports is wrong. */
static void two_ends(struct live_end *client, struct live_end *server)
{
        unread(client, server);
        client->remote_port = server->local_port = htons(SERVER_PORT);
}

/* A socket that its program still holds when it meets its end is told twice. */
static void add_held(struct story *story, const struct live_end *end)
{
        struct live_end news = *end, gone = *end;

        news.kind = LIVE_NEWS;
        news.ended_ns = 0;
        gone.flags |= LIVE_TOLD;
        gone.ended_ns = 2500 * MS;
        story->events[story->n] = (struct event){ .end = news };
        story->n++;
        story->events[story->n] = (struct event){ .end = gone, .after = (int)story->n };
        story->n++;
}

static void unread_data(struct story *story)
{
        struct live_end client, server;

        *story = (struct story){ .ending = ENDING_RESET, .ended_by = SIDE_SERVER, .cause = CAUSE_UNREAD_DATA };
        two_ends(&client, &server);
        story->events[story->n++].end = server;
        add_held(story, &client);
}

static void a_reset_of_two_ends_is_told_the_same_in_every_order(void **state)
{
        struct story story;

        (void)state;
        unread_data(&story);
        tell(&story);
}

static void roles_hold_in_every_order_where_no_beginning_was_seen(void **state)
{
        struct story story;

        (void)state;
        unread_data(&story);
        for (size_t i = 0; i < story.n; i++)
                story.events[i].end.flags &= ~(unsigned)(LIVE_BEGAN | LIVE_OPENED);
        tell(&story);
}

static void both_ends_across_a_nat_are_joined_in_every_order(void **state)
{
        struct story story;

        (void)state;
        unread_data(&story);
        for (size_t i = 1; i < story.n; i++) {
                memcpy(story.events[i].end.remote, (uint8_t[16]){ 192, 0, 2, 1 }, 16);
                story.events[i].end.remote_port = htons(60000);
        }
        tell(&story);
}

/* Both asked; the first to ask is the client, whichever is heard of first. */
static void of_two_syns_that_crossed_the_first_is_the_client_s(void **state)
{
        struct story story;

        (void)state;
        unread_data(&story);
        story.events[0].end.flags |= LIVE_OPENED;
        story.at_once = true;
        tell(&story);
}

static void late_data_is_told_the_same_in_every_order(void **state)
{
        struct live_end client, server;
        struct story story = { .ending = ENDING_RESET, .ended_by = SIDE_SERVER, .cause = CAUSE_DATA_AFTER_CLOSE };

        (void)state;
        ends(&client, &server);
        client.remote_port = server.local_port = htons(SERVER_PORT);
        acts(&server, TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1, SYS_close);
        server.last_state = TCP_STATE_FIN_WAIT2;
        server.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        server.fin_out_ns = 1900 * MS;
        client.flags |= LIVE_RST_IN | LIVE_FIN_IN;
        client.fin_in_ns = 1901 * MS;
        client.last_state = TCP_STATE_CLOSE_WAIT;
        client.bytes_sent = 130;
        client.unacked = 30;
        client.error = EPIPE;
        story.events[story.n++].end = server;
        add_held(&story, &client);
        /* The socket was gone before it could be sent. */
        story.events[story.n].after = 1;
        story.events[story.n++].reset = (struct live_reset){
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_TCP_TIMEWAIT_SOCKET, .reason_known = 1,
                .state = TCP_STATE_TIME_WAIT, .answers_flags = 0x18, .payload = 30, .at_ns = 2003 * MS,
                .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 }, .local_port = htons(SERVER_PORT),
                .remote_port = htons(CLIENT_PORT),
        };
        tell(&story);
}

static void a_refusal_is_told_the_same_in_every_order(void **state)
{
        struct live_end client, server;
        struct story story = { .ending = ENDING_REFUSED, .ended_by = SIDE_SERVER, .cause = CAUSE_NOT_LISTENING };

        (void)state;
        ends(&client, &server);
        client.remote_port = htons(SERVER_PORT);
        client.flags = LIVE_BEGAN | LIVE_OPENED | LIVE_SNAPPED | LIVE_RST_IN;
        client.error = ECONNREFUSED;
        client.last_state = TCP_STATE_SYN_SENT;
        client.bytes_sent = client.bytes_acked = 0;
        client.unacked = 1;
        story.events[story.n++].reset = (struct live_reset){
                .kind = LIVE_RESET, .family = AF_INET, .reason = RESET_REASON_NO_SOCKET, .reason_known = 1,
                .answers_flags = 2, .at_ns = 1999 * MS, .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(SERVER_PORT), .remote_port = htons(CLIENT_PORT),
        };
        add_held(&story, &client);
        tell(&story);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_of_two_ends_is_told_the_same_in_every_order),
                cmocka_unit_test(roles_hold_in_every_order_where_no_beginning_was_seen),
                cmocka_unit_test(both_ends_across_a_nat_are_joined_in_every_order),
                cmocka_unit_test(of_two_syns_that_crossed_the_first_is_the_client_s),
                cmocka_unit_test(late_data_is_told_the_same_in_every_order),
                cmocka_unit_test(a_refusal_is_told_the_same_in_every_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
