/* What became of the bytes.
 *
 * The kernel counts in sequence numbers, where a SYN and a FIN take one each. Counted from the first
 * number that was this end's to send:
 *
 *   connecting side   0 = SYN, 1 … W = bytes, W + 1 = FIN
 *   accepting side             0 … W - 1 = bytes, W = FIN      (its SYN was acknowledged before)
 *
 *   acked                    how far the peer's kernel acknowledged
 *   acked + outstanding      how far this end's programs wrote, with the FIN once it is queued
 *   … - unsent               how far was sent
 *
 * None of it is wiped by a reset or a time-out (tcp_done()); tcp_disconnect() wipes it. So all there
 * is to find out is whether a FIN is in the count. The state says so until it is CLOSE; then a noted
 * shutdown does, or the difference to the bytes noted, or the payload sent. */
#include "socket/account.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum one {
        NO = 0,
        YES = 1,
        PERHAPS = -1,
};

/* SYN and FIN that were sent: what the sequence numbers moved more than the payload. */
static int64_t numbers_without_payload(const struct look *look)
{
        return (int64_t)(look->acked + look->outstanding - look->unsent) -
               (int64_t)(look->sent - look->retransmitted);
}

static enum one own_syn(const struct look *look)
{
        int64_t n = numbers_without_payload(look);
        bool fin_sent = state_has_own_fin(look->state) && look->unsent == 0;

        if (look->state == AT_SYN_SENT)
                return YES;
        if (!look->has_sent)
                return PERHAPS;
        if (look->state == AT_CLOSE)
                return n == 0 ? NO : n == 2 ? YES : PERHAPS;
        n -= fin_sent;
        return n == 0 ? NO : n == 1 ? YES : PERHAPS;
}

static enum one own_fin(const struct finis *finis, const struct look *look, uint64_t base)
{
        uint64_t end = look->acked + look->outstanding;
        int64_t n;

        if (state_has_own_fin(look->state))
                return YES;
        if (look->state != AT_CLOSE)
                return NO;
        if (!finis) {
                n = numbers_without_payload(look);
                if (!look->has_sent || look->unsent > 0)
                        return PERHAPS;
                return n == 0 ? NO : n == 2 ? YES : PERHAPS;
        }
        if (finis->marks & MARK_OWN_FIN)
                return YES;
        /* It had ended before: nothing was written since, so that nothing is counted wrong. */
        if (finis->marks & MARK_ENDED_BEFORE)
                return PERHAPS;
        if (end == base + finis->n_written)
                return NO;
        if (end == base + finis->n_written + 1 && finis->n_written > 0)
                return YES;
        /* Not all writes were noted, or none, and one number more may be a byte. The SYN is known from
         * the memory's beginning. */
        if (look->has_sent && look->unsent == 0) {
                n = numbers_without_payload(look) - ((finis->marks & MARK_SYN_COUNTS) ? 1 : 0);
                if (n == 0 || n == 1)
                        return n ? YES : NO;
        }
        return PERHAPS;
}

bool account_has_all_reads(const struct finis *finis, const struct look *look)
{
        if (finis->marks & MARK_READS || !look->data_came)
                return true;
        /* All of it lies there unread: that but a single byte of it was taken is left to the note. */
        return finis->n_read == 0 && look->unread > 0;
}

bool account_has_fin_acked(const struct finis *finis, const struct look *info)
{
        uint64_t payload = info->sent - info->retransmitted;

        if (info->acked != finis->base_written + finis->n_written + 1)
                return false;
        /* Where no write was noted, the one may be a byte. */
        return finis->n_written > 0 ||
               (info->has_sent && info->acked == (finis->marks & MARK_SYN_COUNTS ? 1 : 0) + payload + 1);
}

static enum one peer_fin(const struct finis *finis, const struct look *look)
{
        uint64_t taken;

        if (state_has_peer_fin(look->state) || (finis && finis->marks & MARK_PEER_FIN))
                return YES;
        if (look->state != AT_CLOSE)
                return NO;
        if (!finis || finis->marks & MARK_ENDED_BEFORE)
                return PERHAPS;
        taken = finis->base_received + finis->n_read + look->unread;
        if (look->received == taken)
                return NO;
        return look->received == taken + 1 && account_has_all_reads(finis, look) ? YES : PERHAPS;
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
        return value < limit ? value : limit;
}

static uint64_t beyond(uint64_t value, uint64_t base)
{
        return value > base ? value - base : 0;
}

/* The queues say 0 until the handshake is over (tcp_ioctl(), tcp_inq()), though TCP Fast Open moves
 * bytes before. */
static bool is_shaking_hands(const struct look *look)
{
        return look->state == AT_SYN_SENT || look->state == AT_SYN_RECV;
}

