/* Sending without SIGPIPE: on Linux a flag of each call, as there is no such option of a socket. */
#include <finis/finis.h>

#include <sys/socket.h>

#include "socket/keep_errno.h"

ssize_t finis_send(int fd, const void *data, size_t n)
{
        KEEP_ERRNO;
        ssize_t r = send(fd, data, n, MSG_NOSIGNAL);

        return r < 0 ? -errno : r;
}

ssize_t finis_sendv(int fd, const struct iovec *parts, size_t n_parts)
{
        KEEP_ERRNO;
        /* The kernel only reads the array; msg_iov lacks the const because recvmsg() shares it. */
        struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = n_parts };
        ssize_t r = sendmsg(fd, &message, MSG_NOSIGNAL);

        return r < 0 ? -errno : r;
}
