/* Claims about a peer that falls silent. */
#include "lab/claims/lists.h"

#define TIMED (SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS)

static const struct claim claims[] = {
        {
                .name = "user-timeout-etimedout",
                .sentence = "After TCP_USER_TIMEOUT without an acknowledgement the program gets ETIMEDOUT.",
                .source = "tcp(7), TCP_USER_TIMEOUT",
                .right = "if an ICMP error came meanwhile its errno takes the place of ETIMEDOUT; the peer is not "
                         "told in either case",
                CASES({ "the peer is silent", "c.user-timeout=1000 c.send10 c.expire=user c.recv =ETIMEDOUT", TIMED },
                      { "the peer is silent, and a router said host unreachable",
                        "c.user-timeout=1000 c.send10 s.icmp=host c.expire=user c.recv =ETIMEDOUT", TIMED }),
        },
        {
                .name = "keepalive-etimedout",
                .sentence = "A connection whose keepalive probes draw no answer is closed with ETIMEDOUT.",
                .source = "Stevens, UNIX Network Programming, 7.5; tcp(7)",
                .right = "the error is told once; recv() then gives 0 and send() EPIPE",
                CASES({ "the peer is silent", "c.keepalive c.expire=keepalive =c.state=CLOSE c.recv =ETIMEDOUT",
                        TIMED }),
        },
        {
                .name = "giving-up-sends-rst",
                .sentence = "A kernel that gives a connection up tells the peer with a RST.",
                .source = "a common belief",
                .right = "of the time-outs that end a connection in use only keepalive's does; after the others the "
                         "peer learns it by its own next segment",
                CASES({ "keepalive", "c.keepalive c.expire=keepalive ?c.state=CLOSE =c.rst", TIMED },
                      { "TCP_USER_TIMEOUT",
                        "c.user-timeout=1000 c.send10 c.expire=user ?c.state=CLOSE =c.no-fin =c.rst", TIMED }),
        },
};
const struct claim_list claims_of_silence = { claims, sizeof(claims) / sizeof(*claims) };
