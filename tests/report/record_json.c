/* The record as JSON: the whole line, and what becomes of hostile names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ending/judge.h"
#include "report/record_json.h"
#include "report/told.h"
#include "samples.h"

/* The line, to be freed. */
static char *line_of(const struct record *r, unsigned flags)
{
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);

        assert_non_null(file);
        assert_int_equal(record_write_json(file, r, flags), 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(strlen(text), size);
        return text;
}

static void of_an_unknown_connection_every_key_is_there_and_null(void **state)
{
        static const char expected[] =
                "{\"finis\":1,\"source\":\"capture\",\"id\":\"1.1\",\"rev\":1,"
                "\"client\":{\"ip\":\"192.0.2.1\",\"port\":1,\"os\":null,"
                "\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null},"
                "\"server\":{\"ip\":\"192.0.2.2\",\"port\":2,\"os\":null,"
                "\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null},"
                "\"started\":null,\"ended\":null,\"duration\":null,\"idle_before\":null,"
                "\"ending\":\"unseen\",\"ongoing\":true,\"ended_by\":null,\"silent\":null,\"severity\":\"fine\","
                "\"cause\":null,\"causes\":[],\"certainty\":\"possible\","
                "\"to_server\":{\"bytes\":null,\"acked\":null,\"acked_by_reset\":null,\"uncertain\":null,"
                "\"unsent\":null,\"unread\":null,\"closed\":null,\"fin_acked\":null,\"retransmitted\":null,"
                "\"missing\":null,\"packets\":null,\"fate\":\"unknown\"},"
                "\"to_client\":{\"bytes\":null,\"acked\":null,\"acked_by_reset\":null,\"uncertain\":null,"
                "\"unsent\":null,\"unread\":null,\"closed\":null,\"fin_acked\":null,\"retransmitted\":null,"
                "\"missing\":null,\"packets\":null,\"fate\":\"unknown\"},"
                "\"reset\":null,\"acts\":{\"client\":null,\"server\":null},"
                "\"client_next\":null,\"client_saw\":null,\"server_next\":null,\"server_saw\":null,"
                "\"seen\":{\"roles\":\"first\",\"sides\":\"none\",\"gaps\":false,\"cut\":false,\"both_ends\":false},"
                "\"retry\":\"unknown\",\"conn_state\":null,\"history\":null,\"file\":null,\"frames\":null}\n";
        struct record r;
        char *line;

        (void)state;
        record_init(&r, SOURCE_CAPTURE, "1.1");
        strcpy(r.client.ip, "192.0.2.1");
        strcpy(r.server.ip, "192.0.2.2");
        r.client.port = 1;
        r.server.port = 2;
        r.ongoing = true;
        line = line_of(&r, 0);
        assert_string_equal(line, expected);
        free(line);
}

static void a_hostile_name_cannot_leave_its_string(void **state)
{
        struct record r;
        char *line;

        (void)state;
        sample_hostile(&r);
        line = line_of(&r, RECORD_JSON_EVIDENCE);
        for (const char *p = line; *p && p[1]; p++)
                assert_true((unsigned char)*p >= 0x20 && *p != 0x7f); /* one line, no control character */
        assert_null(strstr(line, "\"finis\":2"));
        assert_non_null(strstr(line, "\"id\":\"\\\"},{\\\"finis\\\":2,\\\"x\\\":\\\"\""));
        assert_non_null(strstr(line, "\"comm\":\"\\u001b[2J\\u0007\\u000d\""));
        assert_non_null(strstr(line, "\"cgroup\":\"/\\u202egnp.exe\""));
        assert_non_null(strstr(line, "\"comm\":\"a\\\\u0000\\\"b\""));
        assert_non_null(strstr(line, "\"evidence\":[\"a \\\"quoted\\\"\\u000aline\",\"\\ufffd\\ufffd\"]}"));
        free(line);
}

