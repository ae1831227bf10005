/* What libfinis costs beside plain calls, over loopback: a send, a look, a whole connection's close.
 *
 * Rounds of each alternate, so that what the machine does meanwhile falls on all alike. Prints the
 * median of the rounds, and its ratio to the plain call. */
#include <finis/finis.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
        N_ROUNDS = 21,
        N_SENDS = 20000,
        N_CLOSES = 500,
        MESSAGE = 100,
};

static struct sockaddr_in at;
static char bytes[MESSAGE];

static double now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Reads each connection to its end, and closes it. */
static void *serve(void *data)
{
        static char room[1 << 20];
        int fd, listener = *(int *)data;

        while ((fd = accept(listener, NULL, NULL)) >= 0) {
                while (recv(fd, room, sizeof(room), 0) > 0)
                        ;
                close(fd);
        }
        return NULL;
}

static int dial(void)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
                perror("bench: connect");
                exit(2);
        }
        return fd;
}

enum {
        PLAIN_SEND,
        FINIS_SEND,
        FINIS_WRITE,
        LOOK,
        REPORT,
        PLAIN_CLOSE,
        HALF_CLOSE,
        FINIS_CLOSE,
        N_THINGS
};

static const struct {
        const char *name;
        int beside;
} things[N_THINGS] = {
        [PLAIN_SEND] = { "send(MSG_NOSIGNAL), 100 bytes", PLAIN_SEND },
        [FINIS_SEND] = { "finis_send", PLAIN_SEND },
        [FINIS_WRITE] = { "finis_write", PLAIN_SEND },
        [LOOK] = { "finis_look", PLAIN_SEND },
        [REPORT] = { "finis_report", PLAIN_SEND },
        [PLAIN_CLOSE] = { "connection: connect, send, close", PLAIN_CLOSE },
        [HALF_CLOSE] = { "… send, shutdown, recv to the end, close", PLAIN_CLOSE },
        [FINIS_CLOSE] = { "… finis_init, finis_write, finis_close", PLAIN_CLOSE },
};

static double calls_of(int thing)
{
        struct finis_report report;
        struct finis finis;
        int i, fd = dial();
        double began;

        finis_init(&finis, fd);
        began = now_ns();
        for (i = 0; i < N_SENDS; i++) {
                if (thing == PLAIN_SEND)
                        send(fd, bytes, MESSAGE, MSG_NOSIGNAL);
                else if (thing == FINIS_SEND)
                        finis_send(fd, bytes, MESSAGE);
                else if (thing == FINIS_WRITE)
                        finis_write(&finis, bytes, MESSAGE);
                else if (thing == LOOK)
                        finis_look(fd, &report);
                else
                        finis_report(&finis, &report);
        }
        began = (now_ns() - began) / N_SENDS;
        close(fd);
        return began;
}

static double connections_of(int thing)
{
        double began = now_ns();
        char byte;
        int i;

        for (i = 0; i < N_CLOSES; i++) {
                int fd = dial();

                if (thing == FINIS_CLOSE) {
                        struct finis finis;

                        finis_init(&finis, fd);
                        finis_write(&finis, bytes, MESSAGE);
                        if (finis_close(&finis, NULL, NULL) != FINIS_CLOSE_CLEAN)
                                exit(1);
                        continue;
                }
                send(fd, bytes, MESSAGE, MSG_NOSIGNAL);
                if (thing == HALF_CLOSE) {
                        shutdown(fd, SHUT_WR);
                        while (recv(fd, &byte, 1, 0) > 0)
                                ;
                }
                close(fd);
        }
        return (now_ns() - began) / N_CLOSES;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

int main(void)
{
        static double times[N_THINGS][N_ROUNDS];
        socklen_t n = sizeof(at);
        pthread_t server;
        int listener, round, thing;

        at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, 1024) < 0 ||
            getsockname(listener, (struct sockaddr *)&at, &n) < 0 ||
            pthread_create(&server, NULL, serve, &listener)) {
                perror("bench: cannot listen");
                return 2;
        }
        for (round = 0; round < N_ROUNDS; round++)
                for (thing = 0; thing < N_THINGS; thing++)
                        times[thing][round] = thing < PLAIN_CLOSE ? calls_of(thing) : connections_of(thing);
        for (thing = 0; thing < N_THINGS; thing++)
                qsort(times[thing], N_ROUNDS, sizeof(double), by_size);
        printf("%10s %7s\n", "ns each", "ratio");
        for (thing = 0; thing < N_THINGS; thing++) {
                double median = times[thing][N_ROUNDS / 2];

                printf("%10.0f %7.2f  %s\n", median, median / times[things[thing].beside][N_ROUNDS / 2],
                       things[thing].name);
        }
        return 0;
}
