/* Opening, hearing and waiting. What the peer sends is in peer_send.c, the handshake in
 * peer_handshake.c. */
#include "lab/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lab/deadline.h"
#include "lab/namespace.h"
#include "lab/peer_socket.h"
#include "netlink/link.h"
#include "wire/seq.h"

enum {
        PEER_ISN = 0x10000000,       /* fixed, so that two runs read alike */
        PACKET_MAX = 65536,
};

int peer_open(uint8_t family, enum peer_role role, uint16_t port, uint16_t kernel_port, struct peer **ret_peer)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        bool v6 = family == AF_INET6;
        int r;

        if (family != AF_INET && family != AF_INET6)
                return -EAFNOSUPPORT;
        if (port == 0 || (role == PEER_CLIENT && kernel_port == 0))
                return -EINVAL;
        peer = calloc(1, sizeof(*peer));
        if (!peer)
                return -ENOMEM;
        peer->fd = -1;
        peer->role = role;
        peer->family = family;
        peer->port = port;
        peer->kernel_port = kernel_port;
        peer->isn = peer->next = PEER_ISN;
        peer->ip_id = 1;
        inet_pton(family, v6 ? NAMESPACE_PEER_IPV6 : NAMESPACE_PEER_IPV4, peer->address);
        inet_pton(family, v6 ? NAMESPACE_SOCKETS_IPV6 : NAMESPACE_SOCKETS_IPV4, peer->kernel_address);
        r = link_mac(NAMESPACE_SOCKETS, peer->mac);
        if (r)
                return r;
        r = peer_socket_take(&peer->fd, &peer->ifindex);
        if (r)
                return r;
        *ret_peer = peer;
        peer = NULL;
        return 0;
}

struct peer *peer_close(struct peer *peer)
{
        if (!peer)
                return NULL;
        for (size_t i = 0; i < peer->n_seen; ++i)
                free(peer->seen[i].bytes);
        free(peer->seen);
        peer_socket_give(peer->fd);
        free(peer);
        return NULL;
}

/* Whether a segment is of this connection. A server takes the first SYN to its port for its own. */
static bool is_ours(struct peer *peer, const struct segment *segment)
{
        if (segment->family != peer->family || segment->destination_port != peer->port ||
            memcmp(segment->source, peer->kernel_address, sizeof(segment->source)) != 0 ||
            memcmp(segment->destination, peer->address, sizeof(segment->destination)) != 0)
                return false;
        if (peer->kernel_port == 0 && (segment->flags & SEGMENT_SYN))
                peer->kernel_port = segment->source_port;
        return segment->source_port == peer->kernel_port;
}

static void learn_syn(struct peer *peer, const struct segment *segment)
{
        if (peer->syn_seen)
                return;
        peer->syn_seen = true;
        peer->kernel_isn = segment->seq;
        peer->kernel_next = peer->kernel_highest = segment->seq + 1;
        peer->agreed_timestamps = segment->options & SEGMENT_HAS_TIMESTAMPS;
        peer->agreed_scale = segment->options & SEGMENT_HAS_WINDOW_SCALE;
}

/* Moves on what was received in order. A repeated segment may bring new bytes at its end. Bytes that
 * came out of order are not kept: they count when the kernel repeats them. */
static void learn_data(struct peer *peer, const struct segment *segment)
{
        uint32_t begin = segment->seq + !!(segment->flags & SEGMENT_SYN);
        uint32_t end = segment->seq + segment_length(segment);
        uint32_t end_of_data = begin + segment->n_payload;

        if (!peer->syn_seen)
                return;
        if (seq_distance(peer->kernel_highest, end) > 0)
                peer->kernel_highest = end;
        if (seq_distance(peer->kernel_next, begin) > 0)
                return;
        if (seq_distance(peer->kernel_next, end_of_data) > 0) {
                peer->n_received += (uint32_t)seq_distance(peer->kernel_next, end_of_data);
                peer->kernel_next = end_of_data;
        }
        if ((segment->flags & SEGMENT_FIN) && !peer->fin_seen && peer->kernel_next == end_of_data) {
                peer->fin_seen = true;
                peer->kernel_next = end;
        }
}

static void learn(struct peer *peer, const struct segment *segment)
{
        if (segment->flags & SEGMENT_RST) {
                /* Its numbers need not be those of the stream. */
                peer->rst_seen = true;
                return;
        }
        if (segment->flags & SEGMENT_SYN)
                learn_syn(peer, segment);
        learn_data(peer, segment);
        if (segment->flags & SEGMENT_ACK) {
                peer->ack_seen = true;
                peer->last_ack = segment->ack;
        }
        peer->last_window = segment->window;
        if (segment->options & SEGMENT_HAS_TIMESTAMPS)
                peer->last_ts_value = segment->ts_value;
}

