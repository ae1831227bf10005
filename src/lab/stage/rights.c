/* Whether sockets may be destroyed here: the kernel says so only about a socket that exists. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/stage/stage.h"
#include "netlink/destroy.h"

int stage_may_destroy(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct diag_tuple tuple;
        int r = 0;

        if (listener < 0 || client < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
            listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
            connect(client, (struct sockaddr *)&address, length) < 0)
                r = -errno;
        else if ((r = diag_tuple_of(client, &tuple)) == 0)
                r = destroy_socket(&tuple);
        if (client >= 0)
                close(client);
        if (listener >= 0)
                close(listener);
        return r;
}
