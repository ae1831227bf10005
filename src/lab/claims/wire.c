/* Counts segments that the sniffer of lo, or the peer below the sockets, has seen. */
#include "lab/claims/wire.h"

#include <errno.h>
#include <string.h>

#include "wire/segment.h"

static void count(const struct segment *s, uint32_t first, bool has_first, struct wire_seen *seen)
{
        uint32_t end = s->seq + s->n_payload - first;

        seen->n_rst += (s->flags & SEGMENT_RST) != 0;
        seen->n_fin += (s->flags & SEGMENT_FIN) != 0;
        if (has_first && s->n_payload > 0 && !(s->flags & SEGMENT_RST) && end > seen->bytes)
                seen->bytes = end;
}

static void look_at_peer(const struct peer *peer, int64_t until_ns, struct wire_seen *seen)
{
        for (size_t i = 0; i < peer->n_seen; i++)
                if (peer->seen[i].time_ns <= until_ns)
                        count(&peer->seen[i].segment, peer->kernel_isn + 1, peer->syn_seen, seen);
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
        uint8_t port[2];

        memcpy(port, (const char *)address + 2, sizeof(port)); /* sin_port and sin6_port lie at the same place */
        return (uint16_t)(port[0] << 8 | port[1]);
}

static void look_at_frames(const struct play *play, int end, int64_t until_ns, struct wire_seen *seen)
{
        const struct sniffer *sniffer = play->sniffer;
        uint16_t server = port_of(&play->address), client = port_of(&play->name[CLIENT]);
        bool has_first = false;
        uint32_t first = 0;
        struct segment s;

        for (size_t i = 0; i < sniffer->n_frames; i++) {
                const struct sniffer_frame *f = &sniffer->frames[i];
                uint16_t from = end == CLIENT ? client : server, to = end == CLIENT ? server : client;

                if (f->time_ns > until_ns || segment_read(f->bytes, f->n_bytes, &s) != 0 ||
                    s.source_port != from || s.destination_port != to)
                        continue;
                if (s.flags & SEGMENT_SYN) {
                        first = s.seq + 1;
                        has_first = true;
                }
                count(&s, first, has_first, seen);
        }
}

int wire_look(const struct play *play, int end, int64_t until_ns, struct wire_seen *ret_seen)
{
        struct wire_seen seen = { 0 };

        if (play->pair.by_hand[end])
                return -ENODATA; /* its segments are the case's own acts */
        if (play->peer) {
                look_at_peer(play->peer, until_ns, &seen);
        } else if (play->sniffer && play->named[CLIENT]) {
                seen.lost = play->sniffer->n_lost > 0;
                look_at_frames(play, end, until_ns, &seen);
        } else {
                return -ENODATA;
        }
        *ret_seen = seen;
        return 0;
}
