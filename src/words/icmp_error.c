/* The ICMP errors. */
#include "words/icmp_error.h"

#include "words/word.h"

static const struct word words[N_ICMP_ERRORS] = {
        [ICMP_ERROR_NET_UNREACHABLE] = { "net-unreachable", "No route leads to the network." },
        [ICMP_ERROR_HOST_UNREACHABLE] = { "host-unreachable",
                "The host does not answer on its own network." },
        [ICMP_ERROR_PROTOCOL_UNREACHABLE] = { "protocol-unreachable",
                "The host does not speak TCP." },
        [ICMP_ERROR_PORT_UNREACHABLE] = { "port-unreachable",
                "The host refuses the port by ICMP, as some packet filters do." },
        [ICMP_ERROR_ADMIN_PROHIBITED] = { "admin-prohibited", "A packet filter forbids it." },
        [ICMP_ERROR_TOO_BIG] = { "too-big",
                "The packet is too large for a link on the way and must not be split." },
        [ICMP_ERROR_TIME_EXCEEDED] = { "time-exceeded",
                "The packet ran out of hops, as in a routing loop." },
        [ICMP_ERROR_OTHER] = { "other", "Another error." },
};

WORD_FUNCTIONS(icmp_error, words)
