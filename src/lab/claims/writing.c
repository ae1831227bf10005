/* Claims about writing to a peer that is gone. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "second-write-sigpipe",
                .sentence = "The first write to a peer that has closed succeeds; the second gives EPIPE and "
                            "raises SIGPIPE.",
                .source = "Stevens, UNIX Network Programming, 5.13",
                .right = "it goes so where the peer had read everything and the RST that the first write drew is "
                         "back; data unread at its close makes the first write ECONNRESET, without a signal",
                CASES({ "the peer had read everything and closed",
                        "c.send10 s.recv s.close c.send1 =1 c.send1 =EPIPE+SIGPIPE", 0 },
                      { "it closed with a byte unread",
                        "c.send10 s.recv9 s.close c.send1 =1 c.send1 =EPIPE+SIGPIPE", 0 },
                      { "it closed with zero linger", "s.linger0 s.close c.send1 =1 c.send1 =EPIPE+SIGPIPE", 0 },
                      { "its FIN was lost on the way",
                        "c.send1 =1 s.rst c.send1 =EPIPE+SIGPIPE", SCENARIO_SERVER_BY_HAND },
                      { "its RST is still on the way",
                        "s.fin c.send1 =1 c.send1 =EPIPE+SIGPIPE", SCENARIO_SERVER_BY_HAND },
                      { "it ended only its own direction, which looks the same from here",
                        "s.shut-wr c.send1 =1 c.send1 =EPIPE+SIGPIPE", 0 }),
        },
        {
                .name = "unread-is-econnreset",
                .sentence = "If the peer closed with data unread, send() gives ECONNRESET; if it had read "
                            "everything, EPIPE.",
                .source = "answers in forums",
                .right = "the errno tells only in which state the RST met your socket: CLOSE_WAIT (the peer's FIN had "
                         "come, and you had not closed your side) makes EPIPE, SYN_SENT ECONNREFUSED, the others "
                         "ECONNRESET; and EPIPE also comes where another call took the error before",
                CASES({ "data unread", "c.send10 s.close c.send1 =ECONNRESET", 0 },
                      { "everything read", "c.send10 s.recv s.close c.send1 ?1 c.send1 =EPIPE", 0 },
                      { "data unread, but it had shut down writing before",
                        "s.shut-wr c.send10 s.close c.send1 =ECONNRESET", 0 },
                      { "everything read, but its FIN was lost: its RST answers the write",
                        "c.send10 s.ack c.send1 s.rst c.send1 =EPIPE", SCENARIO_SERVER_BY_HAND },
                      { "data unread, but a recv() came before",
                        "c.send10 s.close c.recv ?ECONNRESET c.send1 =ECONNRESET", 0 }),
        },
        {
                .name = "epipe-means-delivered",
                .sentence = "EPIPE means that everything written before it was delivered.",
                .source = "answers in forums",
                .kind = CLAIM_ALWAYS,
                .right = "EPIPE says that a FIN came before the RST, that the error was taken before, or that your own "
                         "side was shut down, and nothing of the bytes: what went out after the peer's close is lost, "
                         "and so may be what was written before",
                CASES({ "your own side was shut down", "c.send10 s.recv c.shut-wr c.send1 ?EPIPE =s.read=c.written",
                        0 },
                      { "the peer had read everything, closed, and one more write went out",
                        "c.send10 s.recv s.close c.send1 ?1 c.send1 ?EPIPE =s.read=c.written", 0 },
                      { "the peer shut down writing and closed without reading",
                        "s.shut-wr c.send5000 s.close c.send1 ?EPIPE =s.read=c.written", 0 },
                      { "its FIN came, and what was written never reached its kernel",
                        "s.fin c.send3000 s.rst c.send1 ?EPIPE =c.outq=0", SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "all-acked-is-epipe",
                .sentence = "If all that was sent had been acknowledged before the reset, send() gives EPIPE and "
                            "not ECONNRESET.",
                .source = "answers in forums",
                .kind = CLAIM_ALWAYS,
                .right = "the kernel looks at the state and not at the queues: a RST in CLOSE_WAIT makes EPIPE, in "
                         "SYN_SENT ECONNREFUSED, in the others ECONNRESET",
                CASES({ "all acknowledged and read", "c.send10 s.recv ?c.outq=0 s.linger0 s.close c.send1 =EPIPE", 0 },
                      { "nothing was ever sent", "s.linger0 s.close c.send1 =EPIPE", 0 },
                      { "all acknowledged, and the peer's FIN came before the reset",
                        "c.send10 s.recv s.shut-wr ?c.outq=0 s.linger0 s.close c.send1 =EPIPE", 0 }),
        },
        {
                .name = "write-after-shutdown",
                .sentence = "A write to a socket that was shut down by the local or by the remote end gives EPIPE "
                            "and raises SIGPIPE.",
                .source = "socket(7), Signals; write(2), EPIPE",
                .right = "only where the local end did: the remote end may have ended one direction and still read "
                         "the other, so the kernel goes on until a RST comes",
                CASES({ "the local end shut down writing", "c.shut-wr c.send1 =EPIPE+SIGPIPE", 0 },
                      { "the remote end shut down writing", "s.shut-wr c.send1 =EPIPE+SIGPIPE", 0 },
                      { "the remote end shut down reading", "s.shut-rd c.send1 =EPIPE+SIGPIPE", 0 },
                      { "the remote end closed", "s.close c.send1 =EPIPE+SIGPIPE", 0 }),
        },
        {
                .name = "send-success-proves-nothing",
                .sentence = "A send() that succeeds does not guarantee that anything is delivered.",
                .source = "POSIX, send()",
                .right = "it means that your kernel has a copy; SIOCOUTQ tells what the peer's kernel has, and only "
                         "the peer's program what it has read",
                CASES({ "the peer had closed", "c.send10 s.recv s.close c.send5 ?5 =s.read<c.written", 0 },
                      { "the peer closes without reading", "c.send10 ?10 s.close =s.read<c.written", 0 },
                      { "a RST comes before any acknowledgement",
                        "c.send10 ?10 s.rst =c.outq=c.written", SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "send-unconnected-enotconn",
                .sentence = "send() on a TCP socket that is not connected gives ENOTCONN.",
                .source = "POSIX, send(); send(2)",
                .right = "it gives EPIPE and raises SIGPIPE (send(2) says so under BUGS); recv() gives ENOTCONN",
                CASES({ "never connected", "c.send1 =ENOTCONN", SCENARIO_UNCONNECTED },
                      { "never connected, sendmsg()", "c.sendmsg1 =ENOTCONN", SCENARIO_UNCONNECTED },
                      { "connect() was refused", "c.connect+block ?ECONNREFUSED c.send1 =ENOTCONN",
                        SCENARIO_UNCONNECTED }),
        },
        {
                .name = "sendfile-tells-the-reset",
                .sentence = "sendfile() to a socket that was reset reports ECONNRESET, as send() does.",
                .source = "expected after send(2); sendfile(2) does not say",
                .right = "reset midway it returns a short count and takes the error with it: the next call gives "
                         "EPIPE, and nobody ever says ECONNRESET",
                CASES({ "the reset came before", "s.linger0 s.close c.sendfile10 =ECONNRESET", 0 },
                      { "the reset comes midway, and the next call is send()",
                        "c.sendfile8M& ?>0 s.send1 s.linger0 s.close c.send1 =ECONNRESET", 0 }),
        },
};
const struct claim_list claims_of_writing = { claims, sizeof(claims) / sizeof(*claims) };
