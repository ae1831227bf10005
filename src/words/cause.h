/* Why a connection ended so. The order is that of the table in the manual, not of likelihood. */
#pragma once

enum cause {
        CAUSE_NONE = -1,        /* no cause is stated: not a word, its name is NULL */
        CAUSE_UNREAD_DATA,
        CAUSE_ZERO_LINGER,
        CAUSE_DISCONNECT,
        CAUSE_SOCK_DESTROYED,
        CAUSE_LISTENER_CLOSED,
        CAUSE_BACKLOG_FULL,
        CAUSE_DATA_AFTER_CLOSE,
        CAUSE_NO_CONNECTION,
        CAUSE_STATE_LOST,
        CAUSE_NOT_LISTENING,
        CAUSE_KEEPALIVE,
        CAUSE_USER_TIMEOUT,
        CAUSE_RETRANSMISSION_TIMEOUT,
        CAUSE_PROBE_TIMEOUT,
        CAUSE_LINGER2,
        CAUSE_MEMORY,
        CAUSE_ORPHAN_TIMEOUT,
        CAUSE_BAD_SEGMENT,
        CAUSE_ABANDONED,
        CAUSE_FIREWALL,
        CAUSE_FORGED,
        CAUSE_UNREACHABLE,
        CAUSE_MPTCP,
        CAUSE_UNKNOWN,
        N_CAUSES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *cause_name(enum cause value);
const char *cause_sentence(enum cause value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int cause_find(const char *name, enum cause *ret);
