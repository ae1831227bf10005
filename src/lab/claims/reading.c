/* Claims about what recv() says at the end. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "recv-zero-is-orderly",
                .sentence = "recv() gives 0 only when the peer has ended its direction in order.",
                .source = "POSIX, recv(); recv(2)",
                .kind = CLAIM_ALWAYS,
                .right = "0 also follows a reset whose error another call has taken, and your own "
                         "SHUT_RD: tcpi_bytes_received tells whether the FIN came",
                CASES({ "the peer closed", "s.close c.recv ?0 =c.fin-seen=1", 0 },
                      { "the peer reset, and send() took the error",
                        "s.linger0 s.close c.send1 ?ECONNRESET c.recv ?0 =c.fin-seen=1", 0 },
                      { "the peer reset, and SO_ERROR took the error",
                        "s.linger0 s.close c.so-error ?ECONNRESET c.recv ?0 =c.fin-seen=1", 0 },
                      { "your own shutdown(SHUT_RD)", "c.shut-rd c.recv ?0 =c.fin-seen=1", 0 }),
        },
        {
                .name = "rst-after-fin-is-eof",
                .sentence = "After a FIN and then a RST recv() gives 0 and no error.",
                .source = "answers in forums",
                .right = "the end of the stream is looked at before the error, which poll(), SO_ERROR and send() still "
                         "tell",
                CASES({ "the peer shut down writing and closed with data unread",
                        "s.shut-wr c.send10 s.close c.recv =0 c.recv =0", 0 },
                      { "with data queued here", "s.send5 s.shut-wr c.send10 s.close c.recv =5 c.recv =0", 0 },
                      { "the peer closed, and a write drew the RST", "s.close c.send1 =c.state=CLOSE c.recv =0", 0 }),
        },
        {
                .name = "unsent-close-resets",
                .sentence = "A peer that closes before all was sent makes recv() give ECONNRESET, once what had "
                            "arrived is read.",
                .source = "answers in forums",
                .right = "a plain close() goes on sending and ends with a FIN; only zero linger, or data that the "
                         "peer left unread, throws the rest away with a RST",
                CASES({ "a plain close", "s.fill ?s.unsent>0 s.close c.drain c.recv =ECONNRESET", 0 },
                      { "zero linger", "s.fill ?s.unsent>0 s.linger0 s.close c.drain c.recv =ECONNRESET", 0 },
                      { "the peer left data unread",
                        "c.send10 s.fill ?s.unsent>0 s.close c.drain c.recv =ECONNRESET", 0 },
                      { "zero linger, but another call has taken the error",
                        "s.fill ?s.unsent>0 s.linger0 s.close c.so-error ?ECONNRESET c.drain c.recv =ECONNRESET", 0 }),
        },
        {
                .name = "rst-flushes-received-data",
                .sentence = "A RST throws away what had been received and was not read yet.",
                .source = "RFC 9293 3.10.7.4; RFC 9112 9.6 warns of it",
                .right = "Linux keeps what had come in order and gives it out before the error; only what lay "
                         "beyond a gap is lost",
                CASES({ "received in order", "s.send100 s.linger0 s.close c.recv =ECONNRESET|0", 0 },
                      { "received in order, part of it read",
                        "s.send100 c.recv40 s.linger0 s.close c.recv =ECONNRESET|0", 0 },
                      { "received beyond a gap", "s.data100@+50 s.rst c.recv =ECONNRESET|0",
                        SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "peek-changes-nothing",
                .sentence = "recv() with MSG_PEEK leaves the socket as it was: the next call gives the same.",
                .source = "a reading of recv(2), MSG_PEEK",
                .kind = CLAIM_ALWAYS,
                .right = "data stays, an error does not: the peek takes it, and the next recv() gives 0",
                CASES({ "data", "s.send10 c.peek ?10 c.recv =10", 0 },
                      { "the end of the stream", "s.close c.peek ?0 c.recv =0", 0 },
                      { "a reset", "s.linger0 s.close c.peek ?ECONNRESET c.recv =ECONNRESET", 0 }),
        },
        {
                .name = "aborts-are-told",
                .sentence = "A program learns whether the other side closed or aborted: recv() gives 0 for the one "
                            "and an error for the other.",
                .source = "RFC 9293 3.6 (MUST-12); RFC 1122 4.2.2.13",
                .right = "recv() does not tell of an abort that followed a FIN; SO_ERROR or send() does, once",
                CASES({ "closed", "s.close c.recv =0", 0 },
                      { "aborted", "s.linger0 s.close c.recv =error", 0 },
                      { "ended its direction, then aborted", "s.shut-wr s.linger0 s.close c.recv =error", 0 }),
        },
};
const struct claim_list claims_of_reading = { claims, sizeof(claims) / sizeof(*claims) };
