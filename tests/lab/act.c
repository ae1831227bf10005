/* The notation for acts: what is read from it, what is refused with which reason, and that nothing can hurt it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/act.h"

#define LENGTH(_array) (sizeof(_array) / sizeof(*(_array)))

/* One act that must be read, alone. */
static struct lab_act read_one(const char *text)
{
        const char *p = text, *why = NULL;
        struct lab_act act, after;

        if (act_parse(&p, &act, &why) != 0)
                fail_msg("%s: %s", text, why);
        assert_int_equal(*p, 0);
        assert_int_equal(act_parse(&p, &after, &why), -ENODATA);
        assert_string_equal(act.text, text);
        return act;
}

static void a_side_and_a_verb_are_an_act(void **state)
{
        static const struct {
                const char *text;
                enum act_side side;
                enum verb verb;
        } rows[] = {
                { "c.close", ACT_CLIENT, VERB_CLOSE },
                { "s.close", ACT_SERVER, VERB_CLOSE },
                { "l.close", ACT_LISTENER, VERB_CLOSE },
                { "n.sysctl=tcp_rfc1337:1", ACT_NAMESPACE, VERB_SYSCTL },
                { "s.rst", ACT_SERVER, VERB_SEG_RST },
                { "s.rst-ack", ACT_SERVER, VERB_SEG_RST_ACK },
                { "s.ack", ACT_SERVER, VERB_SEG_ACK },
                { "s.syn-ack", ACT_SERVER, VERB_SEG_SYN_ACK },
                { "c.recverr", ACT_CLIENT, VERB_RECVERR },
                { "c.recv", ACT_CLIENT, VERB_RECV },
                { "c.recvmmsg", ACT_CLIENT, VERB_RECVMMSG },
                { "c.connect", ACT_CLIENT, VERB_CONNECT },
                { "c.connect-unspec", ACT_CLIENT, VERB_UNSPEC },
                { "c.splice-out", ACT_CLIENT, VERB_SPLICE_OUT },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                struct lab_act act = read_one(rows[i].text);

                assert_int_equal(act.side, rows[i].side);
                assert_int_equal(act.verb, rows[i].verb);
        }
}

static void numbers_count_in_thousands_and_millions_too(void **state)
{
        (void)state;
        assert_int_equal(read_one("c.send0").n, 0);
        assert_int_equal(read_one("c.send10").n, 10);
        assert_int_equal(read_one("c.send8k").n, 8000);
        assert_int_equal(read_one("c.send2M").n, 2000000);
        assert_int_equal(read_one("c.send2147483647").n, INT32_MAX);
        assert_true(read_one("c.recv0").has_n);
        assert_false(read_one("c.recv").has_n);
        assert_int_equal(read_one("c.tcp-linger2=-1").has_n, 0);
        assert_string_equal(read_one("c.tcp-linger2=-1").value, "-1");
}

static void what_follows_a_verb_is_read(void **state)
{
        struct lab_act act;

        (void)state;
        act = read_one("c.send10+nosignal");
        assert_true(act.nosignal && !act.block && !act.background);
        act = read_one("c.recv1k+waitall+block");
        assert_true(act.waitall && act.block && act.n == 1000);
        act = read_one("c.recv&");
        assert_true(act.background && act.block);
        act = read_one("s.data100@+50+ack-20+win=7");
        assert_true(act.has_offset && act.offset == 50 && act.ack_fewer == 20 && act.has_window && act.window == 7);
        act = read_one("s.rst@-1+noack");
        assert_true(act.offset == -1 && act.no_ack);
        act = read_one("s.rst@1k");
        assert_int_equal(act.offset, 1000);
        assert_string_equal(read_one("s.icmp=host").value, "host");
        assert_string_equal(read_one("n.sysctl=tcp_retries2:3").value, "tcp_retries2:3");
}

static void acts_are_set_apart_by_blanks_and_commas(void **state)
{
        const char *p = " c.send10,s.recv\t,\n  s.close , ", *why;
        struct lab_act act;
        size_t n = 0;

        (void)state;
        while (act_parse(&p, &act, &why) == 0)
                n++;
        assert_int_equal(n, 3);
        p = "";
        assert_int_equal(act_parse(&p, &act, &why), -ENODATA);
        p = " ,, ";
        assert_int_equal(act_parse(&p, &act, &why), -ENODATA);
}

static void what_cannot_be_read_is_refused_at_its_place_with_a_reason(void **state)
{
        static const struct {
                const char *text, *reason;
        } rows[] = {
                { "send10", "an act begins with" },
                { "x.send10", "an act begins with" },
                { "c", "an act begins with" },
                { "c.", "no such verb" },
                { "c.frobnicate", "no such verb" },
                { "c.sendx", "no such verb" },
                { "c.Send10", "no such verb" },
                { "c.send", "a number is missing" },
                { "c.linger", "a number is missing" },
                { "s.data", "a number is missing" },
                { "c.close5", "no number goes" },
                { "s.rst7", "no number goes" },
                { "c.sndbuf", "a value is missing" },
                { "c.sndbuf=", "a value is missing" },
                { "s.icmp", "a value is missing" },
                { "c.send10x", "cannot be read" },
                { "c.send10+", "cannot be read" },
                { "c.send10+never", "cannot be read" },
                { "c.send10+nosignalx", "cannot be read" },
                { "c.send10&&", "cannot be read" },
                { "c.send10&x", "cannot be read" },
                { "s.data5+ack-", "cannot be read" },
                { "s.data5+win=", "cannot be read" },
                { "s.data5+win=5x", "cannot be read" },
                { "c.send2147483648", "out of range" },
                { "c.send3000000k", "out of range" },
                { "c.send123456789012345678", "out of range" },
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(rows); i++) {
                char text[64];
                const char *p = text, *why = NULL;
                struct lab_act act, before;

                memset(&act, 0x5a, sizeof(act));
                before = act;
                snprintf(text, sizeof(text), "  %s", rows[i].text);
                if (act_parse(&p, &act, &why) != -EINVAL)
                        fail_msg("%s was read", rows[i].text);
                if (!strstr(why, rows[i].reason))
                        fail_msg("%s: %s", rows[i].text, why);
                assert_ptr_equal(p, text + 2);
                assert_memory_equal(&act, &before, sizeof(act)); /* untouched on failure */
        }
}