void account_begin(struct finis *finis, const struct look *look)
{
        bool at_start = look->state == AT_SYN_SENT || (look->state == AT_CLOSE && !look->segments);
        uint64_t fin;

        if (at_start) {
                finis->marks |= MARK_BEFORE_SYN | MARK_SYN_COUNTS;
                finis->base_written = 1;
                return;
        }
        account_remember(finis, look);
        if (look->state == AT_CLOSE)
                finis->marks |= MARK_ENDED_BEFORE;
        if (own_syn(look) == YES)
                finis->marks |= MARK_SYN_COUNTS;
        fin = state_has_own_fin(look->state);
        finis->base_written = look->acked + look->outstanding - fin;
        if (is_shaking_hands(look))
                return;
        fin = state_has_peer_fin(look->state);
        finis->base_received = beyond(look->received, look->unread + fin);
}

void account_remember(struct finis *finis, const struct look *look)
{
        if (state_has_own_fin(look->state))
                finis->marks |= MARK_OWN_FIN;
        if (state_has_peer_fin(look->state))
                finis->marks |= MARK_PEER_FIN;
        /* The SYN's acknowledgement is the first number of a connecting side. */
        if ((look->state != AT_CLOSE && look->state != AT_SYN_SENT && look->state != AT_SYN_RECV) ||
            (finis->marks & MARK_BEFORE_SYN && look->acked > 0) || look->received > 0)
                finis->marks |= MARK_ESTABLISHED;
}

/* connect(AF_UNSPEC) wiped all counts and left the outstanding ones as nonsense; a blocking
 * connect() that failed does the same (__inet_stream_connect()). */
static bool wiped(const struct look *look)
{
        return look->state == AT_CLOSE && !look->segments;
}

static void count_written(const struct finis *finis, const struct look *look, enum one fin, struct finis_report *ret)
{
        uint64_t base, end, unsent, n_fin = fin == YES;

        if (is_shaking_hands(look)) {
                ret->written = finis ? finis->n_written : beyond(look->sent, look->retransmitted);
                ret->uncertain = ret->written;
                return;
        }
        if (finis)
                base = finis->base_written;
        else
                base = own_syn(look) == YES;
        if (!finis && own_syn(look) == PERHAPS)
                ret->flags |= FINIS_OFF_BY_ONE;
        end = look->acked + look->outstanding - n_fin;
        unsent = look->unsent - (n_fin && look->unsent > 0);
        ret->written = beyond(end, base);
        /* At most: an acknowledged FIN is one more. */
        ret->acknowledged = at_most(beyond(look->acked, base), ret->written);
        ret->unsent = at_most(unsent, ret->written - ret->acknowledged);
        ret->uncertain = ret->written - ret->acknowledged - ret->unsent;
}

void account(const struct finis *finis, const struct look *look, struct finis_report *ret)
{
        enum one fin, peer;

        memset(ret, 0, sizeof(*ret));
        ret->tcp_state = look->state;
        ret->rtt_us = look->rtt_us;
        ret->error = finis ? finis->error : 0;
        ret->error_by = finis ? finis->error_by : FINIS_CALL_NONE;
        if (ret->error == ECONNABORTED)
                ret->flags |= FINIS_BY_US;
        ret->n_repeats = look->n_repeats;
        if (wiped(look)) {
                /* Nothing was ever sent on a socket that was never connected: nothing is lost. */
                if (finis ? finis->marks & MARK_ESTABLISHED : look->outstanding > 0)
                        ret->flags |= FINIS_VOID | FINIS_BY_US | FINIS_PEER_FIN_UNKNOWN;
                ret->ending = ending_of(finis, look, ret);
                return;
        }
        fin = own_fin(finis, look, finis ? finis->base_written : 0);
        peer = peer_fin(finis, look);
        if (look->moving)
                ret->flags |= FINIS_MOVING;
        if (fin == PERHAPS)
                ret->flags |= FINIS_OFF_BY_ONE;
        if (fin == YES)
                ret->flags |= FINIS_OWN_FIN | (look->outstanding == 0 ? FINIS_OWN_FIN_ACKED : 0);
        if (peer == YES)
                ret->flags |= FINIS_PEER_FIN;
        if (peer == PERHAPS)
                ret->flags |= FINIS_PEER_FIN_UNKNOWN;

        count_written(finis, look, fin, ret);
        ret->received = beyond(look->received, (finis ? finis->base_received : 0) + (peer == YES));
        ret->unread = is_shaking_hands(look) && finis ? beyond(ret->received, finis->n_read) : look->unread;
        ret->retransmitted = look->retransmitted;
        if (finis && ret->written != finis->n_written)
                ret->flags |= FINIS_UNNOTED_WRITES;
        if (finis && ret->received != finis->n_read + ret->unread)
                ret->flags |= FINIS_UNNOTED_READS;
        ret->ending = ending_of(finis, look, ret);
}
