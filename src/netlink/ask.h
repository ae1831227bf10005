/* One request and its answer over a netlink socket, for the calls of this folder. */
#pragma once

#include <libmnl/libmnl.h>
#include <stdint.h>

/* Sends @request to the netlink family @bus and passes each answer to @take (may be NULL) until the
 * kernel has acknowledged it. Returns 0 or the kernel's negative errno. */
/* Over a socket of its own. */
int ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *context);

/* Over one that is kept: each request has another @sequence. */
int ask_open(int bus, struct mnl_socket **ret_socket);
int ask_on(struct mnl_socket *socket, uint32_t sequence, struct nlmsghdr *request, mnl_cb_t take, void *context);
