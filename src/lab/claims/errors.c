/* Claims about what an errno or SIGPIPE means. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "rst-means-sigpipe",
                .sentence = "A write to a socket that has received a RST raises SIGPIPE.",
                .source = "Stevens, UNIX Network Programming, 5.13",
                .right = "SIGPIPE comes with EPIPE alone: after a RST without a FIN the first call takes "
                         "ECONNRESET, and only the ones after it raise the signal",
                CASES({ "the first call after the RST", "s.linger0 s.close c.send1 =SIGPIPE", 0 },
                      { "a FIN had come before", "s.shut-wr c.send10 s.close c.send1 =SIGPIPE", 0 },
                      { "a recv() came before", "s.linger0 s.close c.recv ?ECONNRESET c.send1 =SIGPIPE", 0 },
                      { "the second call after the RST", "s.linger0 s.close c.send1 c.send1 =SIGPIPE", 0 }),
        },
        {
                .name = "nosignal-is-enough",
                .sentence = "With MSG_NOSIGNAL a send() gives EPIPE and raises no SIGPIPE.",
                .source = "POSIX, send(); send(2)",
                .right = "the flag does that; write(), sendfile() and splice() have none",
                CASES({ "your own side was shut down", "c.shut-wr c.send1+nosignal =EPIPE-SIGPIPE", 0 },
                      { "a RST after a FIN", "s.shut-wr c.send10 s.close c.send1+nosignal =EPIPE-SIGPIPE", 0 },
                      { "sendmsg(), after the error was taken",
                        "s.linger0 s.close c.recv c.sendmsg1+nosignal =EPIPE-SIGPIPE", 0 },
                      { "never connected", "c.send1+nosignal =EPIPE-SIGPIPE", SCENARIO_UNCONNECTED }),
        },
        {
                .name = "epipe-is-local-shutdown",
                .sentence = "EPIPE from send() means that the local end was shut down.",
                .source = "send(2), EPIPE",
                .kind = CLAIM_ALWAYS,
                .right = "it also means a RST that followed the peer's FIN, or an end whose error an earlier call "
                         "has taken",
                CASES({ "the local end was shut down", "c.shut-wr c.send1 =EPIPE", 0 },
                      { "it was not; the peer closed", "c.send10 s.recv s.close c.send1 c.send1 =!EPIPE", 0 },
                      { "it was not; the peer reset, and recv() has said so",
                        "s.linger0 s.close c.recv ?ECONNRESET c.send1 =!EPIPE", 0 }),
        },
        {
                .name = "econnreset-is-from-the-peer",
                .sentence = "ECONNRESET means that the peer closed the connection by force.",
                .source = "POSIX, recv() and send()",
                .kind = CLAIM_ALWAYS,
                .right = "your own kernel sets it too when it sends the RST itself: data came after your "
                         "shutdown(SHUT_RDWR), or you called connect(AF_UNSPEC)",
                CASES({ "the peer reset", "s.linger0 s.close c.recv ?ECONNRESET =s.rst", 0 },
                      { "data came after your own SHUT_RDWR",
                        "c.shut-rdwr s.send10 c.recv ?ECONNRESET =s.rst =c.no-rst", 0 },
                      { "your own connect(AF_UNSPEC)",
                        "c.connect-unspec c.so-error ?ECONNRESET =s.rst =c.no-rst", 0 }),
        },
        {
                .name = "errors-stay",
                .sentence = "Once a connection has failed, every later call gives the same error.",
                .source = "a habit of thought; no standard says so",
                .kind = CLAIM_ALWAYS,
                .right = "the error is one slot and the first call takes it: after ECONNRESET recv() gives 0 and "
                         "send() EPIPE",
                CASES({ "recv(), recv()", "s.linger0 s.close c.recv ?ECONNRESET c.recv =ECONNRESET", 0 },
                      { "send(), send()", "s.linger0 s.close c.send1 ?ECONNRESET c.send1 =ECONNRESET", 0 },
                      { "send(), recv()", "s.linger0 s.close c.send1 ?ECONNRESET c.recv =ECONNRESET", 0 },
                      { "SO_ERROR, SO_ERROR", "s.linger0 s.close c.so-error ?ECONNRESET c.so-error =ECONNRESET", 0 },
                      { "send(), send() where the first gave EPIPE",
                        "s.shut-wr c.send10 s.close c.send1 ?EPIPE c.send1 =EPIPE", 0 }),
        },
        {
                .name = "so-error-means-dead",
                .sentence = "If SO_ERROR is not 0 the connection has failed.",
                .source = "the usual test of a connection; socket(7), SO_ERROR",
                .kind = CLAIM_ALWAYS,
                .right = "an ICMP error on a living connection is reported there once, and the connection goes on; "
                         "ask TCP_INFO for the state",
                CASES({ "the peer reset", "s.linger0 s.close c.so-error ?error =c.state=CLOSE", 0 },
                      { "a router said that the host is unreachable",
                        "c.send10 s.icmp=host c.so-error ?error =c.state=CLOSE", SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "icmp-hard-errors-abort",
                .sentence = "ICMP port or protocol unreachable ends the connection at once.",
                .source = "RFC 1122 4.2.3.9 (hard errors)",
                .right = "only while it is being opened; later Linux only notes it, "
                         "since such errors are easily forged (RFC 5927)",
                CASES({ "port unreachable, connecting", "c.connect s.icmp=port =c.state=CLOSE",
                        SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED },
                      { "port unreachable, connected", "c.send10 s.icmp=port =c.state=CLOSE",
                        SCENARIO_SERVER_BY_HAND },
                      { "protocol unreachable, connected", "c.send10 s.icmp=protocol =c.state=CLOSE",
                        SCENARIO_SERVER_BY_HAND }),
        },
        {
                .name = "siocoutq-is-unsent",
                .sentence = "SIOCOUTQ counts the bytes in the send queue that were not sent yet.",
                .source = "tcp(7), SIOCOUTQ",
                .right = "it counts what was not acknowledged, sent or not; SIOCOUTQNSD counts what was not sent",
                CASES({ "sent, not acknowledged", "c.send10 ?c.sent=10 =c.outq=0", SCENARIO_SERVER_BY_HAND },
                      { "sent and acknowledged", "c.send10 s.ack ?c.sent=10 =c.outq=0", SCENARIO_SERVER_BY_HAND },
                      { "never sent: the peer's window is shut", "s.ack+win=0 c.send10 ?c.sent=0 =c.outq=10",
                        SCENARIO_SERVER_BY_HAND }),
        },
};
const struct claim_list claims_of_errors = { claims, sizeof(claims) / sizeof(*claims) };
