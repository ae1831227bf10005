/* Two writes after a peer's close, and each way it goes otherwise. */
#include "lab/scenarios/lists.h"

static const struct scenario scenarios[] = {
        {
                .name = "two-writes-after-close-give-epipe",
                .theme = THEME_TWO_WRITES,
                .shows = "a peer that had read all and closed: the first write succeeds and is lost, the second is EPIPE",
                .advice = "a write that succeeds after the peer's FIN proves nothing: read the end of stream first",
                .acts = "c.send10 s.recv s.close c.send1 c.send1 c.send1 c.recv c.recv",
                .ending = ENDING_RESET,
                .ended_by = SIDE_SERVER,
                .cause = CAUSE_DATA_AFTER_CLOSE,
        },
        {
                .name = "two-writes-after-unread-close-give-econnreset",
                .theme = THEME_TWO_WRITES,
                .shows = "a peer that left a byte unread and closed: the first write is ECONNRESET without a signal",
                .advice = "go on to receive what is queued; what was written may be lost",
                .acts = "c.send10 s.recv9 s.close c.send1 c.send1 c.recv",
                .ending = ENDING_RESET,
                .ended_by = SIDE_SERVER,
                .cause = CAUSE_UNREAD_DATA,
        },
};
const struct scenario_list two_writes = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
