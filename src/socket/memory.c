/* What a program's calls did on a socket, remembered: bytes moved, and the first error. */
#include <finis/finis.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "socket/account.h"
#include "socket/keep_errno.h"
#include "socket/memory.h"

int finis_init(struct finis *finis, int fd)
{
        KEEP_ERRNO;
        struct look look;
        int r;

        r = look_at(fd, &look);
        if (r < 0)
                return r;
        memset(finis, 0, sizeof(*finis));
        finis->fd = fd;
        account_begin(finis, &look);
        return 0;
}

static bool is_of_the_connection(int error)
{
        switch (error) {
        case ECONNRESET:
        case EPIPE:
        case ETIMEDOUT:
        case ECONNABORTED:
        case ECONNREFUSED:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EHOSTDOWN:
        case ENETDOWN:
        case ENONET:
        case ENOPROTOOPT:
        case EPROTO:
                return true;
        default:
                return false;
        }
}

static bool is_final(int error)
{
        return error == ECONNRESET || error == ETIMEDOUT || error == ECONNABORTED;
}

void memory_error(struct finis *finis, enum finis_call call, int error)
{
        if (!is_of_the_connection(error))
                return;
        /* EPIPE may come of this end's own shutdown, and ICMP's errors may leave the connection
         * alive: neither hides what ends it. */
        if (finis->error && (is_final(finis->error) || !(is_final(error) || finis->error == EPIPE)))
                return;
        if (finis->error == error)
                return;
        finis->error = error;
        finis->error_by = call;
}

static void remember(struct finis *finis, enum finis_call call, ssize_t result, uint64_t *count)
{
        if (call == FINIS_CALL_READ)
                finis->marks |= MARK_READS;
        if (result < 0)
                memory_error(finis, call, (int)-result);
        else
                *count += (uint64_t)result;
}

ssize_t finis_write(struct finis *finis, const void *data, size_t n)
{
        ssize_t r = finis_send(finis->fd, data, n);

        remember(finis, FINIS_CALL_WRITE, r, &finis->n_written);
        return r;
}

ssize_t finis_writev(struct finis *finis, const struct iovec *parts, size_t n_parts)
{
        ssize_t r = finis_sendv(finis->fd, parts, n_parts);

        remember(finis, FINIS_CALL_WRITE, r, &finis->n_written);
        return r;
}

ssize_t finis_read(struct finis *finis, void *ret_data, size_t n)
{
        KEEP_ERRNO;
        ssize_t r = recv(finis->fd, ret_data, n, 0);

        if (r < 0)
                r = -errno;
        remember(finis, FINIS_CALL_READ, r, &finis->n_read);
        return r;
}

static ssize_t negative_errno(ssize_t result)
{
        return result == -1 ? -errno : result;
}

void finis_note_write(struct finis *finis, ssize_t result)
{
        remember(finis, FINIS_CALL_WRITE, negative_errno(result), &finis->n_written);
}

void finis_note_read(struct finis *finis, ssize_t result)
{
        remember(finis, FINIS_CALL_READ, negative_errno(result), &finis->n_read);
}

void finis_note_connect(struct finis *finis, int result)
{
        if (result < 0)
                memory_error(finis, FINIS_CALL_CONNECT, (int)-negative_errno(result));
        else
                finis->marks |= MARK_ESTABLISHED;
}

void finis_note_shut(struct finis *finis, int how)
{
        if (how == SHUT_WR || how == SHUT_RDWR)
                finis->marks |= MARK_OWN_FIN;
}

void finis_note_error(struct finis *finis, int error)
{
        memory_error(finis, FINIS_CALL_SO_ERROR, error);
}

int finis_take_error(struct finis *finis)
{
        KEEP_ERRNO;
        struct pollfd poller = { .fd = finis->fd };
        socklen_t size = sizeof(int);
        struct look look;
        int error, r;

        do
                r = poll(&poller, 1, 0);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return -errno;
        if (poller.revents & POLLNVAL)
                return -EBADF;
        if (!(poller.revents & POLLERR))
                return 0;
        /* The error is there a moment before the state (tcp_done_with_error()), which TCP_INFO reads
         * before it waits for the socket's lock: what follows the first has the state. */
        for (int i = 0; i < 2; i++) {
                r = look_info(finis->fd, &look);
                if (r < 0)
                        return r;
                if (look.state == AT_CLOSE)
                        break;
        }
        if (look.state != AT_CLOSE)
                return 0;
        if (getsockopt(finis->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return -errno;
        if (error)
                finis->marks |= MARK_TAKEN_AT_END;
        memory_error(finis, FINIS_CALL_SO_ERROR, error);
        return error;
}
