/* The loop: accepts, wakes connections, and ends. */
#include "lab/stage/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/moment.h"
#include "lab/stage/connection.h"

#define EVENTS_A_TURN 256
#define ACCEPTS_A_TURN 256

#define connection_of(address) \
        ((struct stage_connection *)(void *)((char *)(address) - offsetof(struct stage_connection, alarm)))

int stage_new(const struct stage_options *options, stage_ended *ended, void *context, struct stage **ret_stage,
              const char **ret_why)
{
        struct stage *stage = calloc(1, sizeof(*stage));
        int r;

        *ret_why = "taking memory";
        if (!stage)
                return -ENOMEM;
        stage->options = *options;
        stage->ended = ended;
        stage->context = context;
        stage->listener = stage->probes[0] = stage->probes[1] = stage->filler = stage->next_upstream = -1;
        stage->alarm.due_ns = ALARM_NEVER;
        stage->epoll = epoll_create1(EPOLL_CLOEXEC);
        r = stage->epoll < 0 ? -errno : listener_open(stage, ret_why);
        if (r < 0) {
                stage->listening = false;
                stage_free(stage);
                return r;
        }
        *ret_stage = stage;
        return 0;
}

const struct stage_address *stage_address(const struct stage *stage)
{
        return &stage->address;
}

const char *stage_notice(const struct stage *stage)
{
        return stage->notice;
}

int stage_fd(const struct stage *stage)
{
        return stage->epoll;
}

int64_t stage_wait_ns(const struct stage *stage)
{
        const struct alarm *first = timers_first(&stage->timers);
        int64_t left;

        if (!first)
                return -1;
        left = first->due_ns - now_ns();
        return left > 0 ? left : 0;
}

void stage_advance(struct stage *stage)
{
        size_t next = stage->step + 1;

        if (next == stage->options.n_steps)
                next = stage->options.cycle ? 0 : stage->step;
        if (next == stage->step)
                return;
        stage->step = next;
        stage->failure = listener_prepare(stage);
}

static bool enough(const struct stage *stage)
{
        return stage->options.max_connections && stage->n_accepted >= stage->options.max_connections;
}

/* A connection with a server behind it needs two descriptors: the second is had before the first. */
static int next_upstream(struct stage *stage)
{
        if (!stage->options.has_to || stage->next_upstream >= 0)
                return 0;
        stage->next_upstream = socket(stage->options.to.storage.ss_family,
                                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        return stage->next_upstream < 0 ? -errno : 0;
}

static bool is_short_of_something(int error)
{
        return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int accept_some(struct stage *stage)
{
        for (int i = 0; i < ACCEPTS_A_TURN && stage->listening && !enough(stage) && !stage->failure; i++) {
                struct stage_address client = { .length = sizeof(client.storage) };
                struct stage_connection *c;
                int fd = next_upstream(stage);

                if (fd == 0) {
                        fd = accept4(stage->listener, (struct sockaddr *)&client.storage, &client.length,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
                        fd = fd < 0 ? -errno : fd;
                }
                if (fd < 0) {
                        if (fd == -EAGAIN || fd == -EINTR || fd == -ECONNABORTED)
                                return 0;
                        /* Where nothing is open, nothing will be given back. */
                        if (!is_short_of_something(-fd) || !stage->connections)
                                return fd;
                        epoll_ctl(stage->epoll, EPOLL_CTL_DEL, stage->listener, NULL);
                        stage->paused = true;
                        return 0;
                }
                c = connection_new(stage, fd, &client);
                if (!c)
                        return -ENOMEM;
                /* Before it can end: a client that comes again at once meets the next step. */
                stage_advance(stage);
                connection_run(c);
        }
        if (enough(stage))
                epoll_ctl(stage->epoll, EPOLL_CTL_DEL, stage->listener, NULL);
        return 0;
}

static void wake(struct stage *stage)
{
        int64_t now = now_ns();
        struct alarm *first;

        while ((first = timers_first(&stage->timers)) && first->due_ns <= now) {
                timers_set(&stage->timers, first, ALARM_NEVER);
                if (first == &stage->alarm)
                        listener_woken(stage);
                else
                        connection_run(connection_of(first));
        }
}

static void free_those_over(struct stage *stage)
{
        bool any = stage->over;

        while (stage->over) {
                struct stage_connection *c = stage->over;

                stage->over = c->next;
                connection_free(c);
        }
        if (any && stage->paused) {
                struct epoll_event event = { .events = EPOLLIN };

                stage->paused = epoll_ctl(stage->epoll, EPOLL_CTL_ADD, stage->listener, &event) < 0;
        }
}

int stage_turn(struct stage *stage)
{
        struct epoll_event events[EVENTS_A_TURN];
        int n = epoll_wait(stage->epoll, events, EVENTS_A_TURN, 0), r = 0;

        if (n < 0 && errno != EINTR)
                return -errno;
        for (int i = 0; i < n; i++) {
                uint64_t tag = events[i].data.u64;
                uint32_t lasting = events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
                struct stage_connection *c = (struct stage_connection *)(uintptr_t)(tag & ~UINT64_C(1));

                if (tag == 0) {
                        r = accept_some(stage);
                } else if (tag == 1) {
                        listener_refused(stage);
                } else if (c->phase != PHASE_OVER) {
                        *(tag & 1 ? &c->upstream_events : &c->events) |= lasting;
                        connection_run(c);
                }
        }
        wake(stage);
        free_those_over(stage);
        if (r < 0 || stage->failure < 0)
                return r < 0 ? r : stage->failure;
        return enough(stage) && stage->n_ended >= stage->n_accepted;
}

struct stage *stage_free(struct stage *stage)
{
        while (stage->connections) {
                struct stage_connection *c = stage->connections;
                bool undone = !c->result.staged || (c->step->ending->act == STAGE_KEEPALIVE && !c->error);
                const char *note = undone ? "the stage ended first" : NULL;

                c->result.staged = !undone;

                /* A socket that takes no segment would otherwise repeat its FIN for minutes. */
                if (c->step->ending->act == STAGE_SILENCE || c->step->ending->act == STAGE_KEEPALIVE)
                        connection_abort(c, note);
                else
                        connection_finish(c, note);
        }
        listener_close(stage);
        free_those_over(stage);
        timers_deinit(&stage->timers);
        if (stage->epoll >= 0)
                close(stage->epoll);
        free(stage);
        return NULL;
}
