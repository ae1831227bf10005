/* The counts of finis_report() in random lives and ends of connections over loopback, held against
 * what the other end's kernel and program say.
 *
 * FINIS_SEED chooses the sequence, FINIS_RUNS how many (1200). A failure names its run's seed.
 *
 * The truth: the bytes that the calls took, summed here; tcpi_bytes_received of the peer's own
 * socket just before it ends; and what its program read. Where the peer had the time to acknowledge
 * everything before its end, the counts must be equal; else the peer may have more than was
 * acknowledged, by at most what is called uncertain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#include "sockets.h"

enum {
        N_WORKERS = 6,
};

static uint64_t dice;

static uint64_t next(void)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice;
}

static uint32_t below(uint32_t n)
{
        return (uint32_t)((next() >> 11) % n);
}

static bool one_in(uint32_t n)
{
        return below(n) == 0;
}

enum act {
        PEER_RESETS,                 /* linger 0 */
        PEER_CLOSES,                 /* a reset if it has unread data, else FIN */
        PEER_FIN_THEN_RESET,
        PEER_FIN_THEN_CLOSES,        /* the same, with close() */
        PEER_DISCONNECTS,
        BOTH_CLOSE,                  /* peer first, or this end first */
        PEER_IS_KILLED,
        OWN_TIME_OUT,
        N_ACTS
};

struct life {
        struct finis f;
        int own, peer;
        bool blocking, note;
        uint64_t written, read;      /* by own calls, summed here */
        uint64_t peer_wrote, peer_read;
        int file;
        bool own_fin, peer_fin;
};

static char bytes[1 << 16];

static void own_write(struct life *l)
{
        size_t n = one_in(4) ? below(sizeof(bytes)) + 1 : below(3000) + 1;
        ssize_t r;

        if (l->own_fin)
                return;
        switch (below(4)) {
        case 0:
                r = sendfile(l->own, l->file, &(off_t) { 0 }, n);
                finis_note_write(&l->f, r);
                break;
        case 1:
                r = send(l->own, bytes, n, MSG_NOSIGNAL | (one_in(3) ? MSG_MORE : 0));
                finis_note_write(&l->f, r);
                break;
        case 2: {
                const struct iovec parts[2] = { { bytes, n / 2 }, { bytes, n - n / 2 } };

                r = finis_writev(&l->f, parts, 2);
                break;
        }
        default:
                r = finis_write(&l->f, bytes, n);
        }
        if (r > 0)
                l->written += (uint64_t)r;
}

static void own_read(struct life *l)
{
        ssize_t r;

        if (one_in(2))
                r = finis_read(&l->f, bytes, below(4000) + 1);
        else {
                r = recv(l->own, bytes, below(4000) + 1, 0);
                finis_note_read(&l->f, r);
        }
        if (r > 0)
                l->read += (uint64_t)r;
}

static void peer_writes(struct life *l)
{
        ssize_t r;

        if (l->peer_fin)
                return;
        r = send(l->peer, bytes, below(8000) + 1, MSG_NOSIGNAL);
        if (r > 0)
                l->peer_wrote += (uint64_t)r;
}

static void peer_reads(struct life *l)
{
        ssize_t r = recv(l->peer, bytes, below(sizeof(bytes)) + 1, 0);

        if (r > 0)
                l->peer_read += (uint64_t)r;
}

static int unread_of(int fd)
{
        int n = 0;

        assert_int_equal(ioctl(fd, SIOCINQ, &n), 0);
        return n;
}

static int outstanding_of(int fd)
{
        int n = 0;

        assert_int_equal(ioctl(fd, SIOCOUTQ, &n), 0);
        return n;
}

