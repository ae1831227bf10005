/* Makes up sequences of acts that can be played: no call that would wait, no descriptor that is gone. */
#include "lab/generate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/scenario.h"

static const struct {
        const char *prefix;
        unsigned flags;
} kinds[N_SEQUENCE_KINDS] = {
        [SEQUENCE_SOCKETS] = { "seq:", 0 },
        [SEQUENCE_SERVER_BY_HAND] = { "seq-server-by-hand:", SCENARIO_SERVER_BY_HAND },
        [SEQUENCE_CLIENT_BY_HAND] = { "seq-client-by-hand:", SCENARIO_CLIENT_BY_HAND },
        [SEQUENCE_UNCONNECTED] = { "seq-unconnected:", SCENARIO_UNCONNECTED },
};

const char *sequence_prefix(enum sequence_kind kind)
{
        return kinds[kind].prefix;
}

unsigned sequence_flags(enum sequence_kind kind)
{
        return kinds[kind].flags;
}

/* What is known of the ends while the acts are made up. */
struct draft {
        const struct generator *generator;
        uint64_t state; /* splitmix64 */
        char *acts;
        size_t n;
        bool open[2], dup[2], linger[2], connected, listening;
        bool by_hand;
        int hand; /* the end by hand */
        bool fin_by_hand, gap;
        unsigned unacked; /* bytes that the socket sent and the hand has not acknowledged */
};

