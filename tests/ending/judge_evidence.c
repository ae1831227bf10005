/* The sentences of evidence that stand behind a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "by_hand.h"

static bool says(const struct facts *f, const char *what)
{
        struct evidence evidence;
        struct record r;

        record_init(&r, SOURCE_CAPTURE, "1.1");
        judge(f, &r, &evidence);
        for (size_t i = 0; i < r.n_evidence; i++)
                if (strstr(r.evidence[i], what))
                        return true;
        return false;
}

static void the_evidence_says_who_went_on_only_where_somebody_did(void **state)
{
        struct facts_of_reset *reset;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_SERVER, false, 50 * MS);
        KNOW(reset->validity, RESET_VALIDITY_OUTSIDE);
        reset->obeyed.how = HOW_UNKNOWN;
        assert_false(says(&f, "went on as before"));
        assert_true(says(&f, "outside of what the client would take"));
        KNOW(reset->obeyed, false);
        assert_true(says(&f, "the client went on as before"));
}

static void the_evidence_names_the_frames(void **state)
{
        struct evidence evidence;
        struct record r;
        struct facts f;
        bool fin = false, reset = false;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_SERVER].fin_frame, 7);
        record_init(&r, SOURCE_CAPTURE, "1.1");
        judge(&f, &r, &evidence);
        assert_true(r.n_evidence > 3 && r.n_evidence <= EVIDENCE_MAX);
        for (size_t i = 0; i < r.n_evidence; i++) {
                fin = fin || strstr(r.evidence[i], "The server sent a FIN (frame 7)");
                reset = reset || strstr(r.evidence[i], "(frame 10)");
                assert_int_equal(r.evidence[i][strlen(r.evidence[i]) - 1], '.');
        }
        assert_true(fin && reset);
}

static void the_evidence_says_whose_window_was_shut(void **state)
{
        struct facts f;

        (void)state;
        exchange(&f, 0);
        KNOW(f.last, 5000 * MS);
        assert_false(says(&f, "window was shut"));
        KNOW(f.from[SIDE_CLIENT].window_shut, true);
        KNOW(f.from[SIDE_CLIENT].window_shut_at, 3000 * MS);
        assert_true(says(&f, "The server's window was shut for the last 2.000000 s"));
        /* Both are through: nobody waits for it to open. */
        KNOW(f.both_acked, true);
        assert_false(says(&f, "window was shut"));
}

/* So resets a box that forgets idle connections: its RST has the shape, and there is no question. */
static void a_reset_that_nothing_drew_is_not_said_to_answer(void **state)
{
        struct facts_of_reset *reset;
        struct record r;
        struct facts f;

        (void)state;
        exchange(&f, 300);
        reset = add_reset(&f, SIDE_SERVER, true, 400000 * MS);
        assert_true(says(&f, "as an answer"));
        judge_facts(&f, &r);
        assert_false(r.reset.unasked);
        KNOW(reset->unasked, true);
        assert_false(says(&f, "as an answer"));
        assert_true(says(&f, "in the shape of an answer"));
        judge_facts(&f, &r);
        assert_true(r.reset.unasked);
        /* Its question may be among what was not seen. */
        f.seen.gaps = true;
        assert_true(says(&f, "as an answer"));
}

/* Of a byte as of many; and no capture is spoken of where a kernel told. */
static void the_evidence_says_what_never_arrived_by_whom_it_is_known(void **state)
{
        struct facts f;

        (void)state;
        late_data(&f, 80 * MS, 100 * MS);
        KNOW(f.from[SIDE_CLIENT].bytes, 101);
        KNOW(f.from[SIDE_CLIENT].after_peer_fin, 1);
        f.from[SIDE_CLIENT].arrived = (struct fact_count){ HOW_INFERRED, 100 };
        assert_true(says(&f, "1 byte from the client reached no program: it drew a RST, or was refused."));
        assert_true(says(&f, "1 byte from the client never arrived: a capture at the other end ends at byte 100."));
        f.from[SIDE_CLIENT].arrived = (struct fact_count){ HOW_TOLD, 90 };
        assert_true(says(&f, "11 bytes from the client never arrived: the other kernel took 90."));
        assert_false(says(&f, "a capture at"));
        /* Nothing can have drawn a RST. */
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].acked, 40);
        KNOW(f.end[SIDE_CLIENT].repeats_unanswered, 3);
        KNOW(f.end[SIDE_CLIENT].repeated, SEGMENT_KIND_DATA);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 200 * MS);
        f.from[SIDE_CLIENT].arrived = (struct fact_count){ HOW_INFERRED, 40 };
        assert_true(says(&f, "60 bytes from the client never arrived"));
        assert_true(says(&f, "60 bytes from the client were never acknowledged."));
        assert_false(says(&f, "drew a RST"));
}

static void the_evidence_says_who_stopped_asking(void **state)
{
        struct facts f;

        (void)state;
        exchange(&f, 300);
        KNOW(f.from[SIDE_CLIENT].acked, 40);
        KNOW(f.end[SIDE_CLIENT].unanswered_since, 100 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_last, 100 * MS);
        KNOW(f.end[SIDE_CLIENT].unanswered_frame, 7);
        f.seen.until = 3000 * MS;
        assert_false(says(&f, "did not ask again"));
        f.seen.until = 9000 * MS;
        assert_true(says(&f, "The client waited for an answer (frame 7), and did not ask again when that was due."));
        /* A keepalive probe: the next one may be due much later. */
        KNOW(f.from[SIDE_CLIENT].acked, 100);
        assert_false(says(&f, "did not ask again"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_evidence_says_whose_window_was_shut),
                cmocka_unit_test(the_evidence_says_who_went_on_only_where_somebody_did),
                cmocka_unit_test(the_evidence_names_the_frames),
                cmocka_unit_test(the_evidence_says_what_never_arrived_by_whom_it_is_known),
                cmocka_unit_test(a_reset_that_nothing_drew_is_not_said_to_answer),
                cmocka_unit_test(the_evidence_says_who_stopped_asking),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
