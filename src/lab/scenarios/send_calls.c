/* Every sending call against every kind of ending. */
#include "lab/scenarios/lists.h"

#define SEND_CALLS .theme = THEME_SEND_CALLS

#define RESET(_call)                                                                                        \
        {                                                                                                   \
                .name = _call "-meets-a-reset", SEND_CALLS,                                                 \
                .shows = _call "() says ECONNRESET once without a signal, then EPIPE with SIGPIPE",         \
                .advice = "the first error has the reason; guard against SIGPIPE for the second",           \
                .acts = "s.linger0 s.close c." _call "10 c." _call "10 c." _call "10",                      \
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),                                                 \
        }
#define FIN_AND_RESET(_call)                                                                                \
        {                                                                                                   \
                .name = _call "-meets-a-fin-and-a-reset", SEND_CALLS,                                       \
                .shows = "the peer's FIN came before the RST: " _call "() says EPIPE with SIGPIPE at once", \
                .advice = "guard against SIGPIPE before the first write",                                   \
                .acts = "s.close c.send1 c." _call "10 c." _call "10",                                      \
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),                                            \
        }
#define OWN_SHUTDOWN(_call)                                                                                 \
        {                                                                                                   \
                .name = _call "-after-own-shutdown", SEND_CALLS,                                            \
                .shows = _call "() after the own SHUT_WR says EPIPE with SIGPIPE, and the connection lives", \
                .advice = "EPIPE can be your own doing",                                                    \
                .acts = "c.shut-wr c." _call "10 c." _call "10 s.recv",                                     \
                ENDS_HALF_CLOSED(SIDE_CLIENT),                                                              \
        }
#define DESTROYED(_call)                                                                                    \
        {                                                                                                   \
                .name = _call "-on-a-destroyed-socket", SEND_CALLS,                                         \
                .shows = _call "() says ECONNABORTED once, then EPIPE with SIGPIPE",                        \
                .advice = "ECONNABORTED: somebody on this host ended it",                                   \
                .acts = "c.destroy c." _call "10 c." _call "10",                                            \
                .flags = SCENARIO_NAMESPACE,                                                                \
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),                                              \
        }
#define TIMED_OUT(_call)                                                                                    \
        {                                                                                                   \
                .name = _call "-after-a-time-out", SEND_CALLS,                                              \
                .shows = _call "() says ETIMEDOUT once without a signal, then EPIPE with SIGPIPE",          \
                .advice = "what was unacknowledged has an unknown fate",                                    \
                .acts = "c.user-timeout=100 c.send100 c.expire=user c." _call "10 c." _call "10",           \
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS,                                         \
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),                               \
        }
#define NO_ROOM(_call)                                                                                      \
        {                                                                                                   \
                .name = _call "-finds-no-room", SEND_CALLS,                                                 \
                .shows = "the send buffer is full: " _call "() that may not wait says EAGAIN",              \
                .advice = "wait for OUT; a peer that does not read is no error",                            \
                .acts = "s.ack+win=0 c.fill c." _call "10 c.poll",                                          \
                .flags = SCENARIO_SERVER_BY_HAND,                                                           \
                STAYS_OPEN,                                                                                 \
        }
#define IN_SILENCE(_call)                                                                                   \
        {                                                                                                   \
                .name = _call "-with-nosignal-says-epipe-in-silence", SEND_CALLS,                           \
                .shows = _call "() with MSG_NOSIGNAL: EPIPE, and no SIGPIPE",                               \
                .advice = "give MSG_NOSIGNAL with each call that has flags",                                \
                .acts = "s.close c.send1 c." _call "10+nosignal c." _call "10+nosignal",                    \
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),                                            \
        }
