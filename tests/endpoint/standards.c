/* The Linux column of docs/standards.md, held against the model: results, signals, FINs, resets, rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packetdrill_replay.h"
#include "packetdrill_rows.h"

static void a_row(void **state)
{
        const struct row *row = *state;
        struct replay r = { .signals = true };

        if (!replay_line(&r, row->line))
                fail_msg("docs/standards.md:%d: %s", row->at, r.why);
        assert_true(r.n_expectations > 0);
        row_rules_answered(row, &r);
}

static void the_page_has_its_rows(void **state)
{
        assert_in_range(*(const size_t *)*state, 50, ROWS_MAX - 1);
}

int main(void)
{
        static struct row rows[ROWS_MAX];

        return rows_run("standards", rows, rows_read("docs/standards.md", rows), a_row, the_page_has_its_rows);
}
