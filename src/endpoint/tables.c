/* Asks the model and prints the answers as tables. */
#include "endpoint/tables.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint/columns.h"
#include "endpoint/endpoint.h"
#include "words/errno_name.h"

#define CELL_MAX 96

/* How an endpoint came to where it is: events, up to the first of kind N_EVENTS. */
#define MAX_EVENTS 4
struct situation {
        const char *name;
        bool fresh;
        struct event events[MAX_EVENTS];
        size_t n;
};

#define DATA { .kind = EVENT_DATA, .n = 5 }
#define FIN { .kind = EVENT_FIN }
#define FIN_AFTER_DATA { .kind = EVENT_FIN, .at = 5 }
#define RST { .kind = EVENT_RST, .fit = RST_EXACT, .has_ack = true }
#define SHUT_WR_CALL { .kind = EVENT_SHUTDOWN, .shut_wr = true }
#define SHUT_RD_CALL { .kind = EVENT_SHUTDOWN, .shut_rd = true }
#define SHUT_RDWR_CALL { .kind = EVENT_SHUTDOWN, .shut_rd = true, .shut_wr = true }
#define ACK_OF_FIN { .kind = EVENT_ACK, .acks_fin = true }
#define CONNECT { .kind = EVENT_CONNECT, .nonblock = true }
#define TIME_OUT { .kind = EVENT_TIMER, .timer = TIMER_RETRANSMISSION }
#define ICMP_HOST { .kind = EVENT_ICMP, .icmp = ICMP_ERROR_HOST_UNREACHABLE, .icmp_errno = EHOSTUNREACH }

static void step(struct endpoint *e, struct event event)
{
        struct outcome ignored;

        event.observed = -1;
        endpoint_step(e, &event, &ignored);
        if (e->fin_queued)
                e->fin_sent = true;
}

static struct endpoint reach(const struct situation *s)
{
        struct endpoint e;

        if (s->fresh)
                endpoint_init_fresh(&e);
        else
                endpoint_init_connected(&e);
        for (size_t i = 0; i < s->n; i++)
                step(&e, s->events[i]);
        return e;
}

static void result_text(const struct outcome *o, char text[static CELL_MAX])
{
        const char *name;

        switch (o->result) {
        case RESULT_ERROR:
                name = errno_name(o->error);
                if (o->error == EAGAIN)
                        name = "it waits";
                snprintf(text, CELL_MAX, "%s%s", name, o->sigpipe ? "+SIGPIPE" : "");
                break;
        case RESULT_BLOCKS:
                strcpy(text, "it waits");
                break;
        case RESULT_COUNT:
        case RESULT_COUNT_OR_AGAIN:
        case RESULT_NONE:
                if (o->min != o->max)
                        strcpy(text, o->sigpipe ? "the count and SIGPIPE" : "the count");
                else
                        snprintf(text, CELL_MAX, "%d%s", (int)o->max, o->sigpipe ? "+SIGPIPE" : "");
                break;
        }
}

/* The same call again and again, in words: "A once, then B", "A every time". */
static void sequence(struct endpoint e, struct event event, char text[static CELL_MAX])
{
        char results[4][CELL_MAX];
        size_t at;

        event.observed = 1;
        for (size_t i = 0; i < 4; i++) {
                struct outcome o;

                if (i == 0 && e.pending)
                        endpoint_resume(&e, NULL, &o);
                else
                        endpoint_step(&e, &event, &o);
                result_text(&o, results[i]);
        }
        if (!strcmp(results[0], results[1])) {
                snprintf(text, CELL_MAX, "%.60s%s", results[0], strcmp(results[0], "it waits") ? " every time" : "");
                return;
        }
        at = (size_t)snprintf(text, CELL_MAX, "%.24s", results[0]);
        for (size_t i = 1; i < 4 && strcmp(results[i], results[i - 1]) != 0 && at < CELL_MAX; i++)
                at += (size_t)snprintf(text + at, CELL_MAX - at, ", then %.24s", results[i]);
}

static const struct situation endings[] = {
        { "RST came first", false, { RST }, 1 },
        { "FIN came, then RST", false, { FIN, RST }, 2 },
        { "own SHUT_WR, no RST", false, { SHUT_WR_CALL }, 1 },
};

