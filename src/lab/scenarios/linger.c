/* SO_LINGER with time (close() that waits), and closed with data not yet sent. */
#include "lab/scenarios/lists.h"

#define LINGER .theme = THEME_LINGER
#define UNSENT .theme = THEME_UNSENT
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND

static const struct scenario linger_scenarios[] = {
        {
                .name = "linger-returns-once-the-peer-s-kernel-has-all", LINGER,
                .shows = "close() returns when data and FIN are acknowledged, though the peer's program read nothing",
                .advice = "a close() that lingered proves nothing of the peer's program",
                .acts = "c.linger5 c.send10 c.close s.recv s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-waits-for-the-acknowledgement", LINGER,
                .shows = "close() waits until the FIN is acknowledged",
                .advice = "expect close() to block where SO_LINGER has time",
                .acts = "c.linger5 c.send10 c.close& s.ack c.wait s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-blocks-on-a-non-blocking-socket-too", LINGER,
                .shows = "the descriptor is O_NONBLOCK, and close() waits all the same",
                .advice = "do not set SO_LINGER in an event loop",
                .acts = "c.linger5 c.recv c.send10 c.close& s.ack c.wait", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "linger-runs-out-and-close-says-0", LINGER,
                .shows = "the time is over: close() returns 0, no RST; "
                         "the kernel goes on alone and the peer may finish",
                .advice = "0 from a close() that lingered tells nothing: neither success nor failure",
                .acts = "c.linger1 c.send10 c.close& c.expire=linger s.ack s.fin",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-is-cut-short-by-a-signal-and-says-0", LINGER,
                .shows = "a signal ends the wait, and close() says 0; the connection goes on in the background",
                .advice = "a signal makes SO_LINGER worthless, and you cannot see it",
                .acts = "c.linger5 c.send10 c.close& c.signal s.ack s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-met-by-a-reset-says-0", LINGER,
                .shows = "the peer resets while close() waits: 0 all the same",
                .advice = "close() never reports a loss: use shutdown() and read",
                .acts = "c.linger5 c.send10 c.close& s.rst c.wait", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "linger-met-by-a-crossing-fin-waits-on", LINGER,
                .shows = "the peer's FIN crosses: close() waits on until our own FIN is acknowledged",
                .advice = "the wait is for the own direction only",
                .acts = "c.linger5 c.close& s.fin+ack-1 s.ack c.wait", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "linger-does-not-hold-up-an-exit", LINGER,
                .shows = "a process that ends does not linger: its kernel finishes alone",
                .advice = "SO_LINGER is no help for a program that exits without close()",
                .acts = "c.linger5 c.send10 c.fork c.close c.child-exit s.ack s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-has-nothing-to-wait-for-in-fin-wait2", LINGER,
                .shows = "our FIN was acknowledged before: close() returns at once",
                .advice = "shutdown() and read to 0 makes SO_LINGER needless",
                .acts = "c.linger5 c.shut-wr c.close s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "linger-after-the-peer-s-fin-waits-for-the-last-ack", LINGER,
                .shows = "in CLOSE_WAIT close() sends the second FIN and waits for its acknowledgement",
                .advice = "the same wait as in any other state",
                .acts = "s.fin c.linger5 c.close& s.ack c.wait", BY_HAND,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "shutdown-does-not-linger", LINGER,
                .shows = "SHUT_WR returns at once whatever SO_LINGER says; the close() after it waits",
                .advice = "only the last close() lingers",
                .acts = "c.linger5 c.send10 c.shut-wr c.close& s.ack c.wait", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "linger-waits-for-a-slow-reader", LINGER,
                .shows = "the pipeline is full: close() waits until the peer's program has made room",
                .advice = "a peer that does not read holds up a close() that lingers",
                .acts = "c.linger5 c.fill c.close& s.drain c.wait s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
};
const struct scenario_list linger = { linger_scenarios, sizeof(linger_scenarios) / sizeof(*linger_scenarios) };

static const struct scenario unsent_scenarios[] = {
        {
                .name = "close-with-unsent-data-delivers-it-all-the-same", UNSENT,
                .shows = "the pipeline is full at close(): the kernel sends on, and the peer reads every byte and 0",
                .advice = "close() does not wait, and does not throw away what is queued",
                .acts = "c.fill c.close s.drain s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "zero-linger-with-unsent-data-loses-it", UNSENT,
                .shows = "the pipeline is full at an abort: the peer reads what had arrived, then ECONNRESET",
                .advice = "never abort a connection whose data matters",
                .acts = "c.fill c.linger0 c.close s.drain s.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "unread-input-at-close-loses-unsent-output", UNSENT,
                .shows = "one direction destroys the other: unread input makes close() throw away what was to be sent",
                .advice = "drain the input before you close, for the sake of your output",
                .acts = "s.send10 c.fill c.close s.drain s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_UNREAD_DATA),
        },
        {
                .name = "a-killed-process-still-delivers-what-it-queued", UNSENT,
                .shows = "the process is killed with a full pipeline: its kernel delivers all and a FIN",
                .advice = "what send() took survives the program, not the host",
                .acts = "c.fill c.fork c.close c.child-kill s.drain s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-fin-waits-behind-unsent-data", UNSENT,
                .shows = "the window is shut: close() is done, and neither data nor FIN is sent yet",
                .advice = "close() returns before anything was sent",
                .acts = "s.ack+win=0 c.send100 c.close", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "unsent-data-goes-when-the-window-opens-after-close", UNSENT,
                .shows = "the window opens after close(): data and FIN follow",
                .advice = "the kernel keeps its word long after the program has gone",
                .acts = "s.ack+win=0 c.send100 c.close s.ack+win=500 s.ack s.fin", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "unsent-data-dies-of-a-reset-after-close", UNSENT,
                .shows = "closed with unsent data, then a RST: the bytes are gone, and nobody is told",
                .advice = "shut down and wait for the end of stream if the data matters",
                .acts = "s.ack+win=0 c.send100 c.close s.rst+win=0", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "shutdown-with-unsent-data-counts-the-fin-as-unsent", UNSENT,
                .shows = "SIOCOUTQNSD counts the FIN behind the data that waits",
                .advice = "after SHUT_WR take 1 off SIOCOUTQ and SIOCOUTQNSD where they are not 0",
                .acts = "s.ack+win=0 c.send100 c.shut-wr c.poll s.rst+win=0 c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "zero-linger-behind-a-shut-window-resets", UNSENT,
                .shows = "nothing of 100 bytes was sent: the abort throws them away and sends the RST",
                .advice = "a RST is not held up by a window",
                .acts = "s.ack+win=0 c.send100 c.linger0 c.close", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "linger-met-by-a-shut-window-runs-out", UNSENT,
                .shows = "close() lingers in vain: the time runs out, it says 0, and the data is still not sent",
                .advice = "0 from close() is no receipt",
                .acts = "s.ack+win=0 c.linger1 c.send100 c.close& c.expire=linger s.rst+win=0",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
};
const struct scenario_list unsent = { unsent_scenarios, sizeof(unsent_scenarios) / sizeof(*unsent_scenarios) };
