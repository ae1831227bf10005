/* Claims of the RFCs about the RST itself. */
#include "lab/claims/lists.h"

#define BY_HAND SCENARIO_SERVER_BY_HAND

static const struct claim claims[] = {
        {
                .name = "rst-in-window-resets",
                .sentence = "A RST resets if its sequence number lies anywhere in the window.",
                .source = "RFC 793 3.4, which RFC 5961 and RFC 9293 replace",
                .right = "it must be exactly the next one expected; elsewhere in the window it draws a challenge ACK",
                CASES({ "exactly the next number", "s.rst =c.state=CLOSE", BY_HAND },
                      { "1 beyond it", "s.rst@+1 =c.state=CLOSE", BY_HAND },
                      { "1000 beyond it", "s.rst@+1000 =c.state=CLOSE", BY_HAND }),
        },
        {
                .name = "rst-exact-only",
                .sentence = "A RST resets only with exactly the next sequence number; any other changes nothing.",
                .source = "RFC 5961 3.2; RFC 9293 3.10.7.4",
                .kind = CLAIM_ALWAYS,
                .right = "Linux also takes the number of the FIN just received, 1 before the next (and the edge of "
                         "a SACK block); the ACK field is not looked at",
                CASES({ "exactly the next number", "s.rst =c.state=CLOSE", BY_HAND },
                      { "1000 beyond it", "s.rst@+1000 =c.state=ESTABLISHED", BY_HAND },
                      { "1000 before it", "s.rst@-1000 =c.state=ESTABLISHED", BY_HAND },
                      { "1 before it, after a FIN", "s.fin s.rst@-1 =c.state=CLOSE_WAIT", BY_HAND }),
        },
        {
                .name = "abort-by-state",
                .sentence = "An abort sends a RST, but not in SYN-SENT, CLOSING, LAST-ACK and TIME-WAIT.",
                .source = "RFC 9293 3.10.5",
                .right = "close() with zero linger goes so where the FIN was sent; in LAST-ACK and CLOSING with the "
                         "FIN still unsent Linux sends a RST after all",
                /* FIN-WAIT-2 is played by linger0-always-rst; a claim has room for eight cases. */
                CASES({ "ESTABLISHED", "c.linger0 c.close =c.rst", 0 },
                      { "CLOSE-WAIT", "s.shut-wr c.linger0 c.close =c.rst", 0 },
                      { "FIN-WAIT-1", "c.shut-wr c.linger0 c.close =c.rst", BY_HAND },
                      { "SYN-SENT", "c.connect c.linger0 c.close =c.no-rst", BY_HAND | SCENARIO_UNCONNECTED },
                      { "CLOSING", "c.shut-wr s.fin+ack-1 ?c.state=CLOSING c.linger0 c.close =c.no-rst", BY_HAND },
                      { "LAST-ACK", "s.fin c.shut-wr c.linger0 c.close =c.no-rst", BY_HAND },
                      { "LAST-ACK, data and FIN unsent behind a shut window",
                        "s.ack+win=0 c.send100 s.fin+win=0 c.shut-wr ?c.state=LAST_ACK c.linger0 c.close =c.no-rst",
                        BY_HAND },
                      { "TIME-WAIT", "c.shut-wr s.shut-wr c.linger0 c.close =c.no-rst", 0 }),
        },
        {
                .name = "time-wait-rst",
                .sentence = "A RST ends TIME_WAIT at once, unless tcp_rfc1337 is set.",
                .source = "tcp(7), tcp_rfc1337",
                .right = "data that comes after the RST draws a RST of its own, or with the setting an ACK",
                CASES({ "not set", "n.sysctl=tcp_rfc1337:0 c.close s.fin s.rst s.data1 =c.rst",
                        BY_HAND | SCENARIO_NAMESPACE },
                      { "set", "n.sysctl=tcp_rfc1337:1 c.close s.fin s.rst s.data1 =c.no-rst",
                        BY_HAND | SCENARIO_NAMESPACE }),
        },
};
const struct claim_list claims_of_resets = { claims, sizeof(claims) / sizeof(*claims) };
