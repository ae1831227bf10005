/* Tests of src/lab/claims*: the notation, the judge, and what is known of the running kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lab/calls.h"
#include "lab/claims.h"
#include "lab/claims/judge.h"
#include "lab/claims/notation.h"
#include "lab/claims/write.h"
#include "lab/rights.h"

static struct stage_rights rights;
static struct sniffer *sniffer;

static struct claim_verdict *test_claim(const struct claim *claim, int family, const struct stage_rights *r,
                                        bool timers)
{
        struct claim_verdict *v = calloc(1, sizeof(*v));

        assert_non_null(v);
        assert_int_equal(claim_test(claim, family, r, r->capture ? sniffer : NULL, timers, v), 0);
        return v;
}

/* The bearing of one case, played over IPv4 with all rights that there are. */
static enum bearing bearing_of(const char *acts, unsigned flags)
{
        const struct claim_case one = { "a case", acts, flags };
        const struct claim claim = { .name = "a-test", .cases = &one, .n_cases = 1 };
        struct claim_verdict *v = test_claim(&claim, AF_INET, &rights, true);
        enum bearing bearing = v->cases[0].bearing;

        if (v->cases[0].disagrees)
                fail_msg("%s: %s", acts, v->cases[0].disagreement);
        free(v);
        return bearing;
}

static bool has_prediction(const char *acts)
{
        for (const char *p = acts; *p; p++)
                if (*p == '=' && p > acts && p[-1] == ' ')
                        return true;
        return false;
}

static void every_claim_can_be_read(void **state)
{
        (void)state;
        assert_true(claim_count() >= 25);
        for (size_t i = 0; i < claim_count(); i++) {
                const struct claim *c = claim_at(i);

                assert_in_range(c->n_cases, 1, CLAIM_MAX_CASES);
                assert_true(strlen(c->name) <= 28); /* as a page's name */
                for (const char *p = c->name; *p; p++)
                        assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-');
                assert_int_equal(c->sentence[strlen(c->sentence) - 1], '.');
                assert_int_not_equal(c->right[strlen(c->right) - 1], '.');
                assert_non_null(c->source);
                for (size_t k = 0; k < c->n_cases; k++) {
                        struct notation notation;
                        const char *at = NULL;

                        if (notation_read(c->cases[k].acts, &notation, &at) < 0)
                                fail_msg("%s, case %zu, at \"%s\"", c->name, k + 1, at);
                        if (!has_prediction(c->cases[k].acts))
                                fail_msg("%s, case %zu, predicts nothing", c->name, k + 1);
                }
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(claim_at(k)->name, c->name);
        }
        assert_null(claim_at(claim_count()));
}

static void names_prefixes_and_patterns_select(void **state)
{
        const struct claim *found[3] = { NULL };

        (void)state;
        assert_int_equal(claim_select(NULL, NULL, 0), claim_count());
        assert_int_equal(claim_select("linger-blocks", found, 3), 1);
        assert_string_equal(found[0]->name, "linger-blocks");
        assert_true(claim_select("linger", found, 3) >= 3);
        assert_string_equal(found[0]->name, "linger0-always-rst");
        assert_int_equal(claim_select("*-is-eof", found, 3), 1);
        assert_int_equal(claim_select("nobody-says-so", found, 3), 0);
}

static void the_word_follows_from_the_counts(void **state)
{
        static const struct {
                enum claim_kind kind;
                size_t n_bear_out, n_contradict;
                enum claim_word word;
                bool final;
        } rows[] = {
                { CLAIM_RULE, 0, 0, CLAIM_NOT_TESTED, false }, { CLAIM_RULE, 3, 0, CLAIM_TRUE, false },
                { CLAIM_RULE, 0, 1, CLAIM_FALSE, false },      { CLAIM_RULE, 5, 1, CLAIM_PARTLY, true },
                { CLAIM_ALWAYS, 0, 0, CLAIM_NOT_TESTED, false }, { CLAIM_ALWAYS, 3, 0, CLAIM_TRUE, false },
                { CLAIM_ALWAYS, 0, 1, CLAIM_FALSE, true },     { CLAIM_ALWAYS, 5, 1, CLAIM_FALSE, true },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                assert_int_equal(claim_word_of(rows[i].kind, rows[i].n_bear_out, rows[i].n_contradict), rows[i].word);
                assert_int_equal(claim_word_is_final(rows[i].kind, rows[i].word), rows[i].final);
        }
}

