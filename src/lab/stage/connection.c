/* The life of a connection: talk, due, act, after, over. */
#include "lab/stage/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lab/moment.h"

#define BLOCKS_A_TURN 32

#define NOT_STAGED_CLOSED "the client closed before it was due"
#define NOT_STAGED_RESET "the client ended it before it was due"

static int queued(int fd, unsigned long request)
{
        int n = 0;

        return ioctl(fd, request, &n) < 0 ? 0 : n;
}

/* Bytes before a RST must arrive before it: all acknowledged, or patience is over. */
static bool all_acknowledged(struct stage_connection *c, int64_t now)
{
        if (queued(c->fd, SIOCOUTQ) == 0)
                return true;
        if (now - c->due_ns < STAGE_PATIENCE_NS)
                return false;
        c->result.note = "not all bytes were acknowledged in 5 s";
        return true;
}

/* Takes what is there; of a client that sends without end so much that others get their turn. */
static void read_on(struct stage_connection *c)
{
        size_t n;

        for (int i = 0; i < BLOCKS_A_TURN; i++) {
                if ((n = connection_read(c, STAGE_BUFFER)) == 0)
                        return;
                connection_note(c, c->stage->scratch, n);
        }
        timers_set(&c->stage->timers, &c->alarm, 0);
}

/* What the act needs is there. */
static bool ready(struct stage_connection *c, int64_t now, int64_t *ret_next)
{
        const struct trigger *due = c->result.due;
        bool sends_rst = c->step->ending->ending == ENDING_RESET && c->step->ending->act != STAGE_LATE_DATA;

        if (due && (due->kind == TRIGGER_SENT || due->kind == TRIGGER_ANSWER) &&
            (sends_rst || c->step->ending->act == STAGE_SILENCE) && !all_acknowledged(c, now)) {
                *ret_next = now + STAGE_RELOOK_NS;
                return false;
        }
        return c->step->ending->act != STAGE_UNREAD || queued(c->fd, SIOCINQ) > 0;
}

static bool take_due(struct stage_connection *c, bool has_read, int64_t now, int64_t *next)
{
        int i = connection_due(c, has_read, now, next);

        if (i < 0)
                return false;
        c->result.due = &c->step->after[i];
        c->phase = PHASE_DUE;
        c->due_ns = now;
        return true;
}

static void run_talk(struct stage_connection *c, int64_t now, int64_t *next)
{
        if (take_due(c, false, now, next))
                return;
        if (c->upstream >= 0) {
                connection_carry(c);
        } else {
                read_on(c);
                if (c->step->ending->act != STAGE_DRIP)
                        connection_answer(c);
        }
        if (c->upstream_reset || (c->client_reset && c->upstream >= 0)) {
                c->phase = PHASE_CARRY_RESET;
                c->due_ns = now;
                *next = now;
                return;
        }
        if (c->client_reset) {
                connection_finish(c, c->step->ending->act == STAGE_SERVE ? NULL : NOT_STAGED_RESET);
                return;
        }
        *next = ALARM_NEVER;
        if (take_due(c, true, now, next) || *next == now)
                return; /* or the answer begins */
        if (c->upstream >= 0) {
                if (c->up.passed && c->down.passed)
                        connection_finish(c, c->step->ending->act == STAGE_SERVE ? NULL : NOT_STAGED_CLOSED);
                return;
        }
        if (c->step->ending->act == STAGE_SERVE) {
                if (c->client_ended && (!c->answering || c->answered == c->stage->options.n_answer))
                        connection_act(c);
        } else if (connection_hopeless(c)) {
                connection_finish(c, NOT_STAGED_CLOSED);
        }
}

static void run_due(struct stage_connection *c, int64_t now, int64_t *next)
{
        if (c->step->ending->act != STAGE_UNREAD && c->step->ending->act != STAGE_ZERO_WINDOW && c->upstream < 0)
                read_on(c);
        if (c->step->ending->act == STAGE_UNREAD && (c->events & EPOLLERR))
                c->client_reset = true;
        if (c->client_reset || (c->events & EPOLLERR))
                connection_finish(c, NOT_STAGED_RESET);
        else if (ready(c, now, next))
                connection_act(c);
        else if (c->step->ending->act == STAGE_UNREAD && (c->events & EPOLLRDHUP))
                connection_finish(c, "no byte came that could be left unread");
}

