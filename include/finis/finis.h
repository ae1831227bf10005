/* libfinis: send and close so that you know what arrived.
 *
 * A TCP socket on Linux still knows, after a failure, what became of the bytes: which of them the
 * other kernel acknowledged, which were sent without an answer, which never left this host. It says
 * so as long as the descriptor is open, and to nobody after close(). This library asks it.
 *
 *   On a descriptor     finis_send() finis_sendv() finis_shut() finis_abort() finis_abort_keep()
 *                       finis_sigpipe_block() finis_sigpipe_restore() finis_look()
 *   With a memory       finis_init() finis_write() finis_writev() finis_read() finis_note_*()
 *                       finis_take_error() finis_report()
 *   Closing             finis_close(), or finis_close_begin() and finis_close_step() in a loop
 *   Words               finis_ending_name() finis_close_name() finis_version()
 *
 * Acknowledged means: by the other end's kernel. That its program read the bytes no socket can know;
 * only an answer of the program itself says so. Bytes are stream bytes; neither SYN nor FIN counts.
 *
 * Returns. A value of 0 or more is success; less than 0 is a negative errno constant. The variable
 * errno is left as it was. EBADF, ENOTSOCK and, where TCP is needed, EOPNOTSUPP may come from every
 * function that takes a descriptor and are not repeated below.
 *
 * The library allocates nothing, keeps nothing outside of the caller's structs, starts no thread,
 * installs no signal handler, prints nothing, and raises no SIGPIPE.
 *
 * Threads. Calls on different descriptors and structs do not touch each other. A struct belongs to
 * one thread at a time. Exact counts need that nobody else writes to the socket during the call.
 *
 * Not covered: Multipath TCP, TCP_REPAIR; and unread urgent data (MSG_OOB) on the receiving side,
 * which makes the count behind FINIS_PEER_FIN wrong by one. Urgent data sent is counted right.
 *
 * The sources named below are functions of the Linux kernel, net/ipv4/tcp*.c unless said. */
#ifndef FINIS_FINIS_H
#define FINIS_FINIS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define FINIS_VERSION_MAJOR 0
#define FINIS_VERSION_MINOR 1
#define FINIS_VERSION_PATCH 0
#define FINIS_VERSION ((FINIS_VERSION_MAJOR << 16) | (FINIS_VERSION_MINOR << 8) | FINIS_VERSION_PATCH)

#if defined(__GNUC__)
#define FINIS_PUBLIC __attribute__((visibility("default")))
#else
#define FINIS_PUBLIC
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- On a descriptor -------------------------------------------------------------------------- */

/* Sends without SIGPIPE: send(2) and sendmsg(2) with MSG_NOSIGNAL and no other flag.
 * Returns the bytes taken, which may be fewer than asked for, or a negative errno: -EAGAIN, -EINTR
 * (a signal handler ran and nothing had been taken), -ECONNRESET, -EPIPE, -ETIMEDOUT and others.
 * The connection's error is one slot, read once (sock_error()): this call takes it away.
 * -EPIPE says that this end was shut down, or that a FIN came before the reset, or that an earlier
 * call took the error; it does not say that what was sent before has arrived (sk_stream_error()).
 * finis_sendv() takes up to IOV_MAX elements; more is -EMSGSIZE.
 * System calls: 1. Threads: any. */
FINIS_PUBLIC ssize_t finis_send(int fd, const void *data, size_t n);
FINIS_PUBLIC ssize_t finis_sendv(int fd, const struct iovec *parts, size_t n_parts);

/* For calls that cannot be told not to raise SIGPIPE: sendfile(2), splice(2), write(2), and
 * libraries that use them. Both are for the calling thread, which is where the kernel sends the
 * SIGPIPE of a socket; no handler and no other thread is touched. Everything between the two calls
 * happens with SIGPIPE blocked; the second takes away one that was raised meanwhile, unless one was
 * pending before the first, and then puts the mask back. A SIGPIPE that somebody sent to the whole
 * process meanwhile with kill(2) may be taken away too.
 * They nest, each pair with a struct of its own. Return 0; fail only if the kernel does.
 * System calls: 2 (rt_sigpending, rt_sigprocmask), then 2 (rt_sigtimedwait, rt_sigprocmask), or 1
 * where nothing can be taken away. Threads: call both in the same thread. */
