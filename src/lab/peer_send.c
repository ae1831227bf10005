/* What the peer says: a segment from a description, onto the wire, and what it remembers of it. */
#include "lab/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lab/arrival.h"
#include "wire/seq.h"

enum {
        PACKET_MAX = 65535,
        WINDOW = 64240,              /* what Linux offers in its first segment */
};

/* Letters by position: what a program receives shows which part of the stream it is. */
static const uint8_t *letters(uint64_t position)
{
        static uint8_t all[PACKET_MAX + 26];

        if (all[0] == 0)
                for (size_t i = 0; i < sizeof(all); ++i)
                        all[i] = (uint8_t)('a' + i % 26);
        return all + position % 26;
}

static uint32_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static bool wants_timestamps(const struct peer *peer, const struct peer_segment *segment)
{
        switch (segment->timestamps) {
        case PEER_TIMESTAMPS_ON:
                return true;
        case PEER_TIMESTAMPS_OFF:
                return false;
        case PEER_TIMESTAMPS_AS_AGREED:
                break;
        }
        if (segment->flags & SEGMENT_SYN)
                return peer->role == PEER_CLIENT || peer->agreed_timestamps;
        return peer->asked_timestamps && peer->agreed_timestamps;
}

static uint32_t ack_number(const struct peer *peer, const struct peer_segment *segment)
{
        switch (segment->ack) {
        case PEER_ACK_SEEN:
                return peer->kernel_next;
        case PEER_ACK_FEWER:
                return peer->kernel_next - segment->ack_value;
        case PEER_ACK_ABSOLUTE:
                return segment->ack_value;
        case PEER_ACK_NONE:
                break;
        }
        return 0;
}

/* A SYN's own window is never scaled (RFC 7323, 2.2). */
static uint16_t window_of(const struct peer *peer, const struct peer_segment *segment)
{
        if (segment->has_window)
                return segment->window;
        if (!(segment->flags & SEGMENT_SYN) && peer->asked_scale && peer->agreed_scale)
                return (uint16_t)(WINDOW >> peer->window_scale);
        return WINDOW;
}

static void add_options(const struct peer *peer, const struct peer_segment *segment, struct segment *made)
{
        if (segment->mss) {
                made->mss = segment->mss;
                made->options |= SEGMENT_HAS_MSS;
        }
        if (segment->has_window_scale) {
                made->window_scale = segment->window_scale;
                made->options |= SEGMENT_HAS_WINDOW_SCALE;
        }
        if (segment->sack_permitted)
                made->options |= SEGMENT_HAS_SACK_PERMITTED;
        if (wants_timestamps(peer, segment)) {
                made->ts_value = now_ms() + (uint32_t)segment->ts_offset;
                made->ts_echo = peer->last_ts_value;
                made->options |= SEGMENT_HAS_TIMESTAMPS;
        }
        for (unsigned i = 0; i < segment->n_sack; ++i) {
                made->sack[i].start = peer->kernel_isn + 1 + segment->sack[i].start;
                made->sack[i].end = peer->kernel_isn + 1 + segment->sack[i].end;
                made->options |= SEGMENT_HAS_SACK;
        }
        made->n_sack = segment->n_sack;
}

int peer_build(const struct peer *peer, const struct peer_segment *segment, struct segment *ret_segment)
{
        bool acks = segment->ack != PEER_ACK_NONE && (peer->syn_seen || segment->ack == PEER_ACK_ABSOLUTE);
        struct segment made = {
                .family = peer->family,
                .ttl = segment->ttl ? segment->ttl : 64,
                .tos = segment->tos,
                .dont_fragment = true,
                .flags = segment->flags,
                .ip_id = segment->has_ip_id ? segment->ip_id : peer->ip_id,
                .source_port = peer->port,
                .destination_port = peer->kernel_port,
                .window = window_of(peer, segment),
                .n_payload = segment->n_payload,
                .payload = segment->payload,
        };

        if (peer->kernel_port == 0)
                return -ENOTCONN;
        if (segment->n_sack > SEGMENT_N_SACK)
                return -EINVAL;
        if (segment->n_payload > PACKET_MAX)
                return -ENOBUFS;
        made.seq = segment->absolute_seq ? (uint32_t)segment->seq_offset
                                         : peer->next + (uint32_t)segment->seq_offset;
        if (acks) {
                made.flags |= SEGMENT_ACK;
                made.ack = ack_number(peer, segment);
        }
        if (segment->n_payload > 0 && !segment->payload)
                made.payload = letters((uint32_t)(made.seq - peer->isn - 1));
        memcpy(made.source, peer->address, sizeof(made.source));
        memcpy(made.destination, peer->kernel_address, sizeof(made.destination));
        add_options(peer, segment, &made);
        *ret_segment = made;
        return 0;
}

