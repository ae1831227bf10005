/* One direction is ended and the other goes on. */
#include "lab/scenarios/lists.h"

#define HALF_CLOSE .theme = THEME_HALF_CLOSE

static const struct scenario scenarios[] = {
        {
                .name = "talking-on-after-a-half-close", HALF_CLOSE,
                .shows = "after the client's SHUT_WR the server reads 0 and goes on sending; the client reads it all",
                .advice = "SHUT_WR says \"that was my request\"; keep reading until 0",
                .acts = "c.send10 c.shut-wr s.recv s.recv s.send100 c.recv s.send50 c.recv s.close c.recv c.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-server-that-half-closed-still-reads", HALF_CLOSE,
                .shows = "the server ends its direction first and goes on reading",
                .advice = "0 from recv() means that the peer will send no more, not that it has gone",
                .acts = "s.shut-wr c.recv c.send100 s.recv c.send50 s.recv c.close s.recv s.close",
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "send-after-own-shutdown-is-epipe", HALF_CLOSE,
                .shows = "after the own SHUT_WR send() is EPIPE with SIGPIPE, though the connection is well",
                .advice = "EPIPE may be your own doing: look whether you shut the direction down",
                .acts = "c.shut-wr c.send1 c.send1+nosignal s.send10 c.recv",
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "a-second-shutdown-changes-nothing", HALF_CLOSE,
                .shows = "SHUT_WR twice sends one FIN and succeeds twice",
                .advice = "shutdown() may be repeated without harm while the connection lives",
                .acts = "c.shut-wr c.shut-wr s.recv s.recv",
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "shut-rd-sends-nothing-and-stops-nothing", HALF_CLOSE,
                .shows = "SHUT_RD is not told to the peer: what it sends is acknowledged and can even be read",
                .advice = "SHUT_RD does not stop a peer: read and discard, or close",
                .acts = "c.shut-rd c.recv s.send10 c.recv c.recv c.send5 s.recv",
                STAYS_OPEN,
        },
        {
                .name = "data-after-shut-rd-makes-close-a-reset", HALF_CLOSE,
                .shows = "data that came after SHUT_RD counts as unread: close() sends a RST",
                .advice = "SHUT_RD does not make unread data harmless: drain before you close",
                .acts = "c.shut-rd s.send10 c.close s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_UNREAD_DATA),
        },
        {
                .name = "shut-rd-and-nothing-came-closes-with-fin", HALF_CLOSE,
                .shows = "SHUT_RD and no data: close() is an ordinary FIN",
                .advice = "nothing is lost where nothing came",
                .acts = "c.shut-rd c.close s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "shut-rd-alone-makes-recv-say-0", HALF_CLOSE,
                .shows = "recv() says 0 after the own SHUT_RD, which looks like the peer's end of stream",
                .advice = "after your own SHUT_RD a 0 tells nothing of the peer",
                .acts = "c.shut-rd c.recv c.poll c.so-error",
                STAYS_OPEN,
        },
        {
                .name = "shut-rdwr-is-a-close-that-keeps-the-descriptor", HALF_CLOSE,
                .shows = "SHUT_RDWR sends the FIN, and recv() and send() end at once",
                .advice = "SHUT_RDWR wakes every thread that waits on the socket; close() does not",
                .acts = "c.shut-rdwr c.recv c.send1 s.recv s.close c.recv c.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "shutdown-of-one-descriptor-is-for-all", HALF_CLOSE,
                .shows = "SHUT_WR on one of two descriptors sends the FIN: shutdown() is of the socket, "
                         "close() of the file",
                .advice = "use shutdown() to end a connection that a child or a dup still holds",
                .acts = "c.dup c.shut-wr s.recv c.send1 c.close s.send5 c.recv",
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "shutdown-after-the-peer-s-fin-ends-both", HALF_CLOSE,
                .shows = "SHUT_WR in CLOSE_WAIT is the second FIN: both directions are ended before close()",
                .advice = "after the peer's 0 a SHUT_WR ends the connection; the descriptor still has to be closed",
                .acts = "s.shut-wr c.recv c.shut-wr c.send1 s.recv c.close s.close",
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "shutdown-after-the-end-is-enotconn", HALF_CLOSE,
                .shows = "shutdown() after a reset is ENOTCONN and leaves the pending error alone",
                .advice = "ENOTCONN from shutdown() is not the reason: ask for the error that is pending",
                .acts = "s.linger0 s.close c.shut-wr c.shut-rdwr c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "half-closed-and-aborted-by-the-other", HALF_CLOSE,
                .shows = "the peer aborts after our SHUT_WR: recv() is ECONNRESET, the answer is cut short",
                .advice = "a half-closed request can still be reset: only the peer's FIN completes the answer",
                .acts = "c.shut-wr s.recv s.send10 s.linger0 s.close c.recv c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "poll-shows-a-half-close-as-rdhup", HALF_CLOSE,
                .shows = "the peer's FIN is IN and RDHUP, not HUP; the own SHUT_WR shows nothing",
                .advice = "ask poll() for RDHUP to hear of a half-close without reading",
                .acts = "s.shut-wr c.poll s.poll",
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
};
const struct scenario_list half_close = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
