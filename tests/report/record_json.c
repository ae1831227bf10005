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

#include "report/record_json.h"
#include "samples.h"

/* The line, to be freed. */
static char *
line_of(const struct record *r, unsigned flags)
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

static void
of_an_unknown_connection_every_key_is_there_and_null(void **state)
{
        static const char expected[] =
                "{\"finis\":1,\"source\":\"capture\",\"id\":\"1.1\",\"rev\":1,"
                "\"client\":{\"ip\":\"192.0.2.1\",\"port\":1,\"os\":null,\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null},"
                "\"server\":{\"ip\":\"192.0.2.2\",\"port\":2,\"os\":null,\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null},"
                "\"started\":null,\"ended\":null,\"duration\":null,\"idle_before\":null,"
                "\"ending\":\"unseen\",\"ongoing\":true,\"ended_by\":null,\"silent\":null,\"severity\":\"fine\","
                "\"cause\":null,\"causes\":[],\"certainty\":\"possible\","
                "\"to_server\":{\"bytes\":null,\"acked\":null,\"acked_by_reset\":null,\"uncertain\":null,\"unsent\":null,\"unread\":null,\"closed\":null,\"fin_acked\":null,\"retransmitted\":null,\"missing\":null,\"packets\":null,\"fate\":\"unknown\"},"
                "\"to_client\":{\"bytes\":null,\"acked\":null,\"acked_by_reset\":null,\"uncertain\":null,\"unsent\":null,\"unread\":null,\"closed\":null,\"fin_acked\":null,\"retransmitted\":null,\"missing\":null,\"packets\":null,\"fate\":\"unknown\"},"
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

static void
a_hostile_name_cannot_leave_its_string(void **state)
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

static void
evidence_comes_only_on_demand(void **state)
{
        struct record r;
        char *line;

        (void)state;
        sample_hostile(&r);
        line = line_of(&r, 0);
        assert_null(strstr(line, "evidence"));
        free(line);
}

static void
the_samples_keep_the_rules(void **state)
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

static void
a_full_disk_is_told(void **state)
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

int
main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_an_unknown_connection_every_key_is_there_and_null),
                cmocka_unit_test(a_hostile_name_cannot_leave_its_string),
                cmocka_unit_test(evidence_comes_only_on_demand),
                cmocka_unit_test(the_samples_keep_the_rules),
                cmocka_unit_test(a_full_disk_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
