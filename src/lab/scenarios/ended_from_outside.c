/* connect(AF_UNSPEC) on a live connection; ended from outside: SOCK_DESTROY, TCP_REPAIR. */
#include "lab/scenarios/lists.h"

#define DISCONNECT .theme = THEME_DISCONNECT
#define DESTROY .theme = THEME_DESTROY
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND
#define NAMESPACE .flags = SCENARIO_NAMESPACE
#define BOTH .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_NAMESPACE

static const struct scenario disconnect_scenarios[] = {
        {
                .name = "disconnect-in-established-resets", DISCONNECT,
                .shows = "connect(AF_UNSPEC) sends a RST, and the own pending error is ECONNRESET",
                .advice = "an ECONNRESET may be of your own making",
                .acts = "c.connect-unspec c.poll s.recv s.send1 c.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-gives-its-own-error-to-so-error", DISCONNECT,
                .shows = "SO_ERROR says ECONNRESET once, though the peer did nothing",
                .advice = "clear the error after you disconnect",
                .acts = "c.connect-unspec c.so-error c.so-error c.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-throws-unread-data-away", DISCONNECT,
                .shows = "received data cannot be read any more, and the peer is reset",
                .advice = "read before you disconnect",
                .acts = "s.send10 c.connect-unspec c.recv c.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-throws-data-in-flight-away", DISCONNECT,
                .shows = "unacknowledged data is given up with the RST",
                .advice = "disconnecting is an abort, not a close",
                .acts = "c.send100 c.connect-unspec c.so-error", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-in-close-wait-resets", DISCONNECT,
                .shows = "the peer had ended its direction: it gets a RST for the other",
                .advice = "as with zero linger, the peer sees ECONNRESET",
                .acts = "s.shut-wr c.connect-unspec s.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-in-fin-wait1-resets", DISCONNECT,
                .shows = "our FIN is on its way, and a RST follows",
                .advice = "do not disconnect after shutdown()",
                .acts = "c.shut-wr c.connect-unspec c.so-error", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-in-fin-wait2-resets", DISCONNECT,
                .shows = "half-closed and acknowledged: a RST to the peer that was still sending",
                .advice = "read to 0 first",
                .acts = "c.shut-wr c.connect-unspec s.recv s.send1 s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-in-closing-is-silent", DISCONNECT,
                .shows = "FINs crossed, nothing is unsent: no RST",
                .advice = "nothing to do",
                .acts = "c.shut-wr s.fin+ack-1 c.connect-unspec c.recv", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "disconnect-in-last-ack-is-silent", DISCONNECT,
                .shows = "our FIN went after the peer's: no RST is owed",
                .advice = "nothing to do",
                .acts = "s.fin c.shut-wr c.connect-unspec c.so-error", BY_HAND,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "disconnect-in-last-ack-with-the-fin-unsent-resets", DISCONNECT,
                .shows = "the FIN waits behind a shut window: a RST goes in its place",
                .advice = "what was not sent is lost",
                .acts = "s.ack+win=0 c.send100 s.fin+win=0 c.shut-wr c.connect-unspec c.so-error", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
        {
                .name = "disconnect-after-both-fins-is-silent", DISCONNECT,
                .shows = "all is over: the socket is made new, and no error is left",
                .advice = "a socket can be used again after a clean end, which few programs need",
                .acts = "c.shut-wr s.shut-wr c.connect-unspec c.so-error c.recv",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "disconnect-after-a-reset-is-silent", DISCONNECT,
                .shows = "reset by the peer: connect(AF_UNSPEC) sends nothing, and the error stays pending",
                .advice = "the pending error outlives the disconnect",
                .acts = "s.linger0 s.close c.connect-unspec c.so-error",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "disconnect-in-syn-sent-gives-the-attempt-up", DISCONNECT,
                .shows = "no RST to a SYN; the SYN-ACK that still comes meets nobody and is reset",
                .advice = "an attempt can be given up without closing the descriptor",
                .acts = "c.connect c.connect-unspec c.so-error s.syn-ack",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ABANDONED),
        },
        {
                .name = "a-disconnected-socket-can-connect-again", DISCONNECT,
                .shows = "after connect(AF_UNSPEC) a new attempt starts, and the old error is forgotten",
                .advice = "a new socket is clearer than a used one",
                .acts = "c.connect-unspec c.poll c.connect c.poll c.connect", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DISCONNECT),
        },
};
const struct scenario_list disconnect = { disconnect_scenarios,
                                          sizeof(disconnect_scenarios) / sizeof(*disconnect_scenarios) };

