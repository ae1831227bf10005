/* Records in words: each ending, what became of the bytes, the causes; and the totals over records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "report/sentence.h"
#include "report/summary.h"
#include "report/totals.h"

#define S INT64_C(1000000000)

/* A record of this ending, by this side; the rest is as nobody knows it. */
static struct record ended(enum ending ending, enum side by)
{
        struct record r;

        record_init(&r, SOURCE_CAPTURE, "1.3");
        r.ending = ending;
        r.ended_by = by;
        return r;
}

static void assert_sentence(const struct record *r, const char *expected)
{
        struct phrase p = { 0 };

        sentence_record(&p, r);
        assert_string_equal(p.text, expected);
}

static void each_ending_has_its_words(void **state)
{
        struct record r;

        (void)state;
        r = ended(ENDING_REFUSED, SIDE_SERVER);
        r.reset.seen = true;
        assert_sentence(&r, "the server refused it with a reset");
        r = ended(ENDING_REFUSED, SIDE_NETWORK);
        assert_sentence(&r, "a host on the way refused it with an ICMP error");
        r = ended(ENDING_UNANSWERED, SIDE_CLIENT);
        r.to_server.packets = known_u64(5);
        r.to_client.packets = known_u64(0);
        r.duration = known_i64(31 * S);
        assert_sentence(&r, "nobody answered the SYN, sent 5 times in 31.0 s");
        r.reset = (struct record_reset){ .seen = true, .by = SIDE_CLIENT, .count = 1 };
        assert_sentence(&r, "nobody answered the SYN, sent 4 times in 31.0 s");
        r.to_client.packets = known_u64(1);
        r.silent = SIDE_CLIENT;
        r.ongoing = true;
        assert_sentence(&r, "the client never completed the handshake; it may be trying still");
        r.silent = SIDE_UNKNOWN;
        assert_sentence(&r, "the client repeated its SYN, though it was answered; it may be trying still");
        assert_sentence((r = ended(ENDING_ORDERLY, SIDE_CLIENT), &r), "closed in order, the client first");
        assert_sentence((r = ended(ENDING_ORDERLY, SIDE_UNKNOWN), &r), "closed in order by both");
        r.reset.seen = true;
        assert_sentence(&r, "closed in order by both; a reset after that changed nothing");
        r.reset.obeyed = (struct maybe_bool){ .known = true, .value = false };
        assert_sentence(&r, "closed in order by both; a reset before that changed nothing");
        r = ended(ENDING_TIMED_OUT, SIDE_CLIENT);
        r.silent = SIDE_SERVER;
        assert_sentence(&r, "the server fell silent, the client gave up");
        r.ongoing = true;
        assert_sentence(&r, "the server fell silent, the client repeats itself in vain");
        r = ended(ENDING_HALF_CLOSED, SIDE_SERVER);
        r.to_client.closed = CLOSED_FIN;
        assert_sentence(&r, "the server had closed, the client had not yet");
        r.seen.sides = SIDES_SEEN_SERVER;
        assert_sentence(&r, "the server had closed; whether the client had was not seen");
        assert_sentence((r = ended(ENDING_OPEN, SIDE_UNKNOWN), &r), "still open when the capture ends");
        r.source = SOURCE_RUN;
        assert_sentence(&r, "still open when the watching ended");
        assert_sentence((r = ended(ENDING_UNSEEN, SIDE_UNKNOWN), &r), "too little was seen to say how it ended");
}

static void a_reset_says_who_had_closed_and_how_long_all_was_silent(void **state)
{
        struct record r = ended(ENDING_RESET, SIDE_SERVER);

        (void)state;
        assert_sentence(&r, "the server reset it");
        r.idle_before = known_i64(5 * S);
        assert_sentence(&r, "the server reset it, after 5.0 s of silence");
        r.idle_before = known_i64(S - 1);
        r.to_client.closed = CLOSED_FIN;
        assert_sentence(&r, "the server, which had closed, reset it");
        r.idle_before = known_i64(15 * S);
        assert_sentence(&r, "the server, which had closed, reset it; the closing began after 15.0 s of silence");
        r.idle_before = known_i64(0);
        r.to_server.closed = CLOSED_FIN;
        assert_sentence(&r, "the server, which had closed, reset it after the client had closed too");
        r.to_client.closed = CLOSED_RESET;
        assert_sentence(&r, "the server reset it after the client had closed");
        r.ended_by = SIDE_NETWORK;
        r.to_server.closed = CLOSED_NO;
        assert_sentence(&r, "a reset that came from neither end ended it");
}

static void bytes_in_doubt_and_lost_are_told_apart(void **state)
{
        struct record r = ended(ENDING_RESET, SIDE_SERVER);

        (void)state;
        r.severity = SEVERITY_BAD;
        r.to_server.uncertain = known_u64(600);
        r.to_server.fate = FATE_UNCERTAIN;
        assert_sentence(&r, "the server reset it; 600 bytes from the client unacknowledged");
        r.to_client.uncertain = known_u64(42);
        r.to_client.fate = FATE_LOST;
        assert_sentence(&r, "the server reset it; 600 bytes from the client unacknowledged and up to 42 bytes "
                            "from the server lost");
        r.to_server.fate = FATE_ACKED;
        r.severity = SEVERITY_FINE;
        assert_sentence(&r, "the server reset it; up to 42 bytes from the server lost, which is everyday");
        r.to_client.uncertain = known_u64(0);
        r.to_client.unread = known_u64(5);
        assert_sentence(&r, "the server reset it; at least 5 bytes from the server lost, which is everyday");
        r.to_client.unsent = known_u64(0);
        assert_sentence(&r, "the server reset it; 5 bytes from the server lost, which is everyday");
        r.to_client.uncertain = (struct maybe_u64){ 0 };
        assert_sentence(&r, "the server reset it; at least 5 bytes from the server lost, which is everyday");
        r = ended(ENDING_RESET, SIDE_SERVER);
        r.severity = SEVERITY_BAD;
        assert_sentence(&r, "the server reset it; the last data had no answer");
}