/* What ended in order, told in short and at length: its id and its history are the same, whatever stands where. */
static void short_records_have_the_same_texts(void **state)
{
        char id[64] = "", history[64] = "";
        struct facts f;
        struct record r;

        (void)state;
        facts_init(&f, SOURCE_CAPTURE);
        f.seen.roles = ROLES_SYN;
        f.seen.sides = SIDES_SEEN_BOTH;
        f.both_acked = (struct fact_flag){ HOW_SEEN, true };
        f.first = (struct fact_time){ HOW_SEEN, 1 };
        for (int side = 0; side < 2; side++) {
                struct facts_of_direction *from = &f.from[side];

                from->bytes = from->acked = from->packets = (struct fact_count){ HOW_SEEN, 4 };
                from->retransmitted = from->missing = (struct fact_count){ HOW_SEEN, 0 };
                from->fin = from->fin_acked = (struct fact_flag){ HOW_SEEN, true };
                from->before_fin = from->fin_at = from->fin_acked_at = (struct fact_time){ HOW_SEEN, 1 };
        }
        record_init(&r, SOURCE_CAPTURE, id);
        assert_true(judge_again(&f, &r));
        r.history = history;
        r.file = r.first_frame = r.last_frame = known_u64(1);
        r.conn_state_known = true;
        r.conn_state = CONN_STATE_SF;
        for (int c = 1; c < 256; c++)
                for (size_t n = 0; n < 20; n++) {
                        char *one, *other;

                        memset(id, 'x', sizeof(id));
                        memset(history, n % 2 ? '"' : 'y', sizeof(history));
                        id[n] = '\0';
                        id[n / 2] = n > 0 ? (char)c : '\0';
                        memset(history, 'h', n);
                        if (n > 0)
                                history[n - 1] = (char)c;
                        history[n] = '\0';
                        memset(r.client.ip, 0, sizeof(r.client.ip));
                        memset(r.client.ip, 'a', 2 * n);
                        r.plain = false;
                        one = line_of(&r, 0);
                        r.plain = true;
                        other = line_of(&r, 0);
                        assert_string_equal(one, other);
                        assert_int_equal(strcspn(strstr(other, "\"ip\":\"") + 6, "\""), 2 * n);
                        free(one);
                        free(other);
                }
}

static void evidence_comes_only_on_demand(void **state)
{
        struct record r;
        char *line;

        (void)state;
        sample_hostile(&r);
        line = line_of(&r, 0);
        assert_null(strstr(line, "evidence"));
        free(line);
}

static void the_samples_keep_the_rules(void **state)
{
        struct record r;
        size_t n = 0;

        (void)state;
        sample_loopback(&r);
        assert_null(record_fault(&r));
        for (; sample_word(n, &r) == 0; n++)
                if (r.ending != ENDING_OPEN) /* one of them is made to be printed only */
                        assert_ptr_equal(record_fault(&r), NULL);
        assert_true(n > N_CAUSES + N_ENDINGS);
}

static void a_full_disk_is_told(void **state)
{
        FILE *file = fopen("/dev/full", "w");
        struct record r;

        (void)state;
        if (!file)
                skip();
        setvbuf(file, NULL, _IONBF, 0);
        sample_loopback(&r);
        assert_int_equal(record_write_json(file, &r, 0), -ENOSPC);
        fclose(file);
}

/* As most records are: it ended in order and all is known of it. */
static void make_usual(struct record *r)
{
        const struct record_direction d = {
                .bytes = known_u64(7), .acked = known_u64(7), .uncertain = known_u64(0), .closed = CLOSED_FIN,
                .fin_acked = known_bool(true), .retransmitted = known_u64(0), .missing = known_u64(0),
                .packets = known_u64(12345), .fate = FATE_ACKED,
        };
        const struct record_next next = {
                .known = true, .if_recv = { { .kind = TOLD_BYTES } }, .n_if_recv = 1,
                .if_send = { { .kind = TOLD_ERROR, .error = EPIPE, .sigpipe = true } }, .n_if_send = 1,
        };

        record_init(r, SOURCE_CAPTURE, "1.1");
        strcpy(r->client.ip, "192.0.2.1");
        strcpy(r->server.ip, "192.0.2.2");
        r->started = known_i64(0);
        r->ended = known_i64(1500000000);
        r->duration = known_i64(1500000000);
        r->ending = ENDING_ORDERLY;
        r->ended_by = SIDE_CLIENT;
        r->certainty = CERTAINTY_CERTAIN;
        r->to_server = r->to_client = d;
        r->client_next = r->server_next = next;
        r->seen.roles = ROLES_SYN;
        r->seen.sides = SIDES_SEEN_BOTH;
        r->retry = RETRY_MAYBE_PROCESSED;
}

#define USUAL_DIRECTION \
        "{\"bytes\":7,\"acked\":7,\"acked_by_reset\":null,\"uncertain\":0,\"unsent\":null,\"unread\":null," \
        "\"closed\":\"fin\",\"fin_acked\":true,\"retransmitted\":0,\"missing\":0,\"packets\":12345,\"fate\":\"acked\"}"