static void results_fit_what_is_written(void **state)
{
        static const struct {
                const char *alternatives;
                int64_t value;
                int number;
                bool sigpipe;
                int r;
                bool fits;
        } rows[] = {
                { "10", 10, 0, false, 0, true },
                { "10", 11, 0, false, 0, false },
                { "0", -1, EPIPE, false, 0, false },
                { ">0", 1, 0, false, 0, true },
                { ">0", 0, 0, false, 0, false },
                { "8M", 8000000, 0, false, 0, true },
                { "ok", 0, 0, false, 0, true },
                { "ok", -1, EPIPE, true, 0, false },
                { "error", -1, EPIPE, true, 0, true },
                { "error", 5, 0, false, 0, false },
                { "EPIPE", -1, EPIPE, true, 0, true },
                { "EPIPE", -1, EPIPE, false, 0, true },
                { "EPIPE", -1, ECONNRESET, false, 0, false },
                { "EPIPE+SIGPIPE", -1, EPIPE, true, 0, true },
                { "EPIPE+SIGPIPE", -1, EPIPE, false, 0, false },
                { "EPIPE-SIGPIPE", -1, EPIPE, true, 0, false },
                { "EPIPE-SIGPIPE", -1, EPIPE, false, 0, true },
                { "SIGPIPE", -1, EPIPE, true, 0, true },
                { "SIGPIPE", -1, ECONNRESET, false, 0, false },
                { "!EPIPE", 1, 0, false, 0, true },
                { "!EPIPE", -1, EPIPE, true, 0, false },
                { "0|ECONNRESET", -1, ECONNRESET, false, 0, true },
                { "0|ECONNRESET", 0, 0, false, 0, true },
                { "0|ECONNRESET", 7, 0, false, 0, false },
                { "EWOULDBLOCK", -1, EAGAIN, false, 0, true },
                { "ENOSUCHTHING", 0, 0, false, -EINVAL, false },
                { "EPIPE*SIGPIPE", 0, 0, false, -EINVAL, false },
                { "10x", 0, 0, false, -EINVAL, false },
                { "", 0, 0, false, -EINVAL, false },
                { "10|", 0, 0, false, -EINVAL, false },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                bool fits = false;
                int r = notation_result_fits(rows[i].alternatives, rows[i].value,
                                             rows[i].number, rows[i].sigpipe, &fits);

                if (r != rows[i].r || (r == 0 && fits != rows[i].fits))
                        fail_msg("row %zu, \"%s\": %d, %d", i, rows[i].alternatives, r, fits);
        }
}

