/* The one that was called is the parent; the tracer is its child, and the program the tracer's. */
#include "cli/run_guard.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_FAILED = 125 };

static volatile sig_atomic_t worker;
static pid_t guard;

static void pass_on(int signal)
{
        if (worker > 0)
                kill(worker, signal);
}

static void take_signals(void)
{
        static const int passed[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT };
        /* The terminal sends these to its whole group, the program among it. */
        static const int left[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
        struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

        for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
                sigaction(passed[i], &action, NULL);
        action.sa_handler = SIG_IGN;
        for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++)
                sigaction(left[i], &action, NULL);
}

int run_guard(int (*work)(void *context), void *context, const sigset_t *mask)
{
        pid_t pid;
        int status;

        guard = getpid();
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_NAME, "finis-tracer");
                status = work(context);
                fflush(NULL);
                _exit(status);
        }
        if (pid < 0) {
                fprintf(stderr, "finis run: starting the tracer: %m\n");
                return STATUS_FAILED;
        }
        worker = pid;
        take_signals();
        sigprocmask(SIG_SETMASK, mask, NULL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        fprintf(stderr, "finis run: the tracer was ended by signal %d; the program may live on, but calls fail in it "
                "with ENOSYS\n", WTERMSIG(status));
        return STATUS_FAILED;
}

void run_guard_stopped(bool stopped)
{
        if (!run_guard_is_alone())
                kill(guard, stopped ? SIGSTOP : SIGCONT);
}

bool run_guard_is_alone(void)
{
        return getppid() != guard;
}
