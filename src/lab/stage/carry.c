/*
 * A faithful proxy: bytes, FINs and RSTs go both ways in the order in which they came. A FIN is passed
 * on by shutdown(SHUT_WR) once all bytes before it were; a RST once all bytes before it were
 * acknowledged, since the RST that a zero linger sends throws away what is still on its way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lab/moment.h"
#include "lab/stage/connection.h"

/* One turn may carry so many blocks; then others get theirs. */
#define BLOCKS_A_TURN 32

/* Sends what waits, then `bytes`; what does not go waits. Returns bytes sent, or a negative errno but -EAGAIN. */
static ssize_t pass(struct conduit *d, int fd, const uint8_t *bytes, size_t n, size_t most)
{
        size_t sent = 0;
        ssize_t r = 0;

        while (d->n > 0 && most > sent) {
                size_t wanted = d->n < most - sent ? d->n : most - sent;

                r = send(fd, d->bytes + d->at, wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (r < 0)
                        break;
                d->at += (size_t)r;
                d->n -= (size_t)r;
                sent += (size_t)r;
        }
        while (d->n == 0 && n > 0 && most > sent) {
                size_t wanted = n < most - sent ? n : most - sent;

                r = send(fd, bytes, wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (r < 0)
                        break;
                bytes += r;
                n -= (size_t)r;
                sent += (size_t)r;
        }
        if (r < 0 && errno != EAGAIN && errno != EINTR)
                return -errno;
        if (n > 0) { /* only ever behind an empty conduit: whoever reads waits until it is */
                if (!d->bytes && !(d->bytes = malloc(STAGE_BUFFER)))
                        return -ENOMEM;
                memcpy(d->bytes, bytes, n);
                d->at = 0;
                d->n = n;
        }
        if (d->n == 0) {
                free(d->bytes);
                d->bytes = NULL;
        }
        return (ssize_t)sent;
}

static int pending_error(int fd)
{
        socklen_t length = sizeof(int);
        int error = 0;

        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : 0;
}

static void upstream_failed(struct stage_connection *c, int error)
{
        c->upstream_reset = true;
        if (!c->error)
                c->error = error;
}

static bool connected(struct stage_connection *c)
{
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        int error;

        if (c->upstream_connected)
                return true;
        if (c->upstream_events & (EPOLLERR | EPOLLHUP)) {
                error = pending_error(c->upstream) ?: ECONNABORTED;
                /* A server may answer and reset before it is first looked at: its bytes are still there. */
                c->upstream_connected = error == ECONNRESET || error == EPIPE;
                upstream_failed(c, error);
                return false;
        }
        c->upstream_connected = getpeername(c->upstream, (struct sockaddr *)&peer, &length) == 0;
        return c->upstream_connected;
}

/* From the client to the server; true if something moved. */
static bool carry_up(struct stage_connection *c)
{
        ssize_t sent;
        size_t n;

        if (c->upstream_reset)
                return false;
        sent = pass(&c->up, c->upstream, NULL, 0, SIZE_MAX);
        if (sent < 0) {
                upstream_failed(c, (int)-sent);
                return false;
        }
        if (c->up.n > 0)
                return sent > 0;
        n = connection_read(c, connection_may_read(c, STAGE_BUFFER));
        if (n > 0) {
                connection_note(c, c->stage->scratch, n);
                sent = pass(&c->up, c->upstream, c->stage->scratch, n, SIZE_MAX);
                if (sent < 0)
                        upstream_failed(c, (int)-sent);
                return true;
        }
        if (c->client_ended && !c->client_reset && !c->up.passed) {
                shutdown(c->upstream, SHUT_WR);
                c->up.ended = c->up.passed = true;
                return true;
        }
        return sent > 0;
}

static bool has(const struct stage_connection *c, enum trigger_kind kind)
{
        for (size_t i = 0; i < c->step->n_after; i++)
                if (c->step->after[i].kind == kind)
                        return true;
        return false;
}

static bool note_sent(struct stage_connection *c, ssize_t sent)
{
        if (sent < 0) {
                c->client_reset = true;
                if (!c->error)
                        c->error = (int)-sent;
                return false;
        }
        c->sent += (uint64_t)sent;
        if (sent > 0)
                c->active_ns = now_ns();
        return sent > 0;
}

/* From the server to the client. */
static bool carry_down(struct stage_connection *c)
{
        size_t may = connection_may_send(c, STAGE_BUFFER);
        bool moved;
        ssize_t n;

        if (c->client_reset || c->upstream_reset)
                may = STAGE_BUFFER;
        moved = note_sent(c, pass(&c->down, c->fd, NULL, 0, may));
        if (c->client_reset || c->down.n > 0 || c->down.ended || c->upstream_reset)
                return moved;
        may = connection_may_send(c, STAGE_BUFFER);
        if (may == 0)
                return moved;
        n = recv(c->upstream, c->stage->scratch, may, MSG_DONTWAIT);
        if (n > 0) {
                note_sent(c, pass(&c->down, c->fd, c->stage->scratch, (size_t)n, may));
                return true;
        }
        if (n == 0)
                c->down.ended = true;
        else if (errno != EAGAIN && errno != EINTR)
                upstream_failed(c, errno);
        return moved || n == 0;
}

/* A RST that follows a FIN is told by the error slot alone. */
static void look_for_reset_behind_fin(struct stage_connection *c)
{
        int error;

        if (c->down.ended && (c->upstream_events & EPOLLERR) && !c->upstream_reset &&
            (error = pending_error(c->upstream)))
                upstream_failed(c, error);
        if (c->client_ended && (c->events & EPOLLERR) && !c->client_reset && (error = pending_error(c->fd))) {
                c->client_reset = true;
                c->error = c->error ?: error;
        }
}

void connection_carry(struct stage_connection *c)
{
        bool moved = true;

        if (!connected(c))
                return;
        for (int i = 0; i < BLOCKS_A_TURN && moved && !c->client_reset; i++) {
                moved = carry_up(c);
                moved = carry_down(c) || moved;
                if (c->down.ended && c->down.n == 0 && !c->down.passed && !has(c, TRIGGER_ANSWER)) {
                        shutdown(c->fd, SHUT_WR);
                        c->down.passed = true;
                }
        }
        look_for_reset_behind_fin(c);
        if (moved && !c->client_reset && !c->upstream_reset)
                timers_set(&c->stage->timers, &c->alarm, 0);
}

void connection_carry_up(struct stage_connection *c)
{
        bool moved = true;

        for (int i = 0; i < BLOCKS_A_TURN && moved && connected(c); i++) {
                moved = carry_up(c);
                /* What the server says is for nobody any more. */
                moved = (c->upstream_connected &&
                         recv(c->upstream, c->stage->scratch, STAGE_BUFFER, MSG_DONTWAIT) > 0) || moved;
        }
        if (moved && c->upstream_connected && !c->upstream_reset)
                timers_set(&c->stage->timers, &c->alarm, 0);
}
