/* Ends one TCP connection from outside (SOCK_DESTROY, what `ss -K` does; tcp_abort() in the kernel).
 * Needs CAP_NET_ADMIN over the network namespace. */
#pragma once

#include "netlink/diag.h"

/* Returns 0; -ENOENT when there is no such socket; -EPERM; -EOPNOTSUPP when the kernel was built
 * without CONFIG_INET_DIAG_DESTROY; or another negative errno. Never touches a listener unless
 * the remote port is 0. */
int destroy_socket(const struct diag_tuple *tuple);
