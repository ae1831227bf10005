/* Kernel sockets whose other end is a peer below the sockets, which acknowledges by hand. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <finis/finis.h>

#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lab/inside.h"
#include "../lab/sockets.h"
#include "lab/deadline.h"
#include "lab/peer.h"

static char bytes[20000];

/* The kernel's socket connected to a peer, and the other way round. */
static inline int opened(enum peer_role role, uint16_t port, struct peer **ret_peer)
{
        uint16_t own = 0;
        int fd, listener;

        if (role == PEER_SERVER) {
                assert_int_equal(peer_open(AF_INET, PEER_SERVER, port, 0, ret_peer), 0);
                fd = connecting(AF_INET, port);
                assert_int_equal(peer_handshake(*ret_peer, deadline_in(PATIENCE_MS)), 0);
                await(fd, POLLOUT);
                assert_int_equal(error_of(fd), 0);
        } else {
                listener = listening(AF_INET, NAMESPACE_SOCKETS_IPV4, &own);
                assert_int_equal(peer_open(AF_INET, PEER_CLIENT, port, own, ret_peer), 0);
                assert_int_equal(peer_handshake(*ret_peer, deadline_in(PATIENCE_MS)), 0);
                fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                assert_true(fd >= 0);
                close(listener);
        }
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), 0);
        return fd;
}

/* As opened(), with the peer as server, and @n bytes have reached it unacknowledged. */
static inline int sent(uint16_t port, size_t n, struct peer **ret_peer, struct finis *ret_f)
{
        int fd = opened(PEER_SERVER, port, ret_peer);

        assert_int_equal(finis_init(ret_f, fd), 0);
        assert_int_equal(finis_write(ret_f, bytes, n), n);
        assert_int_equal(peer_wait_bytes(*ret_peer, n, deadline_in(PATIENCE_MS)), 0);
        return fd;
}

/* Takes in all that the kernel has sent by now. */
static inline void take_in(struct peer *peer)
{
        while (peer_read(peer, 0) > 0)
                ;
}

static inline uint32_t position(const struct peer *peer, uint32_t seq)
{
        return seq - (peer->kernel_isn + 1);
}

static inline void acknowledge(struct peer *peer, uint32_t n, uint32_t window, uint32_t sack_from, uint32_t sack_to)
{
        struct peer_segment s = {
                .ack = PEER_ACK_ABSOLUTE, .ack_value = peer->kernel_isn + 1 + n,
                .has_window = window != UINT32_MAX, .window = (uint16_t)window,
        };

        if (sack_to > sack_from) {
                s.n_sack = 1;
                s.sack[0].start = sack_from;
                s.sack[0].end = sack_to;
        }
        assert_int_equal(peer_send(peer, &s), 0);
}
