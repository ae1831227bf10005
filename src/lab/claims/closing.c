/* Claims about close() and the end of a process. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "close-tells-errors",
                .sentence = "close() reports that an earlier write has failed.",
                .source = "close(2), on checking what close() returns",
                .right = "for TCP it gives 0 whatever happened: ask SO_ERROR, SIOCOUTQ and TCP_INFO before",
                CASES({ "a reset that nobody was told of", "c.send10 s.linger0 s.close c.close =error", 0 },
                      { "a RST after a FIN", "s.shut-wr c.send10 s.close c.close =error", 0 },
                      { "a reset while it lingers",
                        "s.fill s.linger5 s.close& =error c.linger0 c.close s.wait", 0 }),
        },
        {
                .name = "close-eintr",
                .sentence = "A close() that a signal interrupts gives EINTR.",
                .source = "POSIX, close(); close(2)",
                .right = "the wait ends and close() gives 0; the descriptor is gone, as it always is",
                CASES({ "while it lingers", "s.fill s.linger5 s.close& =EINTR s.signal", 0 }),
        },
        {
                .name = "last-close-counts",
                .sentence = "close() ends the connection only with the last descriptor; shutdown() does so at "
                            "once, whoever else has one.",
                .source = "close(2); Stevens, UNIX Network Programming, 4.8",
                .right = "it holds for dup() and fork() alike",
                CASES({ "close() of one of two", "c.dup c.close =c.no-fin =c.no-rst c.close =c.fin", 0 },
                      { "close() while a child has it", "c.fork c.close =c.no-fin =c.no-rst c.child-exit =c.fin", 0 },
                      { "shutdown() of one of two", "c.dup c.shut-wr =c.fin", 0 },
                      { "data unread and zero linger, one of two",
                        "s.send10 c.dup c.linger0 c.close =c.no-fin =c.no-rst", 0 }),
        },
        {
                .name = "death-sends-fin",
                .sentence = "When a process dies, the kernel closes its connections with a FIN.",
                .source = "Stevens, UNIX Network Programming, 5.12",
                .right = "it closes as close() would: data unread, or zero linger, makes a RST",
                CASES({ "nothing unread, SIGKILL", "c.fork c.close c.child-kill =c.fin =c.no-rst", 0 },
                      { "nothing unread, a crash", "c.fork c.close c.child-crash =c.fin =c.no-rst", 0 },
                      { "data unread", "s.send10 c.fork c.close c.child-kill =c.fin =c.no-rst", 0 },
                      { "zero linger", "c.linger0 c.fork c.close c.child-kill =c.fin =c.no-rst", 0 }),
        },
        {
                .name = "unread-close-resets",
                .sentence = "close() with received data unread sends a RST.",
                .source = "RFC 9293 3.6.1 (SHLD-3); RFC 1122 4.2.2.13; RFC 2525 2.17",
                .right = "it does for data that came in order, while the connection is not over both ways; data "
                         "beyond a gap is dropped in silence",
                CASES({ "data unread", "c.send10 s.close =s.rst", 0 },
                      { "data peeked at, not read", "c.send10 s.peek s.close =s.rst", 0 },
                      { "the peer's FIN behind the data", "c.send10 c.shut-wr s.close =s.rst", 0 },
                      { "its own FIN was sent before", "s.shut-wr c.send10 s.close =s.rst", 0 },
                      { "all that came lies beyond a gap", "s.data10@+50 c.close =c.rst", SCENARIO_SERVER_BY_HAND },
                      { "both FINs are acknowledged", "c.send10 s.shut-wr c.shut-wr s.close =s.rst", 0 }),
        },
        {
                .name = "late-data-resets",
                .sentence = "Data that comes after close() is answered by a RST.",
                .source = "RFC 9293 3.6.1 (SHLD-3); RFC 1122 4.2.2.13",
                .right = "data that comes after shutdown(SHUT_RDWR) draws a RST as well, and there the program that "
                         "shut down gets ECONNRESET",
                CASES({ "after close()", "s.close c.send1 =s.rst", 0 },
                      { "after shutdown(SHUT_RDWR)", "s.shut-rdwr c.send1 =s.rst", 0 },
                      { "after close(), its FIN not yet acknowledged", "c.close s.data10+ack-1 =c.rst",
                        SCENARIO_SERVER_BY_HAND }),
        },
};
const struct claim_list claims_of_closing = { claims, sizeof(claims) / sizeof(*claims) };
