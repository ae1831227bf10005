/*
 * Who is the client. A SYN tells it; without one the SYN-ACK does, then the ports, then who came first.
 *
 * The ports are those for which a Zeek with all its scripts has an analyser over TCP (likely_server_ports), and
 * the rule that turns a connection by them is Zeek's too (WantConnection() in TCP.cc), so that most captures that
 * miss a beginning show the same ends here and there.
 */
#include "connection/roles.h"

#include <stddef.h>

#include "wire/segment.h"

static const uint16_t SERVER_PORTS[] = {
        21, 22, 23, 25, 53, 80, 81, 88, 110, 111, 135, 139, 143, 389, 443, 445, 502, 513, 554, 563, 585,
        587, 614, 631, 636, 802, 989, 990, 992, 993, 995, 1080, 1434, 1521, 2811, 3128, 3268, 3306, 3389,
        5060, 5222, 5223, 5269, 5432, 5938, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8443, 8888, 20000,
};

bool roles_server_port(uint16_t port)
{
        for (size_t i = 0; i < sizeof(SERVER_PORTS) / sizeof(SERVER_PORTS[0]); i++)
                if (SERVER_PORTS[i] == port)
                        return true;
        return false;
}

bool roles_from_server(uint16_t source, uint16_t destination, bool syn_ack)
{
        if (!roles_server_port(source))
                return false;
        if (!roles_server_port(destination))
                return true;
        /* Both could be; the lower is the likelier, but a SYN-ACK may be a scan and is left alone. */
        return !syn_ack && source < destination;
}

void roles_segment(struct roles_seen *seen, unsigned sender, uint16_t flags)
{
        if (!(flags & SEGMENT_SYN) || flags & (SEGMENT_FIN | SEGMENT_RST))
                return;
        if (flags & SEGMENT_ACK) {
                seen->syn_ack[sender] = true;
        } else {
                if (!seen->syn[!sender])
                        seen->first_syn = sender;
                seen->syn[sender] = true;
        }
}

unsigned roles_client(const struct roles_seen *seen, const uint16_t port[static 2], enum roles *ret_how)
{
        if (seen->syn[0] || seen->syn[1]) {
                *ret_how = ROLES_SYN;
                return seen->first_syn;
        }
        if (seen->syn_ack[0] != seen->syn_ack[1]) {
                *ret_how = ROLES_SYN_ACK;
                return seen->syn_ack[0] ? 1 : 0;
        }
        if (roles_server_port(port[0]) || roles_server_port(port[1])) {
                *ret_how = ROLES_PORTS;
                return roles_from_server(port[0], port[1], false) ? 1 : 0;
        }
        *ret_how = ROLES_FIRST;
        return 0;
}
