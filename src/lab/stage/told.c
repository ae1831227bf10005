/* Plays each ending between two endpoints of the model, and asks the client's end what it is told. */
#include "lab/stage/told.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint/pair.h"
#include "words/errno_name.h"

static void step(struct pair *pair, int end, struct event event)
{
        struct outcome ignored;

        event.observed = -1;
        pair_step(pair, end, &event, &ignored);
}

static void text_of(const struct outcome *o, char text[static STAGE_TOLD_TEXT])
{
        if (o->result == RESULT_BLOCKS ||
            (o->result == RESULT_ERROR &&
             (o->error == EAGAIN || o->error == EINPROGRESS || o->error == EALREADY)))
                strcpy(text, "waits");
        else if (o->result == RESULT_ERROR)
                snprintf(text, STAGE_TOLD_TEXT, "%s%s", errno_name(o->error), o->sigpipe ? "+SIGPIPE" : "");
        else if (o->result == RESULT_COUNT_OR_AGAIN)
                snprintf(text, STAGE_TOLD_TEXT, "%d or waits", (int)o->max);
        else
                snprintf(text, STAGE_TOLD_TEXT, "%d", (int)o->max);
}

/* The same call until it says the same twice. A client that waits in vain for a kernel that is silent is
 * given up by its own kernel: `timer` fires then. */
static void ask(struct pair pair, struct event event, enum timer_kind timer, struct stage_calls *ret)
{
        ret->n = 0;
        while (ret->n < STAGE_TOLD_MAX) {
                struct outcome o;

                pair_step(&pair, CLIENT, &event, &o);
                text_of(&o, ret->items[ret->n++]);
                if (timer != TIMER_NONE && (o.result == RESULT_COUNT ? event.kind == EVENT_SEND : true)) {
                        step(&pair, CLIENT, (struct event){ .kind = EVENT_TIMER, .timer = timer });
                        timer = TIMER_NONE;
                        continue;
                }
                if (ret->n > 1 && !strcmp(ret->items[ret->n - 1], ret->items[ret->n - 2])) {
                        ret->n--;
                        return;
                }
        }
}

static void server_acts(struct pair *pair, enum stage_act act)
{
        struct endpoint *server = &pair->end[SERVER];
        struct event read = { .kind = EVENT_RECV, .n = act == STAGE_UNREAD ? 9 : 10, .nonblock = true };

        if (act != STAGE_ZERO_WINDOW && act != STAGE_SILENCE)
                step(pair, SERVER, read);
        switch (act) {
        case STAGE_ZERO_LINGER:
                server->linger = true;
                step(pair, SERVER, (struct event){ .kind = EVENT_CLOSE });
                break;
        case STAGE_CLOSE:
        case STAGE_UNREAD:
                step(pair, SERVER, (struct event){ .kind = EVENT_CLOSE });
                break;
        case STAGE_HALF_CLOSE:
                step(pair, SERVER, (struct event){ .kind = EVENT_SHUTDOWN, .shut_wr = true });
                break;
        case STAGE_LATE_DATA:
                step(pair, SERVER, (struct event){ .kind = EVENT_SHUTDOWN, .shut_wr = true, .shut_rd = true });
                break;
        case STAGE_DISCONNECT:
                step(pair, SERVER, (struct event){ .kind = EVENT_DISCONNECT });
                break;
        case STAGE_DESTROY:
                step(pair, SERVER, (struct event){ .kind = EVENT_DESTROY });
                break;
        case STAGE_KEEPALIVE:
                step(pair, SERVER, (struct event){ .kind = EVENT_TIMER, .timer = TIMER_KEEPALIVE });
                break;
        case STAGE_DRIP:
                step(pair, SERVER, (struct event){ .kind = EVENT_SEND, .n = 1, .nonblock = true });
                break;
        case STAGE_SERVE:
                step(pair, SERVER, (struct event){ .kind = EVENT_SEND, .n = 10, .nonblock = true });
                break;
        case STAGE_ZERO_WINDOW:
                pair->end[CLIENT].crowded = true;
                break;
        case STAGE_OPEN:
        case STAGE_SILENCE:
        case STAGE_REFUSE:
        case STAGE_UNANSWERED:
        case STAGE_BACKLOG_FULL:
        case N_STAGE_ACTS:
                break;
        }
}

static void note_wire(const struct pair *pair, struct stage_calls *ret)
{
        ret->n = 0;
        for (size_t i = 0; i < pair->n_emitted && ret->n < STAGE_TOLD_MAX; i++) {
                enum emission what = pair->emitted[i].what;

                if (pair->emitted[i].from != SERVER || pair->emitted[i].data)
                        continue;
                if (what == EMIT_FIN || what == EMIT_RST || what == EMIT_RST_REPLY)
                        strcpy(ret->items[ret->n++], what == EMIT_FIN ? "FIN" : "RST");
        }
}

static void tell_attempt(enum stage_act act, struct stage_told *told)
{
        struct pair pair;
        bool answered = act == STAGE_REFUSE;

        pair_init_unconnected(&pair, AF_INET);
        pair.by_hand[SERVER] = !answered;
        ask(pair, (struct event){ .kind = EVENT_CONNECT, .nonblock = true, .observed = -1 },
            answered ? TIMER_NONE : TIMER_RETRANSMISSION, &told->connect);
        /* The socket may try again afterwards: what one attempt is told ends with its error. */
        if (told->connect.n > 2)
                told->connect.n = 2;
        step(&pair, CLIENT, (struct event){ .kind = EVENT_CONNECT, .nonblock = true });
        note_wire(&pair, &told->wire);
}

void stage_tell(const struct stage_ending *ending, struct stage_told *ret_told)
{
        struct event receive = { .kind = EVENT_RECV, .n = 100, .nonblock = true, .observed = -1 };
        struct event send = { .kind = EVENT_SEND, .n = 1, .nonblock = true, .observed = 1 };
        enum timer_kind timer = ending->act == STAGE_SILENCE ? TIMER_RETRANSMISSION : TIMER_NONE;
        struct pair pair;
        struct pair after_send;

        memset(ret_told, 0, sizeof(*ret_told));
        if (stage_ending_of_listener(ending)) {
                tell_attempt(ending->act, ret_told);
                return;
        }
        pair_init_connected(&pair, AF_INET);
        pair.by_hand[SERVER] = ending->act == STAGE_SILENCE;
        step(&pair, CLIENT, (struct event){ .kind = EVENT_SEND, .n = 10, .nonblock = true });
        server_acts(&pair, ending->act);
        ask(pair, receive, timer, &ret_told->recv);
        ask(pair, send, timer, &ret_told->send);
        /* What the client's next byte draws belongs to the ending too. */
        after_send = pair;
        if (ending->act == STAGE_LATE_DATA || ending->act == STAGE_CLOSE)
                step(&after_send, CLIENT, send);
        note_wire(&after_send, &ret_told->wire);
}
