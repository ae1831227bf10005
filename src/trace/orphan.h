/* What became of a socket that its program had closed with a FIN, where its kernel could not finish what was left. */
#pragma once

#include <stdbool.h>

#include "trace/sockets.h"

enum orphan_end {
        ORPHAN_NONE,                    /* it was none, or all went well */
        ORPHAN_RESET,                   /* by the other end */
        ORPHAN_MET_DATA,                /* data came for it, and it reset itself (tcp_rcv_state_process()) */
        ORPHAN_LINGER2,                 /* its FIN was acknowledged, and TCP_LINGER2 is negative: likewise */
        ORPHAN_DESTROYED,               /* nothing came, nothing was waited for: SOCK_DESTROY, tcp_check_oom() */
        ORPHAN_GAVE_UP,                 /* in silence, for want of an answer (tcp_write_err()) */
        ORPHAN_RESET_BY_EITHER,         /* by the other end, or by itself */
        ORPHAN_UNKNOWN,                 /* or it gave up */
};

enum orphan_end socket_orphan_end(const struct traced_socket *s);

/* Closed with a FIN that nobody ever acknowledged. */
bool socket_died_as_orphan(const struct traced_socket *s);

/* A FIN stands behind what was never sent. */
bool socket_orphan_queued_a_fin(const struct traced_socket *s);

/* Where TCP_LINGER2 ended it: shut both ways, it may have met data while it was still held, which resets it as well. */
bool socket_may_have_met_data(const struct traced_socket *s);