static void an_act_that_is_too_long_is_refused(void **state)
{
        char text[200] = "n.sysctl=";
        const char *p = text, *why = NULL;
        struct lab_act act;

        (void)state;
        memset(text + 9, 'a', 150);
        assert_int_equal(act_parse(&p, &act, &why), -EINVAL);
        assert_non_null(strstr(why, "too long"));
}

static void every_verb_has_a_name_of_its_own_and_is_read_by_it(void **state)
{
        (void)state;
        for (int v = 0; v < N_VERBS; v++) {
                static const char *const tails[] = { "", "5", "=5" };
                bool found = false;

                for (size_t t = 0; t < LENGTH(tails); t++) {
                        char text[64];
                        const char *p = text, *why;
                        struct lab_act act;

                        snprintf(text, sizeof(text), "c.%s%s", verb_name((enum verb)v), tails[t]);
                        if (act_parse(&p, &act, &why) != 0)
                                continue;
                        assert_int_equal(act.verb, v);
                        found = true;
                }
                if (!found)
                        fail_msg("no act has the verb %s", verb_name((enum verb)v));
                for (int other = 0; other < v; other++)
                        assert_string_not_equal(verb_name((enum verb)v), verb_name((enum verb)other));
        }
}

static void segments_are_told_from_calls(void **state)
{
        static const char *const segments[] = {
                "c.syn", "c.syn-ack", "c.ack", "c.data1", "c.fin", "c.rst", "c.rst-ack", "c.icmp=host",
        };
        size_t n = 0;

        (void)state;
        for (size_t i = 0; i < LENGTH(segments); i++)
                assert_true(verb_is_segment(read_one(segments[i]).verb));
        for (int v = 0; v < N_VERBS; v++)
                n += verb_is_segment((enum verb)v);
        assert_int_equal(n, LENGTH(segments));
        assert_false(verb_is_segment(VERB_SEND));
        assert_false(verb_is_segment(N_VERBS));
}

static uint64_t x = 1;

static size_t below(size_t n)
{
        x = x * 6364136223846793005 + 1442695040888963407;
        return (size_t)(x >> 33) % n;
}

/* Strings that look like acts, and strings that look like nothing, each in a block of its own size so
 * that a sanitizer sees a step past its end. */
static void random_strings_are_read_or_refused_and_never_hang(void **state)
{
        static const char *const pieces[] = {
                "c.",  "s.",   "l.",    "n.",    "send", "recv",  "data",  "rst",     "sysctl", "icmp", "close", "10",
                "999", "7k",   "1M",    "-5",    "=",    "@",     "@+50",  "+",       "&",      "+ack-", "+win=", " ",
                ",",   "\n",   "\xff",  "\x01",  "host", "+block", "fill", "tcp-linger2", "connect-unspec", ".",
        };
        size_t n_read = 0, n_refused = 0;

        (void)state;
        for (size_t i = 0; i < 200000; i++) {
                char text[256] = "", *copy;
                size_t n = below(12), length = 0;
                const char *p, *why;
                struct lab_act act;
                int r;

                for (size_t k = 0; k < n; k++) {
                        /* Every second string begins as an act does: side, verb, number. */
                        bool apt = i % 2 && k < 3;
                        const char *piece = pieces[apt ? below(4) + 4 * k + (k == 2) * 3 : below(LENGTH(pieces))];

                        memcpy(text + length, piece, strlen(piece));
                        length += strlen(piece);
                }
                copy = malloc(length + 1);
                assert_non_null(copy);
                memcpy(copy, text, length);
                copy[length] = 0;
                p = copy;
                for (size_t acts = 0; (r = act_parse(&p, &act, &why)) == 0; acts++) {
                        assert_true(acts <= length); /* it moves on */
                        assert_true(p > copy && p <= copy + length);
                        assert_true(act.n >= 0 && act.n <= INT32_MAX);
                        assert_true(act.verb < N_VERBS);
                        n_read++;
                }
                assert_true(r == -ENODATA || r == -EINVAL);
                assert_true(p >= copy && p <= copy + length);
                n_refused += r == -EINVAL;
                free(copy);
        }
        assert_true(n_read > 1000 && n_refused > 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_side_and_a_verb_are_an_act),
                cmocka_unit_test(numbers_count_in_thousands_and_millions_too),
                cmocka_unit_test(what_follows_a_verb_is_read),
                cmocka_unit_test(acts_are_set_apart_by_blanks_and_commas),
                cmocka_unit_test(what_cannot_be_read_is_refused_at_its_place_with_a_reason),
                cmocka_unit_test(an_act_that_is_too_long_is_refused),
                cmocka_unit_test(every_verb_has_a_name_of_its_own_and_is_read_by_it),
                cmocka_unit_test(segments_are_told_from_calls),
                cmocka_unit_test(random_strings_are_read_or_refused_and_never_hang),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
