/* The states of a TCP socket. */
#include "words/tcp_state.h"

#include "words/word.h"

static const struct word states[N_TCP_STATES] = {
        [TCP_STATE_ESTABLISHED] = { "ESTABLISHED", "Open both ways." },
        [TCP_STATE_SYN_SENT] = { "SYN_SENT", "The SYN went out and was not answered yet." },
        [TCP_STATE_SYN_RECV] = { "SYN_RECV",
                                 "The SYN came and was answered; the last ACK of the handshake is awaited." },
        [TCP_STATE_FIN_WAIT1] = { "FIN_WAIT1", "The own FIN was sent and is not acknowledged yet." },
        [TCP_STATE_FIN_WAIT2] = { "FIN_WAIT2", "The own FIN was acknowledged; the peer's is awaited." },
        [TCP_STATE_TIME_WAIT] = { "TIME_WAIT", "Both FINs are done; the side that closed first waits for stragglers." },
        [TCP_STATE_CLOSE] = { "CLOSE", "There is no connection, or no longer." },
        [TCP_STATE_CLOSE_WAIT] = { "CLOSE_WAIT", "The peer's FIN came; the own program has not closed yet." },
        [TCP_STATE_LAST_ACK] = { "LAST_ACK", "The peer closed first; the own FIN is not acknowledged yet." },
        [TCP_STATE_LISTEN] = { "LISTEN", "Waiting for SYNs." },
        [TCP_STATE_CLOSING] = { "CLOSING", "The two FINs crossed; the own one is not acknowledged yet." },
        [TCP_STATE_NEW_SYN_RECV] = { "NEW_SYN_RECV", "A request to connect, before it becomes a socket." },
};

WORD_FUNCTIONS(tcp_state, states)
