/* Claims about SO_LINGER. */
#include "lab/claims/lists.h"

#define TIMED SCENARIO_TIMERS

static const struct claim claims[] = {
        {
                .name = "linger0-always-rst",
                .sentence = "With SO_LINGER on and 0 seconds, close() always sends a RST at once.",
                .source = "answers in forums; Stevens, UNIX Network Programming, 7.5",
                .kind = CLAIM_ALWAYS,
                .right = "none is sent while another descriptor is open, nor in SYN_SENT or TIME_WAIT, nor in LAST_ACK "
                         "or CLOSING once the FIN was sent, nor in TCP_REPAIR mode; in some of these the peer is "
                         "never told",
                CASES({ "established", "c.linger0 c.close =c.rst", 0 },
                      { "the peer's FIN came", "s.close c.linger0 c.close =c.rst", 0 },
                      { "your own FIN is acknowledged", "c.shut-wr c.linger0 c.close =c.rst", 0 },
                      { "another descriptor is open", "c.dup c.linger0 c.close =c.rst", 0 },
                      { "not yet connected", "c.connect c.linger0 c.close =c.rst",
                        SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED },
                      { "both FINs sent, your own not acknowledged", "s.fin c.shut-wr c.linger0 c.close =c.rst",
                        SCENARIO_SERVER_BY_HAND },
                      { "both FINs acknowledged", "s.shut-wr c.shut-wr c.linger0 c.close =c.rst", 0 },
                      { "TCP_REPAIR", "c.repair c.linger0 c.close =c.rst", SCENARIO_NAMESPACE }),
        },
        {
                .name = "linger-off-delivers",
                .sentence = "With SO_LINGER off, close() returns at once and the kernel delivers the rest.",
                .source = "socket(7), SO_LINGER; Stevens, UNIX Network Programming, 7.5",
                .right = "it returns at once; but data that it left unread makes a RST instead, which throws the "
                         "rest away, and nobody is told",
                CASES({ "nothing was unread",
                        "s.fill ?s.unsent>0 s.close =0 =took<500 c.drain =c.read=s.written c.recv =0", 0 },
                      { "data was unread",
                        "c.send10 s.fill ?s.unsent>0 s.close =0 =took<500 c.drain =c.read=s.written c.recv =0", 0 }),
        },
        {
                .name = "linger-blocks",
                .sentence = "With SO_LINGER on and some seconds, close() may wait for that long until the rest is "
                            "acknowledged.",
                .source = "POSIX, SO_LINGER; socket(7)",
                .right = "it waits with O_NONBLOCK as well; when the time is up it returns 0, "
                         "and the kernel goes on in the background",
                CASES({ "the peer does not read",
                        "c.send1 s.fill s.recv+block s.linger1 s.close& =0 s.expire=linger =took>900", TIMED },
                      { "the peer does not read, and the socket is non-blocking",
                        "s.fill s.linger1 s.close& =0 s.expire=linger =took>900", TIMED },
                      { "the peer reads", "s.fill s.linger5 s.close& =0 c.drain s.wait =took<4000", 0 }),
        },
        {
                .name = "linger-spares-nonblocking",
                .sentence = "On a non-blocking socket close() does not wait, whatever SO_LINGER says.",
                .source = "Stevens, UNIX Network Programming, 7.5",
                .right = "close() does not look at O_NONBLOCK: it waits",
                CASES({ "the peer does not acknowledge", "c.send10 c.linger1 c.close& c.expire=linger =took<500",
                        TIMED | SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "linger-timeout-is-told",
                .sentence = "If the linger time runs out, close() gives EWOULDBLOCK and the rest is discarded.",
                .source = "Stevens, UNIX Network Programming, 7.5",
                .right = "it gives 0, nothing is discarded and no RST is sent: a peer that reads later gets it all",
                CASES({ "the peer reads only later",
                        "s.fill ?s.unsent>0 s.linger1 s.close& =EWOULDBLOCK s.expire=linger "
                        "c.drain =c.read<s.written", TIMED }),
        },
        {
                .name = "linger-return-means-acked",
                .sentence = "A close() with SO_LINGER that returns 0 means that the peer's kernel has all of it.",
                .source = "Stevens, UNIX Network Programming, 7.5",
                .kind = CLAIM_ALWAYS,
                .right = "0 comes also at the time-out, at a signal and at a RST; only TCP_INFO and SIOCOUTQ before "
                         "the close can tell",
                CASES({ "the peer acknowledges", "c.send10 c.linger5 c.close ?0 =s.arrived=c.written", 0 },
                      { "the time runs out",
                        "s.fill s.linger1 s.close& ?0 s.expire=linger =c.arrived=s.written", TIMED },
                      { "a signal comes", "s.fill s.linger5 s.close& ?0 s.signal =c.arrived=s.written", 0 }),
        },
        {
                .name = "shutdown-lingers",
                .sentence = "With SO_LINGER on, shutdown() too waits until all is sent or the time is up.",
                .source = "socket(7), SO_LINGER",
                .right = "only close() waits; shutdown() returns at once",
                CASES({ "SHUT_WR", "s.fill ?s.unsent>0 s.linger1 s.shut-wr =took>900", 0 },
                      { "SHUT_RDWR", "s.fill ?s.unsent>0 s.linger1 s.shut-rdwr =took>900", 0 }),
        },
};
const struct claim_list claims_of_lingering = { claims, sizeof(claims) / sizeof(*claims) };
