/* A cache of sets of four: a stone is where its key says, or the oldest of the four has made room for another. */
#include "connection/tombstone.h"

#include <string.h>

#include "connection/direction.h"

enum {
        WAYS = 4,
        SETS = 1 << 14,
};

int
graveyard_init(struct graveyard *graveyard, bool large)
{
        *graveyard = (struct graveyard){};
        return region_init(&graveyard->region, WAYS * SETS * sizeof(*graveyard->stones), large);
}

void
graveyard_deinit(struct graveyard *graveyard)
{
        region_deinit(&graveyard->region);
        *graveyard = (struct graveyard){};
}

/* Not keyed by a secret as the index is: the same capture shall always give the same, and a collision made on
 * purpose only hides what its maker sent. */
static uint64_t
digest_end(const uint8_t *address, uint16_t port)
{
        uint64_t low, high;
        unsigned __int128 product;

        memcpy(&low, address, sizeof(low));
        memcpy(&high, address + 8, sizeof(high));
        product = (unsigned __int128)(low ^ 0xa0761d6478bd642fu) * (high ^ 0xe7037ed1a0b428dbu ^ (uint64_t)port << 17);
        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
digest(const struct ends *ends)
{
        uint64_t sum = digest_end(ends->source, ends->source_port) +
                       digest_end(ends->destination, ends->destination_port);

        return ((sum ^ ends->realm) * 0x9e3779b97f4a7c15u) | 1;
}

static struct tombstone *
set_of(struct graveyard *graveyard, uint64_t key)
{
        return &graveyard->stones[(key >> 32) % SETS * WAYS];
}

static struct ends
ends_of(const struct head *h, uint8_t ret_address[static 2][16])
{
        head_address(h, 0, ret_address[0]);
        head_address(h, 1, ret_address[1]);
        return (struct ends){ .source = ret_address[0], .destination = ret_address[1], .source_port = h->port[0],
                              .destination_port = h->port[1], .realm = h->realm };
}

void
graveyard_fetch(struct graveyard *graveyard, const struct head *h)
{
        uint8_t address[2][16];
        struct ends ends = ends_of(h, address);
        const char *set;

        if (!graveyard->stones)
                return;
        set = (const char *)set_of(graveyard, digest(&ends));
        for (size_t at = 0; at < WAYS * sizeof(struct tombstone); at += 64)
                __builtin_prefetch(set + at, 1);
}

void
graveyard_bury(struct graveyard *graveyard, const struct head *h, uint32_t file, uint64_t frame,
               const uint32_t next[static 2])
{
        uint8_t address[2][16];
        struct ends ends = ends_of(h, address);
        uint64_t key = digest(&ends);
        struct tombstone *set;
        unsigned at;

        if (!graveyard->stones) {
                /* Without memory for it a straggler is taken for a connection: no more. */
                if (region_grow(&graveyard->region, WAYS * SETS * sizeof(*set)) < 0)
                        return;
                graveyard->stones = (struct tombstone *)(void *)graveyard->region.base;
        }
        set = set_of(graveyard, key);
        for (at = 0; at < WAYS - 1 && set[at].key != key; at++)
                ;
        /* The newest stands first. */
        memmove(set + 1, set, at * sizeof(*set));
        set[0] = (struct tombstone){ .key = key, .first = (uint32_t)digest_end(address[0], h->port[0]),
                                     .file = file, .frame = frame, .next = { next[0], next[1] } };
}

const struct tombstone *
graveyard_find(struct graveyard *graveyard, const struct ends *ends, const struct segment *s)
{
        uint64_t key = digest(ends);
        const struct tombstone *set = graveyard->stones ? set_of(graveyard, key) : NULL;

        for (unsigned i = 0; set && i < WAYS && set[i].key != 0; i++) {
                const struct tombstone *stone = &set[i];
                bool first = stone->first == (uint32_t)digest_end(ends->source, ends->source_port);
                int64_t at = seq_distance(stone->next[!first], s->seq);
                int64_t acks = seq_distance(stone->next[first], s->ack);

                if (stone->key != key)
                        continue;
                /* A SYN is a straggler only as a repeat of one that was never answered. */
                if (s->flags & SEGMENT_SYN ? at == -1
                                           : (at <= REACH && at >= -REACH) ||
                                             (s->flags & SEGMENT_ACK && acks <= REACH && acks >= -REACH)) {
                        graveyard->n_strays++;
                        return stone;
                }
                return NULL;
        }
        return NULL;
}