static const struct scenario destroy_scenarios[] = {
        {
                .name = "destroy-in-established-is-econnaborted", DESTROY,
                .shows = "SOCK_DESTROY: the owner gets ECONNABORTED once, the peer ECONNRESET",
                .advice = "ECONNABORTED means that somebody on your own host ended it: ss -K, or a network manager",
                .acts = "c.destroy c.poll c.recv c.recv c.send1 s.recv s.send1", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-gives-its-error-to-send-first", DESTROY,
                .shows = "send() takes ECONNABORTED without a signal; the next is EPIPE",
                .advice = "the one error slot again: whoever asks first",
                .acts = "c.destroy c.send1 c.send1 c.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-leaves-received-data-readable", DESTROY,
                .shows = "what had arrived is read before ECONNABORTED",
                .advice = "receive until the error, as after a reset",
                .acts = "s.send10 c.destroy c.recv c.recv c.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-of-the-server-s-socket", DESTROY,
                .shows = "the server's socket is destroyed: ECONNRESET at the client, ECONNABORTED at the server",
                .advice = "the two ends are told different errors for one act",
                .acts = "c.send10 s.destroy s.recv s.recv c.recv", NAMESPACE,
                ENDS_RESET(SIDE_SERVER, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-in-close-wait", DESTROY,
                .shows = "after the peer's FIN recv() says 0, send() ECONNABORTED",
                .advice = "ECONNABORTED, not EPIPE: the FIN plays no part here",
                .acts = "s.shut-wr c.destroy c.recv c.send1 c.send1 s.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-in-fin-wait1", DESTROY,
                .shows = "our FIN is not acknowledged: RST, ECONNABORTED",
                .advice = "the fate of what was in flight is unknown",
                .acts = "c.send10 c.shut-wr c.destroy c.recv c.recv", BOTH,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-in-fin-wait2", DESTROY,
                .shows = "half-closed and acknowledged: RST to the peer that still sends",
                .advice = "the answer is cut short: ECONNABORTED tells that it was done here",
                .acts = "c.shut-wr c.destroy c.recv c.recv s.recv s.send1", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-in-closing-is-silent", DESTROY,
                .shows = "FINs crossed: no RST is owed; recv() says 0, SO_ERROR ECONNABORTED",
                .advice = "nothing to do",
                .acts = "c.shut-wr s.fin+ack-1 c.destroy c.recv c.so-error", BOTH,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "destroy-in-last-ack-is-silent", DESTROY,
                .shows = "our FIN went after the peer's: no RST",
                .advice = "nothing to do",
                .acts = "s.fin c.shut-wr c.destroy c.recv c.so-error", BOTH,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "destroy-of-an-orphan-resets", DESTROY,
                .shows = "closed, the FIN not yet acknowledged: SOCK_DESTROY still sends a RST",
                .advice = "an orphan can be ended by hand: ss -K",
                .acts = "c.send100 c.close c.destroy s.data1", BOTH,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-of-a-minisocket-is-silent", DESTROY,
                .shows = "closed and acknowledged: the minisocket goes in silence, data then meets nobody",
                .advice = "after this the peer's next data draws a RST",
                .acts = "c.close s.ack c.destroy s.data1", BOTH,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "destroy-with-a-full-pipeline", DESTROY,
                .shows = "unsent data is thrown away: the peer reads what had arrived, then ECONNRESET",
                .advice = "ss -K loses data",
                .acts = "c.fill c.destroy c.send1 c.recv s.drain s.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "destroy-wakes-a-waiting-recv", DESTROY,
                .shows = "recv() that waits returns ECONNABORTED at once",
                .advice = "a blocked thread is freed by ss -K",
                .acts = "c.recv& c.destroy c.wait c.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "repair-closes-in-silence", DESTROY,
                .shows = "TCP_REPAIR: close() tells nobody; the peer's next write meets no socket and is reset",
                .advice = "only checkpoint tools do this; a crashed host looks the same to the peer",
                .acts = "c.repair c.close s.poll s.send1 s.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NO_CONNECTION),
        },
        {
                .name = "repair-closes-in-silence-even-with-unread-data", DESTROY,
                .shows = "unread data does not matter under TCP_REPAIR: no RST until the peer writes",
                .advice = "the peer can wait for ever: keepalive or a time-out finds out",
                .acts = "s.send10 c.repair c.close s.poll s.recv", NAMESPACE,
                STAYS_OPEN,
        },
        {
                .name = "repair-disconnects-in-silence", DESTROY,
                .shows = "connect(AF_UNSPEC) under TCP_REPAIR: no RST, the own error is ECONNABORTED",
                .advice = "as with close(): the peer is not told",
                .acts = "c.repair c.connect-unspec c.so-error s.send1 s.recv", NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_NO_CONNECTION),
        },
};
const struct scenario_list destroy = { destroy_scenarios, sizeof(destroy_scenarios) / sizeof(*destroy_scenarios) };
