/* Where the model is wrong the lab must say so: rules are broken on purpose, and the command is run whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "endpoint/rules.h"

#define SAID_MAX 65536

/* The tables are constant for everybody else: their pages are opened for writing here. */
static struct rule *rule_named(const char *name)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

        for (enum event_kind kind = 0; kind < N_EVENTS; kind++) {
                struct rule_table table = rules_for(kind);

                for (size_t i = 0; i < table.n; i++) {
                        uintptr_t from = (uintptr_t)&table.rules[i] / page * page;
                        uintptr_t end = (uintptr_t)(&table.rules[i] + 1);

                        if (strcmp(table.rules[i].name, name) != 0)
                                continue;
                        if (mprotect((void *)from, end - from, PROT_READ | PROT_WRITE) < 0)
                                fail_msg("mprotect: %s", strerror(errno));
                        return (struct rule *)(uintptr_t)&table.rules[i];
                }
        }
        fail_msg("no rule is named %s", name);
        return NULL;
}

/* Runs `finis lab` in a child, after `breaks` has had its way; its exit status, and what it said. */
static int run_lab(void (*breaks)(void), const char *const *words, char ret_said[static SAID_MAX])
{
        FILE *file = tmpfile();
        char *argv[8] = { NULL };
        int argc = 0, status;
        size_t n;
        pid_t pid;

        assert_non_null(file);
        for (; words[argc]; argc++)
                argv[argc] = (char *)(uintptr_t)words[argc];
        fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (breaks)
                        breaks();
                dup2(fileno(file), STDOUT_FILENO);
                status = lab_main(argc, argv);
                fflush(stdout);
                _exit(status);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        rewind(file);
        n = fread(ret_said, 1, SAID_MAX - 1, file);
        ret_said[n] = 0;
        fclose(file);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

#define STORY "seq:c.send10,s.recv,s.close,c.send1,c.send1,c.recv"

static const char *const plain[] = { "lab", "--no-namespace", "--table", STORY, NULL };
static const char *const json[] = { "lab", "--no-namespace", "--json", "--ipv4", STORY, NULL };

static void wrong_errno(void)
{
        rule_named("rst-after-fin")->error = ECONNRESET;
}

static void wrong_signal(void)
{
        rule_named("send-takes-the-error")->does &= ~(uint32_t)SIGPIPE_IF_EPIPE;
}

static void wrong_count(void)
{
        rule_named("recv-data")->gives = GIVES_ZERO;
}

static void wrong_state(void)
{
        rule_named("fin-first")->next = TCP_STATE_CLOSING;
}

static void wrong_state_of_the_reset(void)
{
        rule_named("rst")->next = TCP_STATE_CLOSE_WAIT;
}

static void a_right_model_agrees(void **state)
{
        char said[SAID_MAX];

        (void)state;
        assert_int_equal(run_lab(NULL, plain, said), 0);
        assert_non_null(strstr(said, "1 agree, 0 disagree"));
}

static void a_wrong_result_is_a_disagreement_by_its_rule(void **state)
{
        static const struct {
                void (*breaks)(void);
                const char *says, *rule;
        } rows[] = {
                { wrong_errno, "gave EPIPE+SIGPIPE, the model says ECONNRESET", "rule: send-takes-the-error" },
                { wrong_signal, "gave EPIPE+SIGPIPE, the model says EPIPE", "rule: send-takes-the-error" },
                { wrong_count, "gave 10, the model says 0", "rule: recv-data" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                char said[SAID_MAX];

                assert_int_equal(run_lab(rows[i].breaks, plain, said), 1);
                if (!strstr(said, "DISAGREES") || !strstr(said, rows[i].says) || !strstr(said, rows[i].rule))
                        fail_msg("row %zu: %s", i, said);
        }
}

static void the_json_says_so_too(void **state)
{
        char said[SAID_MAX];

        (void)state;
        assert_int_equal(run_lab(wrong_errno, json, said), 1);
        assert_non_null(strstr(said, "\"verdict\":\"disagrees\""));
        assert_non_null(strstr(said, "\"rule\":\"send-takes-the-error\""));
}

/* The longest: the kernel is given its time to come to the state that the model says. */
static void a_wrong_state_is_a_disagreement(void **state)
{
        char said[SAID_MAX];

        (void)state;
        assert_int_equal(run_lab(wrong_state, json, said), 1);
        assert_non_null(strstr(said, "is in CLOSE_WAIT, by the model in CLOSING"));
}

/* Nobody holds a descriptor of what waits to be accepted: the kernel is asked by the addresses. */
static void a_wrong_state_in_the_accept_queue_is_one_too(void **state)
{
        static const char *const words[] = { "lab", "--no-namespace", "--json", "--ipv4",
                                             "seq-unconnected:l.listen,c.connect,c.connect-unspec", NULL };
        char said[SAID_MAX];

        (void)state;
        assert_int_equal(run_lab(NULL, words, said), 0);
        assert_int_equal(run_lab(wrong_state_of_the_reset, words, said), 1);
        assert_non_null(strstr(said, "the queued server is in CLOSE, by the model in CLOSE_WAIT"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_right_model_agrees),
                cmocka_unit_test(a_wrong_result_is_a_disagreement_by_its_rule),
                cmocka_unit_test(the_json_says_so_too),
                cmocka_unit_test(a_wrong_state_is_a_disagreement),
                cmocka_unit_test(a_wrong_state_in_the_accept_queue_is_one_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
