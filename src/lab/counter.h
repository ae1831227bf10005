/* What the kernel counts of TCP in the network namespace at hand. */
#pragma once

#include <stdint.h>

/* Reads a counter of /proc/net/netstat by its name, as nstat(8) shows it without "TcpExt": "TCPSynRetrans".
 * Returns 0, -ENOENT where the kernel does not have it, or another negative errno. */
int counter_read(const char *name, uint64_t *ret_value);