static int keep(struct peer *peer, int64_t time_ns, const uint8_t *packet, size_t n)
{
        struct segment segment;
        struct peer_seen *seen;

        if (segment_read(packet, n, &segment) != 0 || !is_ours(peer, &segment))
                return 0;
        if (peer->n_seen == peer->n_room) {
                size_t n_room = peer->n_room ? peer->n_room * 2 : 32;

                seen = reallocarray(peer->seen, n_room, sizeof(*seen));
                if (!seen)
                        return -ENOMEM;
                peer->seen = seen;
                peer->n_room = n_room;
        }
        seen = &peer->seen[peer->n_seen];
        *seen = (struct peer_seen){ .time_ns = time_ns, .bytes = malloc(n), .n_bytes = (uint32_t)n };
        if (!seen->bytes)
                return -ENOMEM;
        memcpy(seen->bytes, packet, n);
        /* Read again, so that it points into its own bytes. */
        (void)segment_read(seen->bytes, n, &seen->segment);
        ++peer->n_seen;
        learn(peer, &segment);
        return 0;
}

static int64_t time_of(struct msghdr *message)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                        struct timespec time;

                        memcpy(&time, CMSG_DATA(c), sizeof(time));
                        return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
                }
        return 0;
}

/* Takes in all that lies in the socket. */
static int drain(struct peer *peer)
{
        for (;;) {
                _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
                uint8_t packet[PACKET_MAX];
                struct sockaddr_ll from = {};
                struct iovec vector = { .iov_base = packet, .iov_len = sizeof(packet) };
                struct msghdr message = {
                        .msg_name = &from, .msg_namelen = sizeof(from),
                        .msg_iov = &vector, .msg_iovlen = 1,
                        .msg_control = control, .msg_controllen = sizeof(control),
                };
                ssize_t n;
                int r;

                n = recvmsg(peer->fd, &message, 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (from.sll_pkttype == PACKET_OUTGOING)
                        continue;
                r = keep(peer, time_of(&message), packet, (size_t)n);
                if (r)
                        return r;
        }
}

int peer_read(struct peer *peer, int64_t deadline_ns)
{
        size_t n_before = peer->n_seen;

        for (;;) {
                struct pollfd poller = { .fd = peer->fd, .events = POLLIN };
                int ms, r;

                r = drain(peer);
                if (r)
                        return r;
                if (peer->n_seen > n_before)
                        return (int)(peer->n_seen - n_before);
                ms = deadline_left_ms(deadline_ns);
                if (ms == 0)
                        return -ETIMEDOUT;
                if (poll(&poller, 1, ms) < 0 && errno != EINTR)
                        return -errno;
        }
}

int peer_wait(struct peer *peer, bool (*enough)(const struct peer *peer, const void *context), const void *context,
              int64_t deadline_ns)
{
        while (!enough(peer, context)) {
                int r = peer_read(peer, deadline_ns);

                if (r < 0)
                        return r;
        }
        return 0;
}

struct flags_since {
        uint16_t flags;
        size_t since;
};

static bool has_flags(const struct peer *peer, const void *context)
{
        const struct flags_since *wanted = context;

        for (size_t i = wanted->since; i < peer->n_seen; ++i)
                if ((peer->seen[i].segment.flags & wanted->flags) == wanted->flags)
                        return true;
        return false;
}

int peer_wait_flags(struct peer *peer, uint16_t flags, size_t since, int64_t deadline_ns)
{
        return peer_wait(peer, has_flags, &(struct flags_since){ flags, since }, deadline_ns);
}

static bool has_bytes(const struct peer *peer, const void *context)
{
        return peer->n_received >= *(const uint64_t *)context;
}

int peer_wait_bytes(struct peer *peer, uint64_t n_bytes, int64_t deadline_ns)
{
        return peer_wait(peer, has_bytes, &n_bytes, deadline_ns);
}

static bool is_acked(const struct peer *peer, const void *context)
{
        (void)context;
        return peer->ack_seen && seq_distance(peer->next, peer->last_ack) >= 0;
}

int peer_wait_acked(struct peer *peer, int64_t deadline_ns)
{
        return peer_wait(peer, is_acked, NULL, deadline_ns);
}
