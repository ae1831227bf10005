/* Closes a TLS connection: close_notify first, which is the library's, then the rest.
 *
 * SSL_write() and SSL_shutdown() write(2) without MSG_NOSIGNAL, so both stand between
 * finis_sigpipe_block() and finis_sigpipe_restore(). What they move is not noted: the kernel counts
 * for itself, in bytes of TLS records.
 *
 * Plays both ends over loopback. Anonymous ciphers spare it a certificate; do not do that. */
#include <finis/finis.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static SSL *tls(const SSL_METHOD *method, int fd)
{
        SSL_CTX *context = SSL_CTX_new(method);
        SSL *ssl;

        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(context, "aNULL:@SECLEVEL=0");
        ssl = SSL_new(context);
        SSL_CTX_free(context);
        SSL_set_fd(ssl, fd);
        return ssl;
}

/* Reads to the end, and exits with 0 if close_notify was there and every byte. */
static void play_the_client(const struct sockaddr_in *at)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char buffer[16384];
        size_t sum = 0;
        SSL *ssl;
        int n;

        if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
                _exit(1);
        ssl = tls(TLS_client_method(), fd);
        if (SSL_connect(ssl) != 1)
                _exit(1);
        while ((n = SSL_read(ssl, buffer, sizeof(buffer))) > 0)
                sum += (size_t)n;
        if (!(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN))
                _exit(2);
        SSL_shutdown(ssl);
        _exit(sum == 100000 ? 0 : 3);
}

int main(void)
{
        static const char bytes[100000];
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct finis_sigpipe sigpipe;
        struct finis_report report;
        struct finis finis;
        socklen_t n = sizeof(at);
        int listener, fd, closed, status = 1;
        SSL *ssl;

        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, 1) < 0 ||
            getsockname(listener, (struct sockaddr *)&at, &n) < 0)
                return 2;
        if (fork() == 0)
                play_the_client(&at);
        fd = accept(listener, NULL, NULL);
        if (fd < 0 || finis_init(&finis, fd) < 0)
                return 2;

        ssl = tls(TLS_server_method(), fd);
        finis_sigpipe_block(&sigpipe);
        if (SSL_accept(ssl) != 1 || SSL_write(ssl, bytes, sizeof(bytes)) != sizeof(bytes))
                fprintf(stderr, "close-openssl: the connection broke\n");
        /* Sends close_notify. The peer's is not waited for here: the close reads it away. */
        SSL_shutdown(ssl);
        finis_sigpipe_restore(&sigpipe);
        SSL_free(ssl);

        closed = finis_close(&finis, NULL, &report);
        wait(&status);
        printf("%s; %s: %" PRIu64 " of %" PRIu64 " bytes of records acknowledged; the client %s\n",
               finis_close_name(closed), finis_ending_name(report.ending), report.acknowledged, report.written,
               status == 0 ? "saw close_notify and every byte" : "missed something");
        return closed == FINIS_CLOSE_CLEAN && status == 0 ? 0 : 1;
}
