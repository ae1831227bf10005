/* Changes the local routes, and asks for them. */
#include "netlink/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "netlink/ask.h"
#include "netlink/link.h"

enum {
        REQUEST_SIZE = 512,
        METRIC = 100, /* IPv6: other than that of the kernel's own route, which then goes */
};

struct request {
        _Alignas(struct nlmsghdr) uint8_t bytes[REQUEST_SIZE];
};

static struct nlmsghdr *local_route(struct request *request, uint16_t type, uint16_t flags, uint8_t family,
                                    const void *address, uint32_t lo)
{
        struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);
        size_t n = family == AF_INET ? 4 : 16;
        struct rtmsg *route;

        message->nlmsg_type = type;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
        route->rtm_family = family;
        route->rtm_dst_len = (uint8_t)(n * 8);
        route->rtm_table = RT_TABLE_LOCAL;
        route->rtm_protocol = RTPROT_KERNEL;
        route->rtm_type = RTN_LOCAL;
        route->rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
        mnl_attr_put(message, RTA_DST, n, address);
        mnl_attr_put_u32(message, RTA_OIF, lo);
        if (family == AF_INET)
                mnl_attr_put(message, RTA_PREFSRC, n, address);
        return message;
}

static void put_quick_ack(struct nlmsghdr *message)
{
        struct nlattr *metrics = mnl_attr_nest_start(message, RTA_METRICS);

        mnl_attr_put_u32(message, RTAX_QUICKACK, 1);
        mnl_attr_nest_end(message, metrics);
}

int route_quick_acks(void)
{
        struct in_addr v4 = { htonl(INADDR_LOOPBACK) };
        struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
        int lo = link_index("lo"), r;
        struct nlmsghdr *message;
        struct request request;

        if (lo < 0)
                return lo;
        message = local_route(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, AF_INET, &v4, (uint32_t)lo);
        put_quick_ack(message);
        r = ask(NETLINK_ROUTE, message, NULL, NULL);
        if (r < 0)
                return r;
        message = local_route(&request, RTM_NEWROUTE, NLM_F_CREATE, AF_INET6, &v6, (uint32_t)lo);
        mnl_attr_put_u32(message, RTA_PRIORITY, METRIC);
        put_quick_ack(message);
        r = ask(NETLINK_ROUTE, message, NULL, NULL);
        if (r < 0)
                return r == -EAFNOSUPPORT ? 0 : r; /* a kernel without IPv6 */
        message = local_route(&request, RTM_DELROUTE, 0, AF_INET6, &v6, (uint32_t)lo);
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

int route_retransmit_after(uint8_t family, const void *address, const char *device, uint32_t ms)
{
        size_t n = family == AF_INET ? 4 : 16;
        struct request request;
        struct nlmsghdr *message = mnl_nlmsg_put_header(request.bytes);
        int ifindex = link_index(device);
        struct nlattr *metrics;
        struct rtmsg *route;

        if (ifindex < 0)
                return ifindex;
        message->nlmsg_type = RTM_NEWROUTE;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
        route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
        route->rtm_family = family;
        route->rtm_dst_len = (uint8_t)(n * 8);
        route->rtm_table = RT_TABLE_MAIN;
        route->rtm_protocol = RTPROT_STATIC;
        route->rtm_type = RTN_UNICAST;
        route->rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
        mnl_attr_put(message, RTA_DST, n, address);
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t)ifindex);
        metrics = mnl_attr_nest_start(message, RTA_METRICS);
        mnl_attr_put_u32(message, RTAX_LOCK, 1 << RTAX_RTO_MIN);
        mnl_attr_put_u32(message, RTAX_RTO_MIN, ms);
        mnl_attr_nest_end(message, metrics);
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

static int take_route(const struct nlmsghdr *message, void *context)
{
        const struct rtmsg *route = mnl_nlmsg_get_payload(message);
        bool *local = context;

        *local = mnl_nlmsg_get_payload_len(message) >= sizeof(*route) && route->rtm_type == RTN_LOCAL;
        return MNL_CB_OK;
}

int route_is_local(uint8_t family, const void *address, bool *ret_local)
{
        struct request request;
        struct nlmsghdr *message = mnl_nlmsg_put_header(request.bytes);
        size_t n = family == AF_INET ? 4 : 16;
        struct rtmsg *route;
        bool local = false;
        int r;

        message->nlmsg_type = RTM_GETROUTE;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
        route->rtm_family = family;
        route->rtm_dst_len = (uint8_t)(n * 8);
        mnl_attr_put(message, RTA_DST, n, address);
        r = ask(NETLINK_ROUTE, message, take_route, &local);
        if (r < 0 && r != -ENETUNREACH && r != -EHOSTUNREACH)
                return r;
        *ret_local = local;
        return 0;
}
