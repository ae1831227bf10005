/* Two writes after a peer's close, and each way it goes otherwise. */
#include "lab/scenarios/lists.h"

#define TWO_WRITES .theme = THEME_TWO_WRITES

static const struct scenario scenarios[] = {
        {
                .name = "two-writes-after-close-give-epipe", TWO_WRITES,
                .shows = "a peer that had read all and closed: the first write succeeds and is lost, "
                         "the second is EPIPE",
                .advice = "a write that succeeds after the peer's FIN proves nothing: read the end of stream first",
                .acts = "c.send10 s.recv s.close c.send1 c.send1 c.send1 c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "two-writes-after-unread-close-give-econnreset", TWO_WRITES,
                .shows = "a peer that left a byte unread and closed: the first write is ECONNRESET without a signal",
                .advice = "go on to receive what is queued; what was written may be lost",
                .acts = "c.send10 s.recv9 s.close c.send1 c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "two-writes-after-an-abort-give-econnreset-then-epipe", TWO_WRITES,
                .shows = "a peer that closed with zero linger: ECONNRESET once, then EPIPE with SIGPIPE for ever",
                .advice = "keep the first error: the second says nothing of how the connection ended",
                .acts = "s.linger0 s.close c.send1 c.send1 c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "the-server-too-gets-epipe-at-its-second-write", TWO_WRITES,
                .shows = "roles do not matter: a server that writes twice to a client that closed gets EPIPE as well",
                .advice = "expect EPIPE and SIGPIPE in servers: clients go away at any moment",
                .acts = "c.close s.send1 s.send1 s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "writes-go-on-while-the-peer-only-half-closed", TWO_WRITES,
                .shows = "after the peer's SHUT_WR any number of writes succeed, and it reads them all",
                .advice = "an end of stream alone does not tell whether the peer still reads: "
                          "agree on it in the protocol",
                .acts = "s.shut-wr c.send1 c.send1 c.send1 s.recv c.recv",
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "writes-succeed-while-the-reset-is-on-its-way", TWO_WRITES,
                .shows = "three writes succeed before the RST arrives; the fourth is EPIPE",
                .advice = "do not count on the second write to fail: a round trip lies between the first and the error",
                .acts = "s.fin c.send1448 c.send1448 c.send1 s.rst+noack c.send1 c.send1",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_IPV4_ONLY,
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "writes-never-fail-while-no-reset-comes", TWO_WRITES,
                .shows = "the peer closed, but no RST comes back: three writes succeed, and no error shows",
                .advice = "only an answer from the peer's program proves that it is there: put a time-out on it",
                .acts = "s.fin c.send1448 c.send1448 c.send1 c.so-error c.poll",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_IPV4_ONLY,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "a-peer-that-forgot-the-connection-gives-econnreset", TWO_WRITES,
                .shows = "no FIN was seen before the RST: the second write is ECONNRESET, "
                         "though nobody aborted anything",
                .advice = "read the errno as \"had the FIN come before?\", not as \"did the peer abort?\"",
                .acts = "c.send10 s.ack c.send1 s.rst+noack c.send1 c.send1",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NO_CONNECTION),
        },
        {
                .name = "nosignal-leaves-epipe-without-the-signal", TWO_WRITES,
                .shows = "MSG_NOSIGNAL takes away SIGPIPE and nothing else",
                .advice = "send with MSG_NOSIGNAL in libraries, and handle EPIPE",
                .acts = "s.close c.send1 c.send1+nosignal c.send1+nosignal c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "recv-takes-the-reset-and-send-says-epipe", TWO_WRITES,
                .shows = "recv() gives ECONNRESET and empties the one slot, so send() says EPIPE and the next recv() 0",
                .advice = "record the first error of a connection, whichever call gets it",
                .acts = "c.send10 s.close c.recv c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "so-error-takes-the-reset-and-send-says-epipe", TWO_WRITES,
                .shows = "SO_ERROR gives ECONNRESET and empties the one slot: "
                         "the reset then looks like an end of stream",
                .advice = "asking for SO_ERROR takes the error: keep what it said",
                .acts = "c.send10 s.close c.so-error c.so-error c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "a-peek-takes-the-reset-and-send-says-epipe", TWO_WRITES,
                .shows = "even MSG_PEEK takes the error",
                .advice = "a peek that fails has spent the error: it cannot be asked for again",
                .acts = "c.send10 s.close c.peek c.recv c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "a-write-of-nothing-takes-the-reset", TWO_WRITES,
                .shows = "send() of 0 bytes sends nothing, but it gives the error and takes it",
                .advice = "an empty send is a probe of the socket only; it spends the error that it finds",
                .acts = "c.send0 c.send10 s.close c.send0 c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "recv-says-0-before-the-write-that-is-lost", TWO_WRITES,
                .shows = "the end of stream could be read before the write that meets nobody",
                .advice = "look for the end of stream before you reuse an idle connection",
                .acts = "s.close c.recv c.send1 c.recv c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "so-error-says-epipe-after-fin-and-reset", TWO_WRITES,
                .shows = "a RST after the peer's FIN is EPIPE in SO_ERROR too, never ECONNRESET",
                .advice = "treat EPIPE and ECONNRESET alike: both mean that bytes may be lost",
                .acts = "s.close c.send1 c.so-error c.so-error c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "the-error-is-there-before-the-first-write", TWO_WRITES,
                .shows = "poll() shows ERR before anything is written after the reset",
                .advice = "poll before a write on an idle connection: ERR or HUP says that it is over",
                .acts = "c.send10 s.recv5 s.close c.poll c.send1 c.poll",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
};
const struct scenario_list two_writes = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
