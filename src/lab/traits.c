/*
 * What is special of this kernel, found by trying it on connections of its own. A version would not do,
 * since stable kernels and distributions carry such changes back.
 */
#include "lab/traits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/moment.h"
#include "netlink/destroy.h"

#define PATIENCE_NS (2 * SECOND_NS)

static void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* Two sockets of lo, connected. */
static int connect_two(int *ret_client, int *ret_server)
{
        __attribute__((cleanup(closep))) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        __attribute__((cleanup(closep))) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t length = sizeof(address);
        int server;

        if (listener < 0 || client < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
            listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
            connect(client, (struct sockaddr *)&address, length) < 0)
                return -errno;
        server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (server < 0)
                return -errno;
        *ret_client = client;
        *ret_server = server;
        client = -1;
        return 0;
}

/* Waits until the socket that nobody holds is in the state. */
static int wait_for(const struct diag_tuple *tuple, enum tcp_state state)
{
        int64_t deadline = now_ns() + PATIENCE_NS;
        struct diag_socket found;

        for (struct pause pause = { 0 };; pause_a_little(&pause)) {
                int r = diag_look(tuple, &found);

                if (r < 0 || found.state == state)
                        return r;
                if (now_ns() > deadline)
                        return -ETIMEDOUT;
        }
}

/* Closes one end, which then waits for the other's FIN, and destroys it: 0 done, 1 it stays, -EOPNOTSUPP.
 * `linger2` above 60 keeps a full socket for it, else a minisocket takes its place. */
static int destroy_closed(int linger2, bool *ret_stays)
{
        __attribute__((cleanup(closep))) int client = -1;
        __attribute__((cleanup(closep))) int server = -1;
        struct diag_socket found;
        struct diag_tuple tuple;
        int r = connect_two(&client, &server);

        if (r < 0 || (r = diag_tuple_of(client, &tuple)) < 0)
                return r;
        if (setsockopt(client, IPPROTO_TCP, TCP_LINGER2, &linger2, sizeof(linger2)) < 0)
                return -errno;
        close(client);
        client = -1;
        r = wait_for(&tuple, TCP_STATE_FIN_WAIT2);
        if (r < 0)
                return r;
        r = destroy_socket(&tuple);
        *ret_stays = diag_look(&tuple, &found) == 0;
        return r;
}

int traits_probe(bool wire, struct kernel_traits *ret_traits)
{
        struct kernel_traits traits = { 0 };
        bool stays;
        int r, failed = 0;

        r = destroy_closed(100, &stays);
        if (r == 0)
                traits.keeps_orphans = stays;
        else
                failed = r;
        /* Where nothing can be destroyed, a refusal says nothing of minisockets. */
        if (r == 0 && (r = destroy_closed(1, &stays)) == -EOPNOTSUPP)
                traits.keeps_minisockets = true;
        else if (r < 0)
                failed = r;
        if (wire && (r = traits_probe_wire(&traits)) < 0)
                failed = r;
        *ret_traits = traits;
        return failed;
}
