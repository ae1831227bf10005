/*
 * A program that is running already on a CPU is not run again there: what an interrupt brings meanwhile is missed
 * where no stand-in takes it (ending_maps.bpf.h). Each event is followed by others from which it can be read.
 */
#include "live/mend.h"

#include <errno.h>

#include "ending/facts.h"

enum { SHUT_BOTH = 3 };

/* close() leads by way of FIN_WAIT1 or LAST_ACK unless it resets (__tcp_close()); so do
 * tcp_disconnect() and tcp_abort(). */
static int was_aborted(const struct live_end *end)
{
        return end->flags & LIVE_ACT && end->act_to == TCP_STATE_CLOSE &&
               (end->act_from == TCP_STATE_ESTABLISHED || end->act_from == TCP_STATE_CLOSE_WAIT) &&
               (end->error == 0 || end->error == ECONNABORTED) &&
               !(end->flags & (LIVE_RST_IN | LIVE_REPAIR | LIVE_MPTCP));
}

void mend_end(struct live_end *end)
{
        if (!(end->flags & LIVE_SNAPPED))
                return;
        switch (end->last_state) {
        case TCP_STATE_ESTABLISHED:
                end->flags |= LIVE_ESTABLISHED;
                break;
        case TCP_STATE_FIN_WAIT1:
        case TCP_STATE_FIN_WAIT2:
                end->flags |= LIVE_ESTABLISHED | LIVE_FIN_OUT;
                break;
        case TCP_STATE_CLOSE_WAIT:
                end->flags |= LIVE_ESTABLISHED | LIVE_FIN_IN;
                break;
        case TCP_STATE_LAST_ACK:
        case TCP_STATE_CLOSING:
                end->flags |= LIVE_ESTABLISHED | LIVE_FIN_OUT | LIVE_FIN_IN;
                break;
        default:
                break;
        }
        /* Nothing but tcp_reset() puts these on a connection that stands. */
        if (end->flags & LIVE_ESTABLISHED && !(end->flags & LIVE_RST_IN) &&
            (end->error == ECONNRESET || end->error == EPIPE)) {
                end->flags |= LIVE_RST_IN;
                if (end->shutdown == SHUT_BOTH && !(end->flags & LIVE_FIN_IN))
                        end->flags |= LIVE_RST_IN_SHUT;
        }
        if (was_aborted(end))
                end->flags |= LIVE_RST_OUT;
}
