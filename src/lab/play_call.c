/* Calls on the sockets of a play: made, stepped in the model, compared. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/play_internal.h"
#include "words/errno_name.h"

#define FILL_CHUNK 65536
#define RESULT_TEXT_MAX 64

/* The event that the act is for the model. */
static struct event event_of(const struct lab_act *act)
{
        static const struct {
                enum event_kind kind;
                int way;
        } kinds[N_VERBS] = {
                [VERB_CONNECT] = { EVENT_CONNECT, 0 },
                [VERB_SEND] = { EVENT_SEND, SEND_SEND },
                [VERB_WRITE] = { EVENT_SEND, SEND_WRITE },
                [VERB_WRITEV] = { EVENT_SEND, SEND_WRITEV },
                [VERB_SENDTO] = { EVENT_SEND, SEND_SENDTO },
                [VERB_SENDMSG] = { EVENT_SEND, SEND_SENDMSG },
                [VERB_SENDMMSG] = { EVENT_SEND, SEND_SENDMMSG },
                [VERB_SENDFILE] = { EVENT_SEND, SEND_SENDFILE },
                [VERB_SPLICE] = { EVENT_SEND, SEND_SPLICE },
                [VERB_FILL] = { EVENT_SEND, SEND_SEND },
                [VERB_RECV] = { EVENT_RECV, RECV_RECV },
                [VERB_READ] = { EVENT_RECV, RECV_READ },
                [VERB_READV] = { EVENT_RECV, RECV_READV },
                [VERB_RECVMSG] = { EVENT_RECV, RECV_RECVMSG },
                [VERB_RECVMMSG] = { EVENT_RECV, RECV_RECVMMSG },
                [VERB_SPLICE_OUT] = { EVENT_RECV, RECV_SPLICE },
                [VERB_PEEK] = { EVENT_RECV, RECV_RECV },
                [VERB_TRUNC] = { EVENT_RECV, RECV_RECV },
                [VERB_SHUT_RD] = { EVENT_SHUTDOWN, 0 },
                [VERB_SHUT_WR] = { EVENT_SHUTDOWN, 0 },
                [VERB_SHUT_RDWR] = { EVENT_SHUTDOWN, 0 },
                [VERB_CLOSE] = { EVENT_CLOSE, 0 },
                [VERB_UNSPEC] = { EVENT_DISCONNECT, 0 },
                [VERB_SO_ERROR] = { EVENT_GET_ERROR, 0 },
                [VERB_ERROR_QUEUE] = { EVENT_ERROR_QUEUE, 0 },
        };
        bool receives = kinds[act->verb].kind == EVENT_RECV;

        return (struct event){
                .kind = kinds[act->verb].kind,
                .way = kinds[act->verb].way,
                .n = act->verb == VERB_FILL ? INT32_MAX
                     : act->has_n           ? (uint64_t)act->n
                     : receives             ? 65536
                                            : 0,
                .nonblock = !act->block,
                .nosignal = act->nosignal,
                .peek = act->verb == VERB_PEEK,
                .waitall = act->waitall,
                .shut_rd = act->verb == VERB_SHUT_RD || act->verb == VERB_SHUT_RDWR,
                .shut_wr = act->verb == VERB_SHUT_WR || act->verb == VERB_SHUT_RDWR,
                .observed = -1,
        };
}

static void seen_text(const struct result_seen *seen, char text[static RESULT_TEXT_MAX])
{
        if (seen->value < 0)
                snprintf(text, RESULT_TEXT_MAX, "%s%s", errno_name(seen->error) ?: "an unknown errno",
                         seen->sigpipe ? "+SIGPIPE" : "");
        else
                snprintf(text, RESULT_TEXT_MAX, "%" PRId64 "%s", seen->value, seen->sigpipe ? "+SIGPIPE" : "");
}