struct finis_sigpipe {
        int was_pending;
        int was_blocked;
        int reserved[2];
};
FINIS_PUBLIC int finis_sigpipe_block(struct finis_sigpipe *sigpipe);
FINIS_PUBLIC int finis_sigpipe_restore(const struct finis_sigpipe *sigpipe);

/* shutdown(2): @how is SHUT_RD, SHUT_WR or SHUT_RDWR. SHUT_WR sends FIN behind what is queued, and
 * never blocks, whatever SO_LINGER says. SHUT_RD sends nothing and stops nothing: data that comes
 * later is still acknowledged, and can be read (tcp_shutdown() ignores it). After SHUT_RDWR data
 * that comes draws a reset from this kernel, and this end then sees ECONNRESET.
 * Returns 0; -ENOTCONN where the connection has ended already, in order or by a reset.
 * It acts at once on the connection, also if other descriptors share the socket.
 * System calls: 1. Threads: any. */
FINIS_PUBLIC int finis_shut(int fd, int how);

/* Ends the connection with a reset and closes @fd: SO_LINGER with 0 seconds, then close(2). What is
 * unsent or unacknowledged is thrown away (tcp_disconnect()). Never blocks.
 * Returns 0; the descriptor is closed then, and also if setting SO_LINGER failed (the error is
 * returned). Only -EBADF and -ENOTSOCK leave it alone.
 * No reset goes out where another descriptor still holds the socket (dup(2), fork(2)): nothing ends
 * then; and where the connection has ended already, or its own FIN was sent and the peer's came,
 * RFC 9293 3.10.5 (tcp_need_reset()).
 * System calls: 2. Threads: any. */
FINIS_PUBLIC int finis_abort(int fd);

/* Ends the connection with a reset at once, and the descriptor stays yours: connect(2) with
 * AF_UNSPEC. For descriptors that belong to a loop or a library; also ends it for other holders.
 * The kernel forgets all counts: ask finis_report() before. The socket's error is ECONNRESET then.
 * Returns 0; -EBUSY on some older kernels where another thread waits in the socket.
 * System calls: 1. Threads: any. */
FINIS_PUBLIC int finis_abort_keep(int fd);

/* ---- What there is to know -------------------------------------------------------------------- */

/* How a connection ended, in the words of finis(1). */
enum finis_ending {
        FINIS_ENDING_REFUSED,           /* the SYN was answered by a refusal: ECONNREFUSED */
        FINIS_ENDING_UNANSWERED,        /* the handshake was never completed; the error may say why */
        FINIS_ENDING_RESET,             /* a reset, before both FINs were acknowledged */
        FINIS_ENDING_ORDERLY,           /* both FINs came and were acknowledged */
        FINIS_ENDING_TIMED_OUT,         /* this kernel gave up: repeats, probes, keepalives in vain */
        FINIS_ENDING_HALF_CLOSED,       /* not ended: at least one FIN, and not both acknowledged */
        FINIS_ENDING_OPEN,              /* not ended: established, or still connecting */
        FINIS_ENDING_UNSEEN             /* ended, and too little is known to say how; never a guess */
};

/* The kind of call that an error was seen by. */
enum finis_call {
        FINIS_CALL_NONE,
        FINIS_CALL_CONNECT,
        FINIS_CALL_WRITE,
        FINIS_CALL_READ,
        FINIS_CALL_SO_ERROR             /* getsockopt(SO_ERROR), or finis_take_error() */
};

/* Flags of struct finis_report. */
#define FINIS_PEER_FIN          0x0001u /* the peer's FIN came, in order: it had written all it wrote */
#define FINIS_OWN_FIN           0x0002u /* this end's FIN is queued or sent */
#define FINIS_OWN_FIN_ACKED     0x0004u /* and acknowledged; so is every byte before it */
#define FINIS_BY_US             0x0008u /* this host ended it: SOCK_DESTROY, connect(AF_UNSPEC) */
#define FINIS_VOID              0x0010u /* connect(AF_UNSPEC) wiped the counts: they are all 0 */
#define FINIS_PEER_FIN_UNKNOWN  0x0020u /* ended, and whether a FIN had come cannot be told */
#define FINIS_OFF_BY_ONE        0x0040u /* a SYN or FIN may be counted as one byte */
#define FINIS_UNNOTED_WRITES    0x0080u /* the kernel took other bytes than were noted */
#define FINIS_UNNOTED_READS     0x0100u /* likewise for reads */
#define FINIS_MOVING            0x0200u /* acknowledgements came in faster than one can look */

