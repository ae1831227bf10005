/* Every word has a name and a sentence of its own, and is found by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "words/act.h"
#include "words/cause.h"
#include "words/certainty.h"
#include "words/closed.h"
#include "words/conn_state.h"
#include "words/ending.h"
#include "words/errno_name.h"
#include "words/fate.h"
#include "words/how.h"
#include "words/icmp_error.h"
#include "words/os.h"
#include "words/reset.h"
#include "words/reset_reason.h"
#include "words/retry.h"
#include "words/roles.h"
#include "words/segment_kind.h"
#include "words/severity.h"
#include "words/side.h"
#include "words/sides_seen.h"
#include "words/source.h"
#include "words/tcp_state.h"

/* Walks one set from `first` to before `end`. */
#define CHECK_SET(set, first, end)                                                                 \
        do {                                                                                       \
                for (int i = (first); i < (int)(end); i++) {                                       \
                        const char *name = set##_name((enum set)i);                                \
                        const char *sentence = set##_sentence((enum set)i);                        \
                        enum set found = (enum set)(i + 1);                                        \
                                                                                                   \
                        assert_non_null(name);                                                     \
                        assert_non_null(sentence);                                                 \
                        assert_true(strlen(name) > 0);                                             \
                        assert_int_equal(sentence[strlen(sentence) - 1], '.');                     \
                        assert_int_equal(set##_find(name, &found), 0);                             \
                        assert_int_equal(found, i); /* so no two share a name */                   \
                }                                                                                  \
                assert_null(set##_name((enum set)(end)));                                          \
                assert_null(set##_sentence((enum set)(end)));                                      \
                assert_null(set##_name((enum set)(-1)));                                           \
        } while (0)

static void every_word_has_a_name_and_a_sentence_and_is_found(void **state)
{
        (void)state;
        CHECK_SET(act, 0, N_ACTS);
        CHECK_SET(cause, 0, N_CAUSES);
        CHECK_SET(certainty, 0, N_CERTAINTIES);
        CHECK_SET(closed, 0, N_CLOSEDS);
        CHECK_SET(conn_state, 0, N_CONN_STATES);
        CHECK_SET(ending, 0, N_ENDINGS);
        CHECK_SET(fate, 0, N_FATES);
        CHECK_SET(how, 0, N_HOWS);
        CHECK_SET(icmp_error, 0, N_ICMP_ERRORS);
        CHECK_SET(os, 0, N_OSES);
        CHECK_SET(reset_kind, 0, N_RESET_KINDS);
        CHECK_SET(reset_validity, 0, N_RESET_VALIDITIES);
        CHECK_SET(reset_reason, 0, N_RESET_REASONS);
        CHECK_SET(retry, 0, N_RETRIES);
        CHECK_SET(roles, 0, N_ROLES);
        CHECK_SET(segment_kind, 0, N_SEGMENT_KINDS);
        CHECK_SET(severity, 0, N_SEVERITIES);
        CHECK_SET(side, 0, N_SIDES);
        CHECK_SET(sides_seen, 0, N_SIDES_SEEN);
        CHECK_SET(source, 0, N_SOURCES);
        CHECK_SET(tcp_state, TCP_STATE_ESTABLISHED, N_TCP_STATES);
}

static void a_name_that_no_word_has_is_not_found(void **state)
{
        enum cause cause = CAUSE_MEMORY;

        (void)state;
        assert_int_equal(cause_find("", &cause), -ENOENT);
        assert_int_equal(cause_find("unread", &cause), -ENOENT);
        assert_int_equal(cause_find("unread-data-", &cause), -ENOENT);
        assert_int_equal(cause, CAUSE_MEMORY); /* untouched on failure */
}

static void neither_case_nor_dashes_matter(void **state)
{
        enum cause cause;
        enum tcp_state tcp_state;

        (void)state;
        assert_int_equal(cause_find("Unread_Data", &cause), 0);
        assert_int_equal(cause, CAUSE_UNREAD_DATA);
        assert_int_equal(tcp_state_find("fin-wait1", &tcp_state), 0);
        assert_int_equal(tcp_state, TCP_STATE_FIN_WAIT1);
        assert_true(text_same_name("", ""));
        assert_false(text_same_name("a", "ab"));
        assert_false(text_same_name("ab", "a"));
        assert_false(text_same_name("@", "`")); /* folding touches letters only */
}

static void no_cause_has_no_name(void **state)
{
        (void)state;
        assert_null(cause_name(CAUSE_NONE));
        assert_null(cause_sentence(CAUSE_NONE));
        assert_null(tcp_state_name(TCP_STATE_UNKNOWN));
}

static void a_reset_reason_is_found_with_the_kernels_prefix(void **state)
{
        enum reset_reason reason;

        (void)state;
        assert_int_equal(reset_reason_find("SK_RST_REASON_TCP_STATE", &reason), 0);
        assert_int_equal(reason, RESET_REASON_TCP_STATE);
        assert_int_equal(RESET_REASON_TCP_STATE, 14); /* of 6.12 to 7.3 */
        assert_int_equal(RESET_REASON_MAX, 25);
        assert_int_equal(reset_reason_find("SK_RST_REASON_", &reason), -ENOENT);
}

static void errnos_are_named_whatever_their_sign(void **state)
{
        int number;

        (void)state;
        assert_string_equal(errno_name(ECONNRESET), "ECONNRESET");
        assert_string_equal(errno_name(-EPIPE), "EPIPE");
        assert_string_equal(errno_name(0), "0");
        assert_null(errno_name(512)); /* ERESTARTSYS: the kernel's own */
        assert_null(errno_name(41));  /* a hole in the numbers */
        assert_null(errno_name(INT_MAX));
        assert_null(errno_name(INT_MIN));
        assert_int_equal(errno_find("etimedout", &number), 0);
        assert_int_equal(number, ETIMEDOUT);
        assert_int_equal(errno_find("EWOULDBLOCK", &number), 0);
        assert_int_equal(number, EAGAIN);
        assert_int_equal(errno_find("EFOO", &number), -ENOENT);
}

static void errno_names_are_those_of_the_c_library(void **state)
{
        (void)state;
#ifdef __GLIBC__
        for (int i = 1; i < 200; i++) {
                const char *ours = errno_name(i), *theirs = strerrorname_np(i);

                if (ours && theirs)
                        assert_string_equal(ours, theirs);
                else
                        assert_ptr_equal(ours, theirs);
        }
#else
        skip();
#endif
}

static void states_have_the_kernels_numbers(void **state)
{
        (void)state;
        assert_int_equal(TCP_STATE_ESTABLISHED, 1);
        assert_int_equal(TCP_STATE_CLOSE, 7);
        assert_int_equal(TCP_STATE_LISTEN, 10);
        assert_int_equal(TCP_STATE_NEW_SYN_RECV, 12);
        assert_string_equal(tcp_state_name(TCP_STATE_CLOSE_WAIT), "CLOSE_WAIT");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_word_has_a_name_and_a_sentence_and_is_found),
                cmocka_unit_test(a_name_that_no_word_has_is_not_found),
                cmocka_unit_test(neither_case_nor_dashes_matter),
                cmocka_unit_test(no_cause_has_no_name),
                cmocka_unit_test(a_reset_reason_is_found_with_the_kernels_prefix),
                cmocka_unit_test(errnos_are_named_whatever_their_sign),
                cmocka_unit_test(errno_names_are_those_of_the_c_library),
                cmocka_unit_test(states_have_the_kernels_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