/* Puts it on the wire, and returns when the kernel has worked on it. */
static int emit_packet(struct peer *peer, const void *packet, size_t n)
{
        struct sockaddr_ll to = {
                .sll_family = AF_PACKET,
                .sll_protocol = htons(peer->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP),
                .sll_ifindex = peer->ifindex,
                .sll_halen = sizeof(peer->mac),
        };

        struct arrival *arrival;
        int r, arrived;

        memcpy(to.sll_addr, peer->mac, sizeof(peer->mac));
        r = arrival_take(&arrival);
        if (r < 0)
                return r;
        arrival_begin(arrival);
        r = sendto(peer->fd, packet, n, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
        arrived = arrival_end(arrival, peer->fd, peer->ifindex, peer->mac);
        if (r == 0 && arrived != -ETIMEDOUT) /* what has not arrived then the play will see */
                r = arrived;
        return r;
}

int peer_emit(struct peer *peer, const struct segment *segment)
{
        uint8_t packet[PACKET_MAX];
        int n, r;

        n = segment_write(packet, sizeof(packet), segment);
        if (n < 0)
                return n;
        r = emit_packet(peer, packet, (size_t)n);
        if (r)
                return r;
        ++peer->ip_id;
        return 0;
}

int peer_send(struct peer *peer, const struct peer_segment *segment)
{
        struct segment made;
        int r;

        r = peer_build(peer, segment, &made);
        if (r)
                return r;
        r = peer_emit(peer, &made);
        if (r)
                return r;
        if (made.flags & SEGMENT_SYN) {
                peer->asked_timestamps = made.options & SEGMENT_HAS_TIMESTAMPS;
                peer->asked_scale = made.options & SEGMENT_HAS_WINDOW_SCALE;
                peer->window_scale = made.window_scale;
        }
        /* A RST takes no room: there is nothing behind it. */
        if (segment->seq_offset == 0 && !segment->absolute_seq && !(made.flags & SEGMENT_RST)) {
                peer->next += segment_length(&made);
                peer->n_sent += made.n_payload;
        }
        return 0;
}

void peer_skip(struct peer *peer, uint32_t n_bytes)
{
        peer->next += n_bytes;
        peer->n_sent += n_bytes;
}

const struct peer_seen *peer_last(const struct peer *peer)
{
        const struct peer_seen *last = NULL;
        uint32_t highest = 0;

        for (size_t i = 0; i < peer->n_seen; i++) {
                const struct segment *s = &peer->seen[i].segment;
                uint32_t end = s->seq + segment_length(s);

                if (!last || seq_distance(highest, s->seq) >= 0 || segment_length(s) > 0)
                        last = &peer->seen[i];
                if (i == 0 || seq_distance(highest, end) > 0)
                        highest = end;
        }
        return last;
}

int peer_icmp(struct peer *peer, enum icmp_error error)
{
        uint8_t packet[ICMP_SIZE_MAX];
        const struct peer_seen *last = peer_last(peer);
        int n;

        if (!last)
                return -ENODATA;
        n = icmp_write(packet, sizeof(packet), error, last->bytes, last->n_bytes);
        if (n < 0)
                return n;
        return emit_packet(peer, packet, (size_t)n);
}