/* Written whole by finis_look(), finis_report() and finis_close(). Always:
 * written = acknowledged + uncertain + unsent. */
struct finis_report {
        enum finis_ending ending;
        uint32_t flags;                 /* FINIS_* */
        int error;                      /* errno constant, positive; 0: none was seen */
        enum finis_call error_by;       /* the first call that saw it */
        int tcp_state;                  /* as in tcpi_state: 1 ESTABLISHED … 7 CLOSE … */
        uint32_t rtt_us;                /* smoothed, or 0 */
        uint32_t n_repeats;             /* repeats or probes in a row without an answer, so far or
                                         * at the end */
        uint32_t reserved_0;
        uint64_t written;               /* bytes that the kernel took from this end's programs */
        uint64_t acknowledged;          /* of them, by the other kernel, in order */
        uint64_t uncertain;             /* of them, sent at least once and not acknowledged */
        uint64_t unsent;                /* of them, never left this host */
        uint64_t received;              /* bytes that this kernel took from the peer, in order */
        uint64_t unread;                /* of them, readable still, even after a reset */
        uint64_t retransmitted;         /* bytes sent again */
        uint64_t reserved[8];
};

/* Looks at a socket. Takes no error away and changes nothing: never SO_ERROR. Works on a connection
 * that has ended too, as long as the descriptor is open (tcp_get_info(), tcp_ioctl()).
 *
 * Without a memory some things cannot be told. The counts run from the start of the connection; the
 * SYN of the connecting side and a FIN occupy a number each, which the look subtracts where the
 * state or the sums show them, and says FINIS_OFF_BY_ONE where they do not. Of a connection that has
 * ended it cannot know the peer's FIN (FINIS_PEER_FIN_UNKNOWN), so the ending is
 * FINIS_ENDING_UNSEEN unless something was left unacknowledged. @error is always 0.
 * Returns 0; -EINVAL for a listener.
 * System calls: 4 (SIOCOUTQ, SIOCOUTQNSD, TCP_INFO, SIOCINQ), where bytes are unacknowledged 5, and
 * at most 29 where acknowledgements come in meanwhile; 2 more (TCP_USER_TIMEOUT, TCP_RTO_MAX_MS) for
 * a connection that ended while the peer's window was shut. Threads: any. */
FINIS_PUBLIC int finis_look(int fd, struct finis_report *ret_report);

/* ---- With a memory ---------------------------------------------------------------------------- */

/* What the library remembers of one connection, in the caller's memory. The fields are its own. */
struct finis {
        int fd;
        uint32_t marks;
        int error;
        enum finis_call error_by;
        uint64_t n_written;
        uint64_t n_read;
        uint64_t base_written;
        uint64_t base_received;
        /* of a close under way */
        int64_t close_until_ms;
        int64_t close_idle_until_ms;
        uint64_t close_drain_left;
        uint64_t close_acked;
        int64_t close_look_at_ms;
        int32_t close_idle_ms;
        int32_t close_pause_ms;
        uint32_t close_flags;
        int32_t close_verdict;
        uint64_t reserved[8];
};

/* Begins to remember @fd. All counts of this struct run from here: call it after connect(), before
 * connect(), or after accept(); and again after connect(AF_UNSPEC), which makes a new connection.
 * Does not take the descriptor over.
 * Returns 0; -EINVAL for a listener.
 * System calls: as finis_look(). Threads: one at a time, a struct. */
FINIS_PUBLIC int finis_init(struct finis *finis, int fd);

/* finis_send(), finis_sendv() and recv(2) without flags, remembered. finis_read() returns the bytes
 * read; 0 at the end of the stream, which is only an orderly end if finis_report() says
 * FINIS_PEER_FIN: after an error was taken away the kernel says 0 too (tcp_recvmsg_locked()).
 * System calls: 1. Threads: one at a time, a struct. */
FINIS_PUBLIC ssize_t finis_write(struct finis *finis, const void *data, size_t n);
FINIS_PUBLIC ssize_t finis_writev(struct finis *finis, const struct iovec *parts, size_t n_parts);
FINIS_PUBLIC ssize_t finis_read(struct finis *finis, void *ret_data, size_t n);

