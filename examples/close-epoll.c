/* Closes many connections at once in one epoll loop, edge-triggered, and says how each went.
 *
 *   close-epoll [COUNT]
 *
 * A child plays the peers: of every four connections one is read to the end and closed, one is reset,
 * one is kept open and silent, and one is never read at all. */
#include <finis/finis.h>

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        MOST = 200,
};

struct connection {
        struct finis finis;
        int64_t again_ms;            /* call the step then; INT64_MAX: never */
        int closed;
};

static struct connection connections[MOST];
static const char bytes[100000];

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void play_the_peers(int listener, int count)
{
        int fds[MOST], i;
        char buffer[65536];
        struct linger at_once = { .l_onoff = 1 };

        for (i = 0; i < count; i++)
                fds[i] = accept(listener, NULL, NULL);
        for (i = 0; i < count; i++) {
                if (i % 4 == 0)
                        while (recv(fds[i], buffer, sizeof(buffer), 0) > 0)
                                ;
                if (i % 4 == 1)
                        setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
                if (i % 4 < 2)
                        close(fds[i]);
                if (i % 4 == 2)
                        while (recv(fds[i], buffer, sizeof(buffer), 0) > 0)
                                ;
        }
        sleep(2);
        _exit(0);
}

/* Takes what a step wants, or the verdict. */
static int settle(struct connection *c, int closed, const struct finis_want *want, int64_t now)
{
        c->closed = closed;
        if (closed == FINIS_CLOSE_AGAIN)
                c->again_ms = want->timeout_ms < 0 ? INT64_MAX : now + want->timeout_ms;
        return closed != FINIS_CLOSE_AGAIN;
}

int main(int argc, char **argv)
{
        const struct finis_close_options options = { .idle_ms = 300, .flags = FINIS_EDGE | FINIS_ABORT_IF_LATE };
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int count = argc > 1 ? atoi(argv[1]) : 8, sums[FINIS_CLOSE_AGAIN] = { 0 };
        struct epoll_event events[64];
        struct finis_want want;
        socklen_t n = sizeof(at);
        int listener, epoll, left, i, r;

        if (count < 1 || count > MOST)
                return 2;
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, MOST) < 0 ||
            getsockname(listener, (struct sockaddr *)&at, &n) < 0)
                return 2;
        for (i = 0; i < count; i++) {
                int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

                if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
                    finis_init(&connections[i].finis, fd) < 0)
                        return 2;
        }
        if (fork() == 0) {
                for (i = 0; i < count; i++)
                        close(connections[i].finis.fd);
                play_the_peers(listener, count);
        }

        epoll = epoll_create1(EPOLL_CLOEXEC);
        left = count;
        for (i = 0; i < count; i++) {
                struct connection *c = &connections[i];
                struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };

                /* The unread one gets more than its peer's kernel takes. */
                int all = i % 4 == 3 ? 100 : 1, j, flags = MSG_NOSIGNAL | MSG_DONTWAIT;

                for (j = 0; j < all; j++)
                        finis_note_write(&c->finis, send(c->finis.fd, bytes, sizeof(bytes), flags));
                /* Registered once; closing the descriptor takes it out again. */
                if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->finis.fd, &event) < 0)
                        return 2;
                r = finis_close_begin(&c->finis, &options, now_ms(), &want);
                left -= settle(c, r, &want, now_ms());
        }
        while (left > 0) {
                int64_t now = now_ms(), next = INT64_MAX;

                for (i = 0; i < count; i++)
                        if (connections[i].closed == FINIS_CLOSE_AGAIN && connections[i].again_ms < next)
                                next = connections[i].again_ms;
                next = next == INT64_MAX ? -1 : next > now ? next - now : 0;
                r = epoll_wait(epoll, events, 64, next > INT_MAX ? INT_MAX : (int)next);
                now = now_ms();
                for (i = 0; i < r; i++)
                        ((struct connection *)events[i].data.ptr)->again_ms = now;
                for (i = 0; i < count; i++) {
                        struct connection *c = &connections[i];

                        if (c->closed == FINIS_CLOSE_AGAIN && c->again_ms <= now)
                                left -= settle(c, finis_close_step(&c->finis, now, &want), &want, now);
                }
        }
        for (i = 0; i < count; i++) {
                if (connections[i].closed < 0)
                        return 2;
                sums[connections[i].closed]++;
        }
        for (i = 0; i < FINIS_CLOSE_AGAIN; i++)
                printf("%s %d\n", finis_close_name(i), sums[i]);
        wait(NULL);
        return 0;
}
