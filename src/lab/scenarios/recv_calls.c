/* Every receiving call against every kind of ending. */
#include "lab/scenarios/lists.h"

#define RECV_CALLS .theme = THEME_RECV_CALLS

/* The name of the call, and its verb. */
#define RESET(_call, _verb)                                                                                 \
        {                                                                                                   \
                .name = _call "-meets-a-reset", RECV_CALLS,                                                 \
                .shows = _call " says ECONNRESET once, then 0, which looks like an end of stream",          \
                .advice = "a 0 after an error is no end of stream",                                         \
                .acts = "s.linger0 s.close c." _verb " c." _verb " c.send1",                                \
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),                                                 \
        }
#define DATA_AND_RESET(_call, _verb, _shows)                                                                \
        {                                                                                                   \
                .name = _call "-meets-a-reset-behind-data", RECV_CALLS,                                     \
                .shows = _shows,                                                                            \
                .advice = "receive until the error to have all that arrived",                               \
                .acts = "s.send20 s.linger0 s.close c." _verb " c." _verb " c." _verb,                      \
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),                                                 \
        }
#define FIN(_call, _verb)                                                                                   \
        {                                                                                                   \
                .name = _call "-meets-the-end-of-stream", RECV_CALLS,                                       \
                .shows = _call " gives the data before the peer's FIN, and after it 0 for ever",            \
                .advice = "0 is the end of stream, and it does not go away",                                \
                .acts = "s.send20 s.close c." _verb "20 c.recv c." _verb " c." _verb,                       \
                ENDS_HALF_CLOSED(SIDE_SERVER),                                                              \
        }
#define FIN_AND_RESET(_call, _verb, _shows)                                                                 \
        {                                                                                                   \
                .name = _call "-meets-a-fin-and-a-reset", RECV_CALLS,                                       \
                .shows = _shows,                                                                            \
                .advice = "a clean end of the input says nothing of what you sent",                         \
                .acts = "s.close c.send1 c." _verb " c." _verb " c.so-error",                               \
                ENDS_RESET(SIDE_SERVER, CAUSE_DATA_AFTER_CLOSE),                                            \
        }
#define DESTROYED(_call, _verb)                                                                             \
        {                                                                                                   \
                .name = _call "-on-a-destroyed-socket", RECV_CALLS,                                         \
                .shows = _call " says ECONNABORTED once, then 0",                                           \
                .advice = "ECONNABORTED: somebody on this host ended it",                                   \
                .acts = "c.destroy c." _verb " c." _verb,                                                   \
                .flags = SCENARIO_NAMESPACE,                                                                \
                ENDS_RESET(SIDE_CLIENT, CAUSE_SOCK_DESTROYED),                                              \
        }
#define TIMED_OUT(_call, _verb)                                                                             \
        {                                                                                                   \
                .name = _call "-after-a-time-out", RECV_CALLS,                                              \
                .shows = _call " says ETIMEDOUT once, then 0",                                              \
                .advice = "a 0 after ETIMEDOUT is no end of stream",                                        \
                .acts = "c.user-timeout=100 c.send100 c.expire=user c." _verb " c." _verb,                  \
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_TIMERS,                                         \
                ENDS_TIMED_OUT(SIDE_CLIENT, CAUSE_USER_TIMEOUT, SIDE_SERVER),                               \
        }
#define OWN_SHUTDOWN(_call, _verb)                                                                          \
        {                                                                                                   \
                .name = _call "-after-own-shut-rd", RECV_CALLS,                                             \
                .shows = _call " after the own SHUT_RD gives what is queued, then 0",                       \
                .advice = "after your own SHUT_RD a 0 tells nothing of the peer",                           \
                .acts = "s.send20 c.shut-rd c." _verb " c.recv c." _verb,                                   \
                STAYS_OPEN,                                                                                 \
        }
#define NOTHING_YET(_call, _verb)                                                                           \
        {                                                                                                   \
                .name = _call "-finds-nothing-yet", RECV_CALLS,                                             \
                .shows = _call " on a quiet connection says EAGAIN where it may not wait",                  \
                .advice = "EAGAIN is no ending",                                                            \
                .acts = "c." _verb " s.send5 c." _verb "5",                                                 \
                STAYS_OPEN,                                                                                 \
        }
#define WOKEN_BY_RESET(_call, _verb)                                                                        \
        {                                                                                                   \
                .name = _call "-that-waits-is-woken-by-a-reset", RECV_CALLS,                                \
                .shows = _call " that waits returns ECONNRESET when the RST comes",                         \
                .advice = "nothing to do: a reset frees every thread that waits",                           \
                .acts = "c." _verb "& s.linger0 s.close c.wait c." _verb,                                   \
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),                                                 \
        }
#define WOKEN_BY_FIN(_call, _verb)                                                                          \
        {                                                                                                   \
                .name = _call "-that-waits-is-woken-by-the-end", RECV_CALLS,                                \
                .shows = _call " that waits returns 0 when the FIN comes",                                  \
                .advice = "nothing to do",                                                                  \
                .acts = "c." _verb "& s.close c.wait c." _verb,                                             \
                ENDS_HALF_CLOSED(SIDE_SERVER),                                                              \
        }