/* Notes the result of a call that the program made itself, right after it:
 *
 *         n = sendfile(fd, file, &offset, size);
 *         finis_note_write(&finis, n);
 *
 * @result is the call's own: the bytes moved, or -1 and errno; another negative value is taken for a
 * negative errno. For sendmmsg(2) give the sum of msg_len, for recvmsg(2) and splice(2) the return;
 * never note MSG_PEEK. What goes through a TLS library has other lengths: note none of it, then only
 * the checks against the noted bytes are lost (FINIS_UNNOTED_*). finis_note_error() is for a value
 * that SO_ERROR gave, finis_note_connect() for connect(2). finis_note_shut() says that shutdown(2)
 * with @how returned 0; finis_close() knows by itself. Note all writes or none, all reads or none.
 * System calls: 0. Threads: one at a time, a struct. */
FINIS_PUBLIC void finis_note_write(struct finis *finis, ssize_t result);
FINIS_PUBLIC void finis_note_read(struct finis *finis, ssize_t result);
FINIS_PUBLIC void finis_note_connect(struct finis *finis, int result);
FINIS_PUBLIC void finis_note_shut(struct finis *finis, int how);
FINIS_PUBLIC void finis_note_error(struct finis *finis, int error);

/* Takes the connection's pending error, if it has one, and remembers it. Unlike a bare SO_ERROR it
 * is not misled by an ICMP message about a living connection (sk_err_soft): it asks only if poll(2)
 * shows an error and the connection has ended.
 * Returns the error as a positive errno, or 0 where none is pending.
 * System calls: 1 where none is pending, else 3 (poll, TCP_INFO, SO_ERROR), at most 4. Threads: one at a
 * time, a struct. */
FINIS_PUBLIC int finis_take_error(struct finis *finis);

/* Tells what became of the connection since finis_init(). Right as soon as a call has failed, and
 * also if the failure was swallowed by sendfile(2), splice(2), sendmmsg(2) or an unnoted SO_ERROR:
 * the counts and FINs come from the kernel's own numbers, never from the error.
 *
 *   written        all that the kernel took since, noted or not
 *   acknowledged   exact, in order; the peer may have got more whose acknowledgement was lost or
 *                  rode on the reset (tcp_reset() does not look at it): never less
 *   uncertain      sent, fate unknown
 *   unsent         certainly never left this host
 *   unread         can still be read: a reset does not take received data away
 *
 * In the state CLOSE the peer's FIN is known by arithmetic: bytes received, less those read, less
 * those unread, is 1 if it came. So reads must be noted, or none of it is claimed. One case cannot be
 * told from it: no read was noted, a single byte was taken, and others lie unread. Where no noted
 * call saw the error, and segments had been repeated without an answer, or the peer's window was shut
 * and TCP_USER_TIMEOUT set, a reset and a time-out look alike: FINIS_ENDING_UNSEEN. If
 * the error is still pending, finis_take_error() first; EPIPE from a write does not tell the two apart.
 * An ORDERLY end does not show that the peer's program read everything: its kernel answers in order
 * even if it later throws data away.
 * Takes no error away. Must come before close(). poll(2) may show an error a moment before the state
 * tells of the end, as it does not wait for the socket's lock; a call that failed never is early.
 * Returns 0.
 * System calls: as finis_look(). Threads: one at a time, a struct. */
FINIS_PUBLIC int finis_report(struct finis *finis, struct finis_report *ret_report);

/* ---- Closing ---------------------------------------------------------------------------------- */

/* What a close came to. */
enum finis_closed {
        FINIS_CLOSE_CLEAN,              /* all acknowledged, and the peer's FIN came */
        FINIS_CLOSE_ACKED,              /* all acknowledged; the peer did not close in time */
        FINIS_CLOSE_UNACKED,            /* something was not acknowledged in time */
        FINIS_CLOSE_RESET,              /* the connection broke: a reset, or a kernel's time-out; or had
                                         * ended before, and reads without a note hide how */
        FINIS_CLOSE_OVERRUN,            /* the peer sent more than was to be drained */
        FINIS_CLOSE_AGAIN               /* only from finis_close_begin() and _step(): not yet */
};

/* Flags of struct finis_close_options. */
#define FINIS_ABORT_IF_LATE     0x01u   /* where it is not CLEAN, ACKED or RESET: a reset. Else the
                                         * descriptor is closed and the kernel goes on by itself */
#define FINIS_ACK_IS_ENOUGH     0x02u   /* do not wait for the peer's FIN: ACKED is the aim */
#define FINIS_KEEP_FD           0x04u   /* leave the descriptor open, so that more can be asked */
#define FINIS_EDGE              0x08u   /* the caller's loop is edge-triggered */