/* Sends the next piece when its time has come. */
static void drip(struct stage_connection *c, int64_t now, int64_t *next)
{
        const struct stage_options *o = &c->stage->options;
        struct look look;

        while (!c->client_reset && c->next_piece_ns <= now) {
                size_t most = o->n_answer - c->answered < o->piece ? o->n_answer - c->answered : o->piece;
                ssize_t n = send(c->fd, o->answer + c->answered, most, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno != EAGAIN && errno != EINTR) {
                        c->client_reset = true;
                        c->error = c->error ?: errno;
                        break;
                }
                if (n > 0) {
                        c->sent += (uint64_t)n;
                        c->answered += (size_t)n;
                }
                if (c->answered == o->n_answer && !o->endless) {
                        if (look_at(c->fd, &look) == 0)
                                c->result.wire = stage_wire(STAGE_CLOSE, &look);
                        connection_finish(c, NULL);
                        return;
                }
                if (c->answered == o->n_answer)
                        c->answered = 0;
                c->next_piece_ns = now + (int64_t)o->every_ns;
        }
        if (c->client_reset)
                connection_finish(c, NULL);
        else
                *next = c->next_piece_ns;
}

/* After shutdown() both ways a RST shows as an error, and both FINs as the state CLOSE. */
static void run_late_data(struct stage_connection *c)
{
        socklen_t length = sizeof(int);
        struct look look;
        int error = 0;

        if (look_at(c->fd, &look) < 0 || look.state != TCP_STATE_CLOSE)
                return;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        c->result.late_reset = error == ECONNRESET;
        c->client_ended = !error;
        c->client_reset = error && !c->result.late_reset;
        c->error = c->client_reset ? error : 0;
        connection_finish(c, error ? NULL : "no data came after the close");
}

/* The stage's own kernel has given the client up. */
static void run_given_up(struct stage_connection *c)
{
        socklen_t length = sizeof(int);

        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &c->error, &length);
        connection_finish(c, NULL);
}

static void run_after(struct stage_connection *c, int64_t now, int64_t *next)
{
        switch (c->step->ending->act) {
        case STAGE_LATE_DATA:
                run_late_data(c);
                return;
        case STAGE_DRIP:
                read_on(c);
                drip(c, now, next);
                return;
        case STAGE_ZERO_WINDOW:
                c->client_ended = (c->events & (EPOLLRDHUP | EPOLLHUP)) && !(c->events & EPOLLERR);
                c->client_reset = c->events & EPOLLERR;
                break;
        case STAGE_SILENCE:
                c->client_reset = c->events & EPOLLERR;
                if (c->client_reset)
                        connection_finish(c, NULL);
                /* A FIN that came before the act is no reason to close: that would send one. */
                return;
        case STAGE_KEEPALIVE:
                if (c->events & EPOLLERR)
                        run_given_up(c);
                return;
        case STAGE_OPEN:
        case STAGE_HALF_CLOSE:
                if (c->upstream >= 0)
                        connection_carry_up(c);
                else
                        read_on(c);
                break;
        case STAGE_SERVE:
        case STAGE_CLOSE:
        case STAGE_ZERO_LINGER:
        case STAGE_UNREAD:
        case STAGE_DISCONNECT:
        case STAGE_DESTROY:
        case STAGE_REFUSE:
        case STAGE_UNANSWERED:
        case STAGE_BACKLOG_FULL:
        case N_STAGE_ACTS:
                break;
        }
        if (c->client_ended || c->client_reset)
                connection_finish(c, NULL);
}

