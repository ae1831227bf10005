/* Tests of src/explain/lookup.c, and that every word of src/words has a page to look up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/lookup.h"
#include "explain/model.h"
#include "words/cause.h"
#include "words/conn_state.h"
#include "words/ending.h"
#include "words/reset_reason.h"

/* The page of a word that is listed under its own kind, not merely an alias of something else. */
static const struct explain_page *page_of(const char *name, enum explain_kind kind)
{
        for (size_t i = 0; i < n_explain_words; i++)
                if (explain_words[i].kind == kind && strcmp(explain_words[i].name, name) == 0)
                        return explain_words[i].page;
        return NULL;
}

static void assert_page(const char *name, enum explain_kind kind)
{
        const struct explain_page *page = page_of(name, kind);

        if (page == NULL)
                fail_msg("%s has no page of its kind", name);
        assert_ptr_equal(explain_find(name), page);
}

static void every_ending_has_a_page(void **state)
{
        (void)state;
        for (int i = 0; i < N_ENDINGS; i++)
                assert_page(ending_name((enum ending)i), EXPLAIN_KIND_ENDING);
}

static void every_cause_has_a_page(void **state)
{
        (void)state;
        for (int i = 0; i < N_CAUSES; i++)
                assert_page(cause_name((enum cause)i), EXPLAIN_KIND_CAUSE);
}

static void every_reset_reason_has_a_page(void **state)
{
        (void)state;
        for (int i = 0; i < N_RESET_REASONS; i++)
                assert_page(reset_reason_name((enum reset_reason)i), EXPLAIN_KIND_RESET_REASON);
}

static void every_conn_state_has_a_page(void **state)
{
        (void)state;
        for (int i = 0; i < N_CONN_STATES; i++)
                assert_page(conn_state_name((enum conn_state)i), EXPLAIN_KIND_CONN_STATE);
}

/* The other way round: a page does not speak of an ending that no record can have. */
static void no_page_invents_a_word(void **state)
{
        (void)state;
        for (size_t i = 0; i < n_explain_words; i++) {
                const struct explain_word *word = &explain_words[i];
                enum ending ending;
                enum cause cause;
                enum reset_reason reason;
                enum conn_state conn_state;
                int r = 0;

                if (word->kind == EXPLAIN_KIND_ENDING)
                        r = ending_find(word->name, &ending);
                else if (word->kind == EXPLAIN_KIND_CAUSE)
                        r = cause_find(word->name, &cause);
                else if (word->kind == EXPLAIN_KIND_RESET_REASON)
                        r = reset_reason_find(word->name, &reason);
                else if (word->kind == EXPLAIN_KIND_CONN_STATE)
                        r = conn_state_find(word->name, &conn_state);
                if (r != 0)
                        fail_msg("%s is no such word", word->name);
        }
}