/* Zero it and set what you need. 0 means the value in brackets, a negative time means no limit. */
struct finis_close_options {
        int32_t deadline_ms;            /* from the beginning to the end, whatever happens (30000) */
        int32_t idle_ms;                /* without progress; each byte received or acknowledged
                                         * begins it anew (5000) */
        uint64_t drain_max;             /* bytes of the peer's to throw away (1 MiB) */
        uint32_t flags;
        uint32_t reserved[7];
};

/* Closes so that the last bytes arrive and the result is known, as RFC 9112 9.6 asks of servers:
 * shutdown(SHUT_WR); then reads and throws away until the peer's FIN, so that unread data causes no
 * reset (RFC 1122 4.2.2.13, __tcp_close()); checks that this end's FIN was acknowledged, which it is
 * only after every byte before it; then closes the descriptor.
 * Blocks, also on a non-blocking socket, and never longer than @options say. SO_LINGER is not used;
 * one that was set is switched off, as it would block or reset. close(2) is never repeated.
 *
 * Do not use it while an answer is wanted from the peer: it is thrown away, and some peers take a
 * FIN for the end of all. A TLS library's close_notify is to be sent before.
 * @options may be NULL. @ret_report may be NULL; else it is filled before the descriptor is closed.
 * Returns enum finis_closed, or a negative errno (-EINVAL for options, the descriptor is untouched).
 * CLEAN does not say that the peer's program read everything.
 * System calls: 6 with a peer that behaves: shutdown, recv, poll, recv, TCP_INFO, close. With bytes
 * that were not noted up to 5 more; a report 4 or more; a wait that ends without a result 2 or 3 more;
 * a result of ACKED, UNACKED or OVERRUN 1 (SO_LINGER off, or on to abort).
 * Signals: a handler that runs does not end the wait. Threads: one at a time, a struct. */
FINIS_PUBLIC int finis_close(struct finis *finis, const struct finis_close_options *options,
                             struct finis_report *ret_report);

/* What a close under way waits for. */
struct finis_want {
        short events;                   /* poll(2) bits. 0: take the descriptor out of a
                                         * level-triggered loop, which would spin; the timer counts */
        short edge;                     /* the FINIS_EDGE of the options: watch @events edge-triggered,
                                         * registered once */
        int timeout_ms;                 /* call again after so long, if nothing came; -1: never */
        uint32_t reserved[2];
};

/* The same without waiting, for any loop. finis_close_begin() starts it, finis_close_step() goes on
 * when one of the wanted events came or the time was over; calling it too often does no harm.
 * @now_ms is any clock that does not jump, in milliseconds, the same each time.
 *
 * Level-triggered (poll, select, epoll without EPOLLET): watch ret_want->events, anew after each
 * call. Edge-triggered, with FINIS_EDGE: register EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET once; the
 * kernel then tells of the acknowledgement too (tcp_rcv_state_process() wakes on FIN_WAIT2), and the
 * timer is only for the deadlines. Level-triggered loops are not told; they ask again after a
 * round trip, then after ever longer, 200 ms at most.
 * A loop that owns its descriptors (libuv): give dup(2) of it to finis_init(), and close the handle;
 * closing one of two descriptors sends nothing.
 *
 * Returns FINIS_CLOSE_AGAIN with @ret_want filled, or the result as finis_close(), with the
 * descriptor closed (unless FINIS_KEEP_FD): take it out of a level-triggered loop before each call
 * only if the loop needs that; epoll forgets a closed descriptor that has no other holder.
 * For a report use FINIS_KEEP_FD, then finis_report(), then close(2).
 * System calls: _begin 1 and a step. A step 1 or 2 while waiting (recv, TCP_INFO). */
FINIS_PUBLIC int finis_close_begin(struct finis *finis, const struct finis_close_options *options,
                                   int64_t now_ms, struct finis_want *ret_want);
FINIS_PUBLIC int finis_close_step(struct finis *finis, int64_t now_ms, struct finis_want *ret_want);

/* ---- Words ------------------------------------------------------------------------------------ */

/* The word for a value, as finis(1) prints it: "timed-out", "clean"; "?" for one out of range.
 * finis_version() is FINIS_VERSION of the library that runs. System calls: 0. Threads: any. */
FINIS_PUBLIC const char *finis_ending_name(enum finis_ending ending);
FINIS_PUBLIC const char *finis_close_name(int closed);
FINIS_PUBLIC int finis_version(void);

#ifdef __cplusplus
}
#endif

#endif