static void table_send(FILE *file)
{
        static const struct {
                const char *name;
                struct event event;
                bool half_way;
        } calls[] = {
                { "send, write, writev, sendto, sendmsg, sendmmsg",
                  { .kind = EVENT_SEND, .way = SEND_SEND, .n = 1, .nonblock = true }, false },
                { "those with MSG_NOSIGNAL", { .kind = EVENT_SEND, .way = SEND_SENDMSG,
                                               .n = 1, .nosignal = true, .nonblock = true }, false },
                { "sendfile, splice, nothing sent yet",
                  { .kind = EVENT_SEND, .way = SEND_SENDFILE, .n = 1, .nonblock = true }, false },
                { "send, cut half-way", { .kind = EVENT_SEND, .way = SEND_SEND, .n = 8000000 }, true },
                { "sendfile, splice, cut half-way", { .kind = EVENT_SEND, .way = SEND_SENDFILE, .n = 8000000 }, true },
        };
        struct columns c = { file, 4, { 20, 17, 17, 15 } };
        const char *headers[] = { "call", endings[0].name, endings[1].name, endings[2].name };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
                char cells[3][CELL_MAX];
                const char *row[] = { calls[i].name, cells[0], cells[1], cells[2] };

                for (size_t k = 0; k < 3; k++) {
                        struct situation s = endings[k];
                        struct endpoint e;

                        if (calls[i].half_way) { /* the call waits for room when it happens */
                                struct outcome o;

                                endpoint_init_connected(&e);
                                endpoint_step(&e, &calls[i].event, &o);
                                for (size_t n = 0; n < s.n; n++)
                                        step(&e, s.events[n]);
                        } else {
                                e = reach(&s);
                        }
                        sequence(e, calls[i].event, cells[k]);
                }
                columns_row(&c, row);
        }
}

static void table_recv(FILE *file)
{
        static const struct situation situations[] = {
                { "established, nothing queued", false, { { .kind = N_EVENTS } }, 0 },
                { "5 bytes queued, FIN came", false, { DATA, FIN_AFTER_DATA }, 2 },
                { "5 bytes queued, RST came", false, { DATA, RST }, 2 },
                { "5 bytes queued, FIN came, then RST", false, { DATA, FIN_AFTER_DATA, RST }, 3 },
                { "RST came, a send took the error", false, { RST, { .kind = EVENT_SEND, .n = 1 } }, 2 },
                { "RST came, SO_ERROR took the error", false, { RST, { .kind = EVENT_GET_ERROR } }, 2 },
                { "own SHUT_RD, 5 bytes queued", false, { DATA, SHUT_RD_CALL }, 2 },
                { "own SHUT_RDWR, then data came", false, { SHUT_RDWR_CALL, ACK_OF_FIN, DATA }, 3 },
                { "timed out", false, { TIME_OUT }, 1 },
                { "destroyed (ss -K)", false, { { .kind = EVENT_DESTROY } }, 1 },
                { "own connect(AF_UNSPEC)", false, { { .kind = EVENT_DISCONNECT } }, 1 },
                { "never connected", true, { { .kind = N_EVENTS } }, 0 },
                { "connect() under way, refused", true, { CONNECT, RST }, 2 },
        };
        struct columns c = { file, 3, { 28, 20, 23 } };
        const char *headers[] = { "where", "recv()", "recvmmsg()" };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(situations) / sizeof(*situations); i++) {
                char cells[2][CELL_MAX];
                const char *row[] = { situations[i].name, cells[0], cells[1] };
                struct event event = { .kind = EVENT_RECV, .way = RECV_RECV, .n = 100, .nonblock = true };

                sequence(reach(&situations[i]), event, cells[0]);
                event.way = RECV_RECVMMSG;
                sequence(reach(&situations[i]), event, cells[1]);
                columns_row(&c, row);
        }
}

