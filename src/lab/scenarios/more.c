/* Corners of the model that no other table comes to, each behind the table of its theme. */
#include "lab/scenarios/lists.h"

#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND
#define UNCONNECTED .flags = SCENARIO_UNCONNECTED
#define ATTEMPT_BY_HAND .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED
#define NAMESPACE .flags = SCENARIO_NAMESPACE
#define HAND_CLIENT .flags = SCENARIO_CLIENT_BY_HAND | SCENARIO_UNCONNECTED

#define LIST(_name) \
        const struct scenario_list _name = { _name##_scenarios, sizeof(_name##_scenarios) / sizeof(*_name##_scenarios) }

static const struct scenario more_fin_rst_scenarios[] = {
        {
                .name = "a-repeated-fin-is-only-acknowledged-again", .theme = THEME_FIN_RST,
                .shows = "the same FIN comes twice: an ACK for each, and one end of the stream for the program",
                .advice = "nothing to do: a FIN is sent again when its acknowledgement was lost",
                .acts = "s.data5 s.fin s.fin@-1 c.recv c.recv", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "a-repeated-fin-in-time-wait-is-acknowledged-again", .theme = THEME_FIN_RST,
                .shows = "TIME_WAIT is there for this: the last ACK was lost, the FIN comes again and is answered",
                .advice = "leave TIME_WAIT alone; it keeps the other side from a needless reset",
                .acts = "c.close s.ack s.fin s.fin@-1", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-fin-that-finds-nobody-draws-a-reset", .theme = THEME_FIN_RST,
                .shows = "after an abort the socket is gone: even a lone FIN is answered by a RST",
                .advice = "a RST in answer to a FIN says that the other side had forgotten the connection",
                .acts = "c.linger0 c.close s.fin+noack", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
};
LIST(more_fin_rst);

static const struct scenario more_rst_states_scenarios[] = {
        {
                .name = "a-reset-beside-time-wait-is-ignored", .theme = THEME_RST_STATES,
                .shows = "only a RST at the expected place ends TIME_WAIT; others are dropped in silence",
                .advice = "nothing to do",
                .acts = "c.close s.ack s.fin s.rst@100 s.rst@-100", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-reset-outside-the-window-of-fin-wait2-is-not-obeyed", .theme = THEME_RST_STATES,
                .shows = "after the close a RST far outside the window changes nothing: the FIN is still awaited",
                .advice = "nothing to do",
                .acts = "c.close s.ack s.rst@100000 s.rst@-5 s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
};
LIST(more_rst_states);

static const struct scenario more_late_data_scenarios[] = {
        {
                .name = "a-long-fin-wait2-closed-late-resets-data-too", .theme = THEME_LATE_DATA,
                .shows = "TCP_LINGER2 above 60 s: the orphan stays a full socket, and still resets what comes",
                .advice = "a longer TCP_LINGER2 does not make a closed socket read",
                .acts = "c.tcp-linger2=120 c.shut-wr s.ack c.close s.data10", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
};
LIST(more_late_data);

static const struct scenario more_destroy_scenarios[] = {
        {
                .name = "destroy-of-what-was-destroyed-does-nothing", .theme = THEME_DESTROY,
                .shows = "a second SOCK_DESTROY finds no connection: one RST, one ECONNABORTED",
                .advice = "nothing to do",
                .acts = "c.destroy c.destroy c.send1 c.send1", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
};
LIST(more_destroy);

static const struct scenario more_connecting_scenarios[] = {
        {
                .name = "a-second-connect-can-wait-where-the-first-did-not", .theme = THEME_CONNECT,
                .shows = "connect() without waiting, then one that waits: it returns 0 when the SYN-ACK comes",
                .advice = "after EINPROGRESS wait with poll() and ask SO_ERROR, or call connect() again",
                .acts = "c.connect c.connect& s.syn-ack c.wait c.connect", ATTEMPT_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-connect-that-waits-is-interrupted", .theme = THEME_CONNECT,
                .shows = "a signal ends the wait with EINTR; the handshake goes on, and the next connect() says 0",
                .advice = "after EINTR do not start anew: wait with poll(), then ask SO_ERROR",
                .acts = "c.connect& c.signal s.syn-ack c.connect c.connect", ATTEMPT_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-send-that-waits-for-the-handshake-is-interrupted", .theme = THEME_CONNECT,
                .shows = "a signal ends it with EINTR, and nothing was queued",
                .advice = "send again: no byte of it was taken",
                .acts = "c.connect c.send5& c.signal s.syn-ack c.send7", ATTEMPT_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-simultaneous-open-makes-one-connection", .theme = THEME_CONNECT,
                .shows = "SYNs cross, each side answers with SYN-ACK: one connection, as RFC 9293 3.5 has it",
                .advice = "nothing to do: it is as good as any other",
                .acts = "c.connect s.syn s.syn-ack@-1 c.connect c.send5", ATTEMPT_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-shutdown-before-connect-holds-for-the-connection", .theme = THEME_CONNECT,
                .shows = "shutdown() said ENOTCONN, and yet the connection made later cannot send: EPIPE at once",
                .advice = "make a new socket after a shutdown() that failed with ENOTCONN",
                .acts = "c.shut-wr l.listen c.connect s.accept c.send1 s.send5 c.recv", UNCONNECTED,
                STAYS_OPEN,
        },
};
LIST(more_connecting);

static const struct scenario more_icmp_scenarios[] = {
        {
                .name = "icmp-with-recverr-cuts-a-send-that-waits", .theme = THEME_ICMP,
                .shows = "send() returns its short count, and the next send() has the error of the network",
                .advice = "with IP_RECVERR a short count may mean that the network spoke: the connection lives on",
                .acts = "c.recverr s.ack+win=0 c.send8M& s.icmp=host c.wait c.send1", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "icmp-with-recverr-is-swallowed-by-sendfile", .theme = THEME_ICMP,
                .shows = "sendfile() returns its short count and takes the error with it: no call ever says it",
                .advice = "read the error queue after a short count from sendfile()",
                .acts = "c.recverr s.ack+win=0 c.sendfile8M& s.icmp=host c.wait c.so-error", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "icmp-about-an-acknowledged-segment-is-ignored", .theme = THEME_ICMP,
                .shows = "it quotes bytes that have arrived: it is late or forged, and not even SO_ERROR has it",
                .advice = "nothing to do",
                .acts = "c.send10 s.ack s.icmp=host c.so-error c.send1", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "icmp-after-the-end-finds-nobody", .theme = THEME_ICMP,
                .shows = "the connection was aborted: an ICMP error about it is dropped",
                .advice = "nothing to do",
                .acts = "c.linger0 c.close s.icmp=host", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "icmp-then-data-may-have-cleared-the-soft-error", .theme = THEME_ICMP,
                .shows = "data came after the ICMP error: SO_ERROR may have forgotten it",
                .advice = "a soft error is a hint that fades; rely on it for nothing",
                .acts = "c.send10 s.icmp=host s.data5+ack-10 c.so-error c.recv", BY_HAND,
                STAYS_OPEN,
        },
};
LIST(more_icmp);

static const struct scenario more_send_calls_scenarios[] = {
        {
                .name = "writev-of-nothing-does-not-look-at-the-socket", .theme = THEME_SEND_CALLS,
                .shows = "after a reset writev() of no bytes says 0 where send() of no bytes has the error",
                .advice = "to ask a socket for its error use SO_ERROR, not an empty writev()",
                .acts = "s.linger0 s.close c.writev0 c.send0 c.writev0",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
};
LIST(more_send_calls);

static const struct scenario more_recv_calls_scenarios[] = {
        {
                .name = "recv-with-waitall-waits-for-the-rest", .theme = THEME_RECV_CALLS,
                .shows = "ten bytes are there, a hundred are asked for: it waits until the other ninety come",
                .advice = "MSG_WAITALL saves a loop, but a peer that is slow holds the thread",
                .acts = "s.send10 c.recv100+waitall& s.send50 s.send40 c.wait",
                STAYS_OPEN,
        },
        {
                .name = "recv-with-waitall-is-interrupted-with-what-is-there", .theme = THEME_RECV_CALLS,
                .shows = "a signal ends it with the ten bytes that were there",
                .advice = "even with MSG_WAITALL a short count is no end of the stream",
                .acts = "s.send10 c.recv100+waitall& c.signal c.recv",
                STAYS_OPEN,
        },
        {
                .name = "the-error-queue-is-empty-by-itself", .theme = THEME_RECV_CALLS,
                .shows = "recvmsg(MSG_ERRQUEUE) says EAGAIN where nothing was queued, after a reset too",
                .advice = "a reset is no message: ask the calls or SO_ERROR for it",
                .acts = "c.error-queue s.linger0 s.close c.error-queue c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
};
LIST(more_recv_calls);

static const struct scenario more_listener_scenarios[] = {
        {
                .name = "a-reset-drops-a-request-and-accept-never-sees-it", .theme = THEME_LISTENER,
                .shows = "SYN, SYN-ACK, RST: the listener forgets the request; a later ACK draws a RST",
                .advice = "half a handshake is no business of the program's: accept() never tells",
                .acts = "l.listen c.syn c.rst s.accept c.ack", HAND_CLIENT,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "a-reset-outside-the-window-of-a-request-is-ignored", .theme = THEME_LISTENER,
                .shows = "a RST far outside the window is dropped in silence, and the handshake goes on",
                .advice = "nothing to do",
                .acts = "l.listen c.syn c.rst@200000 c.ack s.accept", HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-reset-to-a-listener-is-ignored", .theme = THEME_LISTENER,
                .shows = "a RST from nowhere changes nothing: the next handshake is as good as ever",
                .advice = "nothing to do",
                .acts = "l.listen c.rst c.syn c.ack s.accept", HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-repeated-syn-draws-the-syn-ack-again", .theme = THEME_LISTENER,
                .shows = "the same SYN twice: the SYN-ACK is sent again, and one connection comes of it",
                .advice = "nothing to do: the first SYN-ACK was lost or late",
                .acts = "l.listen c.syn c.syn@-1 c.ack s.accept s.accept", HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-fin-at-a-full-accept-queue-is-dropped-too", .theme = THEME_LISTENER,
                .shows = "the client closed what it took for a connection: its FIN is not acknowledged either",
                .advice = "an end that closes without a word to read cannot know whether anybody was there",
                .acts = "l.listen0 c.syn l.fill-backlog c.ack c.fin", HAND_CLIENT,
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
};
LIST(more_listener);
