/* One spare socket. It is good only where it was made: a forked child would share it with its
 * parent, each taking what the other waits for, and in another namespace it hears another wire. */
#include "lab/peer_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/namespace.h"
#include "netlink/link.h"

static struct spare {
        int fd;
        pid_t pid;
        ino_t namespace;
        int ifindex;
} spare = { .fd = -1 };

static ino_t this_namespace(void)
{
        struct stat stat_buffer;

        return stat("/proc/thread-self/ns/net", &stat_buffer) == 0 ? stat_buffer.st_ino : 0;
}

/* Of both families: what is not a peer's own it passes over. */
static int open_socket(int ifindex, int *ret_fd)
{
        struct sockaddr_ll address = {
                .sll_family = AF_PACKET,
                .sll_protocol = htons(ETH_P_ALL),
                .sll_ifindex = ifindex,
        };
        int on = 1, size = 4 << 20, fd, r;

        fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        /* More room needs rights over the whole host; the usual room does for a few hundred segments. */
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        /* Spares room where the kernel knows it (4.20); elsewhere the reader passes over them. */
        (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
        if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
            bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        *ret_fd = fd;
        return 0;
}

/* What has come in while nobody listened is nobody's. */
static void empty(int fd)
{
        char byte;

        while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == EINTR)
                ;
}

int peer_socket_take(int *ret_fd, int *ret_ifindex)
{
        int ifindex, fd, r;

        ifindex = link_index(NAMESPACE_WIRE);
        if (ifindex < 0)
                return ifindex;
        fd = spare.fd;
        spare.fd = -1;
        if (fd >= 0 && spare.pid == getpid() && spare.ifindex == ifindex && spare.namespace == this_namespace()) {
                empty(fd);
        } else {
                if (fd >= 0)
                        close(fd);
                r = open_socket(ifindex, &fd);
                if (r)
                        return r;
        }
        *ret_fd = fd;
        *ret_ifindex = ifindex;
        return 0;
}

void peer_socket_give(int fd)
{
        if (fd < 0)
                return;
        if (spare.fd >= 0) {
                close(fd);
                return;
        }
        spare = (struct spare){
                .fd = fd,
                .pid = getpid(),
                .namespace = this_namespace(),
                .ifindex = link_index(NAMESPACE_WIRE),
        };
}