static void expected_text(const struct outcome *o, char text[static RESULT_TEXT_MAX])
{
        const char *signal = o->sigpipe ? "+SIGPIPE" : "";

        switch (o->result) {
        case RESULT_NONE:
                strcpy(text, "nothing");
                break;
        case RESULT_BLOCKS:
                strcpy(text, "it waits");
                break;
        case RESULT_ERROR:
                snprintf(text, RESULT_TEXT_MAX, "%s%s", errno_name(o->error) ?: "an unknown errno", signal);
                break;
        case RESULT_COUNT:
        case RESULT_COUNT_OR_AGAIN:
                if (o->min == o->max)
                        snprintf(text, RESULT_TEXT_MAX, "%" PRIu64 "%s", o->min, signal);
                else
                        snprintf(text, RESULT_TEXT_MAX, "%" PRIu64 " to %" PRIu64 "%s%s", o->min, o->max,
                                 o->result == RESULT_COUNT ? "" : " or EAGAIN", signal);
                break;
        }
}

static bool allowed(const struct result_seen *seen, const struct outcome *o)
{
        if (seen->sigpipe != o->sigpipe)
                return false;
        if (o->zero_too && seen->value == 0)
                return true;
        switch (o->result) {
        case RESULT_ERROR:
                return seen->value < 0 && seen->error == o->error;
        case RESULT_COUNT_OR_AGAIN:
                if (seen->value < 0)
                        return seen->error == EAGAIN;
                return (uint64_t)seen->value >= o->min && (uint64_t)seen->value <= o->max;
        case RESULT_COUNT:
                return seen->value >= 0 && (uint64_t)seen->value >= o->min && (uint64_t)seen->value <= o->max;
        case RESULT_NONE:
        case RESULT_BLOCKS:
                break;
        }
        return false;
}

int play_compare(struct play *play, const struct step *step)
{
        char saw[RESULT_TEXT_MAX], want[RESULT_TEXT_MAX];

        if (allowed(&step->seen, &step->expected))
                return 0;
        seen_text(&step->seen, saw);
        expected_text(&step->expected, want);
        return play_disagree(play, step->expected.rule, "%s gave %s, the model says %s", step->act.text, saw, want);
}

int play_take_result(struct play *play, int end, const struct outcome *expected)
{
        struct step *step = &play->steps[play->waiting_step[end]];
        int r;

        r = waiting_join(play->waiting[end], now_ns() + (expected ? SETTLE_NS : TIMER_NS), &step->seen);
        if (r == -ETIMEDOUT)
                return play_disagree(play, expected ? expected->rule : NULL, "%s has not returned%s",
                                     step->act.text, expected ? ", by the model it has" : "");
        play->waiting[end] = waiting_free(play->waiting[end]);
        if (r < 0)
                return play_skip(play, "%s: %s", step->act.text, strerror(-r));
        step->has_result = true;
        step->waits = false;
        if (step->act.verb == VERB_CLOSE)
                play->fd[end] = -1;
        if (expected) {
                step->expected = *expected;
        } else if (play->pair.end[end].call.kind == EVENT_SEND) {
                /* A send that waits for room is done once all is queued; when, is the kernel's choice. */
                step->expected.result = RESULT_COUNT;
                step->expected.min = step->expected.max = play->pair.end[end].call.n;
                step->expected.sigpipe = false;
        }
        /* Where the count was the kernel's choice, the model learns it now. */
        if (play->pair.end[end].call.kind == EVENT_SEND && step->seen.value > 0 &&
            (!expected || expected->min != expected->max))
                pair_sent(&play->pair, end, (uint64_t)step->seen.value);
        return play_compare(play, step);
}

static int start(struct play *play, struct step *step, int end)
{
        struct event event = event_of(&step->act);
        int r;

        if (play->waiting[end])
                return play_skip(play, "%s: another call waits there", step->act.text);
        r = waiting_start(&step->act, play->fd[end], &play->address, play->address_length,
                          now_ns() + SETTLE_NS, &play->waiting[end]);
        if (r < 0)
                return play_skip(play, "%s in a thread: %s", step->act.text, strerror(-r));
        play->waiting_step[end] = play->n_steps - 1;
        step->waits = true;
        pair_step(&play->pair, end, &event, &step->expected);
        if (step->expected.result != RESULT_BLOCKS)
                return play_take_result(play, end, &step->expected);
        return 0;
}

