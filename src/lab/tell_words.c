/* The words for acts, results and segments. */
#include <inttypes.h>
#include <string.h>

#include "endpoint/rules.h"
#include "lab/tell.h"
#include "words/errno_name.h"

/* "20 bytes, 11 acknowledged less", "RST, 100 bytes ahead". */
static void segment_words(const struct lab_act *act, char text[static TELL_MAX])
{
        static const char *const names[N_VERBS] = {
                [VERB_SEG_SYN] = "SYN", [VERB_SEG_SYN_ACK] = "SYN-ACK", [VERB_SEG_ACK] = "ACK",
                [VERB_SEG_FIN] = "FIN", [VERB_SEG_RST] = "RST", [VERB_SEG_RST_ACK] = "RST-ACK",
        };
        size_t n;

        if (act->verb == VERB_SEG_DATA)
                n = (size_t)snprintf(text, TELL_MAX, "segment: %" PRId64 " byte%s", act->n, act->n == 1 ? "" : "s");
        else
                n = (size_t)snprintf(text, TELL_MAX, "segment: %s", names[act->verb]);
        if (act->has_offset)
                n += (size_t)snprintf(text + n, TELL_MAX - n, ", %" PRId64 " %s",
                                      act->offset < 0 ? -act->offset : act->offset,
                                      act->offset < 0 ? "behind" : "ahead");
        if (act->ack_fewer)
                n += (size_t)snprintf(text + n, TELL_MAX - n, ", ack %" PRId64 " short", act->ack_fewer);
        if (act->no_ack)
                n += (size_t)snprintf(text + n, TELL_MAX - n, ", no ack");
        if (act->has_window)
                snprintf(text + n, TELL_MAX - n, ", window %" PRId64, act->window);
}

