/* The judge and a million facts at random, nonsense too: every record keeps the rules, every rule can be reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ending/judge.h"
#include "random_facts.h"

/* What record_fault() does not see. */
static const char *fault_of(const struct record *r)
{
        const struct record_direction *directions[] = { &r->to_server, &r->to_client };
        const char *fault = record_fault(r);

        if (fault)
                return fault;
        if (r->started.known && r->ended.known && r->ended.value < r->started.value)
                return "it ended before it started";
        if (r->duration.known && r->duration.value < 0)
                return "it lasted less than nothing";
        if (r->idle_before.known && r->idle_before.value < 0)
                return "a silence of less than nothing";
        if (r->ongoing && r->ended_by != SIDE_UNKNOWN && r->ending != ENDING_HALF_CLOSED)
                return "it goes on, yet somebody ended it";
        if (r->silent == SIDE_NETWORK)
                return "the network fell silent";
        if (r->cause == CAUSE_NONE && r->certainty != CERTAINTY_POSSIBLE && r->n_causes > 0)
                return "certain or likely, and nothing stated";
        for (size_t i = 0; i < 2; i++) {
                const struct record_direction *d = directions[i];

                if (d->fate == FATE_NONE && (!d->bytes.known || (d->unsent.known && d->unsent.value > 0)))
                        return "no bytes, yet some unsent or not known";
                if (d->fate != FATE_NONE && d->bytes.known && d->bytes.value == 0 &&
                    !(d->unsent.known && d->unsent.value > 0))
                        return "no bytes, yet they have a fate";
                if (d->fate == FATE_ACKED && ((d->unread.known && d->unread.value > 0) ||
                                              (d->unsent.known && d->unsent.value > 0)))
                        return "all acked, yet some unread or unsent";
                if (d->fate == FATE_UNCERTAIN && !(d->uncertain.known && d->uncertain.value > 0))
                        return "uncertain without uncertain bytes";
                if (d->fate == FATE_UNCERTAIN && r->severity == SEVERITY_NOTABLE && r->ending != ENDING_TIMED_OUT)
                        return "uncertain, and only notable";
        }
        if (r->ending == ENDING_TIMED_OUT && r->severity == SEVERITY_FINE)
                return "timed out, and fine";
        if (r->client_next.known && r->client.os != OS_LINUX)
                return "what comes next is told of a client that is not Linux";
        if (r->server_next.known && r->server.os != OS_LINUX)
                return "what comes next is told of a server that is not Linux";
        if (r->client_next.known && (r->client_next.n_if_recv == 0 || r->client_next.n_if_send == 0))
                return "what comes next is known and empty";
        return NULL;
}

static void judge_many(uint64_t seed, unsigned sense, size_t n)
{
        size_t endings[N_ENDINGS] = { 0 }, causes[N_CAUSES] = { 0 };

        for (size_t i = 0; i < n; i++) {
                struct evidence evidence;
                struct record r;
                struct facts f;
                const char *fault;

                random_facts(&f, &seed, sense);
                record_init(&r, f.seen.source, "1.1");
                judge(&f, &r, i % 8 == 0 ? &evidence : NULL);
                fault = fault_of(&r);
                if (fault)
                        fail_msg("facts %zu: %s (ending %d)", i, fault, (int)r.ending);
                endings[r.ending]++;
                for (size_t k = 0; k < r.n_causes; k++)
                        causes[r.causes[k]]++;
        }
        if (sense == 100)
                for (size_t i = 0; i < N_ENDINGS; i++)
                        assert_true(endings[i] > 0);
        if (sense == 100)
                for (size_t i = 0; i < N_CAUSES; i++)
                        assert_true(causes[i] > 0);
}

static void of_any_facts_a_record_is_made_that_keeps_the_rules(void **state)
{
        (void)state;
        judge_many(UINT64_C(0x9e3779b97f4a7c15), 100, 600000);
}

static void of_nonsense_too(void **state)
{
        (void)state;
        judge_many(UINT64_C(0x2545f4914f6cdd1d), 80, 300000);
        judge_many(UINT64_C(0xd1b54a32d192ed03), 10, 100000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_any_facts_a_record_is_made_that_keeps_the_rules),
                cmocka_unit_test(of_nonsense_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
