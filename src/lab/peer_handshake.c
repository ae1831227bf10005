/* The three segments of opening, from either end. */
#include "lab/peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "wire/seq.h"

/* What Linux puts on its own SYN over Ethernet. */
static struct peer_segment syn_of(const struct peer *peer)
{
        return (struct peer_segment){
                .flags = SEGMENT_SYN,
                .mss = peer->family == AF_INET6 ? 1440 : 1460,
                .sack_permitted = true,
                .has_window_scale = true,
                .window_scale = 7,
        };
}

static bool opened_or_refused(const struct peer *peer, const void *context)
{
        (void)context;
        return peer->syn_seen || peer->rst_seen;
}

static bool acked_or_refused(const struct peer *peer, const void *context)
{
        (void)context;
        return peer->rst_seen || (peer->ack_seen && seq_distance(peer->next, peer->last_ack) >= 0);
}

static int open_as_client(struct peer *peer, int64_t deadline_ns)
{
        struct peer_segment syn = syn_of(peer);
        int r;

        syn.ack = PEER_ACK_NONE;
        r = peer_send(peer, &syn);
        if (r)
                return r;
        r = peer_wait(peer, opened_or_refused, NULL, deadline_ns);
        if (r)
                return r;
        if (peer->rst_seen)
                return -ECONNREFUSED;
        return peer_send(peer, &(struct peer_segment){});
}

static int open_as_server(struct peer *peer, int64_t deadline_ns)
{
        struct peer_segment syn = syn_of(peer);
        int r;

        r = peer_wait(peer, opened_or_refused, NULL, deadline_ns);
        if (r)
                return r;
        if (peer->rst_seen)
                return -ECONNREFUSED;
        r = peer_send(peer, &syn);
        if (r)
                return r;
        r = peer_wait(peer, acked_or_refused, NULL, deadline_ns);
        if (r)
                return r;
        return peer->rst_seen ? -ECONNREFUSED : 0;
}

int peer_handshake(struct peer *peer, int64_t deadline_ns)
{
        return peer->role == PEER_CLIENT ? open_as_client(peer, deadline_ns) : open_as_server(peer, deadline_ns);
}
