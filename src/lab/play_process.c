/* Descriptors and processes that share a socket: dup, fork, and how a child ends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/play_internal.h"

/* SIGTERM is how the child is told to call exit(). */
static void leave(int signal_number)
{
        (void)signal_number;
        _exit(0);
}

/* The child holds the one socket and nothing else of the play, and waits for its end. */
__attribute__((noreturn)) static void child(struct play *play, int end, int ready, pid_t parent)
{
        char byte = 0;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(1);
        prctl(PR_SET_DUMPABLE, 0); /* no core file when it is to crash */
        signal(SIGTERM, leave);
        if (play->fd[!end] >= 0)
                close(play->fd[!end]);
        if (play->extra[!end] >= 0)
                close(play->extra[!end]);
        if (play->listener >= 0)
                close(play->listener);
        if (write(ready, &byte, 1) != 1)
                _exit(1);
        close(ready);
        for (;;)
                pause();
}

static int hand_to_child(struct play *play, int end)
{
        pid_t parent = getpid(), pid;
        int pipe_ends[2];
        char byte;
        ssize_t n;

        if (play->child[end].pid > 0)
                return -EBUSY;
        if (pipe2(pipe_ends, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid < 0) {
                close(pipe_ends[0]);
                close(pipe_ends[1]);
                return -errno;
        }
        if (pid == 0)
                child(play, end, pipe_ends[1], parent);
        close(pipe_ends[1]);
        do
                n = read(pipe_ends[0], &byte, 1);
        while (n < 0 && errno == EINTR);
        close(pipe_ends[0]);
        play->child[end].pid = pid;
        play->pair.end[end].n_refs++;
        return n == 1 ? 0 : -ECHILD;
}

/* Once it can be waited for, its files are closed (do_exit: exit_files before exit_notify). */
static int end_child(struct play *play, int end, int signal_number, struct step *step)
{
        struct event event = { .kind = EVENT_CLOSE, .exiting = true, .observed = -1 };
        struct holder_child *c = &play->child[end];

        if (c->pid <= 0)
                return -ESRCH;
        kill(c->pid, signal_number);
        waitpid(c->pid, NULL, 0);
        c->pid = 0;
        pair_step(&play->pair, end, &event, &step->expected);
        return 0;
}

int play_process(struct play *play, struct step *step)
{
        const struct lab_act *act = &step->act;
        int end = (int)act->side, r = -EINVAL;

        if (act->side > ACT_SERVER)
                return play_skip(play, "%s: no socket there", act->text);
        switch ((int)act->verb) {
        case VERB_DUP:
                r = play->extra[end] >= 0 ? -EBUSY : fcntl(play->fd[end], F_DUPFD_CLOEXEC, 0);
                if (r >= 0) {
                        play->extra[end] = r;
                        play->pair.end[end].n_refs++;
                        r = 0;
                }
                break;
        case VERB_FORK:
                r = hand_to_child(play, end);
                break;
        case VERB_CHILD_EXIT:
                r = end_child(play, end, SIGTERM, step);
                break;
        case VERB_CHILD_KILL:
                r = end_child(play, end, SIGKILL, step);
                break;
        case VERB_CHILD_CRASH:
                r = end_child(play, end, SIGSEGV, step);
                break;
        default:
                break;
        }
        return r < 0 ? play_skip(play, "%s: %s", act->text, strerror(-r)) : 0;
}
