/* What poll() and epoll report: tcp_poll, and inet_csk_listen_poll for a listener. Rows add up. */
#include <poll.h>

#include "endpoint/rules.h"

#define NOT_LISTENING (ANY_STATE & ~IN(LISTEN))

const struct poll_rule poll_rules[] = {
        { "poll-in-listener", IN(LISTEN), IF_QUEUED, 0, POLLIN, "a connection waits to be accepted" },
        { "poll-hup-both-shut", NOT_LISTENING, IF_SHUT_RD | IF_SHUT_WR, 0, POLLHUP, "both directions are ended" },
        { "poll-hup-closed", IN(CLOSE), 0, 0, POLLHUP, "no connection, or none any more" },
        { "poll-rdhup", NOT_LISTENING, IF_SHUT_RD, 0, POLLIN | POLLRDHUP, "no more will come: recv() does not wait" },
        { "poll-in", NOT_LISTENING & ~HANDSHAKE, IF_QUEUED_DATA, 0, POLLIN, "data is queued" },
        { "poll-out", NOT_LISTENING & ~HANDSHAKE, 0, IF_SHUT_WR, POLLOUT, "there is room to send" },
        { "poll-out-shut", NOT_LISTENING & ~HANDSHAKE, IF_SHUT_WR, 0, POLLOUT, "send() would not wait: it fails" },
        { "poll-err", NOT_LISTENING, IF_ERROR, 0, POLLERR, "an error is pending" },
        { "poll-err-queue", NOT_LISTENING, IF_QUEUED_MESSAGE, 0, POLLERR,
          "the error queue holds a message; the connection may live" },
};
const size_t n_poll_rules = sizeof(poll_rules) / sizeof(*poll_rules);
