/* Before there is a socket, and after its program has gone: requests of a listener, and orphans. */
#include "lab/scenarios/lists.h"

#define BY_HAND_CLIENT (SCENARIO_UNCONNECTED | SCENARIO_CLIENT_BY_HAND)

static const struct scenario requests[] = {
        {
                .name = "a-listener-answers-a-syn-and-there-is-no-socket-yet",
                .theme = THEME_LISTENER,
                .shows = "the SYN-ACK goes out before any program knows; the last ACK makes the socket",
                .advice = "a connection exists for the server before accept(): it may hold data, or be reset",
                .acts = "l.listen c.syn c.ack s.accept c.data10 s.recv",
                .flags = BY_HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-reset-in-syn-recv-drops-the-request-unseen",
                .theme = THEME_LISTENER,
                .shows = "the client takes its SYN back: the request is gone, and accept() finds nothing",
                .advice = "port scans and impatient clients leave no trace in accept()",
                .acts = "l.listen c.syn c.rst s.accept",
                .flags = BY_HAND_CLIENT,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "a-reset-in-the-window-of-a-request-is-challenged",
                .theme = THEME_CHALLENGE,
                .shows = "a RST that is not exact does not take a request back: a challenge ACK, and the ACK still connects",
                .advice = "nothing: the kernel defends half-open connections too",
                .acts = "l.listen c.syn c.rst@+100 c.ack s.accept",
                .flags = BY_HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "reset-before-accept-and-accept-still-succeeds",
                .theme = THEME_LISTENER,
                .shows = "reset while it waits in the accept queue: accept() gives it, and recv() ECONNRESET",
                .advice = "expect the first call on an accepted socket to fail",
                .acts = "l.listen c.syn c.ack c.rst s.accept s.recv s.recv",
                .flags = BY_HAND_CLIENT,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "a-full-accept-queue-drops-the-last-ack-in-silence",
                .theme = THEME_LISTENER,
                .shows = "the queue fills up between SYN and ACK: nothing is answered, and the client believes it is connected",
                .advice = "watch TcpExtListenOverflows; accept faster or raise the backlog",
                .acts = "l.listen0 c.syn l.fill-backlog c.ack c.data5",
                .flags = BY_HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-full-accept-queue-resets-with-abort-on-overflow",
                .theme = THEME_LISTENER,
                .shows = "the same with tcp_abort_on_overflow: the last ACK is answered by a RST",
                .advice = "set it only if clients shall fail at once rather than wait",
                .acts = "n.sysctl=tcp_abort_on_overflow:1 l.listen0 c.syn l.fill-backlog c.ack",
                .flags = BY_HAND_CLIENT | SCENARIO_NAMESPACE,
                ENDS_RESET(SIDE_SERVER, CAUSE_BACKLOG_FULL),
        },
        {
                .name = "the-listener-closes-between-syn-and-ack",
                .theme = THEME_LISTENER,
                .shows = "a request dies with its listener in silence; the ACK that comes meets nobody",
                .advice = "keep the listener open until the last request is served",
                .acts = "l.listen c.syn l.close c.ack",
                .flags = BY_HAND_CLIENT,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "an-ack-of-a-request-that-is-gone-is-answered-by-reset",
                .theme = THEME_LISTENER,
                .shows = "the request was taken back; an ACK for it meets a listener that knows of none: RST",
                .advice = "after a restart old clients meet the same: they must connect again",
                .acts = "l.listen c.syn c.rst c.ack",
                .flags = BY_HAND_CLIENT,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "zero-linger-is-inherited-from-the-listener",
                .theme = THEME_ZERO_LINGER,
                .shows = "SO_LINGER set on the listener holds for what is accepted: close() resets",
                .advice = "set SO_LINGER on the accepted socket, never on the listener",
                .acts = "l.listen l.linger0 c.connect+block s.accept s.close c.recv",
                .flags = SCENARIO_UNCONNECTED,
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "destroyed-while-connecting-is-econnaborted",
                .theme = THEME_DESTROY,
                .shows = "SOCK_DESTROY in SYN_SENT: ECONNABORTED, and no RST is owed to anyone",
                .advice = "treat ECONNABORTED from a pending connect as a local decision",
                .acts = "c.connect c.destroy c.connect",
                .flags = SCENARIO_UNCONNECTED | SCENARIO_SERVER_BY_HAND | SCENARIO_NAMESPACE,
                .ending = ENDING_UNANSWERED,
                .ended_by = SIDE_CLIENT,
                .cause = CAUSE_SOCK_DESTROYED,
                .silent = SIDE_SERVER,
        },
};
const struct scenario_list request_scenarios = { requests, sizeof(requests) / sizeof(*requests) };

#define ORPHAN (SCENARIO_SERVER_BY_HAND | SCENARIO_NAMESPACE | SCENARIO_TIMERS)

static const struct scenario orphans[] = {
        {
                .name = "an-orphan-gives-up-unacknowledged-data-in-silence",
                .theme = THEME_TIMEOUTS,
                .shows = "closed with data that nobody acknowledges: after tcp_orphan_retries the kernel forgets it, no RST",
                .advice = "shutdown() and wait for the acknowledgement before close() if delivery matters",
                .acts = "n.sysctl=tcp_orphan_retries:1 c.send10 c.close c.expire=retransmission",
                .flags = ORPHAN,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_ORPHAN_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "an-orphan-s-unacknowledged-fin-is-given-up-in-silence",
                .theme = THEME_TIMEOUTS,
                .shows = "closed with nothing to send: the FIN alone is repeated, then forgotten",
                .advice = "nothing is lost but the FIN",
                .acts = "n.sysctl=tcp_orphan_retries:1 c.close c.expire=retransmission",
                .flags = ORPHAN,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_ORPHAN_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "fin-wait2-of-an-orphan-ends-in-silence",
                .theme = THEME_TIMEOUTS,
                .shows = "the FIN is acknowledged and the peer's does not come: after tcp_fin_timeout it is forgotten",
                .advice = "a peer may half-close for longer than you remember it",
                .acts = "n.sysctl=tcp_fin_timeout:1 c.close s.ack c.expire=fin-wait2",
                .flags = ORPHAN,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_ORPHAN_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "data-after-fin-wait2-is-over-meets-nobody",
                .theme = THEME_TIMEOUTS,
                .shows = "data that comes after FIN_WAIT2 was forgotten is answered by a RST, from no socket",
                .advice = "do not keep half-closed connections open for long",
                .acts = "n.sysctl=tcp_fin_timeout:1 c.close s.ack c.expire=fin-wait2 s.data5",
                .flags = ORPHAN,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NO_CONNECTION),
        },
};
const struct scenario_list orphan_scenarios = { orphans, sizeof(orphans) / sizeof(*orphans) };
