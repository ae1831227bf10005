/* The acts, what is looked at before and after them, and what is told of it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint/endpoint.h"
#include "lab/moment.h"
#include "lab/stage/connection.h"
#include "netlink/destroy.h"

/* The socket as the model has it, from what a look shows. */
static void imagine(const struct look *look, struct endpoint *e)
{
        bool own_fin = look->state != TCP_STATE_ESTABLISHED && look->state != TCP_STATE_CLOSE_WAIT;

        endpoint_init_connected(e);
        e->state = look->state;
        e->received = look->inq;
        e->fin_received = e->done = look->state == TCP_STATE_CLOSE_WAIT || look->state == TCP_STATE_LAST_ACK ||
                                    look->state == TCP_STATE_CLOSING;
        e->shut_rd = e->fin_received;
        e->written = look->outq;
        e->sent = look->outq - look->outq_unsent;
        e->shut_wr = e->fin_queued = own_fin;
        e->fin_sent = own_fin && look->outq_unsent == 0;
        if (look->state == TCP_STATE_CLOSE)
                e->holder = HOLDER_NOBODY;
}

const char *stage_wire(enum stage_act act, const struct look *look)
{
        struct event event = { .kind = EVENT_CLOSE, .observed = -1 };
        struct endpoint e;
        struct outcome o;

        imagine(look, &e);
        switch (act) {
        case STAGE_ZERO_LINGER:
                e.linger = true;
                break;
        case STAGE_DISCONNECT:
                event.kind = EVENT_DISCONNECT;
                break;
        case STAGE_DESTROY:
                event.kind = EVENT_DESTROY;
                break;
        case STAGE_KEEPALIVE: /* when its timer runs out */
                event.kind = EVENT_TIMER;
                event.timer = TIMER_KEEPALIVE;
                break;
        case STAGE_HALF_CLOSE:
        case STAGE_LATE_DATA:
                event.kind = EVENT_SHUTDOWN;
                event.shut_wr = true;
                event.shut_rd = act == STAGE_LATE_DATA;
                break;
        case STAGE_SERVE:
        case STAGE_CLOSE:
        case STAGE_UNREAD:
                break;
        case STAGE_OPEN:
        case STAGE_ZERO_WINDOW:
        case STAGE_DRIP:
        case STAGE_SILENCE:
        case STAGE_REFUSE:
        case STAGE_UNANSWERED:
        case STAGE_BACKLOG_FULL:
        case N_STAGE_ACTS:
                return "nothing";
        }
        endpoint_step(&e, &event, &o);
        return o.emission == EMIT_RST ? "RST" : o.emission == EMIT_FIN ? "FIN" : "nothing";
}

/* Once the descriptor is gone, the kernel still tells whether a socket is left. After a FIN there is one,
 * until the client's own end or its late data removes it; after a RST there is none at once. */
static void ask_afterwards(struct stage_connection *c)
{
        struct stage_result *r = &c->result;
        struct diag_socket found;
        int error;

        if (!c->has_tuple || !r->wire)
                return;
        error = diag_look(&c->tuple, &found);
        if (error < 0 && error != -ENOENT)
                return;
        r->asked_after = true;
        r->state_after = error < 0 ? NULL : tcp_state_name(found.state);
        if (r->confirmed != STAGE_UNCONFIRMED)
                return;
        if (r->wire[0] == 'R')
                r->confirmed = error < 0 ? STAGE_CONFIRMED : STAGE_CONTRADICTED;
        else if (r->wire[0] == 'F' && error == 0)
                r->confirmed = STAGE_CONFIRMED;
}

static void leave(struct stage_connection *c)
{
        struct stage *stage = c->stage;

        timers_set(&stage->timers, &c->alarm, ALARM_NEVER);
        if (c->previous)
                c->previous->next = c->next;
        else
                stage->connections = c->next;
        if (c->next)
                c->next->previous = c->previous;
        c->phase = PHASE_OVER;
        c->next = stage->over;
        stage->over = c;
        stage->n_ended++;
}

static enum stage_client what_the_client_did(const struct stage_connection *c)
{
        enum stage_act act = c->step->ending->act;
        /* Once our own end is down EPOLLRDHUP says nothing of the client. */
        bool own = c->result.staged && (act == STAGE_LATE_DATA || act == STAGE_KEEPALIVE);
        bool hung_up = (c->events & EPOLLRDHUP) && !own;

        if (c->client_reset)
                return STAGE_CLIENT_RESET;
        return c->client_ended || hung_up ? STAGE_CLIENT_CLOSED : STAGE_CLIENT_OPEN;
}

static void end(struct stage_connection *c, const char *note)
{
        struct stage_result *r = &c->result;

        bool silent = c->step->ending->act == STAGE_SILENCE || c->step->ending->act == STAGE_KEEPALIVE;

        if (silent && r->staged && c->fd >= 0)
                r->ignored = ignored_segments(c->fd);
        if (c->step->ending->act == STAGE_SILENCE && r->staged) {
                r->confirmed = r->ignored ? STAGE_CONFIRMED : STAGE_UNCONFIRMED;
        }
        if (c->fd >= 0)
                close(c->fd);
        c->fd = -1;
        if (c->upstream >= 0)
                close(c->upstream);
        c->upstream = -1;
        ask_afterwards(c);
        r->number = c->number;
        r->step = c->step;
        r->client = c->client;
        r->server = c->server;
        r->started_ns = c->wall_ns;
        r->duration_ns = now_ns() - c->accepted_ns;
        r->note = note ?: r->note;
        r->client_did = what_the_client_did(c);
        r->error = c->error;
        r->received = c->received;
        r->sent = c->sent;
        if (!r->looked)
                r->acked = c->sent;
        c->stage->ended(r, c->stage->context);
        leave(c);
}