static void the_words_of_the_contract_have_pages(void **state)
{
        static const char *const words[] = {
                "ECONNRESET", "EPIPE", "SIGPIPE", "ETIMEDOUT", "ECONNREFUSED", "ECONNABORTED",
                "EHOSTUNREACH", "ENETUNREACH", "ENOTCONN", "SO_LINGER", "SO_ERROR", "half-close",
                "FIN", "RST", "TIME_WAIT", "CLOSE_WAIT",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (explain_find(words[i]) == NULL)
                        fail_msg("%s has no page", words[i]);
}

static void a_word_is_found_however_it_is_written(void **state)
{
        static const struct {
                const char *typed, *word;
        } rows[] = {
                { "econnreset", "ECONNRESET" },
                { "EConnReset", "ECONNRESET" },
                { "104", "ECONNRESET" },
                { "Connection reset by peer", "ECONNRESET" },
                { "connection_reset-by peer ", "ECONNRESET" },
                { "so-linger", "SO_LINGER" },
                { "so_linger", "SO_LINGER" },
                { "linger", "SO_LINGER" },
                { "SO LINGER", "SO_LINGER" },
                { "close()", "close" },
                { "  time  wait ", "TIME_WAIT" },
                { "--FIN--", "FIN" },
                { "SK_RST_REASON_TCP_STATE", "TCP_STATE" },
                { "sk-rst-reason-no-socket", "NO_SOCKET" },
                { "S0", "s0" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_non_null(explain_find(rows[i].word));
                if (explain_find(rows[i].typed) != explain_find(rows[i].word))
                        fail_msg("'%s' does not lead to %s", rows[i].typed, rows[i].word);
        }
}

static void a_word_that_is_none_finds_nothing(void **state)
{
        char longest[4096];
        static const char *const typed[] = { "", " ", "-", "_", "()", "ECONNRESE", "ECONNRESETS",
                                             "E CONNRESET", "SK_RST_REASON_", "\001", "../reset" };

        (void)state;
        for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
                assert_null(explain_find(typed[i]));
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        assert_null(explain_find(longest));
        /* A page's name, and too much behind it. */
        memset(longest, '-', sizeof(longest) - 1);
        memcpy(longest, "reset", 5);
        longest[sizeof(longest) - 2] = 'x';
        assert_null(explain_find(longest));
}

static void a_message_is_searched_for_the_longest_phrase(void **state)
{
        static const struct {
                const char *message, *word; /* NULL: nothing is found */
        } rows[] = {
                { "read tcp 10.0.0.1:80->10.0.0.2:5: read: connection reset by peer", "ECONNRESET" },
                { "[Errno 32] Broken pipe", "EPIPE" },
                { "Connection refused (os error 111)", "ECONNREFUSED" },
                { "java.net.SocketException: Connection reset", "ECONNRESET" },
                { "connect: Connection timed out.", "ETIMEDOUT" },
                { "it is in time wait, he said", "TIME_WAIT" },
                { "no route to host", "EHOSTUNREACH" },
                { "a reset", NULL },
                { "reset", NULL },
                { "", NULL },
                { " : ", NULL },
        };
        char longest[4096];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct explain_page *page = explain_find_within(rows[i].message);

                if (rows[i].word == NULL)
                        assert_null(page);
                else if (page == NULL || page != explain_find(rows[i].word))
                        fail_msg("'%s' does not lead to %s", rows[i].message, rows[i].word);
        }
        for (size_t i = 0; i < sizeof(longest); i++)
                longest[i] = i % 3 ? 'x' : ' ';
        longest[sizeof(longest) - 1] = '\0';
        assert_null(explain_find_within(longest));
}

static void a_key_fits_its_room(void **state)
{
        char typed[2 * EXPLAIN_KEY_MAX], key[EXPLAIN_KEY_MAX + 1];

        (void)state;
        /* Letters, then gaps and letters in turn, so that the end falls on either. */
        for (size_t n = 0; n < sizeof(typed); n++) {
                for (size_t letters = 0; letters < 4; letters++) {
                        for (size_t i = 0; i < n; i++)
                                typed[i] = i < letters || (i - letters) % 2 ? 'a' : '_';
                        typed[n] = '\0';
                        key[EXPLAIN_KEY_MAX] = '!';
                        explain_key(typed, key);
                        assert_true(strlen(key) < EXPLAIN_KEY_MAX);
                        assert_int_equal(key[EXPLAIN_KEY_MAX], '!');
                }
        }
}

static void no_two_words_are_typed_alike(void **state)
{
        const size_t n = n_explain_words + n_explain_aliases;

        (void)state;
        for (size_t i = 0; i < n; i++) {
                const char *key = i < n_explain_words ?
                        explain_words[i].key : explain_aliases[i - n_explain_words].key;
                char again[EXPLAIN_KEY_MAX];

                /* The keys that were made at build time are those that lookup makes. */
                explain_key(key, again);
                assert_string_equal(again, key);
                if (i < n_explain_words) {
                        explain_key(explain_words[i].name, again);
                        assert_string_equal(again, key);
                }
                for (size_t j = 0; j < i; j++) {
                        const char *other = j < n_explain_words ?
                                explain_words[j].key : explain_aliases[j - n_explain_words].key;

                        if (strcmp(key, other) == 0)
                                fail_msg("%s is taken twice", key);
                }
        }
}

static void words_are_sorted_by_kind(void **state)
{
        (void)state;
        for (size_t i = 1; i < n_explain_words; i++) {
                assert_true(explain_words[i - 1].kind <= explain_words[i].kind);
                if (explain_words[i - 1].kind == explain_words[i].kind)
                        assert_true(strcmp(explain_words[i - 1].key, explain_words[i].key) < 0);
        }
}

/* The text in a page is what the model says; else the page must be written anew. */
static void a_models_table_in_a_page_is_the_models(void **state)
{
        size_t n_tables = 0, n_wrong = 0;

        (void)state;
        for (size_t i = 0; i < n_explain_pages; i++) {
                for (size_t j = 0; j < explain_pages[i].n_blocks; j++) {
                        const struct explain_block *block = &explain_pages[i].blocks[j];
                        char name[16], *table = NULL;
                        size_t n_table = 0;

                        if (block->kind != EXPLAIN_MODEL)
                                continue;
                        const char *text = strchr(block->text, EXPLAIN_CELL);
                        assert_non_null(text);
                        snprintf(name, sizeof(name), "%.*s", (int)(text - block->text), block->text);
                        FILE *memory = open_memstream(&table, &n_table);
                        assert_non_null(memory);
                        const int r = explain_model_write(memory, name);
                        fclose(memory);
                        /* The page's text lacks the last line's end. */
                        if (r == 0 && (n_table != strlen(text + 1) + 1 ||
                                       memcmp(table, text + 1, n_table - 1) != 0)) {
                                n_wrong++;
                                print_message("# %s, table %s: the model says\n%s",
                                              explain_pages[i].file, name, table);
                        } else if (r != 0) {
                                assert_int_equal(r, -ENOENT);
                        }
                        n_tables += r == 0;
                        free(table);
                }
        }
        if (n_tables == 0) {
                print_message("# skipped: this build's model writes no tables\n");
                skip();
        }
        assert_int_equal(n_wrong, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_ending_has_a_page),
                cmocka_unit_test(every_cause_has_a_page),
                cmocka_unit_test(every_reset_reason_has_a_page),
                cmocka_unit_test(every_conn_state_has_a_page),
                cmocka_unit_test(no_page_invents_a_word),
                cmocka_unit_test(the_words_of_the_contract_have_pages),
                cmocka_unit_test(a_word_is_found_however_it_is_written),
                cmocka_unit_test(a_word_that_is_none_finds_nothing),
                cmocka_unit_test(a_message_is_searched_for_the_longest_phrase),
                cmocka_unit_test(a_key_fits_its_room),
                cmocka_unit_test(no_two_words_are_typed_alike),
                cmocka_unit_test(words_are_sorted_by_kind),
                cmocka_unit_test(a_models_table_in_a_page_is_the_models),
        };

        return cmocka_run_group_tests_name("explain/lookup", tests, NULL, NULL);
}
