/* Makes the calls of an act. */
#include "lab/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define RECV_DEFAULT 65536
#define LARGEST (16 << 20)

static char *room(void)
{
        static char *bytes;

        if (!bytes) {
                bytes = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (bytes == MAP_FAILED)
                        bytes = NULL;
        }
        return bytes;
}

int calls_prepare(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        if (!room())
                return -ENOMEM;
        return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* SIGPIPE of a socket goes to the calling thread: if it is pending here, the call raised it. */
static bool take_sigpipe(void)
{
        const struct timespec now = { 0 };
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        return sigtimedwait(&set, NULL, &now) == SIGPIPE;
}

int calls_nonblock(int fd, bool on)
{
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -errno;
        flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

static ssize_t send_file(int fd, size_t n)
{
        int file = memfd_create("finis-lab", MFD_CLOEXEC);
        ssize_t sent;
        int error;

        if (file < 0 || ftruncate(file, (off_t)n) < 0) {
                error = errno;
                if (file >= 0)
                        close(file);
                errno = error;
                return -1;
        }
        sent = sendfile(fd, file, NULL, n);
        error = errno;
        close(file);
        errno = error;
        return sent;
}

/* A pipe holds 64 KB unless made larger; the lab splices less. */
static ssize_t splice_in(int fd, size_t n, bool block)
{
        int ends[2], error;
        ssize_t sent = -1;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -1;
        if (n > 0 && write(ends[1], room(), n) != (ssize_t)n)
                errno = E2BIG;
        else
                sent = splice(ends[0], NULL, fd, NULL, n, block ? 0 : SPLICE_F_NONBLOCK);
        error = errno;
        close(ends[0]);
        close(ends[1]);
        errno = error;
        return sent;
}

static ssize_t splice_out(int fd, size_t n, bool block)
{
        int ends[2], error;
        ssize_t got;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -1;
        got = splice(fd, NULL, ends[1], NULL, n, block ? 0 : SPLICE_F_NONBLOCK);
        error = errno;
        close(ends[0]);
        close(ends[1]);
        errno = error;
        return got;
}

static ssize_t send_by(const struct lab_act *act, int fd, const void *address, socklen_t length)
{
        int flags = (act->nosignal ? MSG_NOSIGNAL : 0) | (act->block ? 0 : MSG_DONTWAIT);
        size_t n = (size_t)act->n;
        struct iovec parts[2] = { { room(), n / 2 }, { room() + n / 2, n - n / 2 } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
        struct mmsghdr messages[1] = { { .msg_hdr = message } };
        int r;

        switch ((int)act->verb) {
        case VERB_WRITE:
                return write(fd, room(), n);
        case VERB_WRITEV:
                return writev(fd, parts, 2);
        case VERB_SENDTO:
                return sendto(fd, room(), n, flags, address, length);
        case VERB_SENDMSG:
                return sendmsg(fd, &message, flags);
        case VERB_SENDMMSG:
                r = sendmmsg(fd, messages, 1, flags);
                return r == 1 ? (ssize_t)messages[0].msg_len : r;
        case VERB_SENDFILE:
                return send_file(fd, n);
        case VERB_SPLICE:
                return splice_in(fd, n, act->block);
        default:
                return send(fd, room(), n, flags);
        }
}

static ssize_t recv_by(const struct lab_act *act, int fd)
{
        int flags = (act->block ? 0 : MSG_DONTWAIT) | (act->waitall ? MSG_WAITALL : 0);
        size_t n = act->has_n ? (size_t)act->n : RECV_DEFAULT;
        struct iovec parts[1] = { { room(), n } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = 1 };
        struct mmsghdr messages[1] = { { .msg_hdr = message } };
        int r;

        switch ((int)act->verb) {
        case VERB_READ:
                return read(fd, room(), n);
        case VERB_READV:
                return readv(fd, parts, 1);
        case VERB_RECVMSG:
                return recvmsg(fd, &message, flags);
        case VERB_RECVMMSG:
                r = recvmmsg(fd, messages, 1, flags, NULL);
                return r == 1 ? (ssize_t)messages[0].msg_len : r;
        case VERB_SPLICE_OUT:
                return splice_out(fd, n, act->block);
        case VERB_PEEK:
                return recv(fd, room(), n, flags | MSG_PEEK);
        case VERB_TRUNC:
                return recv(fd, NULL, n, flags | MSG_TRUNC);
        default:
                return recv(fd, room(), n, flags);
        }
}

static ssize_t take_error_queue(int fd)
{
        char control[512];
        struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };

        return recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 ? -1 : 0;
}

static int so_error(int fd)
{
        int value = 0;
        socklen_t length = sizeof(value);

        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0 ? -1 : value;
}

static int disconnect(int fd)
{
        struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

        return connect(fd, &nowhere, sizeof(nowhere));
}

int calls_make(const struct lab_act *act, int fd, const void *address, unsigned address_length,
               struct result_seen *ret_result)
{
        int64_t value;
        int r;

        r = act->verb == VERB_CLOSE ? 0 : calls_nonblock(fd, !act->block);
        if (r < 0)
                return r;
        errno = 0;
        switch ((int)act->verb) {
        case VERB_CONNECT:
                value = connect(fd, address, address_length);
                break;
        case VERB_SHUT_RD:
                value = shutdown(fd, SHUT_RD);
                break;
        case VERB_SHUT_WR:
                value = shutdown(fd, SHUT_WR);
                break;
        case VERB_SHUT_RDWR:
                value = shutdown(fd, SHUT_RDWR);
                break;
        case VERB_CLOSE:
                value = close(fd);
                break;
        case VERB_UNSPEC:
                value = disconnect(fd);
                break;
        case VERB_SO_ERROR:
                value = so_error(fd);
                break;
        case VERB_ERROR_QUEUE:
                value = take_error_queue(fd);
                break;
        default:
                if (act->verb >= VERB_SEND && act->verb <= VERB_FILL)
                        value = send_by(act, fd, address, address_length);
                else if (act->verb >= VERB_RECV && act->verb <= VERB_DRAIN)
                        value = recv_by(act, fd);
                else
                        return -EINVAL;
        }
        ret_result->value = value;
        ret_result->error = value < 0 ? errno : 0;
        ret_result->sigpipe = take_sigpipe();
        return 0;
}