static void what_cannot_be_read_is_refused_with_its_place(void **state)
{
        static const struct {
                const char *acts, *at;
        } rows[] = {
                { "=1 c.send1", "=1 c.send1" },
                { "c.send1 =", "=" },
                { "c.send1 =nonsense", "=nonsense" },
                { "c.sendd1 =1", "c.sendd1 =1" },
                { "c.send1 =c.state=NOWHERE", "=c.state=NOWHERE" },
                { "c.send1 =c.poll+NVAL", "=c.poll+NVAL" },
                { "c.send1 =c.outq", "=c.outq" },
                { "c.send1 =c.outq=c.nothing", "=c.outq=c.nothing" },
                { "c.send1 =c.outq=-1", "=c.outq=-1" },
                { "c.send1 =c.syn", "=c.syn" },
                { "c.send1 =took=5", "=took=5" },
                { "c.close =0 =0 =0 =0 =0 =0 =0 =0 =1", "=1" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                struct notation notation;
                const char *at = NULL;

                if (notation_read(rows[i].acts, &notation, &at) != -EINVAL)
                        fail_msg("\"%s\" was read", rows[i].acts);
                assert_string_equal(at, rows[i].at);
        }
}

static void a_prediction_can_hold_and_can_fail(void **state)
{
        static const struct {
                const char *acts;
                enum bearing bearing;
        } rows[] = {
                { "c.send10 =10", BEARING_BEARS_OUT },
                { "c.send10 =11", BEARING_CONTRADICTS },
                { "s.close =c.state=CLOSE_WAIT", BEARING_BEARS_OUT },
                { "s.close =c.state=CLOSE", BEARING_CONTRADICTS },
                { "s.close =c.state=!CLOSE", BEARING_BEARS_OUT },
                { "s.close =c.state=!CLOSE_WAIT", BEARING_CONTRADICTS },
                { "s.close =c.poll+RDHUP", BEARING_BEARS_OUT },
                { "s.close =c.poll+HUP", BEARING_CONTRADICTS },
                { "s.close =c.poll-HUP", BEARING_BEARS_OUT },
                { "s.close =c.poll-RDHUP", BEARING_CONTRADICTS },
                { "c.send10 s.recv4 =s.inq=6 =s.read=4 =s.arrived=c.written", BEARING_BEARS_OUT },
                { "c.send10 s.recv4 =s.inq=4", BEARING_CONTRADICTS },
                { "c.send10 s.recv4 =s.read=10", BEARING_CONTRADICTS },
                { "c.send10 s.recv4 =s.read=c.written", BEARING_CONTRADICTS },
                { "c.send10 s.peek =s.read=10", BEARING_CONTRADICTS },
                { "c.send10 s.recv4 =s.arrived<c.written", BEARING_CONTRADICTS },
                { "c.send10 s.recv4 =s.arrived>9", BEARING_BEARS_OUT },
                { "s.close =c.fin-seen=1", BEARING_BEARS_OUT },
                { "s.linger0 s.close =c.fin-seen=1", BEARING_CONTRADICTS },
                { "c.send10 =took<5000", BEARING_BEARS_OUT },
                { "c.send10 =took>5000", BEARING_CONTRADICTS },
                { "s.linger0 s.close c.so-error =ECONNRESET", BEARING_BEARS_OUT },
                { "s.linger0 s.close c.so-error =EPIPE", BEARING_CONTRADICTS },
                { "s.linger0 s.close c.so-error =0", BEARING_CONTRADICTS },
                /* All must hold, wherever they stand. */
                { "c.send10 =11 s.recv =10", BEARING_CONTRADICTS },
                { "c.send10 =10 s.recv =11", BEARING_CONTRADICTS },
                /* A premise that fails takes the say away, whatever was predicted. */
                { "c.send10 ?11 s.recv =10", BEARING_NOT_TESTED },
                { "c.send10 ?11 s.recv =11", BEARING_NOT_TESTED },
                { "c.send10 ?10 s.recv =11", BEARING_CONTRADICTS },
                /* Nobody can look at a socket that is closed. */
                { "c.close =c.state=CLOSE", BEARING_NOT_TESTED },
                { "c.close =c.outq=0", BEARING_NOT_TESTED },
                { "c.close =c.outq=0 =1", BEARING_CONTRADICTS },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                enum bearing bearing = bearing_of(rows[i].acts, 0);

                if (bearing != rows[i].bearing)
                        fail_msg("%s: %s", rows[i].acts, bearing_name(bearing));
        }
}

static void segments_are_counted_up_to_the_act(void **state)
{
        static const struct {
                const char *acts;
                unsigned flags;
                enum bearing bearing;
        } rows[] = {
                { "c.send10 =c.no-fin c.close =c.fin =c.no-rst", 0, BEARING_BEARS_OUT },
                { "c.send10 =c.fin c.close", 0, BEARING_CONTRADICTS },
                { "c.close =c.rst", 0, BEARING_CONTRADICTS },
                { "c.send10 s.close =s.rst =c.no-rst =c.sent=10", 0, BEARING_BEARS_OUT },
                { "c.send10 s.close =c.rst", 0, BEARING_CONTRADICTS },
                { "c.send10 =c.sent=9", 0, BEARING_CONTRADICTS },
                { "c.send10 c.close =c.fin =c.sent=10 =c.no-rst", SCENARIO_SERVER_BY_HAND, BEARING_BEARS_OUT },
                { "c.send10 =c.no-fin c.close =c.fin", SCENARIO_SERVER_BY_HAND, BEARING_BEARS_OUT },
                { "c.send10 c.close =c.rst", SCENARIO_SERVER_BY_HAND, BEARING_CONTRADICTS },
                /* The segments of the end by hand are the case's own acts. */
                { "s.rst =s.rst", SCENARIO_SERVER_BY_HAND, BEARING_NOT_TESTED },
        };

        (void)state;
        if (!rights.capture || !rights.wire)
                skip();
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                enum bearing bearing = bearing_of(rows[i].acts, rows[i].flags);

                if (bearing != rows[i].bearing)
                        fail_msg("%s: %s", rows[i].acts, bearing_name(bearing));
        }
}

