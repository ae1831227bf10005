/* The same packet captured twice: on two interfaces, in and out of a router, out of and into loopback. */
#pragma once

#include "connection/node.h"

enum {
        TWIN_COUNTER_BACK = 64,         /* so many others an end may have sent between a packet and its twin */
};

/* Of every number of the TCP header and the IP ID. They are put together as they stand in struct segment, so that each
 * word is one load. */
static inline uint32_t twin_digest_of(uint32_t seq, uint32_t ack, uint32_t ts_value, uint32_t ts_echo,
                                      uint32_t n_payload, uint16_t ip_id, uint16_t window, uint16_t flags)
{
        uint64_t a = (n_payload | (uint64_t)ack << 32) ^ (uint64_t)ip_id << 16, b = seq | (uint64_t)ts_echo << 32;
        uint64_t c = ts_value | (uint64_t)window << 32 | (uint64_t)flags << 48;
        unsigned __int128 product = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xa0761d6478bd642fu);

        return (uint32_t)(((uint64_t)product ^ (uint64_t)(product >> 64) ^ c) * 0xe7037ed1a0b428dbu >> 32);
}

static inline uint32_t twin_digest(const struct segment *s)
{
        return twin_digest_of(s->seq, s->ack, s->ts_value, s->ts_echo, s->n_payload, s->ip_id, s->window, s->flags);
}

static inline void twin_remember(struct direction *d, uint32_t what, int64_t time_ns)
{
        d->fingerprint.what[d->packets % FINGERPRINTS] = what;
        d->fingerprint.when[d->packets % FINGERPRINTS] = (uint32_t)(time_ns / 1000);
}

/* Remembers the packet and returns true where none of the last is like it, whenever that was. Else nothing is
 * done, and twin_seen() has to look closer. */
static inline bool twin_unlike(struct direction *d, const struct segment *s, int64_t time_ns)
{
        const uint32_t *what = d->fingerprint.what, digest = twin_digest(s);

        if ((what[0] == digest) | (what[1] == digest) | (what[2] == digest) | (what[3] == digest))
                return false;
        twin_remember(d, digest, time_ns);
        return true;
}

_Static_assert(FINGERPRINTS == 4, "twin_unlike() compares four");

/* Whether this packet of @sender was seen just before; remembers it. */
bool twin_seen(struct connection *c, unsigned sender, const struct segment *s, int64_t time_ns);

/* Whether twin_late() has to look closer at a segment. */
static inline bool twin_may_be_late(const struct connection *c, const struct direction *d, const struct segment *s)
{
        return c->flags & CONNECTION_TWINS && s->ip_id != 0 && (uint16_t)(d->ip_id - s->ip_id) <= TWIN_COUNTER_BACK;
}

/* The same of a burst whose copies come behind it: its first packets are forgotten before they come again. */
bool twin_late(const struct connection *c, const struct extra *extra, unsigned sender, const struct segment *s,
               int64_t time_ns);
