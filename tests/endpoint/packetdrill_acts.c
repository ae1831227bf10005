/* Acts of a line as the model's events: calls, segments by hand, options, timers. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint/rules.h"
#include "packetdrill_replay.h"

bool replay_fault(struct replay *r, const char *format, ...)
{
        va_list arguments;

        if (r->why[0])
                return false;
        va_start(arguments, format);
        vsnprintf(r->why, sizeof(r->why), format, arguments);
        va_end(arguments);
        return false;
}

static struct event call_event(const struct lab_act *act)
{
        static const struct {
                enum event_kind kind;
                int way;
        } kinds[N_VERBS] = {
                [VERB_CONNECT] = { EVENT_CONNECT, 0 },          [VERB_ACCEPT] = { EVENT_ACCEPT, 0 },
                [VERB_SEND] = { EVENT_SEND, SEND_SEND },        [VERB_WRITE] = { EVENT_SEND, SEND_WRITE },
                [VERB_WRITEV] = { EVENT_SEND, SEND_WRITEV },    [VERB_SENDTO] = { EVENT_SEND, SEND_SENDTO },
                [VERB_SENDMSG] = { EVENT_SEND, SEND_SENDMSG },  [VERB_SENDMMSG] = { EVENT_SEND, SEND_SENDMMSG },
                [VERB_SENDFILE] = { EVENT_SEND, SEND_SENDFILE }, [VERB_SPLICE] = { EVENT_SEND, SEND_SPLICE },
                [VERB_RECV] = { EVENT_RECV, RECV_RECV },        [VERB_READ] = { EVENT_RECV, RECV_READ },
                [VERB_READV] = { EVENT_RECV, RECV_READV },      [VERB_RECVMSG] = { EVENT_RECV, RECV_RECVMSG },
                [VERB_RECVMMSG] = { EVENT_RECV, RECV_RECVMMSG }, [VERB_SPLICE_OUT] = { EVENT_RECV, RECV_SPLICE },
                [VERB_PEEK] = { EVENT_RECV, RECV_RECV },        [VERB_TRUNC] = { EVENT_RECV, RECV_RECV },
                [VERB_SHUT_RD] = { EVENT_SHUTDOWN, 0 },         [VERB_SHUT_WR] = { EVENT_SHUTDOWN, 0 },
                [VERB_SHUT_RDWR] = { EVENT_SHUTDOWN, 0 },       [VERB_CLOSE] = { EVENT_CLOSE, 0 },
                [VERB_CHILD_EXIT] = { EVENT_CLOSE, 0 },         [VERB_CHILD_KILL] = { EVENT_CLOSE, 0 },
                [VERB_UNSPEC] = { EVENT_DISCONNECT, 0 },        [VERB_SO_ERROR] = { EVENT_GET_ERROR, 0 },
                [VERB_ERROR_QUEUE] = { EVENT_ERROR_QUEUE, 0 },
        };

        return (struct event){
                .kind = kinds[act->verb].kind,
                .way = kinds[act->verb].way,
                .n = act->has_n ? (uint64_t)act->n : kinds[act->verb].kind == EVENT_RECV ? 65536 : 0,
                .nonblock = !act->block,
                .nosignal = act->nosignal,
                .peek = act->verb == VERB_PEEK,
                .waitall = act->waitall,
                .shut_rd = act->verb == VERB_SHUT_RD || act->verb == VERB_SHUT_RDWR,
                .shut_wr = act->verb == VERB_SHUT_WR || act->verb == VERB_SHUT_RDWR,
                .exiting = act->verb == VERB_CHILD_EXIT || act->verb == VERB_CHILD_KILL,
                .observed = -1,
        };
}

static bool is_call(enum verb verb)
{
        struct lab_act act = { .verb = verb };

        return verb == VERB_CONNECT || call_event(&act).kind != EVENT_CONNECT;
}

static void happen(struct replay *r, int end, struct event event, struct outcome *ret_outcome)
{
        event.observed = -1;
        pair_step(&r->pair, end, &event, ret_outcome);
}

/* tcp_validate_incoming(): where a RST falls in what the socket expects. */
static enum rst_fit fit_of(const struct replay *r, const struct endpoint *e, int64_t offset)
{
        int64_t expected = (int64_t)e->received + e->fin_received;
        int64_t at = (int64_t)r->hand_sent + r->hand_fin + offset;
        bool had_fin = (1U << e->state) & (IN(CLOSE_WAIT) | IN(LAST_ACK) | IN(CLOSING));

