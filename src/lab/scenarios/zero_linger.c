/* SO_LINGER with 0 seconds, in every state. */
#include "lab/scenarios/lists.h"

#define ZERO_LINGER .theme = THEME_ZERO_LINGER
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND

static const struct scenario scenarios[] = {
        {
                .name = "zero-linger-in-established-resets", ZERO_LINGER,
                .shows = "close() sends a RST in place of the FIN",
                .advice = "use zero linger only to abort",
                .acts = "c.linger0 c.close s.poll s.recv s.recv s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-after-delivery-still-resets", ZERO_LINGER,
                .shows = "all data was acknowledged, and some not yet read: it can be read before ECONNRESET",
                .advice = "zero linger does not take back what has arrived, but the peer sees an error",
                .acts = "c.send10 c.linger0 c.close s.recv s.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-in-close-wait-resets", ZERO_LINGER,
                .shows = "the peer ended its direction; close() is a RST to a half-closed peer",
                .advice = "the peer that waits for our answer gets ECONNRESET",
                .acts = "s.shut-wr c.linger0 c.close s.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-in-fin-wait1-resets", ZERO_LINGER,
                .shows = "the FIN is not acknowledged yet: a RST follows it",
                .advice = "do not mix shutdown() and zero linger: the bytes before the FIN may be lost",
                .acts = "c.send10 c.shut-wr c.linger0 c.close", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-in-fin-wait2-resets", ZERO_LINGER,
                .shows = "our FIN is acknowledged, the peer still sends: close() cuts it off with a RST",
                .advice = "read to 0 first, or the peer's answer fails",
                .acts = "c.shut-wr c.linger0 c.close s.recv s.send1 s.send1",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-in-closing-is-silent", ZERO_LINGER,
                .shows = "FINs crossed and ours is not acknowledged: close() sends nothing and forgets all",
                .advice = "zero linger is not always a RST",
                .acts = "c.shut-wr s.fin+ack-1 c.linger0 c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "zero-linger-in-last-ack-is-silent", ZERO_LINGER,
                .shows = "our FIN went and is not acknowledged: close() sends nothing; the peer may wait for ever",
                .advice = "zero linger after shutdown() leaves a half-open peer behind",
                .acts = "s.fin c.shut-wr c.linger0 c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "zero-linger-before-the-last-fin-was-sent-resets", ZERO_LINGER,
                .shows = "LAST_ACK with the FIN still unsent behind a shut window: a RST is owed after all",
                .advice = "what the peer gets depends on what was sent, not on the state's name",
                .acts = "s.ack+win=0 c.send100 s.fin+win=0 c.shut-wr c.linger0 c.close", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-in-time-wait-is-silent", ZERO_LINGER,
                .shows = "both FINs are done: close() sends nothing, and the peer sees no error",
                .advice = "zero linger cannot be used to skip TIME_WAIT after a clean end",
                .acts = "c.shut-wr s.shut-wr c.linger0 c.close s.recv s.so-error",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "zero-linger-in-syn-sent-is-silent", ZERO_LINGER,
                .shows = "an attempt is given up: no RST for a SYN",
                .advice = "close() is enough to give up an attempt",
                .acts = "c.linger0 c.connect c.close",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "zero-linger-at-a-reset-socket-is-silent", ZERO_LINGER,
                .shows = "reset by the peer already: close() sends nothing",
                .advice = "no second RST goes out",
                .acts = "s.linger0 s.close c.linger0 c.close",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-waits-for-the-last-descriptor", ZERO_LINGER,
                .shows = "with a second descriptor close() does nothing; the last close() sends the RST",
                .advice = "an abort that does not abort: look for a dup or a child that holds the socket",
                .acts = "c.linger0 c.dup c.close s.send1 c.recv c.close s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-at-sigkill-resets", ZERO_LINGER,
                .shows = "the option outlives the will of the program: a killed process aborts its connections",
                .advice = "set zero linger only just before the close() that is to abort",
                .acts = "c.linger0 c.fork c.close c.child-kill s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-at-exit-resets", ZERO_LINGER,
                .shows = "a process that exits in peace aborts as well if zero linger is set",
                .advice = "data that the peer has not read yet is safe, data on the way is not",
                .acts = "c.linger0 c.send10 c.fork c.close c.child-exit s.recv s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "zero-linger-with-unread-data-is-an-unread-reset", ZERO_LINGER,
                .shows = "unread data comes first in the kernel: the same RST, another reason",
                .advice = "on the wire the two cannot be told apart",
                .acts = "s.send10 c.linger0 c.close s.recv",
                ENDS_RESET(SIDE_CLIENT, CAUSE_UNREAD_DATA),
        },
        {
                .name = "linger-switched-off-again-closes-with-fin", ZERO_LINGER,
                .shows = "the option counts at close(), not when it is set",
                .advice = "the last setting wins",
                .acts = "c.linger0 c.linger-off c.close s.recv s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "shutdown-knows-nothing-of-zero-linger", ZERO_LINGER,
                .shows = "shutdown() sends a FIN even with zero linger set",
                .advice = "shutdown() first, read to 0, and zero linger does no harm",
                .acts = "c.linger0 c.shut-wr s.recv s.close c.recv c.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "zero-linger-throws-away-what-is-in-flight", ZERO_LINGER,
                .shows = "bytes were sent and not acknowledged: no repeat of them follows the RST",
                .advice = "an abort gives up all that is not acknowledged",
                .acts = "c.send100 c.linger0 c.close", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
};
const struct scenario_list zero_linger = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
