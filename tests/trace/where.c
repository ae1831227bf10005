/* A child stops in a known function, called from a known one: both are found on its stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/registers.h"
#include "trace/where.h"

#define KEEPS_FRAME_POINTER \
        __attribute__((noinline, noclone, optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")))
#if defined(__clang__)
#undef KEEPS_FRAME_POINTER
#define KEEPS_FRAME_POINTER __attribute__((noinline))
#endif

static volatile int depth;

KEEPS_FRAME_POINTER static void inner_of_two(void)
{
        kill(getpid(), SIGSTOP);
        depth++;
}

KEEPS_FRAME_POINTER static void outer_of_two(void)
{
        inner_of_two();
        depth++;
}

static pid_t stopped_child(void)
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                ptrace(PTRACE_TRACEME, 0, NULL, NULL);
                outer_of_two();
                _exit(0);
        }
        if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
                print_message("# skipped: a child cannot be traced here\n");
                skip();
        }
        return pid;
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

/* Functions are short: the next begins within so many bytes. */
static bool lies_in(uint64_t pc, void (*function)(void))
{
        uint64_t begin = (uint64_t)(uintptr_t)function;

        return pc >= begin && pc - begin < 128;
}

static void frame_pointers_lead_to_the_callers(void **state)
{
        pid_t pid = stopped_child();
        struct registers registers;
        bool outer = false;
        uint64_t pcs[WHERE_FRAMES_MAX];
        size_t n;

        (void)state;
        assert_int_equal(registers_of(pid, &registers), 0);
        n = where_by_frame_pointers(pid, registers.pc, registers.frame, pcs, WHERE_FRAMES_MAX);
        end(pid);
        assert_int_equal(pcs[0], registers.pc);
#if defined(__clang__)
        /* It keeps frame pointers only where all of the program is told to. */
        (void)outer;
        skip();
#endif
        for (size_t i = 1; i < n; i++)
                outer = outer || lies_in(pcs[i], outer_of_two);
        assert_true(outer);
}

static void a_frame_pointer_that_leads_nowhere_ends_the_list(void **state)
{
        pid_t pid = stopped_child();
        uint64_t pcs[WHERE_FRAMES_MAX];

        (void)state;
        assert_int_equal(where_by_frame_pointers(pid, 1, 0, pcs, WHERE_FRAMES_MAX), 1);
        assert_int_equal(where_by_frame_pointers(pid, 1, 4099, pcs, WHERE_FRAMES_MAX), 1);
        assert_int_equal(where_by_frame_pointers(pid, 1, 8, pcs, WHERE_FRAMES_MAX), 1);
        assert_int_equal(where_by_frame_pointers(pid, 1, UINT64_MAX - 7, pcs, WHERE_FRAMES_MAX), 1);
        end(pid);
}

static void frames_are_named_by_module_and_function(void **state)
{
        pid_t pid = stopped_child();
        struct where where;
        size_t inner = WHERE_FRAMES_MAX;
        int r = where_of(pid, pid, &where);

        (void)state;
        end(pid);
        assert_int_equal(r, 0);
        assert_true(where.n > 0);
        if (where.by_frame_pointers) {
                print_message("# skipped: libdw is not here\n");
                skip();
        }
        for (size_t i = 0; i + 1 < where.n; i++)
                if (strcmp(where.frames[i].symbol, "inner_of_two") == 0)
                        inner = i;
        assert_true(inner < WHERE_FRAMES_MAX);
        assert_string_equal(where.frames[inner + 1].symbol, "outer_of_two");
        assert_string_equal(where.frames[inner].module, "trace_where_test");
        assert_true(where.frames[inner].offset != 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frame_pointers_lead_to_the_callers),
                cmocka_unit_test(a_frame_pointer_that_leads_nowhere_ends_the_list),
                cmocka_unit_test(frames_are_named_by_module_and_function),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
