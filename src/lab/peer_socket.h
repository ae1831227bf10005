/* The packet socket of a peer: taken and given back, since the kernel waits some 15 ms for all
 * processors before it closes one (packet_release(), synchronize_net()), and a lab opens a hundred. */
#pragma once

/* A socket that hears NAMESPACE_WIRE from now on, of this process and network namespace.
 * Returns 0 or a negative errno. */
int peer_socket_take(int *ret_fd, int *ret_ifindex);

/* Keeps one for the next to take, and closes the others. Takes -1. */
void peer_socket_give(int fd);