/* One side was reset: the other gets the bytes that came before, and then a RST too. */
static void run_carry_reset(struct stage_connection *c, int64_t now, int64_t *next)
{
        bool down = !c->client_reset, late = now - c->due_ns >= STAGE_PATIENCE_NS;
        int to = down ? c->fd : c->upstream;
        struct conduit *d = down ? &c->down : &c->up;
        const char *note = !c->upstream_connected ? "the server behind could not be reached: reset"
                         : down ? "the server behind reset it: carried" : "the client reset it: carried";

        while (c->upstream_connected && !late) {
                ssize_t n = d->n > 0 ? send(to, d->bytes + d->at, d->n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

                if (n < 0 && errno == EAGAIN) {
                        *next = now + 10 * STAGE_RELOOK_NS;
                        return;
                }
                if (n < 0)
                        break;
                d->at += (size_t)n;
                d->n -= (size_t)n;
                if (down)
                        c->sent += (uint64_t)n;
                if (d->n > 0)
                        continue;
                /* What its kernel had received before the RST is still readable. */
                if (!d->bytes && !(d->bytes = malloc(STAGE_BUFFER)))
                        break;
                n = recv(down ? c->upstream : c->fd, d->bytes, STAGE_BUFFER, MSG_DONTWAIT);
                if (n <= 0)
                        break;
                d->at = 0;
                d->n = (size_t)n;
                if (!down)
                        connection_note(c, d->bytes, d->n);
        }
        if (c->upstream_connected && queued(to, SIOCOUTQ) > (d->passed ? 1 : 0) && !late) {
                *next = now + STAGE_RELOOK_NS;
                return;
        }
        connection_abort(c, note);
}

void connection_run(struct stage_connection *c)
{
        int64_t now = now_ns(), next = ALARM_NEVER;

        if (c->phase == PHASE_OVER)
                return;
        if (c->phase == PHASE_TALK)
                run_talk(c, now, &next);
        if (c->phase == PHASE_DUE)
                run_due(c, now, &next);
        if (c->phase == PHASE_AFTER)
                run_after(c, now, &next);
        if (c->phase == PHASE_CARRY_RESET)
                run_carry_reset(c, now, &next);
        if (c->phase != PHASE_OVER && c->alarm.due_ns != 0) /* 0: it has more to carry at once */
                timers_set(&c->stage->timers, &c->alarm, next);
}

/* Drops are to be drops, and a proxy is not to add Nagle's waiting to that of the ends (RFC 1122, 4.2.3.4). */
static void send_at_once(int fd)
{
        int on = 1;

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool open_upstream(struct stage_connection *c)
{
        const struct stage_options *o = &c->stage->options;
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                     .data.u64 = (uint64_t)(uintptr_t)c | 1 };

        c->upstream = c->stage->next_upstream;
        c->stage->next_upstream = -1;
        send_at_once(c->upstream);
        if (connect(c->upstream, (const struct sockaddr *)&o->to.storage, o->to.length) < 0 && errno != EINPROGRESS) {
                c->error = errno;
                c->upstream_reset = true;
        }
        return epoll_ctl(c->stage->epoll, EPOLL_CTL_ADD, c->upstream, &event) == 0;
}

static int64_t wall_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * SECOND_NS + t.tv_nsec;
}

struct stage_connection *connection_new(struct stage *stage, int fd, const struct stage_address *client)
{
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
        struct stage_connection *c = calloc(1, sizeof(*c));

        if (!c) {
                close(fd);
                return NULL;
        }
        c->stage = stage;
        c->fd = fd;
        c->upstream = -1;
        send_at_once(fd);
        c->client = *client;
        c->server.length = sizeof(c->server.storage);
        getsockname(fd, (struct sockaddr *)&c->server.storage, &c->server.length);
        c->step = &stage->options.steps[stage->step];
        c->number = ++stage->n_accepted;
        c->accepted_ns = c->active_ns = now_ns();
        c->wall_ns = wall_ns();
        c->alarm.due_ns = ALARM_NEVER;
        c->has_tuple = diag_tuple_of(fd, &c->tuple) == 0;
        c->next = stage->connections;
        if (c->next)
                c->next->previous = c;
        stage->connections = c;
        if (c->step->ending->act == STAGE_ZERO_WINDOW) {
                int small = 1; /* the kernel makes its least of it */

                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        }
        event.data.u64 = (uint64_t)(uintptr_t)c;
        if (epoll_ctl(stage->epoll, EPOLL_CTL_ADD, fd, &event) < 0 || (stage->options.has_to && !open_upstream(c))) {
                c->error = errno;
                connection_abort(c, "no descriptor or memory was left: reset");
        }
        return c;
}

void connection_free(struct stage_connection *c)
{
        free(c->up.bytes);
        free(c->down.bytes);
        free(c);
}
