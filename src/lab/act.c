/* Reads the notation for acts. */
#include "lab/act.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum number { NO_NUMBER, MAY_NUMBER, MUST_NUMBER, VALUE };

static const struct {
        const char *name;
        enum number number;
} verbs[N_VERBS] = {
        [VERB_CONNECT] = { "connect", NO_NUMBER },
        [VERB_ACCEPT] = { "accept", NO_NUMBER },
        [VERB_LISTEN] = { "listen", MAY_NUMBER },
        [VERB_SEND] = { "send", MUST_NUMBER },
        [VERB_WRITE] = { "write", MUST_NUMBER },
        [VERB_WRITEV] = { "writev", MUST_NUMBER },
        [VERB_SENDTO] = { "sendto", MUST_NUMBER },
        [VERB_SENDMSG] = { "sendmsg", MUST_NUMBER },
        [VERB_SENDMMSG] = { "sendmmsg", MUST_NUMBER },
        [VERB_SENDFILE] = { "sendfile", MUST_NUMBER },
        [VERB_SPLICE] = { "splice", MUST_NUMBER },
        [VERB_FILL] = { "fill", NO_NUMBER },
        [VERB_RECV] = { "recv", MAY_NUMBER },
        [VERB_READ] = { "read", MAY_NUMBER },
        [VERB_READV] = { "readv", MAY_NUMBER },
        [VERB_RECVMSG] = { "recvmsg", MAY_NUMBER },
        [VERB_RECVMMSG] = { "recvmmsg", MAY_NUMBER },
        [VERB_SPLICE_OUT] = { "splice-out", MAY_NUMBER },
        [VERB_PEEK] = { "peek", MAY_NUMBER },
        [VERB_TRUNC] = { "trunc", MAY_NUMBER },
        [VERB_DRAIN] = { "drain", NO_NUMBER },
        [VERB_SHUT_RD] = { "shut-rd", NO_NUMBER },
        [VERB_SHUT_WR] = { "shut-wr", NO_NUMBER },
        [VERB_SHUT_RDWR] = { "shut-rdwr", NO_NUMBER },
        [VERB_CLOSE] = { "close", NO_NUMBER },
        [VERB_UNSPEC] = { "connect-unspec", NO_NUMBER },
        [VERB_SO_ERROR] = { "so-error", NO_NUMBER },
        [VERB_ERROR_QUEUE] = { "error-queue", NO_NUMBER },
        [VERB_POLL] = { "poll", NO_NUMBER },
        [VERB_WAIT] = { "wait", NO_NUMBER },
        [VERB_SIGNAL] = { "signal", NO_NUMBER },
        [VERB_DUP] = { "dup", NO_NUMBER },
        [VERB_FORK] = { "fork", NO_NUMBER },
        [VERB_CHILD_EXIT] = { "child-exit", NO_NUMBER },
        [VERB_CHILD_KILL] = { "child-kill", NO_NUMBER },
        [VERB_CHILD_CRASH] = { "child-crash", NO_NUMBER },
        [VERB_LINGER] = { "linger", MUST_NUMBER },
        [VERB_LINGER_OFF] = { "linger-off", NO_NUMBER },
        [VERB_LINGER2] = { "tcp-linger2", VALUE },
        [VERB_RECVERR] = { "recverr", NO_NUMBER },
        [VERB_REPAIR] = { "repair", NO_NUMBER },
        [VERB_USER_TIMEOUT] = { "user-timeout", VALUE },
        [VERB_KEEPALIVE] = { "keepalive", NO_NUMBER },
        [VERB_SNDBUF] = { "sndbuf", VALUE },
        [VERB_RCVBUF] = { "rcvbuf", VALUE },
        [VERB_DESTROY] = { "destroy", NO_NUMBER },
        [VERB_EXPIRE] = { "expire", VALUE },
        [VERB_SYSCTL] = { "sysctl", VALUE },
        [VERB_FILL_BACKLOG] = { "fill-backlog", NO_NUMBER },
        [VERB_SEG_SYN] = { "syn", NO_NUMBER },
        [VERB_SEG_SYN_ACK] = { "syn-ack", NO_NUMBER },
        [VERB_SEG_ACK] = { "ack", NO_NUMBER },
        [VERB_SEG_DATA] = { "data", MUST_NUMBER },
        [VERB_SEG_FIN] = { "fin", NO_NUMBER },
        [VERB_SEG_RST] = { "rst", NO_NUMBER },
        [VERB_SEG_RST_ACK] = { "rst-ack", NO_NUMBER },
        [VERB_SEG_ICMP] = { "icmp", VALUE },
};

const char *verb_name(enum verb verb)
{
        return verbs[verb].name;
}

bool verb_is_segment(enum verb verb)
{
        return verb >= VERB_SEG_SYN && verb < N_VERBS;
}

