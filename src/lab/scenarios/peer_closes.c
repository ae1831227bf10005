/* A peer reads a little and closes, with nothing left or with more. */
#include "lab/scenarios/lists.h"

#define PEER_CLOSES .theme = THEME_PEER_CLOSES

static const struct scenario scenarios[] = {
        {
                .name = "one-byte-read-and-nothing-left-closes-with-fin", PEER_CLOSES,
                .shows = "the peer read the only byte and closed: a FIN, and recv() says 0",
                .advice = "read all before closing, and the other side sees a clean end",
                .acts = "c.send1 s.recv1 s.close c.recv c.recv c.close",
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "one-byte-read-and-more-left-closes-with-reset", PEER_CLOSES,
                .shows = "the peer read one byte of ten and closed: a RST, and recv() says ECONNRESET",
                .advice = "read to the end of stream before you close, or the other side is reset",
                .acts = "c.send10 s.recv1 s.close c.recv c.recv c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "an-exchange-that-ends-well-server-first", PEER_CLOSES,
                .shows = "request, answer, the server closes, the client closes: no error anywhere",
                .advice = "this is what a clean end looks like: data, then 0, then close()",
                .acts = "c.send10 s.recv s.send20 s.close c.recv c.recv c.close",
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "an-exchange-that-ends-well-client-first", PEER_CLOSES,
                .shows = "the client has its answer and closes; the server reads 0 and closes",
                .advice = "the side that closes first keeps TIME_WAIT: let it be the client where you can",
                .acts = "c.send10 s.recv s.send20 c.recv c.close s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-sent-before-close-is-still-read", PEER_CLOSES,
                .shows = "what was sent before close() arrives and is read, then 0",
                .advice = "close() does not throw away what was sent, as long as all received was read",
                .acts = "c.send10 c.send20 c.close s.recv10 s.recv s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "an-early-answer-is-lost-to-a-client-that-stops-at-errors", PEER_CLOSES,
                .shows = "the server answers before it read the request and closes: send() fails, "
                         "yet the answer is queued",
                .advice = "after ECONNRESET from send() go on to receive: the answer may be there",
                .acts = "c.send1000 s.recv100 s.send200 s.close c.send1 c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "an-early-answer-is-read-before-the-reset", PEER_CLOSES,
                .shows = "a client that receives first gets the answer, then ECONNRESET, then 0",
                .advice = "receive until the error: queued data comes before it",
                .acts = "c.send1000 s.recv100 s.send200 s.close c.recv c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "a-client-that-ignores-the-answer-resets-the-server", PEER_CLOSES,
                .shows = "the client closes without reading the answer: the server is reset",
                .advice = "read the answer even if you do not need it, or the peer logs an error",
                .acts = "c.send10 s.recv s.send20 c.close s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_UNREAD_DATA),
        },
        {
                .name = "all-read-then-reset-is-econnreset-all-the-same", PEER_CLOSES,
                .shows = "everything sent was acknowledged and read, and the abort still gives ECONNRESET, not EPIPE",
                .advice = "ECONNRESET does not prove that anything was lost",
                .acts = "c.send10 s.recv s.linger0 s.close c.recv c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "lingering-close-shut-read-to-the-end-then-close", PEER_CLOSES,
                .shows = "SHUT_WR, read to the end of stream, close(): the answer cannot be lost to a reset",
                .advice = "end a connection so whenever the peer may still be sending",
                .acts = "c.send1000 s.recv100 s.send200 s.shut-wr c.recv c.recv c.close s.recv s.recv s.close",
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "both-leave-data-unread-and-the-first-close-resets", PEER_CLOSES,
                .shows = "both hold unread data; who closes first resets, and the other still reads what it has",
                .advice = "a reset does not take away what was received: read it before you give up",
                .acts = "c.send10 s.send10 c.close s.recv s.recv s.recv s.close",
                ENDS_RESET(SIDE_CLIENT, CAUSE_UNREAD_DATA),
        },
};
const struct scenario_list peer_closes = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