static void kill_the_peer(struct life *l)
{
        int ends[2];
        pid_t pid;
        char c;

        /* Another process becomes the only holder, and is shot. */
        assert_int_equal(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
                close(l->own);
                if (write(ends[1], "", 1) == 1)
                        for (;;)
                                pause();
                _exit(1);
        }
        assert_int_equal(read(ends[0], &c, 1), 1);
        close(l->peer);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        close(ends[0]);
        close(ends[1]);
}

static bool shows(int fd, short events, int timeout_ms)
{
        struct pollfd poller = { .fd = fd, .events = events };

        return poll(&poller, 1, timeout_ms) == 1 && poller.revents & events;
}

static void wait_for_the_end(struct life *l, bool expect_death)
{
        if (expect_death) {
                await(l->own, POLLHUP);
                /* poll() may be a moment ahead of the state. */
                await_state(l->own, CLOSED);
        }
        /* The peer's FIN is behind what it wrote, which may need room here. */
        else
                for (int i = 0; i < PATIENCE_MS && !shows(l->own, POLLRDHUP, 1); ++i)
                        own_read(l);
        await(l->own, POLLRDHUP);
}

static void eat_the_error(struct life *l)
{
        socklen_t n = sizeof(int);
        int error;

        switch (below(5)) {
        case 0:
                getsockopt(l->own, SOL_SOCKET, SO_ERROR, &error, &n);
                break;
        case 1:
                getsockopt(l->own, SOL_SOCKET, SO_ERROR, &error, &n);
                finis_note_error(&l->f, error);
                break;
        case 2:
                finis_take_error(&l->f);
                break;
        case 3:
                for (int i = 0; i < 3; ++i)
                        own_write(l);
                break;
        default:
                break;
        }
}

/* A delayed acknowledgement takes 40 to 200 ms; most come at once. Nothing may be on its way that could
 * come after all. */
static bool settle(const struct life *l, uint64_t syn)
{
        for (int i = 0; i < 250; ++i) {
                struct tcp_info own = info_of(l->own);

                if (own.tcpi_unacked == 0 && own.tcpi_bytes_acked == info_of(l->peer).tcpi_bytes_received + syn)
                        return true;
                usleep(1000);
        }
        return false;
}

/* No error was told, and a time-out would have looked the same. */
static bool unseen_with_reason(const struct finis_report *r, bool timed)
{
        return r->ending == FINIS_ENDING_UNSEEN && (r->error == 0 || r->error == EPIPE) &&
               (r->n_repeats > 0 || timed);
}

#define must(truth) do { \
                if (!(truth)) { \
                        printf("# run %u, seed %" PRIu64 ": act %d, not %s: ending %s flags %#x written %" PRIu64 \
                               " acked %" PRIu64 " uncertain %" PRIu64 " unsent %" PRIu64 " received %" PRIu64 \
                               " unread %" PRIu64 " error %d; truth: peer had %" PRIu64 "\n", \
                               run, seed, act, #truth, finis_ending_name(r.ending), r.flags, r.written, \
                               r.acknowledged, r.uncertain, r.unsent, r.received, r.unread, r.error, had); \
                        fail(); \
                } \
        } while (0)

/* Of all workers. */
static struct sums {
        unsigned n_acts[N_ACTS], n_endings[8], n_settled, n_uncertain;
} *sums;

static void add(unsigned *sum)
{
        __atomic_add_fetch(sum, 1, __ATOMIC_RELAXED);
}

