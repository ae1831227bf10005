/* What poll() and epoll report: tcp_poll. Rows add up. */
#include <poll.h>

#include "endpoint/rules.h"

const struct poll_rule poll_rules[] = {
        { "poll-hup-both-shut", 0, IF_SHUT_RD | IF_SHUT_WR, 0, POLLHUP, "both directions are ended" },
        { "poll-hup-closed", IN(CLOSE), 0, 0, POLLHUP, "no connection, or none any more" },
        { "poll-rdhup", 0, IF_SHUT_RD, 0, POLLIN | POLLRDHUP, "no more will come: recv() does not wait" },
        { "poll-in", ANY_STATE & ~HANDSHAKE, IF_QUEUED_DATA, 0, POLLIN, "data is queued" },
        { "poll-out", ANY_STATE & ~(HANDSHAKE | IN(LISTEN)), 0, IF_SHUT_WR, POLLOUT, "there is room to send" },
        { "poll-out-shut", ANY_STATE & ~HANDSHAKE, IF_SHUT_WR, 0, POLLOUT, "send() would not wait: it fails" },
        { "poll-err", 0, IF_ERROR, 0, POLLERR, "an error is pending" },
        { "poll-err-queue", 0, IF_QUEUED_MESSAGE, 0, POLLERR, "the error queue holds a message; the connection may live" },
};
const size_t n_poll_rules = sizeof(poll_rules) / sizeof(*poll_rules);
