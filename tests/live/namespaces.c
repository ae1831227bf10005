/* Network namespaces use the same addresses at once: which connection a RST is laid to then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/pairs.h"
#include "stories.h"

enum { LOOPBACK = 127 };

/* By its network namespace; 0: a RST of which no connection is known. */
struct heard {
        unsigned n_resets[4];
};

static void hear(void *context, struct live_connection *c)
{
        struct heard *heard = context;

        heard->n_resets[c->n_ends > 0 ? c->ends[0].netns : 0] = c->n_resets;
}

/* @netns: of an end that closed. @net: the first byte of all addresses. */
static struct live_end closed_end(uint32_t netns, uint8_t net)
{
        struct live_end client, server;

        ends(&client, &server);
        client.local[0] = client.remote[0] = net;
        client.netns = netns;
        client.flags |= LIVE_FIN_OUT | LIVE_ORPHAN;
        client.over_ns += netns;
        return client;
}

static struct live_reset reset_by(uint32_t netns, uint8_t net, bool other_end)
{
        struct live_reset reset = {
                .kind = LIVE_RESET, .family = AF_INET, .answers_flags = 0x18, .payload = 30, .at_ns = 3000 * MS,
                .netns = netns, .local = { net, 0, 0, other_end ? 2 : 1 }, .remote = { net, 0, 0, other_end ? 1 : 2 },
                .local_port = htons(other_end ? 80 : 40000), .remote_port = htons(other_end ? 40000 : 80),
        };

        return reset;
}

static void a_reset_is_laid_to_the_connection_of_its_network_namespace(void **state)
{
        static const struct {
                uint8_t net;
                bool other_end;         /* that of which nothing was heard sends it */
                uint32_t by;
                unsigned of;            /* 0: to none of them */
        } cases[] = {
                { 10, false, 1, 1 }, { 10, false, 2, 2 }, { LOOPBACK, false, 1, 1 }, { LOOPBACK, true, 1, 1 },
                { 10, true, 1, 1 }, { 10, true, 2, 2 },
                /* A third namespace: either connection may have led there, but loopback leads nowhere. */
                { 10, true, 3, 0 }, { LOOPBACK, true, 3, 0 }, { 10, false, 3, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct live_reset late = reset_by(cases[i].by, cases[i].net, cases[i].other_end);
                struct heard heard = { 0 };
                struct pairs *pairs;

                assert_int_equal(pairs_new(hear, &heard, &pairs), 0);
                for (uint32_t netns = 1; netns <= 2; netns++) {
                        struct live_end end = closed_end(netns, cases[i].net);

                        pairs_end(pairs, &end);
                }
                pairs_reset(pairs, &late);
                pairs_flush(pairs);
                pairs_free(pairs);
                for (unsigned netns = 0; netns <= 2; netns++)
                        assert_int_equal(heard.n_resets[netns], netns == cases[i].of);
        }
}

static void a_reset_from_the_far_end_s_namespace_is_laid_to_the_connection(void **state)
{
        struct live_reset late = reset_by(3, 10, true), first = late;
        struct live_end end = closed_end(1, 10);

        (void)state;
        for (int before = 0; before < 2; before++) {
                struct heard heard = { 0 };
                struct pairs *pairs;

                assert_int_equal(pairs_new(hear, &heard, &pairs), 0);
                if (before)
                        pairs_reset(pairs, &first);
                pairs_end(pairs, &end);
                if (!before)
                        pairs_reset(pairs, &late);
                pairs_flush(pairs);
                pairs_free(pairs);
                assert_int_equal(heard.n_resets[1], 1);
                assert_int_equal(heard.n_resets[0], 0);
        }
}

static void a_reset_that_was_heard_of_first_waits_for_its_own_namespace(void **state)
{
        struct live_reset first = reset_by(1, LOOPBACK, false);
        struct live_end end = closed_end(2, LOOPBACK);
        struct heard heard = { 0 };
        struct pairs *pairs;

        (void)state;
        assert_int_equal(pairs_new(hear, &heard, &pairs), 0);
        pairs_reset(pairs, &first);
        pairs_end(pairs, &end);
        pairs_flush(pairs);
        pairs_free(pairs);
        assert_int_equal(heard.n_resets[2], 0);
        assert_int_equal(heard.n_resets[0], 1);
}

static void where_it_was_sent_is_not_always_known(void **state)
{
        struct live_reset late = reset_by(0, LOOPBACK, false);
        struct live_end end = closed_end(2, LOOPBACK);
        struct heard heard = { 0 };
        struct pairs *pairs;

        (void)state;
        assert_int_equal(pairs_new(hear, &heard, &pairs), 0);
        pairs_end(pairs, &end);
        pairs_reset(pairs, &late);
        pairs_flush(pairs);
        pairs_free(pairs);
        assert_int_equal(heard.n_resets[2], 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reset_is_laid_to_the_connection_of_its_network_namespace),
                cmocka_unit_test(a_reset_from_the_far_end_s_namespace_is_laid_to_the_connection),
                cmocka_unit_test(a_reset_that_was_heard_of_first_waits_for_its_own_namespace),
                cmocka_unit_test(where_it_was_sent_is_not_always_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
