/* While a connection talks: reads from the client, answers, and sees which trigger fires. */
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lab/moment.h"
#include "lab/stage/connection.h"

static void client_failed(struct stage_connection *c, int error)
{
        c->client_reset = true;
        if (!c->error)
                c->error = error;
}

/* recv() gives 0 after FIN and RST alike: only the error slot tells that a RST followed. */
static void client_gone(struct stage_connection *c)
{
        socklen_t length = sizeof(int);
        int error = 0;

        c->client_ended = true;
        if ((c->events & EPOLLERR) && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error)
                client_failed(c, error);
}

static size_t took(struct stage_connection *c, ssize_t n)
{
        if (n > 0)
                return (size_t)n;
        if (n == 0)
                client_gone(c);
        else if (errno != EAGAIN && errno != EINTR)
                client_failed(c, errno);
        return 0;
}

/* How many bytes come before the act in any case, so that none of them need be left. */
static size_t not_yet(const struct stage_connection *c)
{
        uint64_t least = UINT64_MAX;

        for (size_t i = 0; i < c->step->n_after; i++) {
                const struct trigger *t = &c->step->after[i];

                if ((t->kind != TRIGGER_RECEIVED && t->kind != TRIGGER_FIRST_BYTE) || t->n <= c->received + 1)
                        return 0;
                if (t->n - c->received - 1 < least)
                        least = t->n - c->received - 1;
        }
        return least < STAGE_BUFFER ? (size_t)least : STAGE_BUFFER;
}

/* One byte stays in the queue as soon as the act may come; it is peeked at, so that it counts and is carried on as the
 * rest. Not before: of many segments the queue makes one, whose last byte holds the memory of all (tcp_try_coalesce()),
 * so that the window stays shut, and no other comes. */
static size_t read_but_one(struct stage_connection *c, size_t most)
{
        uint8_t *bytes = c->stage->scratch;
        size_t n = 0, skip = c->peeked;
        int queued = 0;
        ssize_t r;

        if (c->events & EPOLLERR) {
                client_gone(c);
                return 0;
        }
        if (!c->peeked && not_yet(c) > 0)
                return took(c, recv(c->fd, bytes, most < not_yet(c) ? most : not_yet(c), MSG_DONTWAIT));
        if (ioctl(c->fd, SIOCINQ, &queued) < 0 || queued <= (int)skip) {
                if ((c->events & (EPOLLRDHUP | EPOLLHUP)) && queued <= (int)skip)
                        c->client_ended = true;
                return 0;
        }
        if (most + skip > STAGE_BUFFER)
                most = STAGE_BUFFER - skip;
        if (queued > 1) {
                size_t wanted = (size_t)queued - 1 < most + skip - 1 ? (size_t)queued - 1 : most + skip - 1;

                if (wanted > 0) {
                        r = recv(c->fd, bytes, wanted, MSG_DONTWAIT);
                        if (r <= 0)
                                return took(c, r);
                        n = (size_t)r - skip;
                        memmove(bytes, bytes + skip, n);
                }
        }
        if (recv(c->fd, bytes + n, 1, MSG_DONTWAIT | MSG_PEEK) == 1) {
                c->peeked = true;
                n++;
        }
        return n;
}

size_t connection_read(struct stage_connection *c, size_t most)
{
        if (c->client_ended || c->client_reset || most == 0)
                return 0;
        if (c->step->ending->act == STAGE_UNREAD)
                return read_but_one(c, most);
        return took(c, recv(c->fd, c->stage->scratch, most < STAGE_BUFFER ? most : STAGE_BUFFER, MSG_DONTWAIT));
}

void connection_note(struct stage_connection *c, const uint8_t *bytes, size_t n)
{
        const struct trigger *answer_after = &c->stage->options.answer_after;

        c->received += n;
        c->active_ns = now_ns();
        for (size_t i = 0; i < c->step->n_after; i++)
                if (c->step->after[i].kind == TRIGGER_PATTERN && !c->fits[i])
                        c->fits[i] = trigger_match(&c->step->after[i], &c->matched[i], bytes, n) > 0;
        if (answer_after->kind == TRIGGER_PATTERN && !c->answer_fits)
                c->answer_fits = trigger_match(answer_after, &c->answer_matched, bytes, n) > 0;
}