static void the_usual_record_has_the_same_keys_and_words(void **state)
{
        static const char expected[] =
                "\"duration\":1.5,\"idle_before\":null,\"ending\":\"orderly\",\"ongoing\":false,"
                "\"ended_by\":\"client\",\"silent\":null,\"severity\":\"fine\",\"cause\":null,\"causes\":[],"
                "\"certainty\":\"certain\",\"to_server\":" USUAL_DIRECTION ",\"to_client\":" USUAL_DIRECTION ","
                "\"reset\":null,\"acts\":{\"client\":null,\"server\":null},"
                "\"client_next\":{\"if_recv\":[\"0\"],\"if_send\":[\"EPIPE+SIGPIPE\"]},\"client_saw\":null,"
                "\"server_next\":{\"if_recv\":[\"0\"],\"if_send\":[\"EPIPE+SIGPIPE\"]},\"server_saw\":null,"
                "\"seen\":{\"roles\":\"syn\",\"sides\":\"both\",\"gaps\":false,\"cut\":false,\"both_ends\":false},"
                "\"retry\":\"maybe-processed\",\"conn_state\":null,\"history\":null,\"file\":null,\"frames\":null}\n";
        struct record r;
        char *line;

        (void)state;
        make_usual(&r);
        line = line_of(&r, 0);
        assert_non_null(strstr(line, expected));
        free(line);
}

