/* Data that comes after a close or shutdown. */
#include "lab/scenarios/lists.h"

#define LATE_DATA .theme = THEME_LATE_DATA
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND

static const struct scenario scenarios[] = {
        {
                .name = "data-after-close-meets-a-minisocket-and-a-reset", LATE_DATA,
                .shows = "the closed side is a minisocket in FIN_WAIT2: the first late data draws a RST",
                .advice = "do not send to a peer whose end of stream you have seen, unless the protocol says it reads",
                .acts = "c.close s.recv s.send10 s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "data-after-close-twice-draws-two-resets", LATE_DATA,
                .shows = "the first data kills the minisocket, the second meets nobody: a RST for each",
                .advice = "several replies of RST are one ending",
                .acts = "c.close s.data10 s.data10", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "data-that-crosses-the-fin-of-a-close-is-reset", LATE_DATA,
                .shows = "data was on its way when close() sent its FIN: the orphan in FIN_WAIT1 answers with a RST",
                .advice = "an answer in flight turns a clean close() into a reset: read to 0 first",
                .acts = "c.close s.data10+ack-1", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "data-in-flight-at-a-close-resets-what-was-sent-too", LATE_DATA,
                .shows = "the closer's own bytes are unacknowledged when late data comes: the RST gives them up",
                .advice = "late input destroys output that is still on its way",
                .acts = "c.send100 c.close s.data10+ack-101", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "late-data-beyond-a-gap-is-reset-as-well", LATE_DATA,
                .shows = "data that skips some bytes draws the RST as well",
                .advice = "order does not matter to a closed socket",
                .acts = "c.close s.ack s.data10@10", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "a-late-fin-alone-is-fine", LATE_DATA,
                .shows = "a FIN without data completes the end: TIME_WAIT, no RST",
                .advice = "this is the everyday end",
                .acts = "c.close s.ack s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-in-time-wait-is-only-acknowledged", LATE_DATA,
                .shows = "data behind the peer's own FIN is a mistake of the peer: TIME_WAIT acknowledges and forgets",
                .advice = "nothing to do",
                .acts = "c.close s.ack s.fin s.data10", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-after-shut-rdwr-resets-both", LATE_DATA,
                .shows = "SHUT_RDWR, then data: our own kernel resets, and our program is told ECONNRESET",
                .advice = "ECONNRESET may come from your own kernel: SHUT_RDWR with data on the way",
                .acts = "c.shut-rdwr s.send10 c.poll c.recv c.recv s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "data-after-shut-rdwr-in-fin-wait1-resets-both", LATE_DATA,
                .shows = "the same before our FIN is acknowledged",
                .advice = "use SHUT_WR and read to 0 in place of SHUT_RDWR",
                .acts = "c.send10 c.shut-rdwr s.data10+ack-11 c.recv c.send1", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "data-beyond-a-gap-after-shut-rdwr-resets-too", LATE_DATA,
                .shows = "even out-of-order data ends a socket that is shut both ways",
                .advice = "SHUT_RDWR gives up all input, wherever it belongs",
                .acts = "c.shut-rdwr s.ack s.data10@5 c.recv c.recv", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "a-fin-after-shut-rdwr-is-orderly", LATE_DATA,
                .shows = "no data, only the peer's FIN: a clean end",
                .advice = "SHUT_RDWR is safe where the peer has nothing more to say",
                .acts = "c.shut-rdwr s.close c.recv c.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-after-own-shut-wr-is-welcome", LATE_DATA,
                .shows = "SHUT_WR alone goes on reading: no RST for data",
                .advice = "this is why SHUT_WR is the right way to end a request",
                .acts = "c.shut-wr s.send10 c.recv s.close c.recv c.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-long-fin-wait2-orphan-resets-late-data", LATE_DATA,
                .shows = "TCP_LINGER2 above 60 s keeps a full socket: it answers late data with a RST too",
                .advice = "TCP_LINGER2 changes how long an orphan waits, not what it does with data",
                .acts = "c.tcp-linger2=100 c.close s.ack s.data10", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "a-negative-tcp-linger2-answers-the-ack-with-a-reset", LATE_DATA,
                .shows = "TCP_LINGER2 below 0: the acknowledgement of our FIN draws a RST, the peer is in CLOSE_WAIT",
                .advice = "a negative TCP_LINGER2 makes every close() of yours look like an abort",
                .acts = "c.tcp-linger2=-1 c.close s.ack", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_LINGER2),
        },
        {
                .name = "a-negative-tcp-linger2-resets-at-close-in-fin-wait2", LATE_DATA,
                .shows = "our FIN was acknowledged before: close() itself sends the RST",
                .advice = "do not set TCP_LINGER2 below 0 where the peer may still send",
                .acts = "c.tcp-linger2=-1 c.shut-wr c.close s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_LINGER2),
        },
        {
                .name = "a-negative-tcp-linger2-in-last-ack-changes-nothing", LATE_DATA,
                .shows = "the peer ended first: there is no FIN_WAIT2 to leave out",
                .advice = "TCP_LINGER2 concerns the side that closes first",
                .acts = "c.tcp-linger2=-1 s.fin c.close s.ack", BY_HAND,
                ENDS_ORDERLY(SIDE_SERVER),
        },
};
const struct scenario_list late_data = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