/* Sends until nothing more is taken. */
static int fill(struct play *play, struct step *step, int end)
{
        struct lab_act act = step->act;
        struct result_seen seen;
        int64_t total = 0;
        int r;

        act.n = FILL_CHUNK;
        do {
                r = calls_make(&act, play->fd[end], NULL, 0, &seen);
                if (r < 0)
                        return r;
                if (seen.value > 0)
                        total += seen.value;
        } while (seen.value > 0);
        step->seen = seen;
        if (total > 0)
                step->seen = (struct result_seen){ .value = total };
        return 0;
}

/* Receives until the model's count is reached, the stream ends, or nothing comes any more. */
static int drain(struct play *play, struct step *step, int end)
{
        int64_t deadline = now_ns() + SETTLE_NS, total = 0;
        const struct endpoint *peer = &play->pair.end[!end];
        bool sending = peer->pending && peer->call.kind == EVENT_SEND;
        uint64_t expected = sending ? peer->written + peer->call.n - play->pair.end[end].taken
                                    : pair_drain(&play->pair, end);
        struct result_seen seen = { 0 };
        int r;

        step->expected = (struct outcome){ .result = RESULT_COUNT, .min = expected, .max = expected };
        for (struct pause pause = { 0 }; (uint64_t)total < expected && now_ns() < deadline;) {
                r = calls_make(&step->act, play->fd[end], NULL, 0, &seen);
                if (r < 0)
                        return r;
                if (seen.value > 0)
                        total += seen.value;
                else if (seen.value == 0 || seen.error != EAGAIN)
                        break;
                else
                        pause_a_little(&pause);
        }
        step->seen = (struct result_seen){ .value = total };
        step->has_result = step->is_call = true;
        if (sending && (uint64_t)total == expected) { /* all that the send which waited had to say */
                r = play_take_result(play, !end, NULL);
                if (r < 0)
                        return r;
                pair_drain(&play->pair, end);
        }
        return play_compare(play, step);
}

/* A file that a dup() or a child still holds keeps the socket alive: the twin goes first. */
static int close_one(struct play *play, int end, int **ret_fd)
{
        *ret_fd = play->extra[end] >= 0 ? &play->extra[end] : &play->fd[end];
        return **ret_fd;
}

int play_call(struct play *play, struct step *step)
{
        const struct lab_act *act = &step->act;
        int end = (int)act->side, fd, *slot = NULL, r;
        struct event event = event_of(act);

        if (act->side > ACT_SERVER)
                return play_skip(play, "%s: that is no call of the client or the server", act->text);
        if (play_by_hand(play, end))
                return play_skip(play, "%s: that end is made of segments, it makes no calls", act->text);
        if (play->fd[end] < 0)
                return play_skip(play, "%s: the %s has no descriptor (any more)", act->text,
                                 end == CLIENT ? "client" : "server");
        step->is_call = true;
        if (act->verb == VERB_DRAIN)
                return drain(play, step, end);
        if (act->background)
                return start(play, step, end);

        struct pair dry = play->pair;
        struct outcome foreseen;

        pair_step(&dry, end, &event, &foreseen);
        if (foreseen.result == RESULT_BLOCKS && !(act->verb == VERB_CLOSE && !dry.end[end].pending) &&
            !(act->verb == VERB_CONNECT && dry.returned[end]))
                return play_skip(play, "%s would wait: write %s&", act->text, act->text);

        fd = act->verb == VERB_CLOSE ? close_one(play, end, &slot) : play->fd[end];
        if (act->verb == VERB_FILL)
                r = fill(play, step, end);
        else
                r = calls_make(act, fd, &play->address, play->address_length, &step->seen);
        if (r < 0)
                return play_skip(play, "%s: %s", act->text, strerror(-r));
        if (slot)
                *slot = -1;
        step->has_result = true;
        event.observed = step->seen.value;
        pair_step(&play->pair, end, &event, &step->expected);
        if (step->expected.result == RESULT_BLOCKS && play->pair.returned[end]) {
                step->expected = play->pair.outcome[end];
                play->pair.returned[end] = false;
        }
        if (act->verb == VERB_CONNECT)
                play_name(play, end);
        return play_compare(play, step);
}

