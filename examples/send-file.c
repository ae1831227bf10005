/* Sends a file over TCP and says what arrived.
 *
 *   send-file FILE HOST PORT
 *
 * sendfile(2) takes no flag against SIGPIPE, and swallows the error when a connection breaks in the
 * midst of a call: the report does not mind. Exit status: 0 all acknowledged, 1 not all, 2 could not. */
#include <finis/finis.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int dial(const char *host, const char *port)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *at;
        int fd = -1, r;

        r = getaddrinfo(host, port, &hints, &list);
        if (r) {
                fprintf(stderr, "send-file: %s: %s\n", host, gai_strerror(r));
                return -1;
        }
        for (at = list; at && fd < 0; at = at->ai_next) {
                fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
                if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
                        close(fd);
                        fd = -1;
                }
        }
        if (fd < 0)
                fprintf(stderr, "send-file: cannot connect to %s port %s: %s\n", host, port, strerror(errno));
        freeaddrinfo(list);
        return fd;
}

/* Writes until the end of the file or of the connection. */
static int send_all(struct finis *finis, int file, off_t size)
{
        struct finis_sigpipe sigpipe;
        off_t at = 0;
        ssize_t n = 1;

        finis_sigpipe_block(&sigpipe);
        while (at < size && n > 0) {
                n = sendfile(finis->fd, file, &at, (size_t)(size - at));
                finis_note_write(finis, n);
                if (n < 0 && errno == EINTR)
                        n = 1;
        }
        finis_sigpipe_restore(&sigpipe);
        return at == size ? 0 : -1;
}

int main(int argc, char **argv)
{
        struct finis_report report;
        struct finis finis;
        struct stat status;
        int file, fd, closed;

        if (argc != 4) {
                fprintf(stderr, "usage: send-file FILE HOST PORT\n");
                return 2;
        }
        file = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (file < 0 || fstat(file, &status) < 0) {
                fprintf(stderr, "send-file: cannot read %s: %s\n", argv[1], strerror(errno));
                return 2;
        }
        fd = dial(argv[2], argv[3]);
        if (fd < 0 || finis_init(&finis, fd) < 0)
                return 2;

        send_all(&finis, file, status.st_size);
        closed = finis_close(&finis, NULL, &report);
        if (closed < 0) {
                fprintf(stderr, "send-file: cannot close: %s\n", strerror(-closed));
                return 2;
        }
        printf("%s; %s: %" PRIu64 " of %" PRIu64 " bytes acknowledged by the other kernel, "
               "%" PRIu64 " uncertain, %" PRIu64 " never sent\n",
               finis_close_name(closed), finis_ending_name(report.ending), report.acknowledged,
               (uint64_t)status.st_size, report.uncertain,
               report.unsent + ((uint64_t)status.st_size - report.written));
        return report.acknowledged == (uint64_t)status.st_size ? 0 : 1;
}
