/* Addresses as they are typed and printed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/stage/stage.h"

int stage_address_parse(const char *text, bool zero_allowed, struct stage_address *ret_address)
{
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *found;
        const char *colon = strrchr(text, ':');
        char host[256];
        size_t n;

        if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
            atoi(colon + 1) > 65535)
                return -EINVAL;
        n = (size_t)(colon - text);
        if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
                text++;
                n -= 2;
        } else if (memchr(text, ':', n)) {
                return -EINVAL; /* an IPv6 address without brackets: where would the port begin? */
        }
        if (n == 0 || n >= sizeof(host))
                return -EINVAL;
        memcpy(host, text, n);
        host[n] = 0;
        if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
                return -ENOENT;
        *ret_address = (struct stage_address){ .length = found->ai_addrlen };
        memcpy(&ret_address->storage, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        return stage_address_port(ret_address) == 0 && !zero_allowed ? -EINVAL : 0;
}

unsigned stage_address_port(const struct stage_address *address)
{
        if (address->storage.ss_family == AF_INET6)
                return ntohs(((const struct sockaddr_in6 *)(const void *)&address->storage)->sin6_port);
        return ntohs(((const struct sockaddr_in *)(const void *)&address->storage)->sin_port);
}

/* An IPv4 address that an IPv6 socket was given; NULL for any other. */
static const uint8_t *mapped(const struct stage_address *address)
{
        const struct in6_addr *in = &((const struct sockaddr_in6 *)(const void *)&address->storage)->sin6_addr;

        return address->storage.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(in) ? in->s6_addr + 12 : NULL;
}

char *stage_address_host(const struct stage_address *address, char text[static STAGE_ADDRESS_TEXT_MAX])
{
        const uint8_t *ipv4 = mapped(address);

        if (ipv4)
                inet_ntop(AF_INET, ipv4, text, STAGE_ADDRESS_TEXT_MAX);
        else if (getnameinfo((const struct sockaddr *)&address->storage, address->length, text,
                             STAGE_ADDRESS_TEXT_MAX - 8, NULL, 0, NI_NUMERICHOST) != 0)
                strcpy(text, "?");
        return text;
}

char *stage_address_text(const struct stage_address *address, char text[static STAGE_ADDRESS_TEXT_MAX])
{
        bool v6 = address->storage.ss_family == AF_INET6 && !mapped(address);
        char host[STAGE_ADDRESS_TEXT_MAX];

        stage_address_host(address, host);
        snprintf(text, STAGE_ADDRESS_TEXT_MAX, "%s%.63s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                 stage_address_port(address));
        return text;
}
