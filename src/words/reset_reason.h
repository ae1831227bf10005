/*
 * The kernel's reasons for sending a RST: enum sk_rst_reason, Linux 6.12 and later. The numbers
 * here are those of 6.12 to 7.3. They may move from one kernel to the next, so a number from a
 * running kernel is first turned into its name by that kernel's own table (BTF).
 */
#pragma once

enum reset_reason {
        RESET_REASON_NOT_SPECIFIED,
        RESET_REASON_NO_SOCKET,
        RESET_REASON_TCP_INVALID_ACK_SEQUENCE,
        RESET_REASON_TCP_RFC7323_PAWS,
        RESET_REASON_TCP_TOO_OLD_ACK,
        RESET_REASON_TCP_ACK_UNSENT_DATA,
        RESET_REASON_TCP_FLAGS,
        RESET_REASON_TCP_OLD_ACK,
        RESET_REASON_TCP_ABORT_ON_DATA,
        RESET_REASON_TCP_TIMEWAIT_SOCKET,
        RESET_REASON_INVALID_SYN,
        RESET_REASON_TCP_ABORT_ON_CLOSE,
        RESET_REASON_TCP_ABORT_ON_LINGER,
        RESET_REASON_TCP_ABORT_ON_MEMORY,
        RESET_REASON_TCP_STATE,
        RESET_REASON_TCP_KEEPALIVE_TIMEOUT,
        RESET_REASON_TCP_DISCONNECT_WITH_DATA,
        RESET_REASON_MPTCP_RST_EUNSPEC,
        RESET_REASON_MPTCP_RST_EMPTCP,
        RESET_REASON_MPTCP_RST_ERESOURCE,
        RESET_REASON_MPTCP_RST_EPROHIBIT,
        RESET_REASON_MPTCP_RST_EWQ2BIG,
        RESET_REASON_MPTCP_RST_EBADPERF,
        RESET_REASON_MPTCP_RST_EMIDDLEBOX,
        RESET_REASON_ERROR,
        RESET_REASON_MAX,
        N_RESET_REASONS
};

/* The kernel's name without SK_RST_REASON_, and when the kernel gives it. NULL out of range. */
const char *reset_reason_name(enum reset_reason value);
const char *reset_reason_sentence(enum reset_reason value);

/* 0, or -ENOENT. The prefix SK_RST_REASON_ may stand before the name. */
int reset_reason_find(const char *name, enum reset_reason *ret);
