/* How a connection ended, from the report of its bytes and FINs and, last, from the errors seen.
 *
 * The errors come last because any call may have eaten them. What they are needed for is to tell a
 * reset from a time-out: both leave the socket in CLOSE. A time-out mostly leaves a count behind;
 * where it would not have, or there is one, only the error can tell (look.c). */
#include "socket/account.h"

#include <errno.h>

/* A connection that never was: connect() failed, or the attempt was given up. */
static enum finis_ending ending_of_attempt(const struct finis *finis, const struct look *look)
{
        if (finis->error == ECONNREFUSED)
                return FINIS_ENDING_REFUSED;
        if (finis->error && (look->segments || finis->error_by == FINIS_CALL_CONNECT))
                return FINIS_ENDING_UNANSWERED;
        return FINIS_ENDING_UNSEEN;
}

static enum finis_ending ending_by_error(const struct finis *finis, const struct look *look)
{
        switch (finis ? finis->error : 0) {
        case ECONNRESET:
        case ECONNABORTED:
                return FINIS_ENDING_RESET;
        case ETIMEDOUT:
                return FINIS_ENDING_TIMED_OUT;
        case 0:
                break;
        case EPIPE:
                /* As SO_ERROR only a reset that met CLOSE_WAIT (tcp_reset()). A write says it of own
                 * shutdown too, and where another call took the error before, a time-out's as well. */
                if (finis->error_by == FINIS_CALL_SO_ERROR)
                        return FINIS_ENDING_RESET;
                break;
        default:
                /* ICMP's errors: kept until the connection times out. A bare SO_ERROR tells them of one
                 * that lives on, too, which may yet be reset (sk_err_soft). */
                if (look->may_have_given_up &&
                    (finis->error_by != FINIS_CALL_SO_ERROR || finis->marks & MARK_TAKEN_AT_END))
                        return FINIS_ENDING_TIMED_OUT;
        }
        return look->may_have_given_up ? FINIS_ENDING_UNSEEN : FINIS_ENDING_RESET;
}

enum finis_ending ending_of(const struct finis *finis, const struct look *look, const struct finis_report *report)
{
        uint32_t both = FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN;

        switch (look->state) {
        case AT_ESTABLISHED:
        case AT_SYN_SENT:
        case AT_SYN_RECV:
                return FINIS_ENDING_OPEN;
        case AT_FIN_WAIT1:
        case AT_FIN_WAIT2:
        case AT_CLOSE_WAIT:
        case AT_CLOSING:
        case AT_LAST_ACK:
                return FINIS_ENDING_HALF_CLOSED;
        default:
                break;
        }
        if (report->flags & FINIS_VOID)
                return FINIS_ENDING_RESET;
        if (finis && finis->marks & MARK_BEFORE_SYN && !(finis->marks & MARK_ESTABLISHED))
                return ending_of_attempt(finis, look);
        if ((report->flags & both) == both)
                return FINIS_ENDING_ORDERLY;
        /* All was acknowledged, FIN included or perhaps: whether the peer's FIN came decides. */
        if (look->outstanding == 0 && report->flags & FINIS_PEER_FIN_UNKNOWN &&
            report->flags & (FINIS_OWN_FIN_ACKED | FINIS_OFF_BY_ONE))
                return FINIS_ENDING_UNSEEN;
        if (look->outstanding == 0 && report->flags & FINIS_PEER_FIN && report->flags & FINIS_OFF_BY_ONE)
                return FINIS_ENDING_UNSEEN;
        if (!look->segments)
                return FINIS_ENDING_UNSEEN;
        return ending_by_error(finis, look);
}