static void poll_text(short bits, char text[static CELL_MAX])
{
        static const struct {
                short bit;
                const char *name;
        } names[] = { { POLLIN, "IN" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
                      { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" } };
        size_t n = 0;

        strcpy(text, "(nothing)");
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (bits & names[i].bit)
                        n += (size_t)snprintf(text + n, CELL_MAX - n, "%s%s", n ? " " : "", names[i].name);
}

static void table_poll(FILE *file)
{
        static const struct situation situations[] = {
                { "established, idle", false, { { .kind = N_EVENTS } }, 0 },
                { "established, data to read", false, { DATA }, 1 },
                { "connecting", true, { CONNECT }, 1 },
                { "never connected", true, { { .kind = N_EVENTS } }, 0 },
                { "non-blocking connect() refused", true, { CONNECT, RST }, 2 },
                { "peer's FIN came", false, { FIN }, 1 },
                { "own SHUT_WR", false, { SHUT_WR_CALL }, 1 },
                { "own SHUT_RD", false, { SHUT_RD_CALL }, 1 },
                { "own SHUT_RDWR", false, { SHUT_RDWR_CALL }, 1 },
                { "both FINs done", false, { SHUT_WR_CALL, ACK_OF_FIN, FIN }, 3 },
                { "RST came", false, { RST }, 1 },
                { "FIN came, then RST", false, { FIN, RST }, 2 },
                { "timed out", false, { TIME_OUT }, 1 },
                { "destroyed (ss -K)", false, { { .kind = EVENT_DESTROY } }, 1 },
                { "own connect(AF_UNSPEC)", false, { { .kind = EVENT_DISCONNECT } }, 1 },
                { "ICMP error, without IP_RECVERR", false, { ICMP_HOST }, 1 },
        };
        struct columns c = { file, 3, { 32, 20, 18 } };
        const char *headers[] = { "where", "poll()", "error taken" };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(situations) / sizeof(*situations); i++) {
                struct endpoint e = reach(&situations[i]);
                char cells[2][CELL_MAX] = { "", "" };
                const char *row[] = { situations[i].name, cells[0], cells[1] };
                short ignored;

                poll_text(endpoint_poll(&e, &ignored), cells[0]);
                if (e.error) {
                        step(&e, (struct event){ .kind = EVENT_GET_ERROR });
                        poll_text(endpoint_poll(&e, &ignored), cells[1]);
                }
                columns_row(&c, row);
        }
}

static const char *emission_text(enum emission emission, bool blocks)
{
        switch (emission) {
        case EMIT_FIN:
                return blocks ? "FIN after the data; waits for its ACK" : "FIN after the data";
        case EMIT_RST:
                return "active RST";
        case EMIT_RST_REPLY:
                return "RST in reply";
        case EMIT_NOTHING:
        case EMIT_SYN:
        case EMIT_SYN_ACK:
        case EMIT_ACK:
        case EMIT_CHALLENGE:
        case N_EMISSIONS:
                break;
        }
        return blocks ? "nothing; waits for the FIN's ACK" : "nothing";
}

static void table_close(FILE *file)
{
        static const struct situation states[] = {
                { "ESTABLISHED", false, { { .kind = N_EVENTS } }, 0 },
                { "CLOSE_WAIT", false, { FIN }, 1 },
                { "FIN_WAIT1", false, { SHUT_WR_CALL }, 1 },
                { "FIN_WAIT2", false, { SHUT_WR_CALL, ACK_OF_FIN }, 2 },
                { "CLOSING", false, { SHUT_WR_CALL, FIN }, 2 },
                { "LAST_ACK", false, { FIN, SHUT_WR_CALL }, 2 },
                { "CLOSE (both FINs, or reset)", false, { RST }, 1 },
                { "SYN_SENT", true, { CONNECT }, 1 },
        };
        static const struct {
                bool unread, linger;
                int seconds;
        } cases[] = { { false, false, 0 }, { true, false, 0 }, { false, true, 0 } };
        struct columns c = { file, 4, { 16, 18, 18, 17 } };
        const char *headers[] = { "close() in", "all was read", "data unread", "SO_LINGER, 0 s" };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
                const char *row[4] = { states[i].name };

                for (size_t k = 0; k < 3; k++) {
                        struct endpoint e = reach(&states[i]);
                        struct event close = { .kind = EVENT_CLOSE, .observed = -1 };
                        struct outcome o;

                        if (cases[k].unread)
                                e.received += 5;
                        e.linger = cases[k].linger;
                        e.linger_s = cases[k].seconds;
                        endpoint_step(&e, &close, &o);
                        row[k + 1] = emission_text(o.emission, o.result == RESULT_BLOCKS);
                }
                columns_row(&c, row);
        }
}

static void table_rst(FILE *file)
{
        static const struct situation states[] = {
                { "SYN_SENT", true, { CONNECT, RST }, 2 },
                { "ESTABLISHED", false, { RST }, 1 },
                { "FIN_WAIT1", false, { SHUT_WR_CALL, RST }, 2 },
                { "FIN_WAIT2", false, { SHUT_WR_CALL, ACK_OF_FIN, RST }, 3 },
                { "CLOSE_WAIT", false, { FIN, RST }, 2 },
                { "CLOSING", false, { SHUT_WR_CALL, FIN, RST }, 3 },
                { "LAST_ACK", false, { FIN, SHUT_WR_CALL, RST }, 3 },
                { "TIME_WAIT", false, { SHUT_WR_CALL, ACK_OF_FIN, FIN, RST }, 4 },
        };
        struct columns c = { file, 4, { 14, 14, 20, 20 } };
        const char *headers[] = { "RST meets", "sets", "recv() then says", "or send() says" };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
                struct endpoint e = reach(&states[i]);
                char cells[2][CELL_MAX];
                const char *row[] = { states[i].name, e.error ? errno_name(e.error) : "nothing", cells[0], cells[1] };

                sequence(e, (struct event){ .kind = EVENT_RECV, .n = 100, .nonblock = true }, cells[0]);
                sequence(e, (struct event){ .kind = EVENT_SEND, .n = 1, .nonblock = true }, cells[1]);
                columns_row(&c, row);
        }
}