        if (at == expected || (at == expected - 1 && had_fin))
                return RST_EXACT;
        return at > expected && at < expected + 60000 ? RST_IN_WINDOW : RST_OUTSIDE;
}

static enum icmp_error icmp_of(const char *name)
{
        static const struct {
                const char *name;
                enum icmp_error error;
        } names[] = {
                { "host", ICMP_ERROR_HOST_UNREACHABLE }, { "net", ICMP_ERROR_NET_UNREACHABLE },
                { "port", ICMP_ERROR_PORT_UNREACHABLE }, { "protocol", ICMP_ERROR_PROTOCOL_UNREACHABLE },
                { "admin", ICMP_ERROR_ADMIN_PROHIBITED },
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (!strcmp(names[i].name, name))
                        return names[i].error;
        return N_ICMP_ERRORS;
}

/* A segment by hand, as its properties in the order in which the kernel looks at them. Without another
 * number it acknowledges all that the socket has sent. */
static bool segment(struct replay *r, const struct lab_act *act)
{
        int to = act->side == ACT_CLIENT ? SERVER : CLIENT;
        struct endpoint *e = &r->pair.end[to];
        uint64_t at = r->hand_sent + (uint64_t)act->offset, n = act->has_n ? (uint64_t)act->n : 0;
        bool acks_fin = e->fin_sent && act->ack_fewer == 0;
        struct event ack = {
                .kind = EVENT_ACK,
                .at = e->sent + e->fin_sent - (uint64_t)act->ack_fewer - acks_fin,
                .acks_fin = acks_fin,
                .with_data = act->verb == VERB_SEG_DATA,
        };
        struct outcome o = { 0 };

        r->pair.window[!to] = act->has_window ? (uint64_t)act->window << 7 : UINT64_MAX;
        switch ((int)act->verb) {
        case VERB_SEG_SYN:
                happen(r, to, (struct event){ .kind = EVENT_SYN }, &o);
                return true;
        case VERB_SEG_SYN_ACK:
                happen(r, to, (struct event){ .kind = EVENT_SYN_ACK }, &o);
                return true;
        case VERB_SEG_RST:
        case VERB_SEG_RST_ACK:
                happen(r, to, (struct event){ .kind = EVENT_RST, .fit = fit_of(r, e, act->offset),
                                                    .has_ack = !act->no_ack }, &o);
                return true;
        case VERB_SEG_ICMP: {
                enum icmp_error error = icmp_of(act->value);
                bool current = e->state == TCP_STATE_SYN_SENT || e->holder == HOLDER_REQUEST ||
                               e->sent + e->fin_sent > e->acked + e->fin_acked;

                if (error == N_ICMP_ERRORS)
                        return replay_fault(r, "%s: no such ICMP error", act->text);
                happen(r, to, (struct event){ .kind = EVENT_ICMP, .icmp = error,
                                                    .kills_request = icmp_error_kills_request(error, AF_INET),
                                                    .fit = current ? RST_EXACT : RST_OUTSIDE,
                                                    .icmp_errno = icmp_error_errno(error, AF_INET) }, &o);
                return true;
        }
        default:
                break;
        }
        if (act->no_ack)
                return replay_fault(r, "%s: the model has no event for a segment without ACK", act->text);
        happen(r, to, ack, &o);
        if (o.emission != EMIT_RST && o.emission != EMIT_RST_REPLY) {
                if (act->verb == VERB_SEG_DATA)
                        happen(r, to, (struct event){ .kind = EVENT_DATA, .at = at, .n = n }, &o);
                if (act->verb == VERB_SEG_FIN)
                        happen(r, to, (struct event){ .kind = EVENT_FIN, .at = at }, &o);
        }
        if (act->offset == 0 && act->verb == VERB_SEG_DATA) {
                r->hand_sent += n;
                if (e->received > r->hand_sent)
                        r->hand_sent = e->received;
        }
        if (act->offset == 0 && act->verb == VERB_SEG_FIN)
                r->hand_fin = true;
        return true;
}

static bool timer(struct replay *r, const struct lab_act *act, int end)
{
        static const struct {
                const char *name;
                enum timer_kind timer;
        } timers[] = {
                { "retransmission", TIMER_RETRANSMISSION }, { "probe", TIMER_PROBE },
                { "keepalive", TIMER_KEEPALIVE },           { "user", TIMER_USER },
                { "fin-wait2", TIMER_FIN_WAIT2 },
        };
        struct outcome ignored;

        for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++)
                if (!strcmp(act->value, timers[i].name)) {
                        happen(r, end, (struct event){ .kind = EVENT_TIMER, .timer = timers[i].timer }, &ignored);
                        return true;
                }
        return replay_fault(r, "%s: no such timer", act->text);
}

