/* The tables as tables: every rule says where it comes from, none is shadowed, no case is without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "endpoint/rules.h"

#define LENGTH(_array) (sizeof(_array) / sizeof(*(_array)))
#define MAX_BITS 24

static struct rule_table all_tables[] = {
        { open_rules, 0 },  { send_rules, 0 },  { recv_rules, 0 },    { shutdown_rules, 0 },
        { close_rules, 0 }, { error_rules, 0 }, { abort_rules, 0 },   { segment_rules, 0 },
        { reset_rules, 0 }, { icmp_rules, 0 },  { timer_rules, 0 },
};

static int count_rules(void **state)
{
        const size_t n[] = {
                n_open_rules,  n_send_rules,  n_recv_rules,  n_shutdown_rules, n_close_rules, n_error_rules,
                n_abort_rules, n_segment_rules, n_reset_rules, n_icmp_rules,   n_timer_rules,
        };

        (void)state;
        for (size_t i = 0; i < LENGTH(all_tables); i++)
                all_tables[i].n = n[i];
        return 0;
}

static void check_name(const char *name)
{
        size_t n = strlen(name);

        assert_in_range(n, 3, 60);
        for (size_t i = 0; i < n; i++)
                if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-')
                        fail_msg("%s: a name has lower-case letters, digits and hyphens", name);
}

static void check_sentence(const char *name, const char *why)
{
        size_t n = why ? strlen(why) : 0;

        if (n == 0 || why[n - 1] == '.' || why[n - 1] == ' ' || why[0] == ' ')
                fail_msg("%s: .why is a sentence without a full stop, for others to go on with", name);
}

static void every_rule_says_where_it_comes_from_and_why(void **state)
{
        (void)state;
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++) {
                        const struct rule *rule = &all_tables[t].rules[i];

                        assert_non_null(rule->name);
                        check_name(rule->name);
                        check_sentence(rule->name, rule->why);
                        if (!rule->at || !rule->at[0])
                                fail_msg("%s: no kernel function", rule->name);
                        if (rule->kernels && !rule->kernels[0])
                                fail_msg("%s: .kernels is there and empty", rule->name);
                }
        for (size_t i = 0; i < n_poll_rules; i++) {
                check_name(poll_rules[i].name);
                check_sentence(poll_rules[i].name, poll_rules[i].why);
                assert_int_not_equal(poll_rules[i].bits, 0);
        }
}

static bool is_named(const char *name, const struct rule *but)
{
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++)
                        if (&all_tables[t].rules[i] != but && !strcmp(all_tables[t].rules[i].name, name))
                                return true;
        return false;
}

static void no_two_rules_share_a_name(void **state)
{
        (void)state;
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++)
                        if (is_named(all_tables[t].rules[i].name, &all_tables[t].rules[i]))
                                fail_msg("two rules are named %s", all_tables[t].rules[i].name);
        for (size_t i = 0; i < n_poll_rules; i++) {
                assert_false(is_named(poll_rules[i].name, NULL));
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(poll_rules[i].name, poll_rules[k].name);
        }
}

static void a_rule_lies_in_the_table_of_its_event(void **state)
{
        (void)state;
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++) {
                        const struct rule *rule = &all_tables[t].rules[i];

                        if (rules_for(rule->on).rules != all_tables[t].rules)
                                fail_msg("%s lies in a table where its event is never looked up", rule->name);
                }
        assert_null(rules_for(N_EVENTS).rules);
}

static bool is_call(enum event_kind kind)
{
        return kind < EVENT_DESTROY;
}

static void calls_give_something_and_arrivals_nothing(void **state)
{
        (void)state;
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++) {
                        const struct rule *rule = &all_tables[t].rules[i];

                        if (is_call(rule->on) == (rule->gives == GIVES_NOTHING))
                                fail_msg("%s: only a call gives its program something", rule->name);
                        if (rule->gives == GIVES_ERRNO && rule->error <= 0)
                                fail_msg("%s: gives an errno and names none", rule->name);
                        if ((rule->does & SET_ERROR) && rule->error <= 0)
                                fail_msg("%s: sets an error and names none", rule->name);
                        if (rule->needs & rule->lacks)
                                fail_msg("%s: needs what it must lack", rule->name);
                        if (rule->timer != TIMER_NONE && rule->on != EVENT_TIMER)
                                fail_msg("%s: a timer on another event", rule->name);
                }
}

/* The conditions that the rules for one kind look at, by place. */
static size_t bits_of(enum event_kind kind, uint64_t bits[MAX_BITS])
{
        struct rule_table table = rules_for(kind);
        uint64_t all = 0;
        size_t n = 0;

        for (size_t i = 0; i < table.n; i++)
                if (table.rules[i].on == kind)
                        all |= table.rules[i].needs | table.rules[i].lacks;
        for (int b = 0; b < 64; b++)
                if (all & BIT(b)) {
                        assert_true(n < MAX_BITS);
                        bits[n++] = BIT(b);
                }
        return n;
}

