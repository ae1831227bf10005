/* FIN meets FIN, and FIN then RST. */
#include "lab/scenarios/lists.h"

#define FIN_RST .theme = THEME_FIN_RST
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND

static const struct scenario scenarios[] = {
        {
                .name = "fin-then-fin-is-the-orderly-end", FIN_RST,
                .shows = "each side ends its direction: both read 0, nothing is lost",
                .advice = "this is the end to aim for",
                .acts = "c.shut-wr s.recv s.shut-wr c.recv c.close s.close",
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "crossing-fins-are-an-orderly-end", FIN_RST,
                .shows = "both sides close before they see the other's FIN: CLOSING, then TIME_WAIT, no error",
                .advice = "nothing to do: a simultaneous close is clean",
                .acts = "c.shut-wr s.fin+ack-1 c.recv s.ack c.recv c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "crossing-closes-leave-no-trace-for-the-programs", FIN_RST,
                .shows = "close() meets the peer's FIN on the way: the kernels finish alone",
                .advice = "close() returns 0 whatever comes after it",
                .acts = "c.close s.fin+ack-1 s.ack", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "crossing-fins-with-data-before-them", FIN_RST,
                .shows = "data and FINs cross: what came before the FIN is read, then 0",
                .advice = "read to 0 even after your own SHUT_WR",
                .acts = "c.send10 c.shut-wr s.data20+ack-11 s.fin+ack-1 c.recv c.recv s.ack c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_UNKNOWN),
        },
        {
                .name = "fin-then-reset-recv-says-0-and-never-the-error", FIN_RST,
                .shows = "after the peer's FIN recv() says 0 for ever, even when a RST has come",
                .advice = "a 0 from recv() does not prove that what you sent arrived",
                .acts = "s.shut-wr s.linger0 s.close c.recv c.recv c.poll c.send1 c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "fin-then-reset-keeps-queued-data", FIN_RST,
                .shows = "data, FIN, RST: the data is read, then 0; SO_ERROR alone tells EPIPE",
                .advice = "ask for SO_ERROR once at the end, if a reset after the FIN matters to you",
                .acts = "s.send10 s.shut-wr s.linger0 s.close c.recv c.recv c.so-error c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "fin-then-unread-close-is-epipe-not-econnreset", FIN_RST,
                .shows = "the peer ended its direction and closed with unread data: EPIPE, though data was thrown away",
                .advice = "EPIPE does not mean that everything sent was read",
                .acts = "c.send10 s.shut-wr s.close c.recv c.send1 c.send1",
                ENDS_RESET(SIDE_SERVER, CAUSE_UNREAD_DATA),
        },
        {
                .name = "a-reset-after-both-fins-changes-nothing", FIN_RST,
                .shows = "both FINs are acknowledged: a RST then kills only TIME_WAIT, and nobody is told",
                .advice = "a RST at the very end of a capture need not mean anything",
                .acts = "c.shut-wr s.fin c.recv s.rst c.recv c.so-error c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "a-reset-in-place-of-the-last-ack", FIN_RST,
                .shows = "the own FIN is answered by a RST: recv() goes on to say 0, SO_ERROR tells ECONNRESET",
                .advice = "the last bytes before the FIN may be lost here: SIOCOUTQ tells",
                .acts = "s.fin c.send10 c.shut-wr s.rst+noack c.recv c.so-error c.close", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NO_CONNECTION),
        },
        {
                .name = "the-last-ack-that-never-comes-is-orderly-all-the-same", FIN_RST,
                .shows = "both FINs went, the last is not acknowledged: LAST_ACK waits, the program is done",
                .advice = "SIOCOUTQ above 0 after SHUT_WR says that the FIN is not acknowledged yet",
                .acts = "s.fin c.recv c.shut-wr c.recv c.poll c.close", BY_HAND,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "fin-with-the-reset-right-behind-it", FIN_RST,
                .shows = "FIN and RST in one breath, as from a peer that shut down and aborted: "
                         "EPIPE with SIGPIPE at once",
                .advice = "after an end of stream expect the first write to fail",
                .acts = "c.send10 s.fin s.rst c.send1 c.send1 c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-repeated-fin-is-acknowledged-again", FIN_RST,
                .shows = "the FIN comes twice: acknowledged twice, told once",
                .advice = "nothing to do: repeats are the kernel's business",
                .acts = "s.fin s.fin@-1 c.recv c.send5 s.ack", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
};
const struct scenario_list fin_rst = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