/* None of them waits: a listener has no stream. */
int play_listener_call(struct play *play, struct step *step)
{
        const struct lab_act *act = &step->act;
        struct event event = event_of(act);
        int r;

        if (act->verb == VERB_FILL || act->verb == VERB_DRAIN || act->verb == VERB_POLL || act->block)
                return play_skip(play, "%s: not a call of a listener here", act->text);
        if (play->listener < 0)
                return play_skip(play, "%s: no listener (l.listen)", act->text);
        if (act->verb == VERB_CONNECT && play->pair.listener.state != TCP_STATE_LISTEN)
                return play_skip(play, "%s: it does not listen any more", act->text);
        step->is_call = true;
        r = calls_make(act, play->listener, &play->address, play->address_length, &step->seen);
        if (r < 0)
                return play_skip(play, "%s: %s", act->text, strerror(-r));
        step->has_result = true;
        event.observed = step->seen.value;
        pair_listener_step(&play->pair, &event, &step->expected);
        return play_compare(play, step);
}

static int set_int(int fd, int level, int name, int value)
{
        return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_linger(int fd, bool on, int seconds)
{
        struct linger linger = { .l_onoff = on, .l_linger = seconds };

        return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0 ? -errno : 0;
}

static int set_keepalive(int fd)
{
        int r;

        if ((r = set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1)) < 0 ||
            (r = set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1)) < 0 ||
            (r = set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 1)) < 0)
                return r;
        return set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int play_option(struct play *play, const struct lab_act *act)
{
        int end = (int)act->side, r = -EINVAL, value = atoi(act->value), fd;
        bool v6 = play->family == AF_INET6;
        struct endpoint *e;

        if (act->side == ACT_LISTENER && act->verb == VERB_LINGER) { /* what is accepted inherits it */
                fd = play->listener;
                e = &play->pair.end[SERVER];
        } else if (act->side <= ACT_SERVER && play->fd[end] >= 0) {
                fd = play->fd[end];
                e = &play->pair.end[end];
        } else {
                return play_skip(play, "%s: no socket there", act->text);
        }
        switch ((int)act->verb) {
        case VERB_LINGER:
                r = set_linger(fd, true, (int)act->n);
                e->linger = true;
                e->linger_s = (int)act->n;
                break;
        case VERB_LINGER_OFF:
                r = set_linger(fd, false, 0);
                e->linger = false;
                break;
        case VERB_LINGER2:
                r = set_int(fd, IPPROTO_TCP, TCP_LINGER2, value);
                e->linger2 = value;
                e->long_fin_wait2 = value > 60;
                break;
        case VERB_RECVERR:
                r = set_int(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, 1);
                e->recverr = true;
                break;
        case VERB_REPAIR:
                r = set_int(fd, IPPROTO_TCP, TCP_REPAIR, 1);
                e->repair = true;
                break;
        case VERB_USER_TIMEOUT:
                r = set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, value);
                break;
        case VERB_KEEPALIVE:
                r = set_keepalive(fd);
                break;
        case VERB_SNDBUF:
                r = set_int(fd, SOL_SOCKET, SO_SNDBUF, value);
                break;
        case VERB_RCVBUF:
                r = set_int(fd, SOL_SOCKET, SO_RCVBUF, value);
                break;
        default:
                break;
        }
        return r < 0 ? play_skip(play, "%s: %s", act->text, strerror(-r)) : 0;
}
