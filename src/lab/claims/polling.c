/* Claims about poll() at the end of a connection. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "pollhup-excludes-pollout",
                .sentence = "POLLHUP and POLLOUT never come together.",
                .source = "POSIX, poll()",
                .kind = CLAIM_ALWAYS,
                .right = "on a TCP socket that is over both come, since a write would not wait: it would fail",
                CASES({ "reset", "s.linger0 s.close ?c.poll+HUP =c.poll-OUT", 0 },
                      { "ended in order both ways", "s.shut-wr c.shut-wr ?c.poll+HUP =c.poll-OUT", 0 },
                      { "never connected", "c.poll ?c.poll+HUP =c.poll-OUT", SCENARIO_UNCONNECTED }),
        },
        {
                .name = "pollhup-on-peers-end",
                .sentence = "poll() reports POLLHUP when the other end has shut down one direction.",
                .source = "socket(7), the table of I/O events",
                .right = "that is POLLRDHUP, with POLLIN; POLLHUP comes when both directions are over",
                CASES({ "the peer shut down writing", "s.shut-wr =c.poll+HUP", 0 },
                      { "the peer closed", "s.close =c.poll+HUP", 0 },
                      { "the peer closed, and your own side shut down", "s.close c.shut-wr =c.poll+HUP", 0 }),
        },
        {
                .name = "pollerr-tells-the-reset",
                .sentence = "poll() reports POLLERR on a connection that was reset.",
                .source = "poll(2), POLLERR",
                .right = "only until some call takes the error; then nothing but TCP_INFO tells it from a clean end",
                CASES({ "reset", "s.linger0 s.close =c.poll+ERR", 0 },
                      { "reset after a FIN", "s.shut-wr c.send10 s.close =c.poll+ERR", 0 },
                      { "reset, and recv() has said so", "s.linger0 s.close c.recv ?ECONNRESET =c.poll+ERR", 0 }),
        },
};
const struct claim_list claims_of_polling = { claims, sizeof(claims) / sizeof(*claims) };
