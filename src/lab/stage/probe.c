/* Hearing of attempts that a port refuses: a raw socket gets a copy of every TCP segment of the host,
 * and a filter keeps from it all but the SYNs to one port. Without the filter other traffic would
 * fill the socket while the stage does not run, and an attempt would be lost with what is too much. */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/stage/probe.h"

enum {
        KEPT = 128,                  /* bytes: room for the longest headers of IP and TCP */
        AT_PORT = 2,                 /* in the TCP header: the destination port */
        AT_FLAGS = 13,
        SYN = 0x02,
        SYN_ACK = 0x12,
};

int probe_open(uint8_t family, uint16_t port, int *ret_fd)
{
        /* An IPv4 raw socket gives the IP header too: X is its length, or 0. */
        struct sock_filter start = family == AF_INET ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
                                                     : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 0);
        struct sock_filter rules[] = {
                start,
                BPF_STMT(BPF_LD | BPF_H | BPF_IND, AT_PORT),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 4),
                BPF_STMT(BPF_LD | BPF_B | BPF_IND, AT_FLAGS),
                BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, KEPT),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        struct sock_fprog program = { .len = sizeof(rules) / sizeof(*rules), .filter = rules };
        int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), r;

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        *ret_fd = fd;
        return 0;
}
