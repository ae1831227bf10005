/* The request for one socket, which looking and destroying share. */
#pragma once

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "netlink/diag.h"

struct diag_request {
        _Alignas(struct nlmsghdr) uint8_t bytes[128];
};

/* @cookie 0: whichever socket has the addresses. */
int diag_request(const struct diag_tuple *tuple, uint64_t cookie, uint16_t type, uint16_t flags,
                 struct diag_request *ret_request);
