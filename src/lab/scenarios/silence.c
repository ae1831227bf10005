/* A peer that falls silent, and a network that says unreachable. */
#include "lab/scenarios/lists.h"

#define TIMEOUTS .theme = THEME_TIMEOUTS
#define ICMP .theme = THEME_ICMP
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND
#define WAITS .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS
#define WAITS_IN_NAMESPACE .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS | SCENARIO_NAMESPACE
#define CONNECTS .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED

static const struct scenario timeout_scenarios[] = {
        {
                .name = "keepalive-gives-up-with-etimedout-and-a-reset", TIMEOUTS,
                .shows = "the probe is not answered: ETIMEDOUT at recv(), and a RST goes out, "
                         "the only time-out that sends one",
                .advice = "turn keepalive on where the other side may vanish while you only wait",
                .acts = "c.keepalive c.expire=keepalive c.poll c.recv c.recv c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_KEEPALIVE, SIDE_SERVER),
        },
        {
                .name = "keepalive-wakes-a-waiting-recv", TIMEOUTS,
                .shows = "recv() that waits returns ETIMEDOUT when keepalive gives up",
                .advice = "without keepalive or a time-out it would wait for ever",
                .acts = "c.keepalive c.recv& c.expire=keepalive c.wait c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_KEEPALIVE, SIDE_SERVER),
        },
        {
                .name = "keepalive-in-close-wait-says-etimedout-not-epipe", TIMEOUTS,
                .shows = "after the peer's FIN send() says ETIMEDOUT once; recv() goes on to say 0",
                .advice = "the errno of a time-out does not depend on the FIN",
                .acts = "s.fin c.keepalive c.expire=keepalive c.recv c.send1 c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_KEEPALIVE, SIDE_SERVER),
        },
        {
                .name = "user-timeout-with-data-in-flight", TIMEOUTS,
                .shows = "TCP_USER_TIMEOUT: ETIMEDOUT after about a second without an acknowledgement, and no RST",
                .advice = "TCP_USER_TIMEOUT bounds how long data may stay unacknowledged",
                .acts = "c.user-timeout=1000 c.send100 c.expire=user c.send1 c.send1 c.recv", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "user-timeout-with-a-shut-window", TIMEOUTS,
                .shows = "the peer's window stays shut: TCP_USER_TIMEOUT ends it with everything unsent",
                .advice = "a peer that does not read can be given up so",
                .acts = "c.user-timeout=1000 s.ack+win=0 c.send100 c.expire=user c.send1 c.recv", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "user-timeout-wakes-a-waiting-send", TIMEOUTS,
                .shows = "send() that waits for room returns its short count; the next has ETIMEDOUT",
                .advice = "a short count from a blocking send() means that an error waits",
                .acts = "s.ack+win=0 c.user-timeout=1000 c.send8M& c.expire=user c.wait c.send1 c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "retransmission-gives-up-with-etimedout", TIMEOUTS,
                .shows = "no answer to any repeat: ETIMEDOUT, and nothing is said to the peer",
                .advice = "ETIMEDOUT leaves the fate of unacknowledged bytes unknown: they may have arrived",
                .acts = "n.sysctl=tcp_retries2:2 c.send100 c.expire=retransmission c.recv c.recv c.send1",
                WAITS_IN_NAMESPACE,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_RETRANSMISSION_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "retransmission-of-the-fin-gives-up", TIMEOUTS,
                .shows = "the FIN is never acknowledged: recv() says ETIMEDOUT",
                .advice = "after SHUT_WR an error may come that concerns your FIN",
                .acts = "n.sysctl=tcp_retries2:2 c.shut-wr c.expire=retransmission c.recv c.recv c.send1",
                WAITS_IN_NAMESPACE,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_RETRANSMISSION_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "retransmission-wakes-a-waiting-recv", TIMEOUTS,
                .shows = "a request is never acknowledged: recv() that waits for the answer gets ETIMEDOUT",
                .advice = "only unacknowledged data finds a dead peer; waiting alone never does",
                .acts = "n.sysctl=tcp_retries2:2 c.send10 c.recv& c.expire=retransmission c.wait c.send1",
                WAITS_IN_NAMESPACE,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_RETRANSMISSION_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "a-silent-peer-with-a-shut-window-ends-in-etimedout", TIMEOUTS,
                .shows = "zero-window probes find no answer: ETIMEDOUT with everything unsent",
                .advice = "unsent bytes are safe to send again on a new connection",
                .acts = "n.sysctl=tcp_retries2:2 s.ack+win=0 c.send100 c.expire=probe c.recv c.send1",
                WAITS_IN_NAMESPACE,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_PROBE_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "data-received-before-a-time-out-stays-readable", TIMEOUTS,
                .shows = "the queued bytes are read, then ETIMEDOUT, then 0",
                .advice = "receive until the error, as after a reset",
                .acts = "c.user-timeout=1000 s.data20 c.send100 c.expire=user c.recv c.recv c.recv", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "an-icmp-error-takes-the-place-of-etimedout", TIMEOUTS,
                .shows = "a router had said host unreachable: the time-out gives EHOSTUNREACH",
                .advice = "EHOSTUNREACH on an old connection is a time-out with a reason",
                .acts = "c.user-timeout=1000 c.send100 s.icmp=host c.expire=user c.recv c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "a-net-unreachable-takes-the-place-of-etimedout", TIMEOUTS,
                .shows = "the last ICMP error names the time-out: ENETUNREACH",
                .advice = "look at the route",
                .acts = "n.sysctl=tcp_retries2:2 c.send100 s.icmp=net c.expire=retransmission c.send1 c.send1",
                WAITS_IN_NAMESPACE,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_RETRANSMISSION_TIMEOUT, SIDE_SERVER),
        },
        {
                .name = "so-error-takes-the-icmp-error-from-the-time-out", TIMEOUTS,
                .shows = "SO_ERROR gave the soft error before: the time-out is plain ETIMEDOUT",
                .advice = "asking for SO_ERROR on a living connection loses the reason of a later time-out",
                .acts = "c.user-timeout=1000 c.send100 s.icmp=host c.so-error c.expire=user c.send1", WAITS,
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),
        },
};
const struct scenario_list timeouts = { timeout_scenarios, sizeof(timeout_scenarios) / sizeof(*timeout_scenarios) };

