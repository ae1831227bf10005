/* Addresses of sockets, made comparable. */
#include "live/address.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static bool is_mapped(const uint8_t address[static 16])
{
        static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

        return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static void unmap(uint8_t address[static 16])
{
        memmove(address, address + 12, 4);
        memset(address + 4, 0, 12);
}

static void unmap_both(uint8_t *family, uint8_t local[static 16], uint8_t remote[static 16])
{
        if (*family != AF_INET6 || !is_mapped(remote))
                return;
        *family = AF_INET;
        unmap(local);
        unmap(remote);
}

void address_unmap_end(struct live_end *end)
{
        unmap_both(&end->family, end->local, end->remote);
        end->local_port = ntohs(end->local_port);
        end->remote_port = ntohs(end->remote_port);
}

void address_unmap_reset(struct live_reset *reset)
{
        unmap_both(&reset->family, reset->local, reset->remote);
        reset->local_port = ntohs(reset->local_port);
        reset->remote_port = ntohs(reset->remote_port);
}

bool address_is_loopback(uint8_t family, const uint8_t address[static 16])
{
        static const uint8_t one[16] = { [15] = 1 };

        return family == AF_INET ? address[0] == 127 : memcmp(address, one, sizeof(one)) == 0;
}
