/* The filter language: which records a word lets through, and what is said of words that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "cli/filter.h"

#define S INT64_C(1000000000)
/* 2026-11-22T05:56:00Z */
#define STARTED (INT64_C(1795326960) * S)

/* A reset by the server with 600 bytes in doubt, one of two causes, between 10.0.0.5:51234 and [2001:db8::1]:443. */
static struct record sample(void)
{
        struct record r;

        record_init(&r, SOURCE_CAPTURE, "1.3");
        strcpy(r.client.ip, "10.0.0.5");
        r.client.port = 51234;
        r.client.os = OS_LINUX;
        strcpy(r.server.ip, "2001:db8::1");
        r.server.port = 443;
        r.server.comm = "nginx";
        r.server.pid = known_u64(812);
        r.started = known_i64(STARTED);
        r.ended = known_i64(STARTED + 6 * S);
        r.duration = known_i64(6 * S);
        r.idle_before = known_i64(60 * S + S / 4);
        r.ending = ENDING_RESET;
        r.ended_by = SIDE_SERVER;
        r.severity = SEVERITY_BAD;
        record_add_cause(&r, CAUSE_UNREAD_DATA);
        record_add_cause(&r, CAUSE_ZERO_LINGER);
        r.to_server.bytes = known_u64(1000);
        r.to_server.acked = known_u64(400);
        r.to_server.uncertain = known_u64(600);
        r.to_server.fate = FATE_UNCERTAIN;
        r.to_server.packets = known_u64(9);
        r.to_client.fate = FATE_NONE;
        r.to_client.bytes = known_u64(0);
        r.reset = (struct record_reset){ .seen = true, .kind = RESET_KIND_ACTIVE, .by = SIDE_SERVER, .count = 1 };
        r.conn_state_known = true;
        r.conn_state = CONN_STATE_RSTR;
        return r;
}

static bool lets_through(const char *word, const struct record *r)
{
        static struct filter filter;
        char why[FILTER_WHY_MAX] = "";

        filter.n_terms = 0;
        if (filter_add(&filter, word, why) < 0)
                fail_msg("%s: %s", word, why);
        return filter_match(&filter, r);
}

static void each_key_asks_of_its_part_of_the_record(void **state)
{
        static const char *const yes[] = {
                "severity=bad", "severity>=notable", "severity>fine", "severity<=bad", "severity=fine,bad",
                "SEVERITY=Bad", "ending=reset", "ending=timed-out,reset", "ending=timed_out,RESET", "ending!=orderly",
                "certainty=possible", "certainty<certain", "ended-by=server", "ended_by=server", "silent=unknown",
                "fate=uncertain", "fate=none", "retry=unknown", "reset=active", "reset!=none", "ongoing=no",
                "state=RSTR", "os=linux", "os=unknown", "source=capture", "id=1.3", "id=1.*", "id=1.2,1.3",
                "comm=nginx", "comm=ng*", "pid=812", "packets=9", "packets<10",
        };
        static const char *const no[] = {
                "severity=fine", "severity<bad", "severity!=bad", "ending=orderly",
                "ending!=reset", "certainty>possible",
                "ended-by=client", "silent=client", "fate=lost", "fate!=none",
                "retry=safe", "reset=reply", "reset=none",
                "ongoing=yes", "state=SF", "os=other", "source=run", "id=1.33", "id=1.?3", "comm=nginx2", "pid=81",
                "packets>9",
        };
        struct record r = sample();

        (void)state;
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
                if (!lets_through(yes[i], &r))
                        fail_msg("%s lets nothing through", yes[i]);
        for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
                if (lets_through(no[i], &r))
                        fail_msg("%s lets it through", no[i]);
}

static void a_cause_is_the_stated_one_or_any_that_may_be(void **state)
{
        struct record r = sample();

        (void)state;
        assert_true(lets_through("cause=zero-linger", &r));
        assert_false(lets_through("cause=forged", &r));
        assert_false(lets_through("cause=none", &r));
        r.cause = CAUSE_UNREAD_DATA;
        r.certainty = CERTAINTY_LIKELY;
        assert_true(lets_through("cause=unread-data", &r));
        assert_false(lets_through("cause=zero-linger", &r));
        r.cause = CAUSE_NONE;
        r.n_causes = 0;
        assert_true(lets_through("cause=none", &r));
        assert_false(lets_through("cause=unread-data", &r));
}

