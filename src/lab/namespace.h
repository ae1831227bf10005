/* A network namespace of this process's own, so that the lab can see every segment, turn every
 * timer and stand below the sockets, and nobody else notices. It goes when the process goes.
 *
 * In it: lo, and a pair of devices. `va` carries the sockets' addresses; `vb` has none and belongs
 * to the wire peer, whose addresses `va` knows as neighbours. */
#pragma once

#include <stddef.h>

#define NAMESPACE_SOCKETS "va"
#define NAMESPACE_WIRE "vb"
#define NAMESPACE_SOCKETS_IPV4 "10.91.0.1"
#define NAMESPACE_SOCKETS_IPV6 "fd91::1"
#define NAMESPACE_PEER_IPV4 "10.91.0.2"
#define NAMESPACE_PEER_IPV6 "fd91::2"

enum {
        NAMESPACE_WHY_MAX = 256,     /* room for the longest reason, with its NUL */
};

/* Makes only a user namespace, in which this process is root, for a parent whose forked workers
 * shall each enter a network namespace of their own. Must come before any thread is started.
 * With CAP_SYS_ADMIN there is no need, and nothing is done.
 * Returns 0, or a negative errno with the reason and the knob in @ret_why. */
int namespace_users(char ret_why[static NAMESPACE_WHY_MAX]);

/* Enters a new network namespace, with a new user namespace around it if that is what it takes,
 * and brings lo up. Of several threads only the calling one enters, and needs CAP_SYS_ADMIN.
 * Returns 0, or a negative errno with the reason and the knob in @ret_why; what is refused leaves
 * this process where it was. */
int namespace_enter(char ret_why[static NAMESPACE_WHY_MAX]);

/* Makes the pair of devices with addresses and neighbours, ready to send. Call once, inside.
 * Returns 0, or a negative errno with the step that failed in @ret_why. */
int namespace_wire(char ret_why[static NAMESPACE_WHY_MAX]);

/* Writes or reads a setting of the namespace at hand by its sysctl(8) name: "net.ipv4.tcp_retries2".
 * Only names under "net."; -ENOENT when the namespace does not have it (some belong to the whole
 * host). What is read has no newline at its end. Returns 0 or a negative errno. */
int namespace_sysctl(const char *name, const char *value);
int namespace_sysctl_read(const char *name, char *ret_value, size_t size);
