/* Closing so that the last bytes arrive, a step at a time.
 *
 * FIN goes out behind the data, so that its acknowledgement is that of every byte: the state says so
 * by FIN_WAIT2, or by CLOSE once the peer's FIN came too. Meanwhile the peer's data is thrown away:
 * left unread, or met by a closed socket, it would draw a reset, and a reset takes away what this
 * end has not got through yet (__tcp_close(), tcp_reset()).
 *
 * An acknowledgement wakes nobody, but for that of the FIN, and that only wakes who listens for
 * edges. So a level-triggered wait ends now and then to look. */
#include <finis/finis.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket/account.h"
#include "socket/keep_errno.h"
#include "socket/memory.h"

enum {
        DEADLINE_MS = 30000,
        IDLE_MS = 5000,
        DRAIN_MAX = 1 << 20,
        PAUSE_MAX_MS = 200,
        LOOKS_AN_IDLE = 4,           /* progress is noticed late by a quarter of the idle time */
        DRAIN_A_CALL = 1 << 30,
        ALL_FLAGS = FINIS_ABORT_IF_LATE | FINIS_ACK_IS_ENOUGH | FINIS_KEEP_FD | FINIS_EDGE,
};

/* struct finis, close_flags, above those of the caller */
enum {
        UNDER_WAY = 1 << 16,
        SHUT_WORKED = 1 << 17,       /* so that it was alive then */
        NO_MORE = 1 << 18,           /* recv() said 0, and will for ever */
        ACKED = 1 << 19,             /* own FIN */
        LOOKED = 1 << 20,            /* close_acked is known */
};

static int64_t later(int64_t now_ms, int32_t span_ms)
{
        return span_ms < 0 ? INT64_MAX : now_ms + span_ms;
}

static void progress(struct finis *finis, int64_t now_ms)
{
        finis->close_idle_until_ms = later(now_ms, finis->close_idle_ms);
}

/* Throws away what came. FINIS_CLOSE_OVERRUN, FINIS_CLOSE_AGAIN, or a negative errno of recv(). */
static int drain(struct finis *finis, int64_t now_ms)
{
        while (!(finis->close_flags & NO_MORE)) {
                uint64_t most = finis->close_drain_left;
                ssize_t n;

                /* MSG_TRUNC: nothing is copied (tcp_recvmsg_locked()). One more than allowed, to
                 * see that there is more. */
                most = most < DRAIN_A_CALL ? most + 1 : DRAIN_A_CALL;
                n = recv(finis->fd, NULL, most, MSG_TRUNC | MSG_DONTWAIT);
                if (n == 0)
                        finis->close_flags |= NO_MORE;
                else if (n > 0) {
                        finis->n_read += (uint64_t)n;
                        if ((uint64_t)n > finis->close_drain_left)
                                return FINIS_CLOSE_OVERRUN;
                        finis->close_drain_left -= (uint64_t)n;
                        progress(finis, now_ms);
                } else if (errno == EAGAIN)
                        break;
                else if (errno != EINTR)
                        return -errno;
        }
        return FINIS_CLOSE_AGAIN;
}

/* Once recv() said 0: was it the peer's FIN? After that it says so for ever; after a reset, or own
 * SHUT_RD and then a reset, the error would come now (tcp_recvmsg_locked()). */
static bool saw_the_fin(struct finis *finis)
{
        ssize_t n;

        if (!(finis->close_flags & SHUT_WORKED && finis->close_flags & NO_MORE))
                return false;
        n = recv(finis->fd, NULL, 1, MSG_TRUNC | MSG_DONTWAIT);
        if (n == 0) {
                finis->marks |= MARK_PEER_FIN;
                return true;
        }
        /* It is told once; the next call would say 0 again. */
        finis->close_flags &= ~(uint32_t)NO_MORE;
        if (n < 0)
                memory_error(finis, FINIS_CALL_READ, errno);
        return false;
}

/* The connection is over: did all go well? */
static int judge(struct finis *finis, const struct look *info)
{
        struct finis_report report;
        struct look look;
        uint32_t unknown;

        /* The usual case needs no further question. */
        if (finis->close_flags & SHUT_WORKED && finis->close_flags & NO_MORE &&
            account_has_fin_acked(finis, info) &&
            info->received == finis->base_received + finis->n_read + 1 &&
            (account_has_all_reads(finis, info) || saw_the_fin(finis)))
                return FINIS_CLOSE_CLEAN;

        if (look_at(finis->fd, &look) < 0)
                return FINIS_CLOSE_RESET;
        account(finis, &look, &report);
        if (report.ending == FINIS_ENDING_ORDERLY)
                return FINIS_CLOSE_CLEAN;
        unknown = FINIS_OWN_FIN_ACKED | FINIS_PEER_FIN_UNKNOWN;
        if ((report.flags & unknown) == unknown && saw_the_fin(finis))
                return FINIS_CLOSE_CLEAN;
        return FINIS_CLOSE_RESET;
}

/* Asks how far the acknowledgements are. enum finis_closed, or a negative errno. */
static int look_on(struct finis *finis, int64_t now_ms)
{
        struct look info;
        int r;

        r = look_info(finis->fd, &info);
        if (r < 0)
                return r;
        account_remember(finis, &info);
        if (info.state == AT_CLOSE)
                return judge(finis, &info);
        if (info.state == AT_FIN_WAIT2) {
                finis->close_flags |= ACKED;
                if (finis->close_flags & FINIS_ACK_IS_ENOUGH)
                        return FINIS_CLOSE_ACKED;
        }
        /* What came before the first look has no time: it counts as if it came now. */
        if (!(finis->close_flags & LOOKED) || info.acked > finis->close_acked)
                progress(finis, now_ms);
        finis->close_flags |= LOOKED;
        finis->close_acked = info.acked;
        if (finis->close_pause_ms == 0)
                finis->close_pause_ms = (int32_t)(info.rtt_us / 1000) + 1;
        else
                finis->close_pause_ms *= 2;
        if (finis->close_pause_ms > PAUSE_MAX_MS)
                finis->close_pause_ms = PAUSE_MAX_MS;
        return FINIS_CLOSE_AGAIN;
}

