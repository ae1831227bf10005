/* Addresses of sockets, made comparable: an IPv4 address mapped into IPv6 is the IPv4 address. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "live/event.h"

/* In place. Ports become host order. */
void address_unmap_end(struct live_end *end);
void address_unmap_reset(struct live_reset *reset);

/* Is it an address that only its own host has: 127.0.0.0/8 or ::1? */
bool address_is_loopback(uint8_t family, const uint8_t address[static 16]);