/* One thing of the usual record is another, and is told. */
#define ASSERT_TOLD(change, expected)                                                              \
        do {                                                                                       \
                struct record r;                                                                   \
                char *line;                                                                        \
                make_usual(&r);                                                                    \
                change;                                                                            \
                line = line_of(&r, 0);                                                             \
                if (!strstr(line, (expected)))                                                     \
                        fail_msg("%s: no %s in %s", #change, (expected), line);                    \
                free(line);                                                                        \
        } while (0)

static void whatever_is_not_usual_is_told(void **state)
{
        (void)state;
        ASSERT_TOLD(r.to_client.bytes = known_u64(8), "to_client\":{\"bytes\":8,\"acked\":7,");
        ASSERT_TOLD(r.to_client.bytes.known = false, "to_client\":{\"bytes\":null,\"acked\":7,");
        ASSERT_TOLD(r.to_client.acked.known = false, "to_client\":{\"bytes\":7,\"acked\":null,");
        ASSERT_TOLD(r.to_server.acked_by_reset = known_u64(0), "\"acked_by_reset\":0,");
        ASSERT_TOLD(r.to_server.uncertain = known_u64(3), "\"uncertain\":3,");
        ASSERT_TOLD(r.to_server.uncertain.known = false, "\"uncertain\":null,");
        ASSERT_TOLD(r.to_server.unsent = known_u64(0), "\"unsent\":0,");
        ASSERT_TOLD(r.to_server.unread = known_u64(0), "\"unread\":0,");
        ASSERT_TOLD(r.to_server.closed = CLOSED_NO, "\"closed\":\"no\",");
        ASSERT_TOLD(r.to_server.fin_acked.value = false, "\"fin_acked\":false,");
        ASSERT_TOLD(r.to_server.fin_acked.known = false, "\"fin_acked\":null,");
        ASSERT_TOLD(r.to_server.retransmitted = known_u64(2), "\"retransmitted\":2,");
        ASSERT_TOLD(r.to_server.retransmitted.known = false, "\"retransmitted\":null,");
        ASSERT_TOLD(r.to_server.missing = known_u64(1), "\"missing\":1,");
        ASSERT_TOLD(r.to_server.missing.known = false, "\"missing\":null,");
        ASSERT_TOLD(r.to_server.packets.known = false, "\"packets\":null,");
        ASSERT_TOLD(r.to_server.fate = FATE_UNKNOWN, "\"fate\":\"unknown\"}");
        ASSERT_TOLD(r.ending = ENDING_OPEN, "\"ending\":\"open\"");
        ASSERT_TOLD(r.ongoing = true, "\"ongoing\":true");
        ASSERT_TOLD(r.ended_by = SIDE_UNKNOWN, "\"ended_by\":null");
        ASSERT_TOLD(r.silent = SIDE_SERVER, "\"silent\":\"server\"");
        ASSERT_TOLD(r.severity = SEVERITY_BAD, "\"severity\":\"bad\"");
        ASSERT_TOLD(r.cause = CAUSE_MEMORY, "\"cause\":\"memory\"");
        ASSERT_TOLD(record_add_cause(&r, CAUSE_MEMORY), "\"causes\":[\"memory\"]");
        ASSERT_TOLD(r.certainty = CERTAINTY_LIKELY, "\"certainty\":\"likely\"");
        ASSERT_TOLD(r.reset.seen = true, "\"reset\":{");
        ASSERT_TOLD(r.client_act.known = true, "\"acts\":{\"client\":{");
        ASSERT_TOLD(r.client_next.known = false, "\"client_next\":null");
        ASSERT_TOLD(r.client_next.if_recv[0].bytes = 1, "{\"if_recv\":[\"1\"],\"if_send\":[\"EPIPE+SIGPIPE\"]}");
        ASSERT_TOLD(r.client_next.if_recv[0].sigpipe = true, "{\"if_recv\":[\"0+SIGPIPE\"],");
        ASSERT_TOLD(r.client_next.if_send[0].sigpipe = false, "\"if_send\":[\"EPIPE\"]}");
        ASSERT_TOLD(r.client_next.if_send[0].kind = TOLD_SENT, "\"if_send\":[\"sent\"]}");
        ASSERT_TOLD(r.client_next.n_if_recv = 2, "{\"if_recv\":[\"0\",\"0\"],");
        ASSERT_TOLD(r.server_saw.known = true, "\"server_saw\":[]");
        ASSERT_TOLD(r.seen.roles = ROLES_PORTS, "\"seen\":{\"roles\":\"ports\",\"sides\":\"both\",");
        ASSERT_TOLD(r.seen.sides = SIDES_SEEN_CLIENT, "\"sides\":\"client\"");
        ASSERT_TOLD(r.seen.gaps = true, "\"gaps\":true");
        ASSERT_TOLD(r.seen.cut = true, "\"cut\":true");
        ASSERT_TOLD(r.seen.both_ends = true, "\"both_ends\":true");
        ASSERT_TOLD(r.retry = RETRY_SAFE, "\"retry\":\"safe\"");
}

static const char *side_word(enum side side)
{
        return side == SIDE_UNKNOWN ? NULL : side_name(side);
}

/* The words of a verdict put together in another way. */
static void write_verdict(const struct record *r, char *to, size_t n)
{
        FILE *file = fmemopen(to, n, "w");

        assert_non_null(file);
#define QUOTED(name) ((name) ? "\"" : ""), ((name) ? (name) : "null"), ((name) ? "\"" : "")
        fprintf(file, "\"ending\":%s%s%s,\"ongoing\":%s,", QUOTED(ending_name(r->ending)),
                r->ongoing ? "true" : "false");
        fprintf(file, "\"ended_by\":%s%s%s,\"silent\":%s%s%s,", QUOTED(side_word(r->ended_by)),
                QUOTED(side_word(r->silent)));
        fprintf(file, "\"severity\":%s%s%s,", QUOTED(severity_name(r->severity)));
        fprintf(file, "\"cause\":%s%s%s,\"causes\":[", QUOTED(cause_name(r->cause)));
        for (size_t i = 0; i < r->n_causes; i++)
                fprintf(file, "%s\"%s\"", i > 0 ? "," : "", cause_name(r->causes[i]));
        fprintf(file, "],\"certainty\":%s%s%s,\"to_server\"", QUOTED(certainty_name(r->certainty)));
        fclose(file);
}

static void write_tolds(FILE *file, const char *key, const struct told *told, size_t n)
{
        fprintf(file, "\"%s\":[", key);
        for (size_t i = 0; i < n; i++) {
                char text[TOLD_TEXT_MAX + 1];

                *told_put(text, &told[i]) = '\0';
                fprintf(file, "%s\"%s\"", i > 0 ? "," : "", text);
        }
        fputc(']', file);
}

static void write_next(const struct record_next *next, char *to, size_t n)
{
        FILE *file = fmemopen(to, n, "w");

        assert_non_null(file);
        fputs("\"client_next\":{", file);
        write_tolds(file, "if_recv", next->if_recv, next->n_if_recv);
        fputc(',', file);
        write_tolds(file, "if_send", next->if_send, next->n_if_send);
        fputs("},\"client_saw\"", file);
        fclose(file);
}

static unsigned below(uint64_t *seed, unsigned n)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(*seed >> 33) % n;
}

