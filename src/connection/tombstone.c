/* A cache of sets of four: a stone is where its key says, or the oldest of the four has made room for another. */
#include "connection/tombstone.h"

#include <string.h>

#include "connection/direction.h"

int graveyard_init(struct graveyard *graveyard, bool large)
{
        *graveyard = (struct graveyard){};
        return region_init(&graveyard->region, TOMBSTONE_WAYS * TOMBSTONE_SETS * sizeof(*graveyard->stones), large);
}

void graveyard_deinit(struct graveyard *graveyard)
{
        region_deinit(&graveyard->region);
        *graveyard = (struct graveyard){};
}

/* Not keyed by a secret as the index is: the same capture shall always give the same, and a collision made on
 * purpose only hides what its maker sent. */
static inline uint64_t digest_end(uint64_t low, uint64_t high, uint16_t port)
{
        unsigned __int128 product =
                (unsigned __int128)(low ^ 0xa0761d6478bd642fu) * (high ^ 0xe7037ed1a0b428dbu ^ (uint64_t)port << 17);

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t digest_address(const uint8_t *address, uint16_t port)
{
        uint64_t low, high;

        memcpy(&low, address, sizeof(low));
        memcpy(&high, address + 8, sizeof(high));
        return digest_end(low, high, port);
}

/* The same of an end of which the first four bytes lie apart. */
static inline uint64_t digest_of_head(const struct head *h, unsigned end)
{
        uint32_t middle;
        uint64_t high;

        memcpy(&middle, h->rest[end], sizeof(middle));
        memcpy(&high, h->rest[end] + 4, sizeof(high));
        return digest_end(h->address[end] | (uint64_t)middle << 32, high, h->port[end]);
}

static inline uint64_t key_of(uint64_t one, uint64_t other, uint32_t realm)
{
        return (((one + other) ^ realm) * 0x9e3779b97f4a7c15u) | 1;
}

struct tombstone_name graveyard_name(const struct head *h)
{
        uint64_t first = digest_of_head(h, 0);

        return (struct tombstone_name){ .key = key_of(first, digest_of_head(h, 1), h->realm),
                                        .first = (uint32_t)first };
}

void graveyard_bury(struct graveyard *graveyard, struct tombstone_name name, uint32_t file, uint64_t frame,
                    const uint32_t next[static 2])
{
        struct tombstone *set;
        unsigned at;

        if (!graveyard->stones) {
                /* Without memory for it a straggler is taken for a connection: no more. */
                if (region_grow(&graveyard->region, TOMBSTONE_WAYS * TOMBSTONE_SETS * sizeof(*set)) < 0)
                        return;
                graveyard->stones = (struct tombstone *)(void *)graveyard->region.base;
        }
        set = graveyard_set(graveyard, name.key);
        for (at = 0; at < TOMBSTONE_WAYS - 1 && set[at].key != name.key; at++)
                ;
        /* The newest stands first. */
        for (; at > 0; at--)
                set[at] = set[at - 1];
        set[0] = (struct tombstone){ .key = name.key, .first = name.first, .file = file, .frame = frame,
                                     .next = { next[0], next[1] } };
}

const struct tombstone *graveyard_find(struct graveyard *graveyard, const struct ends *ends, const struct segment *s)
{
        const uint64_t source = digest_address(ends->source, ends->source_port);
        const uint64_t destination = digest_address(ends->destination, ends->destination_port);
        const uint64_t key = key_of(source, destination, ends->realm);
        const struct tombstone *set = graveyard->stones ? graveyard_set(graveyard, key) : NULL;

        for (unsigned i = 0; set && i < TOMBSTONE_WAYS && set[i].key != 0; i++) {
                const struct tombstone *stone = &set[i];
                bool first = stone->first == (uint32_t)source;
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