size_t connection_may_send(const struct stage_connection *c, size_t most)
{
        for (size_t i = 0; i < c->step->n_after; i++)
                if (c->step->after[i].kind == TRIGGER_SENT && c->phase == PHASE_TALK) {
                        uint64_t left = c->step->after[i].n -
                                        (c->sent < c->step->after[i].n ? c->sent : c->step->after[i].n);

                        if (left < most)
                                most = (size_t)left;
                }
        return most;
}

size_t connection_may_read(const struct stage_connection *c, size_t most)
{
        for (size_t i = 0; i < c->step->n_after; i++) {
                const struct trigger *t = &c->step->after[i];

                if ((t->kind == TRIGGER_RECEIVED || t->kind == TRIGGER_FIRST_BYTE) && c->phase == PHASE_TALK) {
                        uint64_t left = t->n - (c->received < t->n ? c->received : t->n);

                        if (left < most)
                                most = (size_t)left;
                }
        }
        return most;
}

static bool fired(const struct stage_connection *c, const struct trigger *t, bool fits, bool has_read, int64_t now,
                  int64_t *next)
{
        const struct stage_options *o = &c->stage->options;
        int64_t due;

        switch (t->kind) {
        case TRIGGER_ACCEPT:
                return true;
        case TRIGGER_FIRST_BYTE:
        case TRIGGER_RECEIVED:
                return c->received >= t->n;
        case TRIGGER_SENT:
                return c->sent >= t->n;
        case TRIGGER_ANSWER:
                if (o->has_to)
                        return c->down.ended && c->down.n == 0;
                return c->answering && !o->endless && c->answered == o->n_answer;
        case TRIGGER_TIME:
        case TRIGGER_IDLE:
                due = (t->kind == TRIGGER_TIME ? c->accepted_ns : c->active_ns) + (int64_t)t->n;
                if (now < due && due < *next)
                        *next = due;
                /* Who is woken late may have bytes before it that came in time. */
                return now >= due && (has_read || t->kind == TRIGGER_TIME);
        case TRIGGER_PATTERN:
                return fits;
        case TRIGGER_FIN:
                return c->client_ended;
        case TRIGGER_NONE:
        case N_TRIGGERS:
                break;
        }
        return false;
}

int connection_due(struct stage_connection *c, bool has_read, int64_t now, int64_t *ret_next)
{
        for (size_t i = 0; i < c->step->n_after; i++)
                if (fired(c, &c->step->after[i], c->fits[i], has_read, now, ret_next))
                        return (int)i;
        if (!c->answering && c->stage->options.has_answer &&
            fired(c, &c->stage->options.answer_after, c->answer_fits, has_read, now, ret_next)) {
                c->answering = true;
                *ret_next = now;
        }
        return -1;
}

bool connection_hopeless(const struct stage_connection *c)
{
        if (!c->client_ended)
                return false;
        for (size_t i = 0; i < c->step->n_after; i++)
                switch (c->step->after[i].kind) {
                case TRIGGER_ANSWER:
                case TRIGGER_SENT:
                        if (c->answering || c->upstream >= 0)
                                return false;
                        break;
                case TRIGGER_ACCEPT:
                case TRIGGER_TIME:
                case TRIGGER_IDLE:
                case TRIGGER_FIN:
                        return false;
                case TRIGGER_NONE:
                case TRIGGER_FIRST_BYTE:
                case TRIGGER_RECEIVED:
                case TRIGGER_PATTERN:
                case N_TRIGGERS:
                        break;
                }
        return true;
}

void connection_answer(struct stage_connection *c)
{
        const struct stage_options *o = &c->stage->options;

        while (c->answering && c->answered < o->n_answer) {
                size_t most = connection_may_send(c, o->n_answer - c->answered);
                ssize_t n;

                if (most == 0)
                        return;
                n = send(c->fd, o->answer + c->answered, most, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0) {
                        if (errno != EAGAIN && errno != EINTR)
                                client_failed(c, errno);
                        return;
                }
                c->sent += (size_t)n;
                c->answered += (size_t)n;
                c->active_ns = now_ns();
                if (o->endless && c->answered == o->n_answer)
                        c->answered = 0;
        }
}
