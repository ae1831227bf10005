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
                .shows = "a RST that is not exact does not take a request back: a challenge ACK",
                .advice = "nothing: the kernel defends half-open connections too",
                .acts = "l.listen c.syn c.rst@+100",
                .flags = BY_HAND_CLIENT,
                STAYS_OPEN,
        },
        {
                .name = "a-syn-again-gets-its-syn-ack-again",
                .theme = THEME_LISTENER,
                .shows = "the SYN is repeated before the last ACK: the SYN-ACK is repeated too, "
                         "there is still one request",
                .advice = "nothing: a lost SYN-ACK mends itself",
                .acts = "l.listen c.syn c.syn@-1 c.ack s.accept",
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
                .shows = "the queue fills up between SYN and ACK: nothing is answered, "
                         "and the client believes it is connected",
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
                .name = "an-icmp-error-about-the-syn-ack-drops-the-request",
                .theme = THEME_ICMP,
                .shows = "host unreachable about the SYN-ACK (prohibited, over IPv6): the request is forgotten",
                .advice = "nothing: the client will try again, or meet a RST",
                .acts = "l.listen c.syn c.icmp=host c.icmp=admin c.ack",
                .flags = BY_HAND_CLIENT,
                ENDS_RESET(SIDE_SERVER, CAUSE_NO_CONNECTION),
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
static const struct scenario corners[] = {
        {
                .name = "a-fin-beyond-a-gap-counts-once-it-is-filled",
                .theme = THEME_FIN_RST,
                .shows = "the FIN came early: nothing is told before the missing bytes are there, then 10 and 0",
                .advice = "nothing: TCP puts FINs in order as it does bytes",
                .acts = "s.fin@+10 c.recv s.data10 c.recv c.recv",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "data-over-the-fin-resets-with-epipe",
                .theme = THEME_FIN_RST,
                .shows = "data that begins before the peer's own FIN and goes on behind it: RST, and EPIPE",
                .advice = "a peer that does this is broken, or an impostor",
                .acts = "s.data10 s.fin s.data5@-3 c.recv c.recv c.send1",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_BAD_SEGMENT),
        },
        {
                .name = "data-over-the-fin-in-last-ack-resets",
                .theme = THEME_FIN_RST,
                .shows = "the same after the own FIN: RST, and ECONNRESET for the next send",
                .advice = "a peer that does this is broken, or an impostor",
                .acts = "s.data10 s.fin c.shut-wr s.data5@-3+ack-1 c.recv c.recv c.send1",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_BAD_SEGMENT),
        },
        {
                .name = "time-wait-outlives-disconnect-and-dies-of-a-reset",
                .theme = THEME_DISCONNECT,
                .shows = "connect(AF_UNSPEC) after both FINs leaves TIME_WAIT alone; an exact RST ends it, "
                         "the next ACK meets nobody",
                .advice = "nothing: TIME_WAIT belongs to the addresses, not to the descriptor",
                .acts = "c.shut-wr s.fin c.connect-unspec s.rst s.ack",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-without-ack-is-dropped",
                .theme = THEME_CHALLENGE,
                .shows = "a segment without the ACK flag is no part of a connection: nothing arrives",
                .advice = "nothing: only forgers send such segments",
                .acts = "s.data10+noack s.data10 c.recv",
                .flags = SCENARIO_SERVER_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "fin-without-ack-is-dropped",
                .theme = THEME_CHALLENGE,
                .shows = "a FIN without the ACK flag ends nothing",
                .advice = "nothing: only forgers send such segments",
                .acts = "s.fin+noack c.recv c.poll",
                .flags = SCENARIO_SERVER_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "an-acknowledgement-while-closing-forgets-the-icmp-error",
                .theme = THEME_ICMP,
                .shows = "a soft error in CLOSING is gone with the ACK of the FIN: SO_ERROR says 0",
                .advice = "SO_ERROR tells of the last ICMP error only until the next acknowledgement",
                .acts = "c.shut-wr s.fin+ack-1 s.icmp=host s.ack c.so-error",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "an-icmp-error-while-connecting-may-leave-a-message",
                .theme = THEME_ICMP,
                .shows = "over IPv4 the error queue holds a message though IP_RECVERR is off, "
                         "and poll() keeps ERR; not over IPv6",
                .advice = "take the error with SO_ERROR, and the message with MSG_ERRQUEUE, before you poll again",
                .acts = "c.connect s.icmp=host c.so-error c.poll c.error-queue c.poll",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_UNREACHABLE),
        },
};
const struct scenario_list corner_scenarios = { corners, sizeof(corners) / sizeof(*corners) };

const struct scenario_list request_scenarios = { requests, sizeof(requests) / sizeof(*requests) };

#define ORPHAN (SCENARIO_SERVER_BY_HAND | SCENARIO_NAMESPACE | SCENARIO_TIMERS)

static const struct scenario orphans[] = {
        {
                .name = "an-orphan-gives-up-unacknowledged-data-in-silence",
                .theme = THEME_TIMEOUTS,
                .shows = "closed with data that nobody acknowledges: "
                         "after tcp_orphan_retries the kernel forgets it, no RST",
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
#define LINGERS (SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS)

static const struct scenario lingering[] = {
        {
                .name = "linger-in-close-wait-waits-for-the-last-ack",
                .theme = THEME_LINGER,
                .shows = "the peer's FIN had come: close() sends its own and waits for the ACK, "
                         "until the time runs out",
                .advice = "do not let close() wait; use shutdown() and your own time limit",
                .acts = "s.fin c.linger1 c.close& c.expire=linger s.ack",
                .flags = LINGERS,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "linger-after-shutdown-waits-for-the-ack-of-the-fin",
                .theme = THEME_LINGER,
                .shows = "the FIN went before with shutdown(): close() waits for its ACK all the same",
                .advice = "do not let close() wait; use shutdown() and your own time limit",
                .acts = "c.shut-wr c.linger1 c.close& c.expire=linger s.ack",
                .flags = LINGERS,
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
};
const struct scenario_list lingering_scenarios = { lingering, sizeof(lingering) / sizeof(*lingering) };

const struct scenario_list orphan_scenarios = { orphans, sizeof(orphans) / sizeof(*orphans) };