static uint64_t draw(struct draft *d)
{
        uint64_t z = d->state += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

static unsigned below(struct draft *d, unsigned n)
{
        return (unsigned)(draw(d) % n);
}

__attribute__((format(printf, 2, 3))) static void put(struct draft *d, const char *format, ...)
{
        va_list arguments;
        int n;

        if (d->n > 0 && d->n < GENERATED_MAX - 1)
                d->acts[d->n++] = ',';
        va_start(arguments, format);
        n = vsnprintf(d->acts + d->n, GENERATED_MAX - d->n, format, arguments);
        va_end(arguments);
        if (n > 0 && d->n + (size_t)n < GENERATED_MAX)
                d->n += (size_t)n;
        else
                d->acts[d->n > 0 ? --d->n : 0] = 0;
}

static void put_send(struct draft *d, char side)
{
        static const char *const ways[] = { "send", "write", "writev",
                                            "sendto", "sendmsg", "sendmmsg", "sendfile", "splice" };
        static const unsigned sizes[] = { 0, 1, 10, 100, 1000 };
        unsigned way = below(d, 8), size = sizes[below(d, 5)];
        bool flags = way == 0 || (way >= 3 && way <= 5);

        /* A pipe with nothing in it and sendmmsg() of nothing say nothing of sockets. */
        if (size == 0 && way >= 5)
                size = 1;
        put(d, "%c.%s%u%s", side, ways[way], size, flags && below(d, 3) == 0 ? "+nosignal" : "");
        d->unacked += size;
}

static void put_recv(struct draft *d, char side)
{
        static const char *const ways[] = { "recv", "read", "readv", "recvmsg",
                                            "recvmmsg", "splice-out", "peek", "trunc" };
        static const char *const sizes[] = { "", "1", "7", "50" };
        unsigned way = below(d, 10);

        if (way >= 8)
                put(d, "%c.recv%s%s", side, sizes[1 + below(d, 3)], "+waitall");
        else
                put(d, "%c.%s%s", side, ways[way], sizes[below(d, 4)]);
}

static void put_end(struct draft *d, char side, int end)
{
        switch (below(d, 8)) {
        case 0:
                put(d, "%c.shut-rd", side);
                break;
        case 1:
        case 2:
                put(d, "%c.shut-wr", side);
                break;
        case 3:
                put(d, "%c.shut-rdwr", side);
                break;
        case 4:
                put(d, "%c.linger0", side);
                d->linger[end] = true;
                break;
        default:
                put(d, "%c.close", side);
                if (d->dup[end])
                        d->dup[end] = false;
                else
                        d->open[end] = false;
        }
}

static void put_rare(struct draft *d, char side, int end)
{
        switch (below(d, 8)) {
        case 0:
                put(d, "%c.connect-unspec", side);
                break;
        case 1:
                put(d, "%c.tcp-linger2=-1", side);
                break;
        case 2:
                put(d, "%c.recverr", side);
                break;
        case 3:
                put(d, "%c.error-queue", side);
                break;
        case 4:
                if (!d->dup[end]) {
                        put(d, "%c.dup", side);
                        d->dup[end] = true;
                }
                break;
        case 5:
                if (d->generator->own_namespace && d->connected) {
                        put(d, "%c.destroy", side);
                        break;
                }
                __attribute__((fallthrough));
        case 6:
                put(d, "%c.linger-off", side);
                break;
        default:
                put(d, "%c.poll", side);
        }
}

static void put_call(struct draft *d, int end)
{
        char side = "cs"[end];
        unsigned what = below(d, 20);

        if (what < 7)
                put_send(d, side);
        else if (what < 13)
                put_recv(d, side);
        else if (what < 17)
                put_end(d, side, end);
        else if (what < 18)
                put(d, "%c.so-error", side);
        else
                put_rare(d, side, end);
}

static void put_segment(struct draft *d)
{
        static const char *const errors[] = { "host", "net", "port", "protocol", "admin" };
        char side = "cs"[d->hand];

        switch (below(d, 12)) {
        case 0:
        case 1:
        case 2:
                if (!d->fin_by_hand)
                        put(d, "%c.data%u", side, 1 + below(d, 100));
                break;
        case 3:
                if (!d->fin_by_hand && !d->gap) {
                        put(d, "%c.data%u@+%u", side, 1 + below(d, 50), 1 + below(d, 50));
                        d->gap = true;
                }
                break;
        case 4:
                if (!d->fin_by_hand && !d->gap) {
                        put(d, "%c.fin", side);
                        d->fin_by_hand = true;
                }
                break;
        case 5:
        case 6:
        case 7:
                put(d, "%c.ack", side);
                d->unacked = 0;
                break;
        case 8:
                put(d, "%c.icmp=%s", side, errors[below(d, 5)]);
                break;
        case 9:
                if (below(d, 2))
                        put(d, "%c.rst", side);
                else
                        put(d, "%c.rst-ack", side);
                break;
        case 10:
                put(d, "%c.rst@%s%u", side, below(d, 2) ? "+" : "-", 2 + below(d, 20000));
                break;
        default:
                if (d->unacked > 1)
                        put(d, "%c.ack+ack-%u", side, 1 + below(d, d->unacked - 1));
        }
}

static void put_listener_call(struct draft *d)
{
        static const char *const calls[] = { "l.close",   "l.close",    "l.shut-rd", "l.shut-rdwr",  "l.connect-unspec",
                                             "l.destroy", "l.shut-wr",  "l.recv",    "l.send1",      "l.recvmmsg",
                                             "l.connect", "l.so-error", "l.splice1", "l.splice-out", "l.error-queue" };
        unsigned what = below(d, sizeof(calls) / sizeof(*calls));

        if (what == 5 && !d->generator->own_namespace)
                what = 0;
        put(d, "%s", calls[what]);
        if (what < 6)
                d->listening = false;
}

static void put_unconnected(struct draft *d)
{
        switch (below(d, 8)) {
        case 0:
        case 1:
                if (!d->connected) {
                        put(d, "l.listen");
                        d->listening = true;
                        put(d, "c.connect%s", below(d, 2) ? "+block" : "");
                        d->connected = true;
                }
                break;
        case 2:
                if (!d->connected) {
                        put(d, "c.connect%s", below(d, 2) ? "+block" : "");
                        d->connected = true;
                }
                break;
        case 3:
                if (d->listening)
                        put_listener_call(d);
                break;
        default:
                put_call(d, 0);
        }
}

enum sequence_kind generate(const struct generator *generator, uint64_t seed, uint64_t number,
                            char ret_acts[static GENERATED_MAX])
{
        struct draft d = { .generator = generator,
                           .state = seed * 0xd1342543de82ef95 + number,
                           .acts = ret_acts,
                           .open = { true, true },
                           .connected = true };
        enum sequence_kind kind;
        unsigned what, n;

        ret_acts[0] = 0;
        draw(&d);
        what = below(&d, 20);
        n = 2 + below(&d, 11);
        kind = what < 12                        ? SEQUENCE_SOCKETS
               : what >= 18                     ? SEQUENCE_UNCONNECTED
               : !generator->by_hand            ? SEQUENCE_SOCKETS
               : what < 15                      ? SEQUENCE_SERVER_BY_HAND
                                                : SEQUENCE_CLIENT_BY_HAND;
        d.by_hand = kind == SEQUENCE_SERVER_BY_HAND || kind == SEQUENCE_CLIENT_BY_HAND;
        d.hand = kind == SEQUENCE_SERVER_BY_HAND;
        d.connected = kind != SEQUENCE_UNCONNECTED;
        for (unsigned i = 0; i < n; i++) {
                int end = d.by_hand ? !d.hand : (int)below(&d, 2);

                if (d.by_hand && below(&d, 2))
                        put_segment(&d);
                else if (kind == SEQUENCE_UNCONNECTED && d.open[0])
                        put_unconnected(&d);
                else if (kind != SEQUENCE_UNCONNECTED && d.open[end])
                        put_call(&d, end);
        }
        return kind;
}
