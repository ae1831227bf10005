/* The heap of alarms against the plain way: looking through all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab/stage/timers.h"

#define N 200

static int64_t earliest(const struct alarm *alarms)
{
        int64_t due = ALARM_NEVER;

        for (int i = 0; i < N; i++)
                if (alarms[i].due_ns < due)
                        due = alarms[i].due_ns;
        return due;
}

static void the_first_is_the_earliest_after_every_change(void **state)
{
        static struct alarm alarms[N];
        struct timers timers = { 0 };
        unsigned seed = 1;

        (void)state;
        for (int i = 0; i < N; i++)
                alarms[i].due_ns = ALARM_NEVER;
        for (int round = 0; round < 100000; round++) {
                struct alarm *alarm = &alarms[rand_r(&seed) % N], *first;
                int64_t due = rand_r(&seed) % 3 ? rand_r(&seed) % 1000 : ALARM_NEVER;

                assert_int_equal(timers_set(&timers, alarm, due), 0);
                assert_int_equal(alarm->due_ns, due);
                assert_int_equal(alarm->place != 0, due != ALARM_NEVER);
                first = timers_first(&timers);
                assert_int_equal(first ? first->due_ns : ALARM_NEVER, earliest(alarms));
        }
        timers_deinit(&timers);
}

static void without_alarms_there_is_no_first(void **state)
{
        struct alarm alarm = { .due_ns = ALARM_NEVER };
        struct timers timers = { 0 };

        (void)state;
        assert_null(timers_first(&timers));
        assert_int_equal(timers_set(&timers, &alarm, ALARM_NEVER), 0);
        assert_null(timers_first(&timers));
        assert_int_equal(timers_set(&timers, &alarm, 5), 0);
        assert_ptr_equal(timers_first(&timers), &alarm);
        assert_int_equal(timers_set(&timers, &alarm, ALARM_NEVER), 0);
        assert_null(timers_first(&timers));
        timers_deinit(&timers);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_is_the_earliest_after_every_change),
                cmocka_unit_test(without_alarms_there_is_no_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
