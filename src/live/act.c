/* From tasks, calls and states to acts. */
#include "live/act.h"

#include <errno.h>
#include <sys/syscall.h>

enum { SHUT_SEND = 2, SHUT_BOTH = 3 };
/* The same on all machines; older headers lack them. */
enum { CALL_IO_URING_ENTER = 426, CALL_CLOSE_RANGE = 436 };

static bool is_call(const struct live_end *end, long call)
{
        return end->flags & LIVE_CALL_KNOWN && !(end->flags & LIVE_EXITING) && end->act.call == call;
}

static const char *name_of(const struct live_end *end)
{
        static const struct {
                long call;
                const char *name;
        } names[] = {
                { SYS_close, "close" }, { SYS_shutdown, "shutdown" }, { SYS_connect, "connect" },
                { SYS_execve, "execve" }, { SYS_execveat, "execveat" }, { SYS_exit_group, "exit_group" },
                { SYS_exit, "exit" }, { SYS_dup3, "dup3" },
                { SYS_sendto, "sendto" }, { SYS_sendmsg, "sendmsg" }, { SYS_write, "write" },
                { CALL_CLOSE_RANGE, "close_range" }, { CALL_IO_URING_ENTER, "io_uring_enter" },
#ifdef SYS_dup2
                { SYS_dup2, "dup2" },
#endif
        };

        if (!(end->flags & LIVE_CALL_KNOWN))
                return NULL;
        for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (names[i].call == end->act.call)
                        return names[i].name;
        return NULL;
}

/* Taken to CLOSE at once, and by what the kernel calls neither close nor exit: it had not been shut both ways then,
 * as __tcp_close() does first. */
static bool was_taken_down(const struct live_end *end)
{
        return end->act_to == TCP_STATE_CLOSE && end->act_from != TCP_STATE_CLOSE &&
               (end->act_error == ECONNABORTED || end->act_shutdown != SHUT_BOTH || is_call(end, SYS_connect));
}

/* tcp_abort() puts ECONNABORTED on it, before or after the change of state; connect(AF_UNSPEC) nothing. A shutdown()
 * that finds no answer yet to the SYN disconnects (inet_shutdown()). */
static enum act taken_down_by(const struct live_end *end)
{
        if (end->act_error == ECONNABORTED || end->error == ECONNABORTED)
                return ACT_SOCK_DESTROY;
        if (is_call(end, SYS_shutdown) && end->act_from == TCP_STATE_SYN_SENT)
                return ACT_SHUTDOWN;
        if (is_call(end, SYS_connect) || !(end->flags & LIVE_CALL_KNOWN))
                return ACT_CONNECT_UNSPEC;
        return ACT_SOCK_DESTROY;
}

bool live_end_never_asked(const struct live_end *end)
{
        return !(end->flags & LIVE_ESTABLISHED) && end->flags & LIVE_SNAPPED && is_call(end, SYS_connect) &&
               end->act_from == TCP_STATE_SYN_SENT && end->act_to == TCP_STATE_CLOSE &&
               (end->unacked == 0 || end->unsent > 0);
}

/* close() shuts both ways first, so one way alone is shutdown(), by whichever call: io_uring has its own. If both ways
 * are shut, and the socket was still held when all was over, it had not been closed. */
static bool is_shutdown(const struct live_end *end)
{
        bool by_ring = end->flags & LIVE_CALL_KNOWN && !(end->flags & LIVE_EXITING) &&
                       (end->act.call == CALL_IO_URING_ENTER || !name_of(end));

        if (end->act_to != TCP_STATE_FIN_WAIT1 && end->act_to != TCP_STATE_LAST_ACK)
                return false;
        if (end->act_held != LIVE_HELD_UNKNOWN)
                return end->act_held == LIVE_HELD;
        return end->act_shutdown == SHUT_SEND || is_call(end, SYS_shutdown) ||
               (by_ring && end->flags & LIVE_SNAPPED && !(end->flags & LIVE_ORPHAN));
}

bool live_end_let_go_by_a_stranger(const struct live_end *end)
{
        static const long calls[] = {
                SYS_read, SYS_pread64, SYS_readlinkat, SYS_newfstatat, SYS_statx, SYS_kcmp,
#ifdef SYS_readlink
                SYS_readlink, SYS_stat,
#endif
        };

        if (!(end->flags & LIVE_ACT) || (end->owner == end->act.tgid && !(end->flags & LIVE_CLOSER)))
                return false;
        for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
                if (is_call(end, calls[i]))
                        return true;
        return false;
}

static struct live_act of_task(const struct live_end *end)
{
        struct live_act act = { .known = true, .by_task = true, .how = ACT_CLOSE, .task = end->act };

        act.call = end->flags & LIVE_EXITING ? NULL : name_of(end);
        if (live_end_never_asked(end)) {
                act.known = false;
        } else if (was_taken_down(end)) {
                act.how = taken_down_by(end);
        } else if (end->flags & LIVE_EXITING) {
                act.signal = end->act.exit_code & 0x7f;
                act.how = act.signal ? ACT_SIGNAL : ACT_EXIT;
                act.call = act.signal ? NULL : name_of(end);
        } else if (is_shutdown(end)) {
                act.how = ACT_SHUTDOWN;
        } else if (is_call(end, SYS_execve) || is_call(end, SYS_execveat)) {
                act.how = ACT_EXEC;
        } else if (is_call(end, SYS_exit_group) || is_call(end, SYS_exit)) {
                act.how = ACT_EXIT;
        } else if (!(end->flags & LIVE_CALL_KNOWN) && end->act_held == LIVE_HELD_UNKNOWN &&
                   end->act_to != TCP_STATE_CLOSE && end->act_from == TCP_STATE_CLOSE_WAIT) {
                /* Before 5.15 the call is not known, and shutdown() looks the same here. */
                act.known = false;
        }
        return act;
}

bool live_end_gave_up(const struct live_end *end)
{
        if (end->flags & LIVE_RST_IN)
                return false;
        if (end->error == ETIMEDOUT)
                return true;
        return end->flags & LIVE_ESTABLISHED && (end->error == EHOSTUNREACH || end->error == ENETUNREACH);
}

bool live_end_resets(const struct live_end *end)
{
        return end->flags & LIVE_RST_OUT && !(end->flags & LIVE_RST_REPLY);
}

struct live_act live_act_of(const struct live_end *end)
{
        struct live_act act = { 0 };

        if (live_end_let_go_by_a_stranger(end))
                return act;
        if (end->flags & LIVE_ACT && end->act_from != TCP_STATE_CLOSE)
                return of_task(end);
        if (live_end_gave_up(end)) {
                act.known = true;
                act.how = ACT_TIMER;
        } else if (live_end_resets(end) && !(end->flags & (LIVE_ORPHAN | LIVE_OPENED)) && end->flags & LIVE_NO_FILE) {
                /* Nobody had accepted it. */
                act.known = true;
                act.how = ACT_LISTENER_CLOSE;
        } else if (live_end_resets(end) && end->flags & LIVE_ORPHAN && end->last_state == TCP_STATE_FIN_WAIT2) {
                act.known = true;
                act.how = ACT_TIMER;
        }
        return act;
}
