/* Makes the library's calls one by one between marks, so that calls_made.py can count the system
 * calls of each under strace. A mark is a write() to descriptor 9, which nobody has. */
#include <finis/finis.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int client, server;

static void make_pair(void)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(at);
        int listener = socket(AF_INET, SOCK_STREAM, 0);

        if (bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, 1) < 0)
                _exit(1);
        getsockname(listener, (struct sockaddr *)&at, &n);
        client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (struct sockaddr *)&at, n) < 0)
                _exit(1);
        server = accept(listener, NULL, NULL);
        close(listener);
}

static void mark(const char *name)
{
        /* It fails, and is seen. */
        if (write(9, name, strlen(name)) >= 0)
                _exit(1);
}

static void pause_ms(long ms)
{
        struct timespec span = { .tv_nsec = ms * 1000000 };

        nanosleep(&span, NULL);
}

int main(void)
{
        const struct iovec part = { (char[2]){ 'a', 'b' }, 2 };
        struct finis_sigpipe sigpipe;
        struct finis_report report;
        struct finis finis;
        char buffer[8];
        int r;

        make_pair();
        mark("init");
        finis_init(&finis, client);
        mark("send");
        finis_send(client, "a", 1);
        mark("sendv");
        finis_sendv(client, &part, 1);
        mark("write");
        finis_write(&finis, "a", 1);
        mark("note");
        finis_note_write(&finis, 0);
        finis_note_read(&finis, 0);
        finis_note_error(&finis, 0);
        mark("-");
        pause_ms(300);
        mark("look");
        finis_look(client, &report);
        mark("report");
        finis_report(&finis, &report);
        mark("sigpipe_block");
        finis_sigpipe_block(&sigpipe);
        mark("sigpipe_restore");
        finis_sigpipe_restore(&sigpipe);
        mark("take_error");
        finis_take_error(&finis);
        mark("shut");
        finis_shut(client, SHUT_WR);
        mark("-");
        recv(server, buffer, sizeof(buffer), 0);
        send(server, "xy", 2, 0);
        pause_ms(300);
        mark("read");
        finis_read(&finis, buffer, sizeof(buffer));
        mark("abort");
        finis_abort(client);
        mark("-");
        close(server);

        make_pair();
        mark("abort_keep");
        finis_abort_keep(client);
        mark("-");
        close(client);
        close(server);

        /* A peer that behaves: it reads to the end and closes, a little later. */
        make_pair();
        if (finis_init(&finis, client) < 0 || finis_write(&finis, "hello", 5) != 5)
                return 1;
        r = fork();
        if (r == 0) {
                close(client);
                while (recv(server, buffer, sizeof(buffer), 0) > 0)
                        ;
                pause_ms(100);
                _exit(0);
        }
        close(server);
        pause_ms(50);
        mark("close");
        r = finis_close(&finis, NULL, NULL);
        mark("-");
        return r == FINIS_CLOSE_CLEAN ? 0 : 1;
}