static void the_model_has_no_say(void **state)
{
        struct play *play = calloc(1, sizeof(*play));
        struct case_verdict *v = calloc(1, sizeof(*v));
        struct notation notation;
        const char *at;

        (void)state;
        assert_non_null(play);
        assert_non_null(v);
        assert_int_equal(notation_read("c.send10 =ECONNRESET =c.outq=0 s.close =0", &notation, &at), 0);
        play->rights = &rights;
        play->n_steps = 1; /* the play stopped at its first act */
        play->disagrees = true;
        strcpy(play->why, "because");
        strcpy(play->steps[0].act.text, "c.send10");
        play->steps[0].act.verb = VERB_SEND;
        play->steps[0].expected = (struct outcome){ .result = RESULT_COUNT, .min = 10, .max = 10 };
        play->steps[0].seen = (struct result_seen){ .value = -1, .error = ECONNRESET };
        play->steps[0].has_result = play->steps[0].looked[CLIENT] = true;
        judge_case(&notation, play, v);
        assert_int_equal(v->facts[0].bearing, BEARING_BEARS_OUT);
        assert_int_equal(v->facts[1].bearing, BEARING_BEARS_OUT);
        assert_int_equal(v->facts[2].bearing, BEARING_NOT_TESTED);
        assert_int_equal(v->bearing, BEARING_NOT_TESTED);
        assert_true(v->disagrees);
        assert_string_equal(v->disagreement, "because");
        play->steps[0].look[CLIENT].outq = 3;
        judge_case(&notation, play, v);
        assert_int_equal(v->bearing, BEARING_CONTRADICTS);
        free(play);
        free(v);
}

static void what_could_not_be_played_has_no_verdict(void **state)
{
        static const struct claim_case by_hand[] = {
                { "segments by hand", "s.rst =c.state=CLOSE", SCENARIO_SERVER_BY_HAND },
                { "segments seen", "c.close =c.fin", 0 },
        };
        static const struct claim_case timed[] = { { "a timer", "c.send1 =1", SCENARIO_TIMERS } };
        static const struct claim claims[] = {
                { .name = "by-hand", .cases = by_hand, .n_cases = 2 },
                { .name = "timed", .cases = timed, .n_cases = 1 },
        };
        const struct stage_rights none = { .why_not = "nobody may" };
        struct claim_verdict *v = test_claim(&claims[0], AF_INET, &none, true);

        (void)state;
        assert_int_equal(v->word, CLAIM_NOT_TESTED);
        assert_false(v->settled);
        assert_int_equal(v->n_not_tested, 2);
        assert_non_null(strstr(v->cases[0].why, "nobody may"));
        assert_non_null(strstr(v->cases[1].why, "nobody may"));
        free(v);
        v = test_claim(&claims[1], AF_INET6, &none, false);
        assert_int_equal(v->word, CLAIM_NOT_TESTED);
        free(v);
        v = test_claim(&claims[1], AF_INET6, &none, true);
        assert_int_equal(v->word, CLAIM_TRUE);
        assert_true(v->settled);
        free(v);
}

