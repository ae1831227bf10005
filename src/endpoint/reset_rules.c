/* What an arriving RST does: tcp_validate_incoming, tcp_reset, tcp_timewait_state_process. */
#include <errno.h>

#include "endpoint/rules.h"

const struct rule reset_rules[] = {
        {
                .name = "rst-to-nobody",
                .on = EVENT_RST,
                .holders = BY_NOBODY,
                .at = "tcp_v4_send_reset: never for a RST",
                .why = "a RST is never answered",
        },
        {
                .name = "rst-in-time-wait-ignored",
                .on = EVENT_RST,
                .holders = BY_TIME_WAIT,
                .needs = IF_EXACT | IF_RFC1337,
                .at = "tcp_timewait_state_process: sysctl_tcp_rfc1337",
                .why = "tcp_rfc1337=1: TIME_WAIT does not die of a RST",
        },
        {
                .name = "rst-kills-time-wait",
                .on = EVENT_RST,
                .holders = BY_TIME_WAIT,
                .needs = IF_EXACT,
                .leaves = HOLDER_NOBODY,
                .moves_holder = true,
                .at = "tcp_timewait_state_process: kill",
                .why = "TIME_WAIT assassination (RFC 1337): nobody is told",
        },
        {
                .name = "rst-beside-time-wait",
                .on = EVENT_RST,
                .holders = BY_TIME_WAIT,
                .at = "tcp_timewait_state_process",
                .why = "not at the expected sequence number: ignored",
        },
        {
                .name = "rst-beside-fin-wait2",
                .on = EVENT_RST,
                .holders = BY_FIN_WAIT2,
                .lacks = IF_IN_WINDOW,
                .emits = EMIT_ACK,
                .at = "tcp_timewait_state_process: tcp_in_window, tcp_timewait_check_oow_rate_limit",
                .why = "outside the window: not obeyed, and even answered by an ACK",
        },
        {
                .name = "rst-kills-fin-wait2",
                .on = EVENT_RST,
                .holders = BY_FIN_WAIT2,
                .leaves = HOLDER_NOBODY,
                .moves_holder = true,
                .at = "tcp_timewait_state_process: TCP_FIN_WAIT2, kill",
                .why = "the orphan is gone; nobody is told",
        },
        {
                .name = "rst-refuses",
                .on = EVENT_RST,
                .states = IN(SYN_SENT),
                .needs = IF_HAS_ACK,
                .error = ECONNREFUSED,
                .does = SET_ERROR | PURGE_UNSENT | SHUT_BOTH,
                .next = TCP_STATE_CLOSE,
                .at = "tcp_rcv_synsent_state_process, tcp_reset",
                .why = "the SYN was refused",
        },
        {
                .name = "rst-without-ack-to-a-syn",
                .on = EVENT_RST,
                .states = IN(SYN_SENT),
                .at = "tcp_rcv_synsent_state_process",
                .why = "a RST that does not acknowledge the SYN is ignored",
        },
        {
                .name = "rst-challenged",
                .on = EVENT_RST,
                .needs = IF_IN_WINDOW,
                .lacks = IF_EXACT,
                .emits = EMIT_CHALLENGE,
                .at = "tcp_validate_incoming: tcp_send_challenge_ack (RFC 5961 3.2)",
                .kernels = "5.10: no challenge in SYN_RECV; a limit of 1000 a second for the whole host",
                .why = "in the window but not at its edge: \"do you mean it?\"",
        },
        {
                .name = "rst-outside",
                .on = EVENT_RST,
                .lacks = IF_EXACT,
                .at = "tcp_validate_incoming",
                .why = "outside the window: dropped in silence",
        },
        {
                .name = "rst-after-fin",
                .on = EVENT_RST,
                .states = IN(CLOSE_WAIT),
                .error = EPIPE,
                .does = SET_ERROR | PURGE_UNSENT | SHUT_BOTH,
                .next = TCP_STATE_CLOSE,
                .at = "tcp_reset: TCP_CLOSE_WAIT",
                .why = "the peer's FIN had come: EPIPE, with SIGPIPE already at the first send; recv() goes on to say 0",
        },
        {
                .name = "rst",
                .on = EVENT_RST,
                .states = ANY_STATE & ~(IN(CLOSE) | IN(LISTEN)),
                .error = ECONNRESET,
                .does = SET_ERROR | PURGE_UNSENT | SHUT_BOTH,
                .next = TCP_STATE_CLOSE,
                .at = "tcp_reset, tcp_done_with_error",
                .kernels = "5.10: the error is reported before the state is CLOSE",
                .why = "ECONNRESET, whatever was sent, acknowledged or read before; what was received stays readable",
        },
        {
                .name = "rst-to-listener",
                .on = EVENT_RST,
                .at = "tcp_rcv_state_process: TCP_LISTEN",
                .why = "a listener is not a connection: ignored",
        },
};
const size_t n_reset_rules = sizeof(reset_rules) / sizeof(*reset_rules);