#define INTERRUPTED(_call, _verb)                                                                           \
        {                                                                                                   \
                .name = _call "-that-waits-is-cut-by-a-signal", RECV_CALLS,                                 \
                .shows = _call " that waits returns EINTR on a signal; the connection is well",             \
                .advice = "after EINTR call again",                                                         \
                .acts = "c." _verb "& c.signal s.send5 c.recv",                                             \
                STAYS_OPEN,                                                                                 \
        }
/* The calls that look at the stream in the same order; recvmmsg() asks for the error first. */
#define EVERY_CALL_BUT_RECVMMSG(_ending)                                                                    \
        _ending("recv", "recv"), _ending("read", "read"), _ending("readv", "readv"),                        \
                _ending("recvmsg", "recvmsg"), _ending("splice-from", "splice-out"),                        \
                _ending("recv-with-peek", "peek"), _ending("recv-with-trunc", "trunc")
#define EVERY_CALL(_ending) EVERY_CALL_BUT_RECVMMSG(_ending), _ending("recvmmsg", "recvmmsg")

#define TAKES_IN_ORDER(_call, _verb) \
        DATA_AND_RESET(_call, _verb, _call " gives the queued data, ECONNRESET once, then 0")
#define NEVER_AN_ERROR(_call, _verb) \
        FIN_AND_RESET(_call, _verb, _call " says 0 after FIN and RST and never an error; SO_ERROR tells EPIPE")

static const struct scenario scenarios[] = {
        EVERY_CALL(RESET),
        TAKES_IN_ORDER("recv", "recv"),
        TAKES_IN_ORDER("read", "read"),
        TAKES_IN_ORDER("readv", "readv"),
        TAKES_IN_ORDER("recvmsg", "recvmsg"),
        TAKES_IN_ORDER("splice-from", "splice-out"),
        TAKES_IN_ORDER("recv-with-trunc", "trunc"),
        DATA_AND_RESET("recv-with-peek", "peek",
                       "a peek gives the queued data again and again, and never comes to the error"),
        DATA_AND_RESET("recvmmsg", "recvmmsg",
                       "recvmmsg() gives ECONNRESET before the data that is queued, then the data"),
        EVERY_CALL(FIN),
        EVERY_CALL_BUT_RECVMMSG(NEVER_AN_ERROR),
        FIN_AND_RESET("recvmmsg", "recvmmsg",
                      "recvmmsg() takes the EPIPE that no other receiving call shows, then says 0"),
        EVERY_CALL(DESTROYED),
        EVERY_CALL(TIMED_OUT),
        EVERY_CALL(OWN_SHUTDOWN),
        EVERY_CALL(NOTHING_YET),
        EVERY_CALL(WOKEN_BY_RESET),
        EVERY_CALL(WOKEN_BY_FIN),
        EVERY_CALL(INTERRUPTED),
        {
                .name = "recv-with-waitall-cut-by-a-reset", RECV_CALLS,
                .shows = "10 of 100 bytes came before the RST: 10, then ECONNRESET, then 0",
                .advice = "a short count with MSG_WAITALL means that the stream is over: the next call tells how",
                .acts = "c.recv100+waitall& s.send10 s.linger0 s.close c.wait c.recv c.recv",
                ENDS_RESET(SIDE_SERVER, CAUSE_ZERO_LINGER),
        },
        {
                .name = "recv-with-waitall-cut-by-the-end", RECV_CALLS,
                .shows = "10 of 100 bytes came before the FIN: 10, then 0",
                .advice = "check the count with MSG_WAITALL too",
                .acts = "c.recv100+waitall& s.send10 s.close c.wait c.recv",
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "recv-with-waitall-cut-by-a-signal", RECV_CALLS,
                .shows = "a signal: the 10 bytes that came, no EINTR",
                .advice = "ask for the rest",
                .acts = "c.recv100+waitall& s.send10 c.signal s.send5 c.recv",
                STAYS_OPEN,
        },
        {
                .name = "recv-with-waitall-is-done-when-all-is-there", RECV_CALLS,
                .shows = "MSG_WAITALL waits for both parts",
                .advice = "nothing to do",
                .acts = "c.recv20+waitall& s.send10 s.send10 c.wait",
                STAYS_OPEN,
        },
        {
                .name = "recv-with-waitall-that-may-not-wait", RECV_CALLS,
                .shows = "without waiting it gives what is there",
                .advice = "MSG_WAITALL and O_NONBLOCK do not go together",
                .acts = "s.send10 c.recv100+waitall s.close c.recv100+waitall",
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "recv-that-waits-is-woken-by-own-shut-rd", RECV_CALLS,
                .shows = "SHUT_RD makes recv() that waits return 0",
                .advice = "shutdown() is the way to free a thread in recv(); close() is not",
                .acts = "c.recv& c.shut-rd c.wait",
                STAYS_OPEN,
        },
};
const struct scenario_list recv_calls = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