static bool awaits_only_the_ack(const struct finis *finis)
{
        return finis->close_flags & NO_MORE || finis->close_flags & FINIS_ACK_IS_ENOUGH;
}

static void want(struct finis *finis, int64_t now_ms, struct finis_want *ret)
{
        int64_t until = finis->close_until_ms;
        bool edge = finis->close_flags & FINIS_EDGE;

        if (finis->close_idle_until_ms < until)
                until = finis->close_idle_until_ms;
        finis->close_look_at_ms = INT64_MAX;
        if (!edge && awaits_only_the_ack(finis))
                finis->close_look_at_ms = now_ms + (finis->close_pause_ms ? finis->close_pause_ms : 1);
        else if (!(finis->close_flags & ACKED) && finis->close_idle_ms >= 0)
                finis->close_look_at_ms = now_ms + finis->close_idle_ms / LOOKS_AN_IDLE + 1;
        if (finis->close_look_at_ms < until)
                until = finis->close_look_at_ms;

        *ret = (struct finis_want){
                .events = POLLIN | POLLRDHUP,
                .edge = edge,
                .timeout_ms = -1,
        };
        if (edge)
                ret->events |= POLLOUT;
        else if (finis->close_flags & NO_MORE)
                ret->events = 0;
        if (until != INT64_MAX)
                ret->timeout_ms = until - now_ms > INT32_MAX ? INT32_MAX
                                  : until > now_ms ? (int)(until - now_ms) : 0;
}

static int finish(struct finis *finis, int closed)
{
        bool late = closed == FINIS_CLOSE_UNACKED || closed == FINIS_CLOSE_OVERRUN;
        struct linger linger = { 0 };

        finis->close_flags &= ~(uint32_t)UNDER_WAY;
        finis->close_verdict = closed;
        /* A time set by the program, or inherited from the listener, would make close() block, or
         * reset what only waits for the peer. In CLOSE it does nothing. */
        if (late && finis->close_flags & FINIS_ABORT_IF_LATE)
                linger.l_onoff = 1;
        if (late || closed == FINIS_CLOSE_ACKED)
                setsockopt(finis->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        /* Once, whatever it says: the descriptor is gone (filp_flush()). */
        if (!(finis->close_flags & FINIS_KEEP_FD))
                close(finis->fd);
        return closed;
}

static int step(struct finis *finis, int64_t now_ms)
{
        int drained, r = FINIS_CLOSE_AGAIN;
        bool late;

        drained = drain(finis, now_ms);
        if (drained == FINIS_CLOSE_OVERRUN)
                return drained;
        if (drained < 0)
                memory_error(finis, FINIS_CALL_READ, -drained);

        late = now_ms >= finis->close_until_ms || now_ms >= finis->close_idle_until_ms;
        if (drained < 0 || awaits_only_the_ack(finis) || late || now_ms >= finis->close_look_at_ms ||
            (finis->close_flags & FINIS_EDGE && !(finis->close_flags & ACKED)))
                r = look_on(finis, now_ms);
        if (r != FINIS_CLOSE_AGAIN)
                return r;

        late = now_ms >= finis->close_until_ms || now_ms >= finis->close_idle_until_ms;
        if (!late)
                return FINIS_CLOSE_AGAIN;
        return finis->close_flags & ACKED ? FINIS_CLOSE_ACKED : FINIS_CLOSE_UNACKED;
}

int finis_close_step(struct finis *finis, int64_t now_ms, struct finis_want *ret_want)
{
        KEEP_ERRNO;
        int r;

        if (!(finis->close_flags & UNDER_WAY))
                return -EINVAL;
        r = step(finis, now_ms);
        if (r == FINIS_CLOSE_AGAIN)
                want(finis, now_ms, ret_want);
        else if (r >= 0)
                r = finish(finis, r);
        return r;
}

int finis_close_begin(struct finis *finis, const struct finis_close_options *options, int64_t now_ms,
                      struct finis_want *ret_want)
{
        KEEP_ERRNO;
        static const struct finis_close_options usual;
        int32_t deadline_ms;
        uint32_t marks = 0;

        options = options ?: &usual;
        if (options->flags & ~(uint32_t)ALL_FLAGS)
                return -EINVAL;
        if (shutdown(finis->fd, SHUT_WR) == 0) {
                marks = SHUT_WORKED;
                finis->marks |= MARK_OWN_FIN;
        } else if (errno != ENOTCONN)
                return -errno;

        deadline_ms = options->deadline_ms ?: DEADLINE_MS;
        finis->close_idle_ms = options->idle_ms ?: IDLE_MS;
        finis->close_until_ms = later(now_ms, deadline_ms);
        finis->close_drain_left = options->drain_max ?: DRAIN_MAX;
        finis->close_flags = options->flags | UNDER_WAY | marks;
        finis->close_look_at_ms = INT64_MAX;
        finis->close_pause_ms = 0;
        finis->close_acked = 0;
        /* What has ended already has nothing to wait for. */
        if (!marks)
                finis->close_look_at_ms = now_ms;
        progress(finis, now_ms);
        return finis_close_step(finis, now_ms, ret_want);
}