/* Few of each kind, so that many are alike but for one thing. */
static void make_told(uint64_t *seed, struct told *told)
{
        static const int errors[] = { 0, EPIPE, ECONNRESET, ETIMEDOUT, ECONNREFUSED, 2047, 2048 };

        *told = (struct told){ .kind = (enum told_kind)below(seed, 4),
                               .bytes = below(seed, 8) == 0 ? below(seed, 3) : 0,
                               .error = errors[below(seed, sizeof(errors) / sizeof(*errors))],
                               .sigpipe = below(seed, 3) == 0 };
}

static void make_next(uint64_t *seed, struct record_next *next)
{
        next->known = true;
        next->n_if_recv = below(seed, RECORD_NEXT_MAX + 1);
        next->n_if_send = below(seed, 3);
        for (size_t i = 0; i < next->n_if_recv; i++)
                make_told(seed, &next->if_recv[i]);
        for (size_t i = 0; i < next->n_if_send; i++)
                make_told(seed, &next->if_send[i]);
}

/* One verdict, of which a thing or two are another. */
static void make_verdict(uint64_t *seed, struct record *r)
{
        unsigned n_causes = below(seed, 12) ? below(seed, 3) : below(seed, N_CAUSES + 1);

        r->ending = ENDING_RESET;
        for (unsigned i = below(seed, 3); i > 0; i--)
                switch (below(seed, 7)) {
                case 0: r->ending = (enum ending)below(seed, N_ENDINGS); break;
                case 1: r->ongoing = !r->ongoing; break;
                case 2: r->ended_by = (enum side)below(seed, N_SIDES); break;
                case 3: r->silent = (enum side)below(seed, N_SIDES); break;
                case 4: r->severity = (enum severity)below(seed, N_SEVERITIES); break;
                case 5: r->certainty = (enum certainty)below(seed, N_CERTAINTIES); break;
                case 6:
                default: r->cause = (enum cause)((int)below(seed, N_CAUSES + 1) - 1); break;
                }
        for (unsigned i = 0; i < n_causes; i++)
                record_add_cause(r, (enum cause)below(seed, N_CAUSES));
}

/* Texts are kept and printed again: neither may be another's, and each comes twice in a row and again much later. */
static void what_is_kept_is_what_would_be_made(void **state)
{
        enum { DIFFERENT = 3000, ROUNDS = 20000 };
        uint64_t seed = 1;

        (void)state;
        for (unsigned i = 0; i < ROUNDS; i++) {
                uint64_t own = 1 + below(&seed, DIFFERENT);
                char verdict[2048], next[512];
                struct record r;
                char *line;

                record_init(&r, SOURCE_CAPTURE, "1.1");
                make_verdict(&own, &r);
                make_next(&own, &r.client_next);
                write_verdict(&r, verdict, sizeof(verdict));
                write_next(&r.client_next, next, sizeof(next));
                for (unsigned again = 0; again < 2; again++) {
                        line = line_of(&r, 0);
                        if (!strstr(line, verdict) || !strstr(line, next))
                                fail_msg("no %s or no %s in %s", verdict, next, line);
                        free(line);
                }
        }
}

/* Where 16 bytes can be read they are read at once, which is to make no difference. */
static void a_name_is_the_same_text_with_room_behind_it(void **state)
{
        static const char names[][32] = { "", "1", "1.363", "ShADadFf",
                                          "123456789012345", "1234567890123456", "12345678901234567",
                                          "a\"b", "\\", "tab\there", "\xc3\xa9",
                                          "1234567890123\"", "12345678901234\x7f" };
        struct record r;

        (void)state;
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
                        char *lines[2];

                        for (unsigned roomy = 0; roomy < 2; roomy++) {
                                record_init(&r, SOURCE_CAPTURE, names[i]);
                                r.history = names[k];
                                r.roomy = roomy;
                                lines[roomy] = line_of(&r, 0);
                        }
                        assert_string_equal(lines[0], lines[1]);
                        free(lines[0]);
                        free(lines[1]);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_an_unknown_connection_every_key_is_there_and_null),
                cmocka_unit_test(the_usual_record_has_the_same_keys_and_words),
                cmocka_unit_test(whatever_is_not_usual_is_told),
                cmocka_unit_test(what_is_kept_is_what_would_be_made),
                cmocka_unit_test(a_hostile_name_cannot_leave_its_string),
                cmocka_unit_test(short_records_have_the_same_texts),
                cmocka_unit_test(evidence_comes_only_on_demand),
                cmocka_unit_test(the_samples_keep_the_rules),
                cmocka_unit_test(a_full_disk_is_told),
                cmocka_unit_test(a_name_is_the_same_text_with_room_behind_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