static void a_case_that_cannot_be_read_is_an_error(void **state)
{
        static const struct claim_case broken = { "broken", "c.send10 =what", 0 };
        static const struct claim claim = { .name = "broken", .cases = &broken, .n_cases = 1 };
        struct claim_verdict *v = calloc(1, sizeof(*v));

        (void)state;
        assert_non_null(v);
        assert_int_equal(claim_test(&claim, AF_INET, &rights, NULL, true, v), -EINVAL);
        free(v);
}

/* As other programs have seen them on Linux 5.10 to 7.3. */
static void known_claims_come_out_as_known(void **state)
{
        static const struct {
                const char *name;
                enum claim_word word;
        } rows[] = {
                { "second-write-sigpipe", CLAIM_PARTLY }, { "unread-is-econnreset", CLAIM_PARTLY },
                { "epipe-means-delivered", CLAIM_FALSE }, { "all-acked-is-epipe", CLAIM_FALSE },
                { "rst-after-fin-is-eof", CLAIM_TRUE },   { "unsent-close-resets", CLAIM_PARTLY },
                { "linger0-always-rst", CLAIM_FALSE },    { "linger-off-delivers", CLAIM_PARTLY },
                { "linger-blocks", CLAIM_TRUE },          { "half-close-works", CLAIM_TRUE },
                { "pipelines-apart", CLAIM_FALSE },       { "abort-by-state", CLAIM_PARTLY },
                { "errors-stay", CLAIM_FALSE },           { "not-listening-is-refused", CLAIM_TRUE },
        };

        (void)state;
        if (!rights.capture || !rights.wire)
                skip();
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                const struct claim *claim = NULL;
                struct claim_verdict *v;

                assert_int_equal(claim_select(rows[i].name, &claim, 1), 1);
                v = test_claim(claim, i % 2 ? AF_INET6 : AF_INET, &rights, true);
                if (v->word != rows[i].word || !v->settled)
                        fail_msg("%s: %s, %zu cases not tested", rows[i].name, claim_word_name(v->word),
                                 v->n_not_tested);
                assert_int_equal(v->n_disagree, 0);
                free(v);
        }
}

static void no_line_is_wider_than_80_columns(void **state)
{
        struct claims_options options = { .ipv4 = true, .ipv6 = true, .rights = &rights };
        struct claims_tally tally;
        char *text = NULL;
        size_t n = 0, n_lines = 0;

        (void)state;
        options.sniffer = rights.capture ? sniffer : NULL;
        for (int full = 0; full < 2; full++) {
                options.pattern = full ? "[rs]*" : "[acers]*";
                options.full = full;
                options.file = open_memstream(&text, &n);
                assert_non_null(options.file);
                assert_int_equal(claims_run(&options, &tally), 0);
                fclose(options.file);
                for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n_lines++)
                        if (strlen(line) > 80)
                                fail_msg("%zu columns: %s", strlen(line), line);
                free(text);
        }
        assert_true(n_lines > 80);
        assert_int_equal(claims_run(&(struct claims_options){ .pattern = "nobody-says-so", .rights = &rights }, NULL),
                         -ENOENT);
}

static int n_asked;

static bool stop_at_the_third(void)
{
        return ++n_asked > 2;
}

static void what_was_tested_before_the_stop_is_written(void **state)
{
        struct claims_options options = { .ipv4 = true, .rights = &rights, .json = true, .stop = stop_at_the_third };
        struct claims_tally tally;
        size_t n = 0, n_lines = 0;
        char *text = NULL;

        (void)state;
        options.sniffer = rights.capture ? sniffer : NULL;
        options.file = open_memstream(&text, &n);
        assert_non_null(options.file);
        assert_int_equal(claims_run(&options, &tally), 0);
        fclose(options.file);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                n_lines++;
        free(text);
        assert_true(tally.stopped);
        assert_int_equal(n_lines, 2);
}

