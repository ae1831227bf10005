/*
 * What packetdrill's scripts expect of Linux, held against the model. The expectations stand in the
 * tables of docs/trust.md, read there: a row that says yes has to agree to the last segment, a row that
 * says no has to disagree, so that neither can go stale.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "packetdrill_replay.h"
#include "packetdrill_rows.h"

static void a_row(void **state)
{
        const struct row *row = *state;
        struct replay r = { .every_segment = true };
        bool agrees = replay_line(&r, row->line);

        if (!strncmp(row->verdict, "yes", 3)) {
                if (!agrees)
                        fail_msg("docs/trust.md:%d: %s", row->at, r.why);
                assert_true(r.n_expectations > 0);
                row_rules_answered(row, &r);
        } else {
                assert_memory_equal(row->verdict, "no", 2);
                if (agrees)
                        fail_msg("docs/trust.md:%d: the row says no, and the model does agree", row->at);
                /* It has to be the model that is otherwise, not a line that cannot be played. */
                if (!strstr(r.why, "the model"))
                        fail_msg("docs/trust.md:%d: %s", row->at, r.why);
        }
}

static void the_page_has_its_rows(void **state)
{
        assert_in_range(*(const size_t *)*state, 50, ROWS_MAX - 1);
}

/* The player itself has to see what is wrong: a result, a segment too few or too many, a look. */
static bool plays(const char *line)
{
        struct replay r = { .every_segment = true, .signals = true };

        return replay_line(&r, line);
}

static void a_line_with_a_fault_is_not_played(void **state)
{
        (void)state;
        assert_true(plays("c.fin s>ACK s.recv =0 s.close =0 s>FIN"));
        assert_false(plays("c.fin s>ACK s.recv =1 s.close =0 s>FIN"));
        assert_false(plays("c.fin s>ACK s.recv s.close =0 s>FIN"));
        assert_false(plays("c.fin s.recv =0"));
        assert_false(plays("c.fin s>ACK s>ACK s.recv =0"));
        assert_false(plays("c.fin s>ACK s.recv =0 s.close =0"));
        assert_false(plays("c.fin s>ACK s.recv =0 s.close =0 s>RST"));
        assert_false(plays("c.fin s>ACK s.recv =0 =0"));
        assert_false(plays("c.fin s>ACK s?state=ESTABLISHED"));
        assert_true(plays("c.fin s>ACK s?state=CLOSE_WAIT s?poll=IN+OUT+RDHUP s?inq=0"));
        assert_false(plays("s.send5 =5 s>5 s?outq=0"));
        assert_false(plays("c.rst s.send1 =ECONNRESET s.send1 =EPIPE"));
        assert_true(plays("c.rst s.send1 =ECONNRESET s.send1 =EPIPE+SIGPIPE"));
        assert_false(plays("c.nonsense"));
}

int main(void)
{
        static struct row rows[ROWS_MAX];
        const struct CMUnitTest player[] = { cmocka_unit_test(a_line_with_a_fault_is_not_played) };
        int r = cmocka_run_group_tests_name("the player", player, NULL, NULL);

        return r | rows_run("packetdrill", rows, rows_read("docs/trust.md", rows), a_row, the_page_has_its_rows);
}
