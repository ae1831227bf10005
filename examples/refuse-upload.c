/* An HTTP server that answers every request with 413 before it has read the body, and closes so that
 * the client can read the answer.
 *
 *   refuse-upload [--plainly] [PORT]
 *
 * Closed plainly, the unread body makes the kernel send a reset, and a client that meets it while it
 * still writes loses the answer: --plainly shows that. Here the close half-closes first, reads and
 * throws away what still comes, up to a limit, and only then closes (RFC 9112 9.6). One client at a
 * time, for brevity: the step function in close-epoll.c serves many. */
#include <finis/finis.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 413 Content Too Large\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 25\r\n"
                             "Connection: close\r\n"
                             "\r\n"
                             "At most 1000 bytes here.\n";

/* Reads to the end of the head, and a part of the body that came with it. */
static int read_head(struct finis *finis)
{
        char head[4096];
        size_t n = 0;
        ssize_t r;

        while (n < sizeof(head) - 1) {
                r = finis_read(finis, head + n, sizeof(head) - 1 - n);
                if (r <= 0)
                        return -1;
                n += (size_t)r;
                head[n] = '\0';
                if (strstr(head, "\r\n\r\n"))
                        return 0;
        }
        return -1;
}

static void serve(int fd, int plainly)
{
        const struct finis_close_options options = {
                .deadline_ms = 10000,
                .idle_ms = 2000,
                .drain_max = 64 << 20,
                .flags = FINIS_ABORT_IF_LATE,
        };
        struct finis_report report;
        struct finis finis;
        int closed;

        if (finis_init(&finis, fd) < 0 || read_head(&finis) < 0 ||
            finis_write(&finis, answer, sizeof(answer) - 1) < 0 || plainly) {
                close(fd);
                return;
        }
        closed = finis_close(&finis, &options, &report);
        printf("%s: %llu of %zu bytes acknowledged, %llu bytes of the body thrown away\n",
               closed < 0 ? strerror(-closed) : finis_close_name(closed),
               (unsigned long long)report.acknowledged, sizeof(answer) - 1,
               (unsigned long long)report.received);
        fflush(stdout);
}

int main(int argc, char **argv)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(at);
        int listener, fd, plainly = argc > 1 && !strcmp(argv[1], "--plainly"), on = 1;

        if (argc > 1 + plainly)
                at.sin_port = htons((uint16_t)atoi(argv[1 + plainly]));
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, 64) < 0 ||
            getsockname(listener, (struct sockaddr *)&at, &n) < 0) {
                perror("refuse-upload: cannot listen");
                return 2;
        }
        printf("http://127.0.0.1:%u/\n", ntohs(at.sin_port));
        fflush(stdout);
        while ((fd = accept(listener, NULL, NULL)) >= 0)
                serve(fd, plainly);
        perror("refuse-upload: accept");
        return 2;
}