char *tell_act(const struct lab_act *act, char text[static TELL_MAX])
{
        const char *verb = verb_name(act->verb);
        char n[32] = "";
        const char *flags = act->nosignal ? ", MSG_NOSIGNAL" : act->waitall ? ", MSG_WAITALL" : "";

        if (act->has_n)
                snprintf(n, sizeof(n), "%" PRId64, act->n);
        switch ((int)act->verb) {
        case VERB_SHUT_RD:
        case VERB_SHUT_WR:
        case VERB_SHUT_RDWR:
                snprintf(text, TELL_MAX, "shutdown(SHUT_%s)",
                         act->verb == VERB_SHUT_RD   ? "RD"
                         : act->verb == VERB_SHUT_WR ? "WR"
                                                     : "RDWR");
                break;
        case VERB_UNSPEC:
                snprintf(text, TELL_MAX, "connect(AF_UNSPEC)");
                break;
        case VERB_SO_ERROR:
                snprintf(text, TELL_MAX, "getsockopt(SO_ERROR)");
                break;
        case VERB_ERROR_QUEUE:
                snprintf(text, TELL_MAX, "recvmsg(MSG_ERRQUEUE)");
                break;
        case VERB_PEEK:
                snprintf(text, TELL_MAX, "recv(%s%sMSG_PEEK)", n, n[0] ? ", " : "");
                break;
        case VERB_TRUNC:
                snprintf(text, TELL_MAX, "recv(%s%sMSG_TRUNC)", n, n[0] ? ", " : "");
                break;
        case VERB_FILL:
                snprintf(text, TELL_MAX, "send() until it is full");
                break;
        case VERB_DRAIN:
                snprintf(text, TELL_MAX, "recv() until the end");
                break;
        case VERB_SPLICE_OUT:
                snprintf(text, TELL_MAX, "splice(socket to pipe)");
                break;
        case VERB_SPLICE:
                snprintf(text, TELL_MAX, "splice(pipe to socket, %s)", n);
                break;
        case VERB_LINGER:
                snprintf(text, TELL_MAX, "SO_LINGER on, %s s", n);
                break;
        case VERB_LINGER_OFF:
                snprintf(text, TELL_MAX, "SO_LINGER off");
                break;
        case VERB_LINGER2:
                snprintf(text, TELL_MAX, "TCP_LINGER2 %s", act->value);
                break;
        case VERB_RECVERR:
                snprintf(text, TELL_MAX, "IP_RECVERR on");
                break;
        case VERB_REPAIR:
                snprintf(text, TELL_MAX, "TCP_REPAIR on");
                break;
        case VERB_USER_TIMEOUT:
                snprintf(text, TELL_MAX, "TCP_USER_TIMEOUT %s ms", act->value);
                break;
        case VERB_KEEPALIVE:
                snprintf(text, TELL_MAX, "SO_KEEPALIVE, 1 s and 1 probe");
                break;
        case VERB_DESTROY:
                snprintf(text, TELL_MAX, "SOCK_DESTROY, as ss -K does");
                break;
        case VERB_EXPIRE:
                snprintf(text, TELL_MAX, "time: %s time-out", act->value);
                break;
        case VERB_SYSCTL:
                snprintf(text, TELL_MAX, "net.ipv4.%s", act->value);
                break;
        case VERB_FORK:
                snprintf(text, TELL_MAX, "fork(): a child shares it");
                break;
        case VERB_CHILD_EXIT:
                snprintf(text, TELL_MAX, "the child calls exit()");
                break;
        case VERB_CHILD_KILL:
                snprintf(text, TELL_MAX, "the child dies of SIGKILL");
                break;
        case VERB_CHILD_CRASH:
                snprintf(text, TELL_MAX, "the child dies of SIGSEGV");
                break;
        case VERB_SIGNAL:
                snprintf(text, TELL_MAX, "a signal interrupts the call");
                break;
        case VERB_WAIT:
                snprintf(text, TELL_MAX, "(the call that waits)");
                break;
        case VERB_FILL_BACKLOG:
                snprintf(text, TELL_MAX, "others fill the accept queue");
                break;
        case VERB_SEG_ICMP:
                snprintf(text, TELL_MAX, "ICMP: %s unreachable", act->value);
                break;
        default:
                if (verb_is_segment(act->verb))
                        segment_words(act, text);
                else
                        snprintf(text, TELL_MAX, "%s(%s%s%s)", verb, n, n[0] || !flags[0] ? "" : "", flags);
        }
        return text;
}

char *tell_result(const struct step *step, char text[static TELL_MAX])
{
        const struct result_seen *r = &step->seen;
        const char *signal = r->sigpipe ? " + SIGPIPE" : "";

        if (step->act.verb == VERB_POLL)
                return look_poll_text(step->epoll, text);
        if (!step->has_result)
                snprintf(text, TELL_MAX, "%s", step->waits ? "waits" : "");
        else if (r->value < 0)
                snprintf(text, TELL_MAX, "%s%s", errno_name(r->error) ?: "an unknown errno", signal);
        else if (step->act.verb == VERB_SO_ERROR && r->value > 0)
                snprintf(text, TELL_MAX, "%s", errno_name((int)r->value) ?: "an unknown errno");
        else
                snprintf(text, TELL_MAX, "%" PRId64 "%s", r->value, signal);
        return text;
}

const char *tell_emitted(const struct emitted *e, char text[static TELL_MAX])
{
        if (e->data) {
                snprintf(text, TELL_MAX, "%" PRIu64 " byte%s", e->n, e->n == 1 ? "" : "s");
                return text;
        }
        switch (e->what) {
        case EMIT_SYN:
                return "SYN";
        case EMIT_SYN_ACK:
                return "SYN-ACK";
        case EMIT_FIN:
                return "FIN";
        case EMIT_RST:
                return "RST";
        case EMIT_RST_REPLY:
                return "RST in reply";
        case EMIT_CHALLENGE:
                return "challenge ACK";
        case EMIT_NOTHING:
        case EMIT_ACK:
        case N_EMISSIONS:
                break;
        }
        return NULL;
}