/* Written anew on purpose: the reading of a rule by its header, not by step.c. */
static const struct rule *look_up(enum event_kind kind, unsigned state, unsigned holder, unsigned timer,
                                  uint64_t conditions)
{
        struct rule_table table = rules_for(kind);

        for (size_t i = 0; i < table.n; i++) {
                const struct rule *rule = &table.rules[i];
                uint32_t holders = rule->holders ? rule->holders : BY_SOCKET;

                if (rule->on == kind && (!rule->states || (rule->states >> state & 1)) &&
                    (is_call(kind) || (holders >> holder & 1)) &&
                    (rule->timer == TIMER_NONE || rule->timer == timer) &&
                    (conditions & rule->needs) == rule->needs && !(conditions & rule->lacks))
                        return rule;
        }
        return NULL;
}

/* A socket in a state like this has connected, or is about to; behind the address of a socket that is
 * closed there is another holder. One that listens can be destroyed, and takes calls; what arrives, and
 * time, are matters of its children. */
static bool is_possible(enum event_kind kind, unsigned state, unsigned holder, uint64_t conditions)
{
        if (!is_call(kind) && holder == HOLDER_SOCKET &&
            (state == TCP_STATE_CLOSE || (state == TCP_STATE_LISTEN && kind != EVENT_DESTROY)))
                return false;
        return kind != EVENT_CONNECT || state == TCP_STATE_CLOSE || (conditions & (IF_CONNECTING | IF_WAS_CONNECTED));
}

/* Calls `take` for every state, holder, timer and set of conditions of a kind of event. */
static void for_each_case(enum event_kind kind,
                          void (*take)(enum event_kind, unsigned state, unsigned holder, const struct rule *))
{
        uint64_t bits[MAX_BITS];
        size_t n = bits_of(kind, bits);
        unsigned n_timers = kind == EVENT_TIMER ? N_TIMERS : 1;

        for (unsigned state = TCP_STATE_ESTABLISHED; state < N_TCP_STATES; state++)
                for (unsigned holder = 0; holder <= HOLDER_REQUEST; holder++)
                        for (unsigned timer = 0; timer < n_timers; timer++)
                                for (uint64_t set = 0; set < BIT(n); set++) {
                                        uint64_t conditions = 0;

                                        for (size_t b = 0; b < n; b++)
                                                conditions |= set & BIT(b) ? bits[b] : 0;
                                        if (is_possible(kind, state, holder, conditions))
                                                take(kind, state, holder,
                                                     look_up(kind, state, holder, timer, conditions));
                                }
}

/* Cases that no rule answers yet: a SYN for a minisocket may open a new connection there, for which the
 * model, of one connection, has no word; a SYN-ACK for a request. */
static bool is_known_gap(enum event_kind kind, unsigned holder)
{
        if (kind == EVENT_SYN_ACK && holder == HOLDER_REQUEST)
                return true;
        return (kind == EVENT_SYN || kind == EVENT_SYN_ACK) &&
               (holder == HOLDER_FIN_WAIT2 || holder == HOLDER_TIME_WAIT);
}

static void must_be_there(enum event_kind kind, unsigned state, unsigned holder, const struct rule *rule)
{
        if (!rule && !is_known_gap(kind, holder))
                fail_msg("no rule for %s in %s with holder %u", event_kind_name(kind),
                         tcp_state_name((enum tcp_state)state), holder);
}

static void no_case_is_without_a_rule(void **state)
{
        (void)state;
        for (enum event_kind kind = 0; kind < N_EVENTS; kind++)
                for_each_case(kind, must_be_there);
}

static const struct rule *met[512];
static size_t n_met;

static void note(enum event_kind kind, unsigned state, unsigned holder, const struct rule *rule)
{
        (void)kind;
        (void)state;
        (void)holder;
        for (size_t i = n_met; i-- > 0;)
                if (met[i] == rule)
                        return;
        assert_true(n_met < LENGTH(met));
        met[n_met++] = rule;
}

static void no_rule_is_shadowed_by_those_before_it(void **state)
{
        (void)state;
        for (enum event_kind kind = 0; kind < N_EVENTS; kind++)
                for_each_case(kind, note);
        for (size_t t = 0; t < LENGTH(all_tables); t++)
                for (size_t i = 0; i < all_tables[t].n; i++) {
                        bool found = false;

                        for (size_t k = 0; k < n_met; k++)
                                found = found || met[k] == &all_tables[t].rules[i];
                        if (!found)
                                fail_msg("%s can never be the first that fits", all_tables[t].rules[i].name);
                }
}

static void every_kind_of_event_and_call_has_a_name(void **state)
{
        (void)state;
        for (enum event_kind kind = 0; kind < N_EVENTS; kind++)
                assert_non_null(event_kind_name(kind));
        for (int way = 0; way < N_SEND_WAYS; way++)
                assert_non_null(send_way_name((enum send_way)way));
        for (int way = 0; way < N_RECV_WAYS; way++)
                assert_non_null(recv_way_name((enum recv_way)way));
        for (int timer = 0; timer < N_TIMERS; timer++)
                assert_non_null(timer_kind_name((enum timer_kind)timer));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_rule_says_where_it_comes_from_and_why),
                cmocka_unit_test(no_two_rules_share_a_name),
                cmocka_unit_test(a_rule_lies_in_the_table_of_its_event),
                cmocka_unit_test(calls_give_something_and_arrivals_nothing),
                cmocka_unit_test(no_case_is_without_a_rule),
                cmocka_unit_test(no_rule_is_shadowed_by_those_before_it),
                cmocka_unit_test(every_kind_of_event_and_call_has_a_name),
        };

        return cmocka_run_group_tests(tests, count_rules, NULL);
}
