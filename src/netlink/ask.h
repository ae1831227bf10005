/* One request and its answer over a netlink socket of its own, for the calls of this folder. */
#pragma once

#include <libmnl/libmnl.h>

/* Sends @request to the netlink family @bus and passes each answer to @take (may be NULL) until the
 * kernel has acknowledged it. Returns 0 or the kernel's negative errno. */
int ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *context);