static void causes_are_stated_only_as_surely_as_they_are_known(void **state)
{
        struct record r = ended(ENDING_RESET, SIDE_SERVER);

        (void)state;
        record_add_cause(&r, CAUSE_UNREAD_DATA);
        assert_sentence(&r, "the server reset it; possible cause: unread-data");
        r.cause = CAUSE_UNREAD_DATA;
        r.certainty = CERTAINTY_CERTAIN;
        assert_sentence(&r, "the server reset it; cause: unread-data");
        r.certainty = CERTAINTY_LIKELY;
        record_add_cause(&r, CAUSE_ZERO_LINGER);
        assert_sentence(&r, "the server reset it; likely cause: unread-data");
        r.cause = CAUSE_NONE;
        assert_sentence(&r, "the server reset it; possible causes: unread-data or zero-linger");
        record_add_cause(&r, CAUSE_DISCONNECT);
        record_add_cause(&r, CAUSE_SOCK_DESTROYED);
        assert_sentence(&r, "the server reset it; possible causes: unread-data, zero-linger, "
                        "disconnect or sock-destroyed");
        record_add_cause(&r, CAUSE_FORGED);
        assert_sentence(&r, "the server reset it; possible causes: unread-data, zero-linger, disconnect or 2 others");
}

static void totals_can_be_taken_back(void **state)
{
        struct record bad = ended(ENDING_RESET, SIDE_SERVER), fine = ended(ENDING_ORDERLY, SIDE_CLIENT);
        struct totals totals = { 0 };
        struct totals_share share_bad, share_fine;

        (void)state;
        bad.severity = SEVERITY_BAD;
        bad.cause = CAUSE_FORGED;
        record_add_cause(&bad, CAUSE_FORGED);
        bad.to_server.bytes = known_u64(1000);
        bad.to_server.uncertain = known_u64(600);
        bad.to_server.fate = FATE_LOST;
        fine.to_client.bytes = known_u64(50);
        share_bad = totals_share(&bad);
        share_fine = totals_share(&fine);
        totals_count(&totals, &share_bad);
        totals_count(&totals, &share_fine);
        assert_int_equal(totals.n, 2);
        assert_int_equal(totals.bytes, 1050);
        assert_int_equal(totals.lost, 600);
        assert_int_equal(totals.uncertain, 0);
        assert_int_equal(totals.bad[ENDING_RESET], 1);
        totals_uncount(&totals, &share_bad);
        assert_int_equal(totals.n, 1);
        assert_int_equal(totals.bytes, 50);
        assert_int_equal(totals.lost, 0);
        assert_int_equal(totals.severities[SEVERITY_BAD], 0);
        assert_int_equal(totals.endings[ENDING_RESET], 0);
        assert_int_equal(totals.groups[0].n, 0);
}

static void more_kinds_of_reasons_than_there_is_room_for_are_counted(void **state)
{
        struct totals totals = { 0 };
        uint64_t grouped = 0;

        (void)state;
        for (uint32_t causes = 1; causes <= 2 * TOTALS_GROUPS_MAX; causes++) {
                struct totals_share share = { .ending = ENDING_RESET, .cause = CAUSE_NONE, .causes = causes };

                totals_count(&totals, &share);
        }
        for (size_t i = 0; i < totals.n_groups; i++)
                grouped += totals.groups[i].n;
        assert_int_equal(grouped, TOTALS_GROUPS_MAX);
        assert_int_equal(totals.n_ungrouped, TOTALS_GROUPS_MAX);
        assert_int_equal(totals.endings[ENDING_RESET], 2 * TOTALS_GROUPS_MAX);
}

static void a_summary_names_the_commonest_reasons_and_counts_the_others(void **state)
{
        static const int counts[] = { 5, 4, 3, 2, 1 };
        struct style style = { .width = 80 };
        struct totals totals = { 0 };
        char *text = NULL;
        size_t n_text;
        FILE *file = open_memstream(&text, &n_text);

        (void)state;
        for (int cause = 0; cause < 5; cause++)
                for (int i = 0; i < counts[cause]; i++) {
                        struct totals_share share = { .ending = ENDING_RESET, .cause = (int8_t)cause, .bytes = 10 };

                        share.severity = cause == 0 ? SEVERITY_BAD : SEVERITY_FINE;
                        share.missing = cause == 1;
                        totals_count(&totals, &share);
                }
        summary_write(file, &totals, &style);
        fclose(file);
        assert_string_equal(text, "       15  reset        5 of them bad; causes of all 15:\n"
                                  "                        5 unread-data\n"
                                  "                        4 zero-linger\n"
                                  "                        3 disconnect\n"
                                  "                        2 sock-destroyed\n"
                                  "                        1 otherwise\n"
                                  "  150 bytes sent, none known to be lost or in doubt\n"
                                  "  The capture lost segments: of 4 connections, and of others, too, perhaps\n");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_ending_has_its_words),
                cmocka_unit_test(a_reset_says_who_had_closed_and_how_long_all_was_silent),
                cmocka_unit_test(bytes_in_doubt_and_lost_are_told_apart),
                cmocka_unit_test(causes_are_stated_only_as_surely_as_they_are_known),
                cmocka_unit_test(totals_can_be_taken_back),
                cmocka_unit_test(more_kinds_of_reasons_than_there_is_room_for_are_counted),
                cmocka_unit_test(a_summary_names_the_commonest_reasons_and_counts_the_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
