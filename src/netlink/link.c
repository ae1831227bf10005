/* Setting up devices: each call one rtnetlink request with its acknowledgement. */
#include "netlink/link.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink/ask.h"

enum {
        REQUEST_SIZE = 1024,
        OPER_UP = 6,                 /* IF_OPER_UP of linux/if.h, which does not go with net/if.h */
};

struct request {
        _Alignas(struct nlmsghdr) uint8_t bytes[REQUEST_SIZE];
};

static void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

static struct nlmsghdr *begin(struct request *request, uint16_t type, uint16_t flags)
{
        struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);

        message->nlmsg_type = type;
        message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        return message;
}

int link_index(const char *name)
{
        unsigned index = if_nametoindex(name);

        return index ? (int)index : -errno;
}

int link_up(const char *name)
{
        struct request request;
        struct nlmsghdr *message;
        struct ifinfomsg *link;
        int index;

        index = link_index(name);
        if (index < 0)
                return index;
        message = begin(&request, RTM_NEWLINK, 0);
        link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
        link->ifi_family = AF_UNSPEC;
        link->ifi_index = index;
        link->ifi_flags = IFF_UP;
        link->ifi_change = IFF_UP;
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

int link_veth(const char *name, const uint8_t mac[static LINK_MAC_SIZE], const char *other,
              const uint8_t other_mac[static LINK_MAC_SIZE])
{
        struct nlattr *info, *data, *peer;
        struct request request;
        struct nlmsghdr *message;
        struct ifinfomsg *link;

        if (strlen(name) >= IFNAMSIZ || strlen(other) >= IFNAMSIZ)
                return -ENAMETOOLONG;
        message = begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
        link->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
        mnl_attr_put(message, IFLA_ADDRESS, LINK_MAC_SIZE, mac);
        info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
        peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
        link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
        link->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(message, IFLA_IFNAME, other);
        mnl_attr_put(message, IFLA_ADDRESS, LINK_MAC_SIZE, other_mac);
        mnl_attr_nest_end(message, peer);
        mnl_attr_nest_end(message, data);
        mnl_attr_nest_end(message, info);
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

int link_address(const char *name, uint8_t family, const void *address, uint8_t n_prefix_bits)
{
        size_t n = family == AF_INET6 ? 16 : 4;
        struct request request;
        struct nlmsghdr *message;
        struct ifaddrmsg *header;
        int index;

        index = link_index(name);
        if (index < 0)
                return index;
        message = begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
        header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->ifa_family = family;
        header->ifa_prefixlen = n_prefix_bits;
        header->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
        header->ifa_scope = RT_SCOPE_UNIVERSE;
        header->ifa_index = (uint32_t)index;
        mnl_attr_put(message, IFA_LOCAL, n, address);
        mnl_attr_put(message, IFA_ADDRESS, n, address);
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

int link_neighbour(const char *name, uint8_t family, const void *address, const uint8_t mac[static LINK_MAC_SIZE])
{
        struct request request;
        struct nlmsghdr *message;
        struct ndmsg *header;
        int index;

        index = link_index(name);
        if (index < 0)
                return index;
        message = begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
        header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
        header->ndm_family = family;
        header->ndm_ifindex = index;
        header->ndm_state = NUD_PERMANENT;
        mnl_attr_put(message, NDA_DST, family == AF_INET6 ? 16 : 4, address);
        mnl_attr_put(message, NDA_LLADDR, LINK_MAC_SIZE, mac);
        return ask(NETLINK_ROUTE, message, NULL, NULL);
}

/* The old way to ask a device: an ioctl on any socket. */
static int ask_device(const char *name, unsigned long what, struct ifreq *request)
{
        __attribute__((cleanup(closep))) int fd = -1;

        if (strlen(name) >= IFNAMSIZ)
                return -ENAMETOOLONG;
        strcpy(request->ifr_name, name);
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        return ioctl(fd, what, request) < 0 ? -errno : 0;
}

int link_mac(const char *name, uint8_t ret_mac[static LINK_MAC_SIZE])
{
        struct ifreq request = {};
        int r;

        r = ask_device(name, SIOCGIFHWADDR, &request);
        if (r)
                return r;
        memcpy(ret_mac, request.ifr_hwaddr.sa_data, LINK_MAC_SIZE);
        return 0;
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
        bool *running = context;

        if (mnl_attr_get_type(attribute) == IFLA_OPERSTATE && mnl_attr_get_payload_len(attribute) >= 1)
                *running = mnl_attr_get_u8(attribute) == OPER_UP;
        return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
        return mnl_attr_parse(message, sizeof(struct ifinfomsg), take_attribute, context);
}

int link_is_running(const char *name, bool *ret_running)
{
        struct request request;
        struct nlmsghdr *message;
        struct ifinfomsg *link;
        bool running = false;
        int index, r;

        index = link_index(name);
        if (index < 0)
                return index;
        message = begin(&request, RTM_GETLINK, 0);
        link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
        link->ifi_family = AF_UNSPEC;
        link->ifi_index = index;
        r = ask(NETLINK_ROUTE, message, take_link, &running);
        if (r)
                return r;
        *ret_running = running;
        return 0;
}

int link_offloads_off(const char *name)
{
        static const uint32_t offloads[] = {
                ETHTOOL_SGRO, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM,
        };
        int first = 0;

        for (size_t i = 0; i < sizeof(offloads) / sizeof(*offloads); ++i) {
                struct ethtool_value value = { .cmd = offloads[i], .data = 0 };
                struct ifreq request = { .ifr_data = (void *)&value };
                int r;

                r = ask_device(name, SIOCETHTOOL, &request);
                if (r && !first)
                        first = r;
        }
        return first;
}