/* A call that waits is ended by a signal, or by its own time-out: to the model the same. */
static bool interrupt(struct replay *r, const struct lab_act *act, int end)
{
        struct event event = { .signalled = true, .observed = -1 };

        if (!endpoint_resume(&r->pair.end[end], &event, &r->last))
                return replay_fault(r, "%s: no call waits there", act->text);
        return r->owes_result = true;
}

static bool listener(struct replay *r, const struct lab_act *act)
{
        struct outcome ignored;
        struct event event = { .kind = EVENT_CLOSE, .observed = -1 };

        if (act->verb == VERB_CLOSE)
                pair_listener_step(&r->pair, &event, &ignored);
        else
                pair_listen(&r->pair);
        return true;
}

/* What changes an end without being one of the model's events. */
static bool setting(struct replay *r, const struct lab_act *act, int end)
{
        struct endpoint *e = &r->pair.end[end];
        struct outcome ignored;

        switch ((int)act->verb) {
        case VERB_LINGER:
        case VERB_LINGER_OFF:
                e->linger = act->verb == VERB_LINGER;
                e->linger_s = (int)act->n;
                return true;
        case VERB_LINGER2:
                e->linger2 = atoi(act->value);
                e->long_fin_wait2 = e->linger2 > 60;
                return true;
        case VERB_RECVERR:
                return e->recverr = true;
        case VERB_REPAIR:
                return e->repair = true;
        case VERB_DUP:
        case VERB_FORK:
                e->n_refs++;
                return true;
        case VERB_POLL:
        case VERB_USER_TIMEOUT:
        case VERB_KEEPALIVE:
        case VERB_SYSCTL:
                return true;
        case VERB_DESTROY:
                happen(r, end, (struct event){ .kind = EVENT_DESTROY }, &ignored);
                return true;
        case VERB_EXPIRE:
                return strcmp(act->value, "linger") ? timer(r, act, end) : interrupt(r, act, end);
        case VERB_SIGNAL:
                return interrupt(r, act, end);
        case VERB_WAIT:
                if (!r->pair.returned[end])
                        return replay_fault(r, "%s: the call still waits", act->text);
                r->pair.returned[end] = false;
                r->last = r->pair.outcome[end];
                return r->owes_result = true;
        default:
                return replay_fault(r, "%s: not an act that the model can play", act->text);
        }
}

bool replay_perform(struct replay *r, const struct lab_act *act)
{
        int end = (int)act->side;

        if (act->side == ACT_LISTENER && (act->verb == VERB_LISTEN || act->verb == VERB_CLOSE))
                return listener(r, act);
        if (act->side == ACT_NAMESPACE)
                return true;
        if (verb_is_segment(act->verb))
                return segment(r, act);
        if (!is_call(act->verb))
                return end < N_ENDS ? setting(r, act, end) : replay_fault(r, "%s: not an act of a listener", act->text);
        if (act->side == ACT_LISTENER || act->verb == VERB_ACCEPT) {
                struct event event = call_event(act);

                pair_listener_step(&r->pair, &event, &r->last);
                return r->owes_result = true;
        }
        happen(r, end, call_event(act), &r->last);
        /* A call that waits may return within the same step where the other end is a socket. */
        if (r->last.result == RESULT_BLOCKS && r->pair.returned[end] && !act->background) {
                r->last = r->pair.outcome[end];
                r->pair.returned[end] = false;
        }
        r->owes_result = !(act->background && r->last.result == RESULT_BLOCKS);
        return true;
}