static void the_list_begins_with_what_is_false(void **state)
{
        static const struct claim claims[] = {
                { .name = "a", .sentence = "A.", .right = "a" }, { .name = "b", .sentence = "B.", .right = "b" },
                { .name = "c", .sentence = "C.", .right = "c" }, { .name = "d", .sentence = "D.", .right = "d" },
        };
        static const enum claim_word words[] = { CLAIM_TRUE, CLAIM_NOT_TESTED, CLAIM_PARTLY, CLAIM_FALSE };
        struct claim_found found[4] = { 0 };
        char *text = NULL, *places[4];
        size_t n = 0;
        FILE *file = open_memstream(&text, &n);

        (void)state;
        assert_non_null(file);
        for (size_t i = 0; i < 4; i++)
                found[i] = (struct claim_found){ .claim = &claims[i], .word = words[i], .settled = true };
        claims_write_list(file, found, 4, false);
        fclose(file);
        places[0] = strstr(text, "false   \"D.\"");
        places[1] = strstr(text, "partly  \"C.\"");
        places[2] = strstr(text, "true    \"A.\"");
        places[3] = strstr(text, "\"B.\"");
        for (size_t i = 0; i < 4; i++)
                assert_non_null(places[i]);
        for (size_t i = 1; i < 4; i++)
                assert_true(places[i - 1] < places[i]);
        assert_non_null(strstr(text, "Yes: a."));
        assert_non_null(strstr(text, "In fact c."));
        assert_non_null(strstr(text, "In fact d."));
        free(text);
}

static void a_claim_of_every_case_says_why_it_is_false(void **state)
{
        static const struct claim claims[] = {
                { .name = "a", .sentence = "A.", .right = "a", .kind = CLAIM_ALWAYS },
                { .name = "b", .sentence = "B.", .right = "b", .kind = CLAIM_RULE },
        };
        struct claim_found found[2] = { 0 };
        struct claim_verdict verdicts[2];
        char *text = NULL;
        size_t n = 0;
        FILE *file = open_memstream(&text, &n);

        (void)state;
        assert_non_null(file);
        for (size_t i = 0; i < 2; i++) {
                verdicts[i] = (struct claim_verdict){ .claim = &claims[i], .n_bear_out = 2, .n_contradict = 1 };
                found[i] = (struct claim_found){ .claim = &claims[i], .verdicts = { &verdicts[i] }, .n = 1 };
                found[i].word = claim_word_of(claims[i].kind, 2, 1);
                found[i].settled = true;
        }
        claims_write_list(file, found, 2, false);
        fclose(file);
        assert_non_null(strstr(text, "is false by a single case against it"));
        assert_non_null(strstr(text, "a: 2 of 3 cases bear it out, not every one\n"));
        assert_non_null(strstr(text, "b: 2 of 3 cases bear it out\n"));
        free(text);
}

static int take_rights(void **state)
{
        (void)state;
        rights_take(true, &rights, &sniffer);
        if (!rights.capture || !rights.wire)
                print_message("# not all can be tested here: %s\n", rights.why_not);
        return calls_prepare();
}

static int leave_rights(void **state)
{
        (void)state;
        sniffer = sniffer_close(sniffer);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_claim_can_be_read),
                cmocka_unit_test(names_prefixes_and_patterns_select),
                cmocka_unit_test(the_word_follows_from_the_counts),
                cmocka_unit_test(results_fit_what_is_written),
                cmocka_unit_test(what_cannot_be_read_is_refused_with_its_place),
                cmocka_unit_test(a_prediction_can_hold_and_can_fail),
                cmocka_unit_test(segments_are_counted_up_to_the_act),
                cmocka_unit_test(the_model_has_no_say),
                cmocka_unit_test(what_could_not_be_played_has_no_verdict),
                cmocka_unit_test(a_case_that_cannot_be_read_is_an_error),
                cmocka_unit_test(known_claims_come_out_as_known),
                cmocka_unit_test(no_line_is_wider_than_80_columns),
                cmocka_unit_test(what_was_tested_before_the_stop_is_written),
                cmocka_unit_test(the_list_begins_with_what_is_false),
                cmocka_unit_test(a_claim_of_every_case_says_why_it_is_false),
        };

        return cmocka_run_group_tests(tests, take_rights, leave_rights);
}
