/* Takes what rights there are. */
#include "lab/rights.h"

#include <stdio.h>
#include <string.h>

#include "lab/namespace.h"
#include "netlink/route.h"

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
                r = sniffer_open("lo", &sniffer);
                if (r == 0 && rights.wire)
                        r = sniffer_open(NAMESPACE_WIRE, &rights.wire_sniffer);
                rights.capture = r == 0;
                if (r < 0)
                        snprintf(why, sizeof(why), "a packet socket: %s", strerror(-r));
        }
        if (!rights.own_namespace || !rights.wire || !rights.capture)
                snprintf(rights.why_not, sizeof(rights.why_not), "%.*s", (int)sizeof(rights.why_not) - 1, why);
        *ret_rights = rights;
        *ret_sniffer = sniffer;
}
