/* The ways to end a connection that do not wait: shutdown, and the two resets. */
#include <finis/finis.h>

#include <sys/socket.h>
#include <unistd.h>

#include "socket/keep_errno.h"

int finis_shut(int fd, int how)
{
        KEEP_ERRNO;

        return shutdown(fd, how) < 0 ? -errno : 0;
}

int finis_abort(int fd)
{
        KEEP_ERRNO;
        const struct linger now = { .l_onoff = 1, .l_linger = 0 };
        int r = 0;

        if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) < 0)
                r = -errno;
        if (r == -EBADF || r == -ENOTSOCK)
                return r;
        /* The descriptor is gone whatever close() says (filp_flush()): never repeated. */
        close(fd);
        return r;
}

int finis_abort_keep(int fd)
{
        KEEP_ERRNO;
        const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

        return connect(fd, &nobody, sizeof(nobody)) < 0 ? -errno : 0;
}