static bool is_separator(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == ',';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* The verb is all up to a digit, '=', '@', '+', '&' or the end; a digit inside a name is not one that
 * begins a number, so the longest name wins. */
static bool find_verb(const char *p, const char *end, enum verb *ret_verb, size_t *ret_length)
{
        size_t longest = 0;

        for (size_t i = 0; i < N_VERBS; i++) {
                size_t n = strlen(verbs[i].name);
                char next = p + n < end ? p[n] : 0;

                if (n > (size_t)(end - p) || n <= longest || strncmp(p, verbs[i].name, n) != 0)
                        continue;
                if (next != 0 && !is_digit(next) && !strchr("=@+&", next))
                        continue;
                longest = n;
                *ret_verb = (enum verb)i;
        }
        *ret_length = longest;
        return longest > 0;
}

/* Nothing larger goes into an act; what is, stays recognizable as too large. */
#define LARGEST ((int64_t)INT32_MAX)

static const char *number(const char *p, const char *end, int64_t *ret_n)
{
        bool negative = p < end && *p == '-';
        int64_t n = 0, unit = 1;

        if (p < end && (*p == '-' || *p == '+'))
                p++;
        for (; p < end && is_digit(*p); p++)
                if (n <= LARGEST)
                        n = n * 10 + (*p - '0');
        if (p < end && (*p == 'k' || *p == 'M'))
                unit = *p++ == 'k' ? 1000 : 1000000;
        n = n <= LARGEST ? n * unit : LARGEST + 1;
        *ret_n = negative ? -n : n;
        return p;
}

static const char *modifier(const char *p, const char *end, struct lab_act *act)
{
        const char *stop = p;
        size_t n;
        int64_t value;

        while (stop < end && *stop != '+' && *stop != '&')
                stop++;
        n = (size_t)(stop - p);
        if (n == 8 && !strncmp(p, "nosignal", n))
                act->nosignal = true;
        else if (n == 7 && !strncmp(p, "waitall", n))
                act->waitall = true;
        else if (n == 5 && !strncmp(p, "block", n))
                act->block = true;
        else if (n == 5 && !strncmp(p, "noack", n))
                act->no_ack = true;
        else if (n > 4 && !strncmp(p, "ack-", 4) && number(p + 4, stop, &value) == stop)
                act->ack_fewer = value;
        else if (n > 4 && !strncmp(p, "win=", 4) && number(p + 4, stop, &value) == stop) {
                act->has_window = true;
                act->window = value;
        } else
                return NULL;
        return stop;
}

static int fail(const char **text, const char *at, const char **ret_why, const char *why)
{
        *text = at;
        *ret_why = why;
        return -EINVAL;
}

static int side_of(char c, enum act_side *ret_side)
{
        static const char sides[] = "csln";
        const char *p = c ? strchr(sides, c) : NULL;

        if (!p)
                return -EINVAL;
        *ret_side = (enum act_side)(p - sides);
        return 0;
}

/* Number, value, offset, modifiers: all that may follow the verb. */
static const char *tail(const char *p, const char *end, struct lab_act *act)
{
        if (p < end && is_digit(*p)) {
                act->has_n = true;
                p = number(p, end, &act->n);
        }
        if (p < end && *p == '=') {
                size_t n = 0;

                for (p++; p < end && *p != '@' && *p != '+' && *p != '&'; p++)
                        if (n < sizeof(act->value) - 1)
                                act->value[n++] = *p;
        }
        if (p < end && *p == '@') {
                act->has_offset = true;
                p = number(p + 1, end, &act->offset);
        }
        while (p && p < end && *p == '+')
                p = modifier(p + 1, end, act);
        if (p && p < end && *p == '&') {
                act->background = act->block = true;
                p++;
        }
        return p;
}

int act_parse(const char **text, struct lab_act *ret_act, const char **ret_why)
{
        const char *p = *text, *start, *end;
        struct lab_act act = { .verb = N_VERBS };
        size_t n;

        while (is_separator(*p))
                p++;
        if (*p == 0) {
                *text = p;
                return -ENODATA;
        }
        start = end = p;
        while (*end && !is_separator(*end))
                end++;
        if (end - p >= (ptrdiff_t)sizeof(act.text))
                return fail(text, start, ret_why, "too long for an act");
        memcpy(act.text, p, (size_t)(end - p));
        if (side_of(p[0], &act.side) < 0 || p[1] != '.')
                return fail(text, start, ret_why, "an act begins with c. s. l. or n.");
        p += 2;
        if (!find_verb(p, end, &act.verb, &n))
                return fail(text, start, ret_why, "no such verb");
        p = tail(p + n, end, &act);
        if (p != end)
                return fail(text, start, ret_why, "what follows the verb cannot be read");
        if (verbs[act.verb].number == MUST_NUMBER && !act.has_n)
                return fail(text, start, ret_why, "a number is missing (right behind the verb: c.send10)");
        if (verbs[act.verb].number == VALUE && act.value[0] == 0)
                return fail(text, start, ret_why, "a value is missing (=…)");
        if (verbs[act.verb].number == NO_NUMBER && act.has_n)
                return fail(text, start, ret_why, "no number goes with this verb");
        if (act.n < 0 || act.n > LARGEST || act.offset < -LARGEST || act.offset > LARGEST || act.window < 0 ||
            act.window > UINT16_MAX || act.ack_fewer < 0 || act.ack_fewer > LARGEST)
                return fail(text, start, ret_why, "the number is out of range");
        *text = end;
        *ret_act = act;
        return 0;
}