static void addresses_fit_by_prefix_port_and_side(void **state)
{
        static const char *const yes[] = {
                "ip=10.0.0.5", "ip=10.0.0.0/8", "ip=10.0.0.4/31", "ip=0.0.0.0/0", "ip=2001:db8::1", "ip=2001:db8::/32",
                "ip=2001:DB8:0::1", "ip=10.0.0.5:51234", "ip=[2001:db8::1]:443", "ip=[2001:db8::1]", "ip=:443",
                "client=10.0.0.5", "server=2001:db8::/16", "server=:443", "ip=192.0.2.1,10.0.0.5", "ip!=192.0.2.1",
                "port=443", "port=51234", "port=440-450", "port=1-2,443", "port!=80", "port>50000",
        };
        static const char *const no[] = {
                "ip=10.0.0.6/31", "ip=10.0.0.5:443", "ip=11.0.0.0/8", "ip=2001:db9::/32", "server=10.0.0.5",
                "client=2001:db8::1", "client=:443", "ip!=10.0.0.5", "port=80",
                "port=444-500", "port!=443", "port>51234",
        };
        struct record r = sample();

        (void)state;
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
                if (!lets_through(yes[i], &r))
                        fail_msg("%s lets nothing through", yes[i]);
        for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
                if (lets_through(no[i], &r))
                        fail_msg("%s lets it through", no[i]);
}

static void numbers_have_units_and_ranges(void **state)
{
        struct record r = sample();

        (void)state;
        assert_true(lets_through("bytes=1k", &r));
        assert_true(lets_through("bytes=1kb", &r));
        assert_true(lets_through("bytes=1000", &r));
        assert_true(lets_through("bytes<1KiB", &r));
        assert_true(lets_through("bytes=0.5k-1.5k", &r));
        assert_false(lets_through("bytes>1000", &r));
        assert_true(lets_through("bytes>=1000", &r));
        assert_true(lets_through("uncertain=600", &r));
        assert_true(lets_through("lost=0", &r));
        r.to_server.fate = FATE_LOST;
        assert_true(lets_through("lost=600", &r));
}

static void a_span_means_all_that_rounds_to_it(void **state)
{
        struct record r = sample(); /* 60.25 s idle, 6 s in all */

        (void)state;
        assert_true(lets_through("idle=60", &r));
        assert_true(lets_through("idle=1m", &r));
        assert_false(lets_through("idle=60.0", &r));
        assert_true(lets_through("idle=60.25", &r));
        assert_true(lets_through("idle>60", &r));
        assert_false(lets_through("idle<60", &r));
        assert_true(lets_through("idle=59-61", &r));
        assert_true(lets_through("duration=6s", &r));
        assert_true(lets_through("duration=6000ms", &r));
        assert_false(lets_through("duration=6001ms", &r));
        assert_false(lets_through("duration>6", &r));
        assert_true(lets_through("duration>=6", &r));
}

static void times_are_dates_or_times_of_the_day(void **state)
{
        struct record r = sample(); /* 05:56:00 to 05:56:06 */

        (void)state;
        assert_true(lets_through("since=2026-11-22", &r));
        assert_true(lets_through("since=2026-11-22T05:56:06", &r));
        assert_false(lets_through("since=2026-11-22T05:56:06.001Z", &r));
        assert_true(lets_through("since=05:56:06", &r));
        assert_false(lets_through("since=05:57", &r));
        assert_true(lets_through("until=05:56", &r));
        assert_false(lets_through("until=05:55:59.999", &r));
        assert_true(lets_through("until=2026-11-22 05:56", &r));
        assert_false(lets_through("until=2026-11-21", &r));
        assert_true(lets_through("until=@1795326960", &r));
        assert_false(lets_through("until=@1795326959.9", &r));
        /* Before now. */
        r.started = known_i64((int64_t)time(NULL) * S - 3600 * S);
        r.ended = known_i64(r.started.value + 6 * S);
        assert_true(lets_through("since=-61m", &r));
        assert_false(lets_through("since=-59m", &r));
        assert_true(lets_through("until=-59m", &r));
        assert_false(lets_through("until=-61m", &r));
        r = sample();
        r.ended.known = false; /* it goes on: what counts is when it was last seen */
        assert_true(lets_through("since=05:56:06", &r));
}

static void what_is_not_known_fits_only_what_excludes(void **state)
{
        struct record r;

        (void)state;
        record_init(&r, SOURCE_RUN, "7");
        assert_false(lets_through("duration<1000", &r));
        assert_false(lets_through("bytes<1000", &r));
        assert_false(lets_through("since=1990-01-01", &r));
        assert_false(lets_through("since=00:00", &r));
        assert_false(lets_through("state=SF", &r));
        assert_false(lets_through("comm=*", &r));
        assert_true(lets_through("comm!=nginx", &r));
        assert_true(lets_through("state!=SF", &r));
}