static void count_bytes(struct stage_connection *c, const struct look *look)
{
        /* A FIN that waits for its acknowledgement counts as a byte. */
        uint64_t unacked = look->outq < c->sent ? look->outq : c->sent;

        c->result.acked = c->sent - unacked;
        c->result.unread = look->inq;
}

/* Looks once for good: what is told is what stood before the act. */
static void look_before(struct stage_connection *c)
{
        struct stage_result *r = &c->result;

        if (r->looked || look_at(c->fd, &r->look) < 0)
                return;
        r->looked = true;
        count_bytes(c, &r->look);
}

static void drain(struct stage_connection *c)
{
        ssize_t n;

        while ((n = recv(c->fd, c->stage->scratch, STAGE_BUFFER, MSG_DONTWAIT)) > 0)
                connection_note(c, c->stage->scratch, (size_t)n);
}

/* A connection that lived on after its act: its bytes are counted at its end. */
static void look_at_the_end(struct stage_connection *c)
{
        struct look look;

        look_before(c);
        if (c->result.staged && look_at(c->fd, &look) == 0)
                count_bytes(c, &look);
}

/* The close to come resets where bytes lie unread, whatever was staged. */
static void look_for_unread_bytes(struct stage_connection *c)
{
        struct stage_result *r = &c->result;
        struct look look;

        if (look_at(c->fd, &look) < 0 || look.state == TCP_STATE_CLOSE || look.inq == 0)
                return;
        if (!r->staged)
                r->wire = stage_wire(STAGE_CLOSE, &look);
        else
                r->note = r->note ?: "bytes lay unread when the stage closed it: a RST";
}

void connection_finish(struct stage_connection *c, const char *note)
{
        look_at_the_end(c);
        look_for_unread_bytes(c);
        end(c, note);
}

void connection_abort(struct stage_connection *c, const char *note)
{
        static const struct linger zero = { .l_onoff = 1 };

        look_at_the_end(c);
        if (!c->result.wire && c->result.looked)
                c->result.wire = stage_wire(STAGE_ZERO_LINGER, &c->result.look);
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &zero, sizeof(zero));
        if (c->upstream >= 0)
                setsockopt(c->upstream, SOL_SOCKET, SO_LINGER, &zero, sizeof(zero));
        end(c, note);
}

/* shutdown() leaves the descriptor: the state shows at once whether a FIN was queued. */
static void shut(struct stage_connection *c, int how)
{
        struct look after;

        if (shutdown(c->fd, how) < 0)
                c->error = c->error ?: errno;
        if (look_at(c->fd, &after) == 0)
                c->result.confirmed = after.state != TCP_STATE_ESTABLISHED && after.state != TCP_STATE_CLOSE_WAIT
                                              ? STAGE_CONFIRMED : STAGE_CONTRADICTED;
}

/* One probe after a second, and one second for its answer. */
static int keep_alive(int fd)
{
        int one = 1;

        return setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof(one)) < 0 ||
               setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &one, sizeof(one)) < 0 ||
               setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &one, sizeof(one)) < 0 ||
               setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0 ? -errno : 0;
}

void connection_act(struct stage_connection *c)
{
        static const struct linger zero = { .l_onoff = 1 };
        static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
        enum stage_act act = c->step->ending->act;
        int r = 0;

        if (act != STAGE_UNREAD && act != STAGE_ZERO_WINDOW)
                drain(c);
        look_before(c);
        c->result.wire = c->result.looked ? stage_wire(act, &c->result.look) : NULL;
        c->result.staged = true;
        c->phase = PHASE_AFTER;
        switch (act) {
        case STAGE_HALF_CLOSE:
                shut(c, SHUT_WR);
                return;
        case STAGE_LATE_DATA:
                shut(c, SHUT_RDWR);
                return;
        case STAGE_SILENCE:
                r = silence(c->fd);
                if (c->client_ended)
                        c->result.note = "the client's FIN had come before: it has nothing left that could time out";
                break;
        case STAGE_KEEPALIVE:
                r = keep_alive(c->fd) ?: silence(c->fd);
                break;
        case STAGE_DRIP:
                c->next_piece_ns = 0;
                return;
        case STAGE_OPEN:
        case STAGE_ZERO_WINDOW:
                return;
        case STAGE_ZERO_LINGER:
                setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &zero, sizeof(zero));
                end(c, NULL);
                return;
        case STAGE_DISCONNECT:
                if (connect(c->fd, &nobody, sizeof(nobody)) < 0)
                        r = -errno;
                end(c, NULL);
                return;
        case STAGE_DESTROY:
                r = c->has_tuple ? destroy_socket(&c->tuple) : -ENOTCONN;
                break;
        case STAGE_SERVE:
        case STAGE_CLOSE:
        case STAGE_UNREAD:
        case STAGE_REFUSE:
        case STAGE_UNANSWERED:
        case STAGE_BACKLOG_FULL:
        case N_STAGE_ACTS:
                end(c, NULL);
                return;
        }
        if (r < 0) {
                c->result.staged = false;
                c->error = -r;
                connection_abort(c, "the kernel refused the act: reset instead");
        } else if (act == STAGE_DESTROY) {
                end(c, NULL);
        }
}
