/* Takes what rights there are. */
#include "lab/rights.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/namespace.h"
#include "lab/traits.h"
#include "netlink/diag.h"
#include "netlink/route.h"

/* A socket that is there must be found: a kernel without inet_diag says of any that it is not. */
static bool finds_sockets(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct diag_tuple tuple = { .family = AF_INET };
        struct diag_socket found;
        bool finds = false;

        if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 1) == 0 &&
            getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
                tuple.local_port = ntohs(address.sin_port);
                memcpy(tuple.local, &address.sin_addr, 4);
                finds = diag_look(&tuple, &found) == 0 && found.state == TCP_STATE_LISTEN;
        }
        if (fd >= 0)
                close(fd);
        return finds;
}

void rights_take(bool want_namespace, struct stage_rights *ret_rights, struct sniffer **ret_sniffer)
{
        struct stage_rights rights = { 0 };
        struct sniffer *sniffer = NULL;
        char why[NAMESPACE_WHY_MAX] = "not wanted (--no-namespace)";
        int r;

        if (want_namespace && namespace_enter(why) == 0) {
                rights.own_namespace = true;
                rights.wire = namespace_wire(why) == 0;
                route_quick_acks(); /* without it the lab is only slower */
                /* Answers to what is not in order come at once, not twice a second. */
                namespace_sysctl("net.ipv4.tcp_invalid_ratelimit", "0");
                traits_probe(rights.wire, &rights.traits); /* what cannot be tried is taken as on new kernels */
                r = sniffer_open("lo", &sniffer);
                if (r == 0 && rights.wire)
                        r = sniffer_open(NAMESPACE_WIRE, &rights.wire_sniffer);
                rights.capture = r == 0;
                if (r < 0)
                        snprintf(why, sizeof(why), "a packet socket: %s", strerror(-r));
        }
        rights.diag = finds_sockets();
        if (!rights.own_namespace || !rights.wire || !rights.capture)
                snprintf(rights.why_not, sizeof(rights.why_not), "%.*s", (int)sizeof(rights.why_not) - 1, why);
        *ret_rights = rights;
        *ret_sniffer = sniffer;
}