static void all_words_must_hold(void **state)
{
        static struct filter filter;
        struct record r = sample();
        char why[FILTER_WHY_MAX];

        (void)state;
        assert_true(filter_match(&filter, &r));
        assert_int_equal(filter_add(&filter, "severity=bad", why), 0);
        assert_int_equal(filter_add(&filter, "port=443", why), 0);
        assert_true(filter_match(&filter, &r));
        assert_int_equal(filter_add(&filter, "ending=orderly", why), 0);
        assert_false(filter_match(&filter, &r));
}

static void a_mistake_is_told_and_what_was_meant(void **state)
{
        static const struct {
                const char *word, *says;
        } cases[] = {
                { "severty=bad", "'severity'" },
                { "severity=baad", "'bad'" },
                { "ending=rset", "'reset'" },
                { "qqqqqqq=1", "lists the keys" },
                { "ending=qqqqqqq", "refused, unanswered" },
                { "port=https", "a port is needed" },
                { "port=65536", "a port is needed" },
                { "port=", "missing" },
                { "port=1,,2", "missing" },
                { "port=9-1", "a port" },
                { "port=99999999999999999999", "a port" },
                { "packets=9-1", "number" },
                { "since=-", "a time" },
                { "since=-1x", "a time" },
                { "since=-1h2", "a time" },
                { "bytes=0.5", "number" },
                { "bytes>=10x", "bytes>=10x: a number" },
                { "severity!=baad", "severity!=baad: did" },
                { "duration=5parsec", "time span" },
                { "since=yesterday", "a time" },
                { "since>2026-01-01", "takes = and one time" },
                { "ip=10.0.0.0/33", "address" },
                { "ip=10.0.0", "address" },
                { "ip=[::1", "address" },
                { "ip=::1]:443", "address" },
                { "ip=1.2.3.4:65536", "address" },
                { "ending>reset", "= and != only" },
                { "ip<1.2.3.4", "= and != only" },
                { "bytes>1,2", "one value" },
                { "id=0123456789012345678901234567890123456789012345678901234567890123456789", "too long" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct filter filter = { 0 };
                char why[FILTER_WHY_MAX] = "";

                assert_int_equal(filter_add(&filter, cases[i].word, why), -22);
                if (!strstr(why, cases[i].says))
                        fail_msg("%s: %s", cases[i].word, why);
                assert_int_equal(filter.n_terms, 0);
        }
}

static void a_file_is_no_word(void **state)
{
        (void)state;
        assert_true(filter_is_word("a=b.pcap"));
        assert_true(filter_is_word("bytes>1"));
        assert_true(filter_is_word("ended_by!=client"));
        assert_false(filter_is_word("./a=b.pcap"));
        assert_false(filter_is_word("a.pcap"));
        assert_false(filter_is_word("a!b"));
        assert_false(filter_is_word("=x"));
        assert_false(filter_is_word(""));
}

static void too_many_words_or_values_are_refused(void **state)
{
        static struct filter filter;
        char why[FILTER_WHY_MAX], word[1024] = "port=1";

        (void)state;
        for (size_t i = 0; i < FILTER_VALUES_MAX; i++)
                strcat(word, ",1");
        assert_int_equal(filter_add(&filter, word, why), -22);
        for (size_t i = 0; i < FILTER_TERMS_MAX; i++)
                assert_int_equal(filter_add(&filter, "port=1", why), 0);
        assert_int_equal(filter_add(&filter, "port=1", why), -22);
}

static void control_characters_are_not_said_back(void **state)
{
        struct filter filter = { 0 };
        char why[FILTER_WHY_MAX] = "";

        (void)state;
        assert_int_equal(filter_add(&filter, "ending=\033[31m", why), -22);
        assert_null(strchr(why, '\033'));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_key_asks_of_its_part_of_the_record),
                cmocka_unit_test(a_cause_is_the_stated_one_or_any_that_may_be),
                cmocka_unit_test(addresses_fit_by_prefix_port_and_side),
                cmocka_unit_test(numbers_have_units_and_ranges),
                cmocka_unit_test(a_span_means_all_that_rounds_to_it),
                cmocka_unit_test(times_are_dates_or_times_of_the_day),
                cmocka_unit_test(what_is_not_known_fits_only_what_excludes),
                cmocka_unit_test(all_words_must_hold),
                cmocka_unit_test(a_mistake_is_told_and_what_was_meant),
                cmocka_unit_test(a_file_is_no_word),
                cmocka_unit_test(too_many_words_or_values_are_refused),
                cmocka_unit_test(control_characters_are_not_said_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