static void live_and_end(unsigned run, uint64_t seed)
{
        enum act act;
        struct life l = { 0 };
        struct finis_report r;
        int client, server;
        uint64_t had;
        bool settled, peer_unread, dead = true;

        dice = seed * 0x9e3779b97f4a7c15u + run * 0xbf58476d1ce4e5b9u + 1;
        for (int i = 0; i < 5; ++i)
                next();
        act = (enum act)below(N_ACTS);
        if (act == OWN_TIME_OUT && !one_in(8))      /* each takes half a second */
                act = PEER_CLOSES;

        a_pair(&client, &server);
        l.own = one_in(2) ? client : server;
        l.peer = l.own == client ? server : client;
        l.file = memfd_create("bytes", MFD_CLOEXEC);
        assert_int_equal(ftruncate(l.file, sizeof(bytes)), 0);
        if (one_in(2))
                set(l.own, SOL_SOCKET, SO_SNDBUF, (int)below(100000) + 5000);
        if (one_in(2))
                set(l.peer, SOL_SOCKET, SO_RCVBUF, (int)below(50000) + 3000);
        if (one_in(3))
                set(l.own, IPPROTO_TCP, TCP_NODELAY, 1);
        if (one_in(3))
                set(l.own, IPPROTO_TCP, TCP_MAXSEG, (int)below(1000) + 500);
        be_nonblocking(l.own);
        be_nonblocking(l.peer);
        assert_int_equal(finis_init(&l.f, l.own), 0);

        for (unsigned i = below(25); i > 0; --i) {
                if (one_in(2))
                        own_write(&l);
                else if (one_in(2))
                        peer_reads(&l);
                else if (one_in(2))
                        peer_writes(&l);
                else
                        own_read(&l);
                if (one_in(8)) {
                        assert_int_equal(finis_report(&l.f, &r), 0);
                        had = info_of(l.peer).tcpi_bytes_received;
                        must(r.ending == FINIS_ENDING_OPEN && r.written == l.written);
                        must(r.acknowledged <= had);
                        must(r.written == r.acknowledged + r.uncertain + r.unsent);
                }
        }
        if (one_in(4)) {
                assert_int_equal(finis_shut(l.own, SHUT_WR), 0);
                l.own_fin = true;
                if (one_in(2))
                        finis_note_shut(&l.f, SHUT_WR);
        }
        if (act == OWN_TIME_OUT) {
                set(l.own, IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
                for (int i = 0; i < 1000 && !l.own_fin; ++i)
                        own_write(&l);
                usleep(20000);
        }
        settled = one_in(2) && settle(&l, l.own == client);
        peer_unread = unread_of(l.peer) > 0;
        had = info_of(l.peer).tcpi_bytes_received;

        switch (act) {
        case PEER_RESETS:
                reset_by(l.peer);
                break;
        case PEER_CLOSES:
                close(l.peer);
                l.peer_fin = !peer_unread;
                break;
        case PEER_IS_KILLED:
                kill_the_peer(&l);
                l.peer_fin = !peer_unread;
                break;
        case PEER_FIN_THEN_RESET:
        case PEER_FIN_THEN_CLOSES:
                assert_int_equal(shutdown(l.peer, SHUT_WR), 0);
                l.peer_fin = true;
                /* Its own data may be on its way still; the FIN is behind it. */
                for (int i = 0; i < PATIENCE_MS && outstanding_of(l.peer) > 0; ++i) {
                        own_read(&l);
                        if (i > 100)
                                usleep(1000);
                        /* Own data may stand beyond a window that was shut meanwhile. By less than the window's unit
                         * it does not hinder ACKs to be sent from behind it (tcp_acceptable_seq()), which the peer
                         * does not take (tcp_sequence()): the FIN then waits until the peer reads. */
                        if (i > 1000 && unread_of(l.peer) > 0)
                                peer_reads(&l);
                }
                assert_int_equal(outstanding_of(l.peer), 0);
                settled = settled && settle(&l, l.own == client);
                had = info_of(l.peer).tcpi_bytes_received;
                peer_unread = unread_of(l.peer) > 0;
                if (act == PEER_FIN_THEN_RESET)
                        reset_by(l.peer);
                else
                        close(l.peer);
                break;
        case PEER_DISCONNECTS:
                assert_int_equal(finis_abort_keep(l.peer), 0);
                close(l.peer);
                break;
        case BOTH_CLOSE:
                /* Everything is read on both sides, then both close, in either order. */
                for (int i = 0; i < PATIENCE_MS && (outstanding_of(l.own) > (l.own_fin ? 1 : 0) ||
                                                    unread_of(l.peer) > 0 || outstanding_of(l.peer) > 0); ++i) {
                        peer_reads(&l);
                        own_read(&l);
                        if (i > 100)
                                usleep(1000);
                }
                if (one_in(2) && !l.own_fin) {
                        shutdown(l.own, SHUT_WR);
                        l.own_fin = true;
                }
                if (l.own_fin)
                        await(l.peer, POLLRDHUP);
                had = info_of(l.peer).tcpi_bytes_received;
                shutdown(l.peer, SHUT_WR);
                l.peer_fin = true;
                await(l.own, POLLRDHUP);
                if (!l.own_fin) {
                        shutdown(l.own, SHUT_WR);
                        l.own_fin = true;
                        await(l.peer, POLLRDHUP | POLLHUP);
                        had = info_of(l.peer).tcpi_bytes_received;
                }
                await_state(l.own, CLOSED);
                close(l.peer);
                break;
        case OWN_TIME_OUT:
                /* Unless the last acknowledgement was only late. */
                for (int i = 0; i < PATIENCE_MS && outstanding_of(l.own) > 0 && !shows(l.own, POLLERR, 1); ++i)
                        ;
                dead = outstanding_of(l.own) > 0;
                if (dead) {
                        await(l.own, POLLERR);
                        await_state(l.own, CLOSED);
                }
                had = info_of(l.peer).tcpi_bytes_received;
                break;
        case N_ACTS:
                break;
        }

        /* A FIN from a closed peer: what this end has outstanding, or sends now, draws the reset. */
        if (act == PEER_CLOSES || act == PEER_IS_KILLED) {
                if (l.peer_fin) {
                        wait_for_the_end(&l, false);
                        while (!l.own_fin && info_of(l.own).tcpi_state != CLOSED) {
                                own_write(&l);
                                usleep(500);
                        }
                        if (l.own_fin)
                                await_state(l.own, CLOSED);
                } else
                        wait_for_the_end(&l, true);
        } else if (act == PEER_FIN_THEN_CLOSES && !peer_unread) {
                while (!l.own_fin && info_of(l.own).tcpi_state != CLOSED) {
                        own_write(&l);
                        usleep(500);
                }
                if (l.own_fin)
                        await_state(l.own, CLOSED);
        } else if (dead && act != BOTH_CLOSE && act != OWN_TIME_OUT)
                wait_for_the_end(&l, true);

        if (act != BOTH_CLOSE && dead)
                eat_the_error(&l);
        for (unsigned i = below(4); i > 0; --i)
                own_read(&l);
        errno = 77;
        assert_int_equal(finis_report(&l.f, &r), 0);
        assert_int_equal(errno, 77);

        /* In every ending: */
        must(r.written == l.written);
        must(r.written == r.acknowledged + r.uncertain + r.unsent);
        must(!(r.flags & (FINIS_OFF_BY_ONE | FINIS_UNNOTED_WRITES | FINIS_UNNOTED_READS | FINIS_VOID)));
        must(r.received == l.read + r.unread);
        must(r.received <= l.peer_wrote);
        must(!!(r.flags & FINIS_PEER_FIN) == l.peer_fin || (act == PEER_CLOSES || act == PEER_IS_KILLED));
        must(!(r.flags & FINIS_PEER_FIN_UNKNOWN));
        must(!!(r.flags & FINIS_OWN_FIN) == l.own_fin);
        had -= act != OWN_TIME_OUT && l.own_fin && had > 0 && r.flags & FINIS_OWN_FIN_ACKED && had > r.written;
        /* The peer's kernel had what was acknowledged; more only among the uncertain. */
        must(r.acknowledged <= had || (act == PEER_CLOSES || act == PEER_IS_KILLED || act == OWN_TIME_OUT));
        must(l.peer_read <= r.acknowledged + r.uncertain);
        if (act == PEER_RESETS || act == PEER_DISCONNECTS || act == PEER_FIN_THEN_RESET) {
                must(had <= r.acknowledged + r.uncertain + (l.own_fin ? 1 : 0));
                if (settled) {
                        /* A FIN of this end may be among what the peer counts. */
                        must(r.acknowledged == had || (l.own_fin && r.acknowledged + 1 == had));
                        add(&sums->n_settled);
                }
        }
        if (r.uncertain > 0)
                add(&sums->n_uncertain);
        switch (act) {
        case BOTH_CLOSE:
                must(r.ending == FINIS_ENDING_ORDERLY);
                must(r.acknowledged == r.written && l.peer_read == r.written);
                must(r.flags & FINIS_OWN_FIN_ACKED);
                break;
        case OWN_TIME_OUT:
                if (dead) {
                        must(r.ending == FINIS_ENDING_TIMED_OUT || unseen_with_reason(&r, act == OWN_TIME_OUT));
                        must(r.acknowledged == had);
                }
                close(l.peer);
                break;
        case PEER_CLOSES:
        case PEER_IS_KILLED:
        case PEER_FIN_THEN_CLOSES:
                /* Both FINs met, or a reset came. */
                if (r.ending == FINIS_ENDING_ORDERLY)
                        must(l.own_fin && (r.flags & FINIS_PEER_FIN) && r.acknowledged == r.written);
                else
                        must(r.ending == FINIS_ENDING_RESET || unseen_with_reason(&r, act == OWN_TIME_OUT));
                break;
        case PEER_RESETS:
        case PEER_DISCONNECTS:
        case PEER_FIN_THEN_RESET:
                if (r.ending != FINIS_ENDING_RESET)
                        must((act == PEER_FIN_THEN_RESET && r.ending == FINIS_ENDING_ORDERLY && l.own_fin) ||
                             unseen_with_reason(&r, act == OWN_TIME_OUT));
                break;
        case N_ACTS:
                break;
        }
        add(&sums->n_acts[act]);
        add(&sums->n_endings[r.ending]);
        close(l.own);
        close(l.file);
}

static void random_ends_are_counted_as_the_other_kernel_counts(void **state)
{
        uint64_t seed = getenv("FINIS_SEED") ? strtoull(getenv("FINIS_SEED"), NULL, 10) : 1;
        unsigned n_runs = getenv("FINIS_RUNS") ? (unsigned)atoi(getenv("FINIS_RUNS")) : 1200;
        unsigned first = getenv("FINIS_FIRST") ? (unsigned)atoi(getenv("FINIS_FIRST")) : 0;
        pid_t workers[N_WORKERS];
        unsigned n_failed = 0;
        (void)state;

        signal(SIGPIPE, SIG_IGN);
        sums = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert_true(sums != MAP_FAILED);
        /* Most of it is waiting: several at once. */
        for (unsigned i = 0; i < N_WORKERS; ++i) {
                workers[i] = fork();
                if (workers[i] == 0) {
                        for (unsigned run = first + i; run < first + n_runs; run += N_WORKERS)
                                live_and_end(run, seed);
                        fflush(stdout);
                        _exit(0);
                }
        }
        for (unsigned i = 0; i < N_WORKERS; ++i) {
                int status = -1;

                assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
                n_failed += status != 0;
        }
        printf("# %u runs, %u settled and equal to the byte, %u with uncertain bytes\n", n_runs, sums->n_settled,
               sums->n_uncertain);
        for (int i = 0; i < 8; ++i)
                printf("# %s %u\n", finis_ending_name((enum finis_ending)i), sums->n_endings[i]);
        assert_int_equal(n_failed, 0);
        for (int i = 0; i < N_ACTS; ++i)
                assert_true(sums->n_acts[i] > 0 || n_runs < 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(random_ends_are_counted_as_the_other_kernel_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