static void table_timers(FILE *file)
{
        static const struct {
                const char *name, *limit;
                enum timer_kind timer;
                bool connecting;
        } timers[] = {
                { "SYN", "tcp_syn_retries (6): about two minutes", TIMER_RETRANSMISSION, true },
                { "data or FIN", "tcp_retries2 (15): about 15 minutes", TIMER_RETRANSMISSION, false },
                { "zero-window probes", "tcp_retries2 probes without any answer", TIMER_PROBE, false },
                { "data, TCP_USER_TIMEOUT", "the time set, even if probes are answered", TIMER_USER, false },
                { "keepalive probes", "tcp_keepalive_time (7200 s), then 9 probes 75 s apart", TIMER_KEEPALIVE, false },
        };
        struct columns c = { file, 4, { 22, 26, 10, 11 } };
        const char *headers[] = { "what waited in vain", "when it gives up", "error", "sends" };

        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
                struct event event = { .kind = EVENT_TIMER, .timer = timers[i].timer, .observed = -1 };
                static const struct situation connecting = { "", true, { CONNECT }, 1 };
                const char *row[4] = { timers[i].name, timers[i].limit };
                struct endpoint e;
                struct outcome o;

                endpoint_init_connected(&e);
                if (timers[i].connecting)
                        e = reach(&connecting);
                endpoint_step(&e, &event, &o);
                row[2] = errno_name(e.error);
                row[3] = emission_text(o.emission, false);
                columns_row(&c, row);
        }
}

static const char *icmp_fate(struct endpoint e, enum icmp_error error)
{
        step(&e, (struct event){ .kind = EVENT_ICMP, .icmp = error, .icmp_errno = icmp_error_errno(error, AF_INET) });
        if (e.state == TCP_STATE_CLOSE)
                return "fails at once";
        return e.error ? "next call fails, lives on" : e.soft_error ? "remembered only" : "nothing";
}

static void table_icmp(FILE *file)
{
        static const struct {
                const char *name;
                enum icmp_error error;
        } errors[] = {
                { "network unreachable", ICMP_ERROR_NET_UNREACHABLE },
                { "host unreachable", ICMP_ERROR_HOST_UNREACHABLE },
                { "protocol unreachable", ICMP_ERROR_PROTOCOL_UNREACHABLE },
                { "port unreachable", ICMP_ERROR_PORT_UNREACHABLE },
                { "admin. prohibited", ICMP_ERROR_ADMIN_PROHIBITED },
        };
        static const struct situation connecting = { "", true, { CONNECT }, 1 };
        struct columns c = { file, 4, { 20, 19, 14, 15 } };
        const char *headers[] = { "ICMP error", "errno (IPv6 if other)", "connecting", "established" };
        struct endpoint established;

        endpoint_init_connected(&established);
        columns_header(&c, headers);
        for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
                int v4 = icmp_error_errno(errors[i].error, AF_INET), v6 = icmp_error_errno(errors[i].error, AF_INET6);
                char number[CELL_MAX];
                const char *row[] = { errors[i].name, number, icmp_fate(reach(&connecting), errors[i].error),
                                      icmp_fate(established, errors[i].error) };

                snprintf(number, sizeof(number), v4 == v6 ? "%s" : "%s (%s)", errno_name(v4), errno_name(v6));
                columns_row(&c, row);
        }
}

static const struct {
        const char *name;
        void (*write)(FILE *file);
} tables[] = {
        { "send", table_send }, { "recv", table_recv },     { "poll", table_poll }, { "close", table_close },
        { "rst", table_rst },   { "timers", table_timers }, { "icmp", table_icmp },
};

const char *endpoint_table_name(size_t index)
{
        return index < sizeof(tables) / sizeof(*tables) ? tables[index].name : NULL;
}

int endpoint_table_write(FILE *file, const char *name)
{
        for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
                if (!strcmp(tables[i].name, name)) {
                        tables[i].write(file);
                        return 0;
                }
        return -ENOENT;
}
