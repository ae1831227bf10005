/* The kernel's reset reasons (net/rstreason.h), and when tcp and mptcp give them. */
#include "words/reset_reason.h"

#include "base/text.h"
#include "words/word.h"

static const struct word reasons[N_RESET_REASONS] = {
        [RESET_REASON_NOT_SPECIFIED] = { "NOT_SPECIFIED", "No reason was given." },
        [RESET_REASON_NO_SOCKET] = { "NO_SOCKET", "No socket fits the segment." },
        [RESET_REASON_TCP_INVALID_ACK_SEQUENCE] = { "TCP_INVALID_ACK_SEQUENCE",
                "In SYN_SENT an ACK came for something that was not sent." },
        [RESET_REASON_TCP_RFC7323_PAWS] = { "TCP_RFC7323_PAWS",
                "In SYN_SENT the timestamp echoed was not one that had been sent." },
        [RESET_REASON_TCP_TOO_OLD_ACK] = { "TCP_TOO_OLD_ACK", "In SYN_RECV an ACK came that was far too old." },
        [RESET_REASON_TCP_ACK_UNSENT_DATA] = { "TCP_ACK_UNSENT_DATA",
                "In SYN_RECV an ACK came for something that was not sent." },
        [RESET_REASON_TCP_FLAGS] = { "TCP_FLAGS", "An ACK came for a listening socket." },
        [RESET_REASON_TCP_OLD_ACK] = { "TCP_OLD_ACK", "In SYN_RECV an old ACK came." },
        [RESET_REASON_TCP_ABORT_ON_DATA] = { "TCP_ABORT_ON_DATA",
                "Data came for a socket that was closed or shut down, "
                "or TCP_LINGER2 is negative and the FIN was acknowledged." },
        [RESET_REASON_TCP_TIMEWAIT_SOCKET] = { "TCP_TIMEWAIT_SOCKET",
                "Data came for a connection whose socket was closed before; only a small remainder of it was left." },
        [RESET_REASON_INVALID_SYN] = { "INVALID_SYN",
                "A bad SYN came, or the accept queue was full and tcp_abort_on_overflow is set." },
        [RESET_REASON_TCP_ABORT_ON_CLOSE] = { "TCP_ABORT_ON_CLOSE",
                "The program closed with data unread; with MPTCP, a close with zero linger too." },
        [RESET_REASON_TCP_ABORT_ON_LINGER] = { "TCP_ABORT_ON_LINGER",
                "The program closed with a negative TCP_LINGER2; SO_LINGER is not meant." },
        [RESET_REASON_TCP_ABORT_ON_MEMORY] = { "TCP_ABORT_ON_MEMORY",
                                               "TCP was short of memory, or had too many orphans." },
        [RESET_REASON_TCP_STATE] = { "TCP_STATE",
                "Zero linger, SOCK_DESTROY, connect(AF_UNSPEC), a closed listener, "
                "or a closed socket that timed out in FIN_WAIT2." },
        [RESET_REASON_TCP_KEEPALIVE_TIMEOUT] = { "TCP_KEEPALIVE_TIMEOUT", "Keepalive probes went unanswered." },
        [RESET_REASON_TCP_DISCONNECT_WITH_DATA] = { "TCP_DISCONNECT_WITH_DATA",
                "The connection was disconnected while it still had data to send." },
        [RESET_REASON_MPTCP_RST_EUNSPEC] = { "MPTCP_RST_EUNSPEC", "MPTCP: no specific error." },
        [RESET_REASON_MPTCP_RST_EMPTCP] = { "MPTCP_RST_EMPTCP", "MPTCP: a fault in its options." },
        [RESET_REASON_MPTCP_RST_ERESOURCE] = { "MPTCP_RST_ERESOURCE", "MPTCP: short of resources." },
        [RESET_REASON_MPTCP_RST_EPROHIBIT] = { "MPTCP_RST_EPROHIBIT", "MPTCP: forbidden by policy." },
        [RESET_REASON_MPTCP_RST_EWQ2BIG] = { "MPTCP_RST_EWQ2BIG", "MPTCP: too much data outstanding." },
        [RESET_REASON_MPTCP_RST_EBADPERF] = { "MPTCP_RST_EBADPERF", "MPTCP: the subflow performs too badly." },
        [RESET_REASON_MPTCP_RST_EMIDDLEBOX] = { "MPTCP_RST_EMIDDLEBOX", "MPTCP: something between the ends meddled." },
        [RESET_REASON_ERROR] = { "ERROR", "A fault without a name of its own." },
        [RESET_REASON_MAX] = { "MAX", "The end of the kernel's list; no reset has it." },
};

WORD_NAMES(reset_reason, reasons)

int reset_reason_find(const char *name, enum reset_reason *ret)
{
        const char *bare = text_after_prefix(name, "SK_RST_REASON_");
        size_t i;
        int r = word_find(reasons, N_RESET_REASONS, bare ? bare : name, &i);
        if (r < 0)
                return r;
        *ret = (enum reset_reason)i;
        return 0;
}