#define CUT(_call)                                                                                          \
        {                                                                                                   \
                .name = _call "-that-waits-is-cut-by-a-reset", SEND_CALLS,                                  \
                .shows = _call "() of 8 MB waits for room; the RST makes it return a short count, then ECONNRESET", \
                .advice = "a short count from a call that waits means that an error is pending",            \
                .acts = "s.ack+win=0 c." _call "8M& s.rst+win=0 c.wait c.send1 c.send1",                    \
                .flags = SCENARIO_SERVER_BY_HAND,                                                           \
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),                                                        \
        }
#define EVERY_CALL(_ending)                                                                                 \
        _ending("send"), _ending("write"), _ending("writev"), _ending("sendto"), _ending("sendmsg"),        \
                _ending("sendmmsg"), _ending("sendfile"), _ending("splice")
#define CALLS_WITH_FLAGS(_ending) _ending("send"), _ending("sendto"), _ending("sendmsg"), _ending("sendmmsg")

static const struct scenario scenarios[] = {
        EVERY_CALL(RESET),
        EVERY_CALL(FIN_AND_RESET),
        EVERY_CALL(OWN_SHUTDOWN),
        EVERY_CALL(DESTROYED),
        EVERY_CALL(TIMED_OUT),
        EVERY_CALL(NO_ROOM),
        CALLS_WITH_FLAGS(IN_SILENCE),
        CUT("send"),
        CUT("write"),
        CUT("writev"),
        CUT("sendto"),
        CUT("sendmsg"),
        {
                .name = "sendfile-swallows-the-reset", SEND_CALLS,
                .shows = "sendfile() returns a short count and has taken ECONNRESET with it: the next call says EPIPE",
                .advice = "after a short sendfile() EPIPE says nothing of how the peer ended: look at TCP_INFO",
                .acts = "s.ack+win=0 c.sendfile8M& s.rst+win=0 c.wait c.sendfile10 c.send1",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "sendfile-returns-a-count-and-raises-sigpipe-at-once", SEND_CALLS,
                .shows = "the FIN came before the RST: one sendfile() gives a count and the signal both",
                .advice = "SIGPIPE may come with a call that succeeded",
                .acts = "s.ack+win=0 c.sendfile8M& s.fin+win=0 s.rst+win=0 c.wait c.send1",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "sendfile-of-nothing-does-not-look-at-the-socket", SEND_CALLS,
                .shows = "sendfile() and splice() of 0 bytes say 0 on a dead socket; send() of 0 bytes takes the error",
                .advice = "probe with send(), not with sendfile()",
                .acts = "s.linger0 s.close c.sendfile0 c.splice0 c.send0 c.send0",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "sendfile-cannot-be-kept-from-raising-sigpipe", SEND_CALLS,
                .shows = "sendfile() has no flags: SIGPIPE comes with EPIPE",
                .advice = "block or ignore SIGPIPE where you use sendfile(), splice() or write()",
                .acts = "s.close c.send1 c.sendfile10 c.splice10 c.write10 c.send1+nosignal",
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),
        },
        {
                .name = "a-send-that-waits-is-cut-by-a-signal", SEND_CALLS,
                .shows = "a signal makes send() return a short count; the connection is well",
                .advice = "a short count is not an error: send the rest",
                .acts = "s.ack+win=0 c.send8M& c.signal c.poll",
                .flags = SCENARIO_SERVER_BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-send-that-waits-is-cut-by-destroy", SEND_CALLS,
                .shows = "SOCK_DESTROY makes send() return a short count, then ECONNABORTED",
                .advice = "the same shape as a reset, another errno",
                .acts = "s.ack+win=0 c.send8M& c.destroy c.wait c.send1 c.send1",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_NAMESPACE,
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),
        },
        {
                .name = "a-send-that-waits-goes-on-after-the-peer-s-fin", SEND_CALLS,
                .shows = "the peer ends its own direction while send() waits: send() waits on",
                .advice = "a FIN does not stop your sending",
                .acts = "s.ack+win=0 c.send8M& s.fin+win=0 c.signal c.recv",
                .flags = SCENARIO_SERVER_BY_HAND,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
};
const struct scenario_list send_calls = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