const struct rule icmp_rules[] = {
        {
                .name = "icmp-about-an-old-segment",
                .on = EVENT_ICMP,
                .lacks = IF_IN_WINDOW,
                .at = "tcp_v4_err, tcp_v6_err: LINUX_MIB_OUTOFWINDOWICMPS",
                .why = "it quotes a segment that is acknowledged already, or was never sent: ignored",
        },
        {
                .name = "icmp-in-the-handshake-with-recverr",
                .on = EVENT_ICMP,
                .states = HANDSHAKE,
                .needs = IF_RECVERR,
                .does = SET_ICMP | QUEUE_ERROR | SHUT_BOTH,
                .next = TCP_STATE_CLOSE,
                .at = "tcp_v4_err, tcp_v6_err: ip_icmp_error, tcp_done_with_error",
                .why = "an attempt dies at once of an ICMP error; IP_RECVERR: a message is queued as well",
        },
        {
                .name = "icmp-in-the-handshake",
                .on = EVENT_ICMP,
                .states = HANDSHAKE,
                .does = SET_ICMP | SHUT_BOTH,
                .next = TCP_STATE_CLOSE,
                .at = "tcp_v4_err, tcp_v6_err: TCP_SYN_SENT, tcp_done_with_error",
                .why = "an attempt dies at once of an ICMP error",
        },
        {
                .name = "icmp-with-recverr",
                .on = EVENT_ICMP,
                .states = ANY_STATE & ~(HANDSHAKE | IN(CLOSE) | IN(LISTEN)),
                .needs = IF_RECVERR,
                .does = SET_ICMP,
                .at = "tcp_v4_err: IP_RECVERR, sk_error_report",
                .why = "IP_RECVERR: the next call is told, once; the connection lives on",
        },
        {
                .name = "icmp-soft",
                .on = EVENT_ICMP,
                .states = ANY_STATE & ~(HANDSHAKE | IN(CLOSE) | IN(LISTEN)),
                .does = SET_ICMP_SOFT,
                .at = "tcp_v4_err: sk_err_soft",
                .why = "only remembered: SO_ERROR gives it, or the time-out that may follow",
        },
        {
                .name = "icmp-to-nobody",
                .on = EVENT_ICMP,
                .holders = BY_SOCKET | BY_FIN_WAIT2 | BY_TIME_WAIT | BY_NOBODY,
                .at = "tcp_v4_err",
                .why = "no connection to tell",
        },
};
const size_t n_icmp_rules = sizeof(icmp_rules) / sizeof(*icmp_rules);

#define GIVES_UP(_timer, _name, _emits, _at, _why)                                                           \
        {                                                                                                    \
                .name = (_name), .on = EVENT_TIMER, .states = ANY_STATE & ~(IN(CLOSE) | IN(LISTEN)),         \
                .timer = (_timer), .does = SET_TIMEOUT | PURGE_UNSENT | SHUT_BOTH, .next = TCP_STATE_CLOSE,  \
                .emits = (_emits), .at = (_at), .why = (_why),                                               \
        }

const struct rule timer_rules[] = {
        GIVES_UP(TIMER_RETRANSMISSION, "retransmission-gives-up", EMIT_NOTHING, "tcp_write_timeout, tcp_write_err",
                 "no acknowledgement after all repeats: ETIMEDOUT, or what ICMP had said; the peer is not told"),
        GIVES_UP(TIMER_PROBE, "probe-gives-up", EMIT_NOTHING, "tcp_probe_timer, tcp_write_err",
                 "zero-window probes found no answer: ETIMEDOUT; the peer is not told"),
        GIVES_UP(TIMER_KEEPALIVE, "keepalive-gives-up", EMIT_RST, "tcp_keepalive_timer, tcp_send_active_reset",
                 "keepalive probes found no answer: ETIMEDOUT, and the only time-out that sends a RST"),
        GIVES_UP(TIMER_USER, "user-timeout-gives-up", EMIT_NOTHING, "tcp_write_timeout, tcp_probe_timer",
                 "TCP_USER_TIMEOUT passed: ETIMEDOUT; the peer is not told"),
        {
                .name = "fin-wait2-over",
                .on = EVENT_TIMER,
                .holders = BY_FIN_WAIT2,
                .timer = TIMER_FIN_WAIT2,
                .leaves = HOLDER_NOBODY,
                .moves_holder = true,
                .at = "tw_timer_handler",
                .why = "the peer's FIN did not come in time: forgotten in silence",
        },
        {
                .name = "fin-wait2-over-full-socket",
                .on = EVENT_TIMER,
                .states = IN(FIN_WAIT2),
                .needs = IF_ORPHAN,
                .timer = TIMER_FIN_WAIT2,
                .next = TCP_STATE_CLOSE,
                .emits = EMIT_RST,
                .at = "tcp_keepalive_timer: tcp_send_active_reset",
                .why = "an orphan that was a full socket: RST",
        },
        {
                .name = "time-wait-over",
                .on = EVENT_TIMER,
                .holders = BY_TIME_WAIT,
                .timer = TIMER_TIME_WAIT,
                .leaves = HOLDER_NOBODY,
                .moves_holder = true,
                .at = "tw_timer_handler",
                .why = "60 s have passed",
        },
        {
                .name = "timer-finds-nothing",
                .on = EVENT_TIMER,
                .holders = BY_SOCKET | BY_FIN_WAIT2 | BY_TIME_WAIT | BY_NOBODY,
                .at = "tcp_write_timer, tcp_keepalive_timer",
                .why = "nothing waits for this timer",
        },
};
const size_t n_timer_rules = sizeof(timer_rules) / sizeof(*timer_rules);
