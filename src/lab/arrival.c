/* A frame without meaning, sent behind what was sent by hand. */
#include "lab/arrival.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/deadline.h"
#include "lab/moment.h"
#include "lab/namespace.h"
#include "netlink/link.h"

#define PATIENCE_NS SECOND_NS
#define ETHERTYPE_OF_EXPERIMENTS 0x88b5 /* IEEE 802: local, so that no protocol takes it */

/* Kept for the next, as in peer_socket.c: the kernel closes packet sockets slowly. */
static struct arrival the_one = { .fd = -1 };
static pid_t its_process;
static ino_t its_namespace;
static cpu_set_t anywhere;

static ino_t this_namespace(void)
{
        struct stat status;

        return stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

static int open_socket(void)
{
        struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_OF_EXPERIMENTS) };
        int fd, error;

        address.sll_ifindex = link_index(NAMESPACE_SOCKETS);
        if (address.sll_ifindex < 0)
                return address.sll_ifindex;
        fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                error = errno;
                close(fd);
                return -error;
        }
        return fd;
}

int arrival_take(struct arrival **ret_arrival)
{
        if (the_one.fd < 0 || its_process != getpid() || its_namespace != this_namespace()) {
                if (the_one.fd >= 0)
                        close(the_one.fd);
                the_one = (struct arrival){ .fd = open_socket(), .affinity = -1 };
                if (the_one.fd < 0)
                        return the_one.fd;
                its_process = getpid();
                its_namespace = this_namespace();
                if (sched_getaffinity(0, sizeof(anywhere), &anywhere) < 0)
                        CPU_ZERO(&anywhere);
        }
        *ret_arrival = &the_one;
        return 0;
}

void arrival_begin(struct arrival *arrival)
{
        int processor = sched_getcpu();
        cpu_set_t here;

        if (processor < 0 || CPU_COUNT(&anywhere) < 2)
                return;
        CPU_ZERO(&here);
        CPU_SET((unsigned)processor, &here);
        if (sched_setaffinity(0, sizeof(here), &here) == 0)
                arrival->affinity = processor;
}

static int wait_for(struct arrival *arrival)
{
        int64_t deadline_ns = now_ns() + PATIENCE_NS;
        uint64_t number = 0;

        for (;;) {
                struct pollfd poller = { .fd = arrival->fd, .events = POLLIN };
                ssize_t n = recv(arrival->fd, &number, sizeof(number), 0);
                int ms;

                if (n == sizeof(number) && number == arrival->n_sent)
                        return 0;
                if (n >= 0)
                        continue; /* an older one that was given up */
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                ms = deadline_left_ms(deadline_ns);
                if (ms == 0)
                        return -ETIMEDOUT;
                if (poll(&poller, 1, ms) < 0 && errno != EINTR)
                        return -errno;
        }
}

int arrival_end(struct arrival *arrival, int fd, int ifindex, const uint8_t mac[static 6])
{
        struct sockaddr_ll to = { .sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETHERTYPE_OF_EXPERIMENTS),
                                  .sll_ifindex = ifindex,
                                  .sll_halen = 6 };
        uint64_t number = ++arrival->n_sent;
        ssize_t sent;
        int error;

        memcpy(to.sll_addr, mac, 6);
        sent = sendto(fd, &number, sizeof(number), 0, (struct sockaddr *)&to, sizeof(to));
        error = errno;
        if (arrival->affinity >= 0)
                (void)sched_setaffinity(0, sizeof(anywhere), &anywhere);
        arrival->affinity = -1;
        return sent < 0 ? -error : wait_for(arrival);
}