/* An ICMP error in the middle of a connection: remembered, told by SO_ERROR alone, and no death. */
#define SOFT(_kind, _said)                                                                                  \
        {                                                                                                   \
                .name = "icmp-" _kind "-leaves-a-connection-alive", ICMP,                                   \
                .shows = "SO_ERROR gives the ICMP error once (" _said "); data goes on flowing both ways",  \
                .advice = "a SO_ERROR above 0 does not prove that the connection is dead: look at poll()",  \
                .acts = "c.send100 s.icmp=" _kind " c.poll c.so-error c.so-error s.ack s.data10 c.recv", BY_HAND, \
                STAYS_OPEN,                                                                                 \
        }
/* With IP_RECVERR the next call is told, and the connection lives on. */
#define TOLD(_kind, _said)                                                                                  \
        {                                                                                                   \
                .name = "icmp-" _kind "-with-recverr-fails-one-call", ICMP,                                 \
                .shows = "IP_RECVERR: the next call gives the error once (" _said "), and data goes on",    \
                .advice = "with IP_RECVERR an error is not the end: look at TCP_INFO's state",              \
                .acts = "c.recverr c.send100 s.icmp=" _kind " c.poll c.recv s.ack c.send10 s.data10 c.recv", BY_HAND, \
                STAYS_OPEN,                                                                                 \
        }
/* In the handshake it is the end. With IP_RECVERR the message is queued in both families. */
#define REFUSED(_kind, _said)                                                                               \
        {                                                                                                   \
                .name = "icmp-" _kind "-ends-an-attempt", ICMP,                                             \
                .shows = "an ICMP error to the SYN ends the attempt at once (" _said ")",                   \
                .advice = "no SYN was answered: safe to try another address",                               \
                .acts = "c.recverr c.connect s.icmp=" _kind " c.poll c.connect c.poll c.error-queue c.recv", CONNECTS, \
                ENDS_REFUSED(SIDE_NETWORK, CAUSE_UNREACHABLE),                                              \
        }

static const struct scenario icmp_scenarios[] = {
        SOFT("host", "EHOSTUNREACH"),
        SOFT("net", "ENETUNREACH"),
        SOFT("port", "ECONNREFUSED"),
        SOFT("protocol", "ENOPROTOOPT, by IPv6 EPROTO"),
        SOFT("admin", "EHOSTUNREACH, by IPv6 EACCES"),
        TOLD("host", "EHOSTUNREACH"),
        TOLD("net", "ENETUNREACH"),
        TOLD("port", "ECONNREFUSED"),
        TOLD("protocol", "ENOPROTOOPT, by IPv6 EPROTO"),
        TOLD("admin", "EHOSTUNREACH, by IPv6 EACCES"),
        REFUSED("host", "EHOSTUNREACH"),
        REFUSED("net", "ENETUNREACH"),
        REFUSED("port", "ECONNREFUSED"),
        REFUSED("protocol", "ENOPROTOOPT, by IPv6 EPROTO"),
        REFUSED("admin", "EHOSTUNREACH, by IPv6 EACCES"),
        {
                .name = "icmp-ends-an-attempt-and-poll-shows-it", ICMP,
                .shows = "without IP_RECVERR too the attempt is over: ERR and HUP",
                .advice = "ask SO_ERROR when poll() says ERR",
                .acts = "c.connect s.icmp=host c.poll", CONNECTS,
                ENDS_REFUSED(SIDE_NETWORK, CAUSE_UNREACHABLE),
        },
        {
                .name = "icmp-is-taken-by-send-with-recverr", ICMP,
                .shows = "send() gives the error and sends nothing; the next send() works",
                .advice = "after such an error send the same bytes again on the same connection",
                .acts = "c.recverr c.send100 s.icmp=port s.ack c.send10 c.send10", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "icmp-in-fin-wait1-is-soft", ICMP,
                .shows = "after SHUT_WR an ICMP error is only remembered; the end is orderly",
                .advice = "an orderly end can still leave an error in SO_ERROR",
                .acts = "c.shut-wr s.icmp=host c.so-error s.ack s.fin c.recv c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "icmp-then-reset-gives-the-reset", ICMP,
                .shows = "a RST after an ICMP error gives ECONNRESET first; the soft error is left for SO_ERROR",
                .advice = "two errors can follow each other: the first is the ending",
                .acts = "c.send100 s.icmp=host s.rst c.so-error c.so-error c.so-error", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
};
const struct scenario_list icmp = { icmp_scenarios, sizeof(icmp_scenarios) / sizeof(*icmp_scenarios) };
