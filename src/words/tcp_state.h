/* The states of a TCP socket, with the kernel's numbers (include/net/tcp_states.h). */
#pragma once

enum tcp_state {
        TCP_STATE_UNKNOWN = 0,  /* no such state: its name is NULL */
        TCP_STATE_ESTABLISHED = 1,
        TCP_STATE_SYN_SENT = 2,
        TCP_STATE_SYN_RECV = 3,
        TCP_STATE_FIN_WAIT1 = 4,
        TCP_STATE_FIN_WAIT2 = 5,
        TCP_STATE_TIME_WAIT = 6,
        TCP_STATE_CLOSE = 7,
        TCP_STATE_CLOSE_WAIT = 8,
        TCP_STATE_LAST_ACK = 9,
        TCP_STATE_LISTEN = 10,
        TCP_STATE_CLOSING = 11,
        TCP_STATE_NEW_SYN_RECV = 12,
        N_TCP_STATES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *tcp_state_name(enum tcp_state value);
const char *tcp_state_sentence(enum tcp_state value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int tcp_state_find(const char *name, enum tcp_state *ret);
