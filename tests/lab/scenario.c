/* The scenarios as a table: names, sentences, acts that can be read, and truths that do not contradict themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/act.h"
#include "lab/play.h"
#include "lab/scenario.h"

#define BY_HAND (SCENARIO_CLIENT_BY_HAND | SCENARIO_SERVER_BY_HAND)
#define ALL_FLAGS (2 * SCENARIO_IPV4_ONLY - 1)

#define MAX_SCENARIOS 4096

/* Fetched once: each pair of them is looked at. */
static const struct scenario *all[MAX_SCENARIOS];
static size_t n_all;

static int fetch(void **state)
{
        (void)state;
        n_all = scenario_count();
        for (size_t i = 0; i < n_all && i < MAX_SCENARIOS; i++)
                all[i] = scenario_at(i);
        return n_all > MAX_SCENARIOS;
}

/* Runs the check on every scenario; a failure names it. */
static void for_each(void (*check)(const struct scenario *s))
{
        assert_true(n_all > 0);
        for (size_t i = 0; i < n_all; i++)
                check(all[i]);
        assert_null(scenario_at(n_all));
}

#define MUST(_condition)                                                                                     \
        do {                                                                                                 \
                if (!(_condition))                                                                           \
                        fail_msg("%s: %s", s->name, #_condition);                                            \
        } while (0)

static void check_name(const struct scenario *s)
{
        size_t n = strlen(s->name);

        MUST(n >= 3 && n <= 60);
        MUST(s->name[0] != '-' && s->name[n - 1] != '-' && !strstr(s->name, "--"));
        for (size_t i = 0; i < n; i++)
                MUST(islower((unsigned char)s->name[i]) || isdigit((unsigned char)s->name[i]) || s->name[i] == '-');
}

static void a_name_has_lower_case_letters_and_hyphens(void **state)
{
        (void)state;
        for_each(check_name);
}

static void no_two_scenarios_share_a_name_nor_one_with_a_theme(void **state)
{
        (void)state;
        for (size_t i = 0; i < n_all; i++) {
                const struct scenario *s = all[i];

                for (size_t k = 0; k < i; k++)
                        MUST(strcmp(s->name, all[k]->name) != 0);
                for (int t = 0; t < N_THEMES; t++)
                        MUST(strcmp(s->name, theme_name((enum theme)t)) != 0);
        }
}

static void no_two_scenarios_do_the_same(void **state)
{
        (void)state;
        for (size_t i = 0; i < n_all; i++)
                for (size_t k = 0; k < i; k++) {
                        const struct scenario *s = all[i], *other = all[k];

                        if (!strcmp(s->acts, other->acts) && s->flags == other->flags)
                                fail_msg("%s and %s have the same acts", s->name, other->name);
                }
}

static void check_sentence(const struct scenario *s, const char *text)
{
        size_t n = text ? strlen(text) : 0;

        MUST(n > 10);
        MUST(text[0] != ' ' && text[n - 1] != ' ' && text[n - 1] != '.' && !strstr(text, "  "));
        MUST(!strchr(text, '\n') && !strchr(text, '\t'));
}

static void check_sentences(const struct scenario *s)
{
        check_sentence(s, s->shows);
        check_sentence(s, s->advice);
}

static void each_says_what_it_shows_and_what_to_do(void **state)
{
        (void)state;
        for_each(check_sentences);
}

static void every_theme_has_a_name_a_sentence_and_stands_together(void **state)
{
        (void)state;
        for (int t = 0; t < N_THEMES; t++) {
                size_t n = 0, n_runs = 0;

                assert_non_null(theme_name((enum theme)t));
                assert_non_null(theme_sentence((enum theme)t));
                for (int other = 0; other < t; other++)
                        assert_string_not_equal(theme_name((enum theme)t), theme_name((enum theme)other));
                for (size_t i = 0; i < n_all; i++) {
                        bool is = all[i]->theme == (enum theme)t;

                        n += is;
                        n_runs += is && (i == 0 || all[i - 1]->theme != (enum theme)t);
                }
                if (n == 0)
                        fail_msg("no scenario has the theme %s", theme_name((enum theme)t));
                if (n_runs > 1)
                        fail_msg("the scenarios of the theme %s do not stand together", theme_name((enum theme)t));
        }
}

static void check_acts(const struct scenario *s)
{
        const char *p = s->acts, *why = NULL;
        bool unconnected = s->flags & SCENARIO_UNCONNECTED;
        struct lab_act act;
        size_t n = 0;
        int r;

        MUST((s->flags & ~(unsigned)ALL_FLAGS) == 0);
        MUST((s->flags & BY_HAND) != BY_HAND);
        while ((r = act_parse(&p, &act, &why)) == 0) {
                unsigned by_hand = act.side == ACT_CLIENT   ? SCENARIO_CLIENT_BY_HAND
                                   : act.side == ACT_SERVER ? SCENARIO_SERVER_BY_HAND
                                                            : 0;

                n++;
                if (verb_is_segment(act.verb) != !!(s->flags & by_hand))
                        fail_msg("%s: %s: a segment belongs to an end by hand, a call to a socket", s->name, act.text);
                if (act.verb == VERB_EXPIRE)
                        MUST(s->flags & SCENARIO_TIMERS);
                if (act.verb == VERB_SYSCTL || act.verb == VERB_DESTROY)
                        MUST(s->flags & SCENARIO_NAMESPACE);
                if (act.verb == VERB_CONNECT && act.side == ACT_CLIENT && n == 1)
                        MUST(unconnected);
                MUST(act.verb != VERB_SYSCTL || act.side == ACT_NAMESPACE);
        }
        if (r != -ENODATA)
                fail_msg("%s: at \"%s\": %s", s->name, p, why);
        MUST(n > 0 && n <= PLAY_MAX_STEPS);
}

static void the_acts_can_be_read_and_the_flags_say_what_they_need(void **state)
{
        (void)state;
        for_each(check_acts);
}

static bool gave_up(enum cause cause)
{
        return cause == CAUSE_KEEPALIVE || cause == CAUSE_USER_TIMEOUT || cause == CAUSE_RETRANSMISSION_TIMEOUT ||
               cause == CAUSE_PROBE_TIMEOUT || cause == CAUSE_ORPHAN_TIMEOUT || cause == CAUSE_UNREACHABLE;
}

static void check_truth(const struct scenario *s)
{
        bool by_hand = s->flags & BY_HAND; /* a segment by hand is the act of no program */
        bool ended_by_an_end = s->ended_by == SIDE_CLIENT || s->ended_by == SIDE_SERVER;

        MUST(s->cause >= CAUSE_NONE && s->cause < N_CAUSES && s->cause != CAUSE_UNKNOWN);
        MUST(s->ended_by < N_SIDES && s->silent < N_SIDES);
        switch (s->ending) {
        case ENDING_ORDERLY:
                MUST(s->cause == CAUSE_NONE); /* null where the FINs crossed */
                break;
        case ENDING_HALF_CLOSED:
                MUST(s->cause == CAUSE_NONE && ended_by_an_end);
                break;
        case ENDING_OPEN:
                MUST(s->cause == CAUSE_NONE && s->ended_by == SIDE_UNKNOWN);
                break;
        case ENDING_RESET:
                MUST(s->ended_by != SIDE_UNKNOWN && s->cause != CAUSE_NOT_LISTENING);
                MUST(s->cause != CAUSE_NONE || by_hand);
                break;
        case ENDING_REFUSED:
                MUST(s->ended_by == SIDE_SERVER || s->ended_by == SIDE_NETWORK);
                MUST(s->cause != CAUSE_NONE || by_hand);
                break;
        case ENDING_TIMED_OUT:
                MUST(ended_by_an_end && s->silent != s->ended_by && gave_up(s->cause));
                break;
        case ENDING_UNANSWERED:
                break;
        case ENDING_UNSEEN:
                MUST(s->flags & SCENARIO_UNCONNECTED); /* there never was a connection */
                break;
        case N_ENDINGS:
                fail_msg("%s: no such ending", s->name);
        }
}

static void the_truth_does_not_contradict_itself(void **state)
{
        (void)state;
        for_each(check_truth);
}

/* The act that a cause is the name of must be among the acts. */
static void check_cause(const struct scenario *s)
{
        if (s->cause == CAUSE_ZERO_LINGER)
                MUST(strstr(s->acts, "linger0"));
        if (s->cause == CAUSE_DISCONNECT)
                MUST(strstr(s->acts, "connect-unspec"));
        if (s->cause == CAUSE_SOCK_DESTROYED)
                MUST(strstr(s->acts, "destroy"));
        if (s->cause == CAUSE_LISTENER_CLOSED)
                MUST(strstr(s->acts, "l.close") || strstr(s->acts, "l.shut-rd") ||
                     strstr(s->acts, "l.connect-unspec") || strstr(s->acts, "l.destroy"));
        if (s->cause == CAUSE_KEEPALIVE)
                MUST(strstr(s->acts, "keepalive"));
        if (s->cause == CAUSE_USER_TIMEOUT)
                MUST(strstr(s->acts, "user-timeout"));
        if (s->cause == CAUSE_LINGER2)
                MUST(strstr(s->acts, "tcp-linger2"));
        if (s->cause == CAUSE_UNREACHABLE)
                MUST(strstr(s->acts, "icmp"));
}

static void a_cause_has_its_act(void **state)
{
        (void)state;
        for_each(check_cause);
}

static size_t n_taken;
static const struct scenario *last_taken;

static void take(const struct scenario *scenario, void *context)
{
        (void)context;
        n_taken++;
        last_taken = scenario;
}

static size_t select_by(const char *pattern)
{
        size_t n;

        n_taken = 0;
        n = scenario_select(pattern, take, NULL);
        assert_int_equal(n, n_taken);
        return n;
}

static void a_name_selects_one_a_theme_its_own_and_a_pattern_what_it_matches(void **state)
{
        size_t n_of_themes = 0;

        (void)state;
        for (size_t i = 0; i < n_all; i += 31) { /* each takes a while */
                assert_int_equal(select_by(all[i]->name), 1);
                assert_ptr_equal(last_taken, all[i]);
        }
        for (int t = 0; t < N_THEMES; t++)
                n_of_themes += select_by(theme_name((enum theme)t));
        assert_int_equal(n_of_themes, n_all);
        assert_int_equal(select_by("*"), n_all);
        assert_int_equal(select_by("two-writes-after-close*"), select_by("two-writes-after-close"));
        assert_true(select_by("two-writes-after-unread") >= 1); /* the beginning of a name */
        assert_int_equal(select_by("no-such-scenario"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_has_lower_case_letters_and_hyphens),
                cmocka_unit_test(no_two_scenarios_share_a_name_nor_one_with_a_theme),
                cmocka_unit_test(no_two_scenarios_do_the_same),
                cmocka_unit_test(each_says_what_it_shows_and_what_to_do),
                cmocka_unit_test(every_theme_has_a_name_a_sentence_and_stands_together),
                cmocka_unit_test(the_acts_can_be_read_and_the_flags_say_what_they_need),
                cmocka_unit_test(the_truth_does_not_contradict_itself),
                cmocka_unit_test(a_cause_has_its_act),
                cmocka_unit_test(a_name_selects_one_a_theme_its_own_and_a_pattern_what_it_matches),
        };

        return cmocka_run_group_tests(tests, fetch, NULL);
}
