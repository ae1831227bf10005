/*
 * All connections at hand: nodes that never move, an index by ends, and three lists in the order of
 * their last segments. Numbers of nodes and extras are 32 bits and begin at 1. There are two kinds of node, each
 * with numbers of its own: struct connection, and struct orderly for those of which all was in order so far.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/index.h"
#include "connection/node.h"
#include "connection/orderly.h"
#include "connection/region.h"
#include "connection/row_pieces.h"
#include "connection/store.h"

/* In the number of a struct orderly. */
#define NODE_ORDERLY (UINT32_C(1) << 31)

/* Where a node is listed. */
enum {
        LIST_NONE,
        LIST_LIVE,                      /* more may come */
        LIST_SILENT,                    /* likewise; nothing came for long, so it is packed if it can be */
        LIST_ENDED,                     /* waiting to be given out */
        LIST_GIVEN,                     /* given out, and kept for stragglers */
        N_LISTS
};

/* Who: both ends of a segment, its sender first. @hash is the same for both ways but for its highest bit, which says
 * which way. */
struct ends {
        const uint8_t *source, *destination;
        uint16_t destination_port, source_port; /* in the order of struct segment */
        uint32_t realm;
        uint32_t hash;
};

#define HASH_WAY (UINT32_C(1) << 31)

/* In the realm of a name: there is more to it, so it is none of any struct head. */
#define NAME_IPV6 (UINT32_C(1) << 31)

/* The same as far as it takes to look for a connection, that is all of it where it is IPv4. */
struct name {
        struct {
                uint32_t address[2], ports, realm;
        } key[2];                       /* what begins a struct head whose first end is the sender, and whose second is */
        uint32_t hash;
        struct orderly *orderly;        /* which it very likely is, or NULL; then … */
        uint32_t slot;                  /* … where the index may have it: a hint */
};

/* Before and behind a node in its list. Apart from the nodes: a neighbour is not at hand when one moves. */
struct link {
        uint32_t older, newer;
};

struct table {
        bool large;                     /* memory comes in large pages */
        struct index index;
        struct region nodes;            /* struct connection, by number */
        struct region links;            /* struct link, likewise */
        struct region orderlies;        /* struct orderly, by number without NODE_ORDERLY */
        struct region orderly_links;
        struct row_pieces pieces;           /* of rows of segments */
        struct region extras;           /* struct extra, by number */
        struct region resets;           /* struct reset, likewise */
        struct region holes;            /* HOLES_MAX of struct hole each, likewise */
        struct store packed;            /* what nodes that are packed consist of */
        uint32_t n_nodes;               /* numbers given out so far */
        uint32_t n_orderlies, n_extras, n_resets, n_holes;
        uint32_t free_node, free_orderly, free_extra, free_reset, free_holes;
        size_t n_used;                  /* nodes in use */
        size_t n_listed[N_LISTS];
        uint32_t oldest[N_LISTS], newest[N_LISTS];
        int64_t due;                    /* the tracker's: when the oldest that has ended is to be given out; INT64_MIN when
                                         * it has become another, or was put there anew */
        uint64_t secret[3];
};

/* For @max connections at once, or if there are not addresses for so many, for @ret_max. @large: there will be many.
 * Returns 0, or -ENOMEM. */
int table_init(struct table *table, size_t max, bool large, size_t *ret_max);
void table_deinit(struct table *table);

/* The hash of ends; @realm and the addresses must be set. */
uint32_t table_hash_ipv6(const struct table *table, const struct ends *ends);

static inline uint64_t
table_mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product = (unsigned __int128)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* @a and @b are the ends of IPv4: their addresses as they lie in memory above their ports. Their product does not know which
 * of them sent. */
static inline uint32_t
table_hash_ipv4(const struct table *table, uint64_t a, uint64_t b, uint32_t realm)
{
        uint64_t mixed = table_mix(a ^ table->secret[0], b ^ table->secret[0]) ^ table->secret[1] * realm;

        return ((uint32_t)(mixed >> 16) & ~HASH_WAY) | (uint32_t)(a > b) << 31;
}

/* The name of a segment, of which the first part may be all that is read; the index is fetched from where that may
 * stand in it. @vlans is 0, or what VLANs add to the realm. */
static inline __attribute__((always_inline)) void
table_name(const struct table *table, const struct packet *packet, uint32_t vlans, struct name *ret_name)
{
        const struct segment *s = &packet->segment;
        uint32_t ports, hash, realm = vlans;
        uint64_t addresses;

        memcpy(&ports, &s->destination_port, sizeof(ports));
        if (__builtin_expect(s->family == AF_INET && packet->ip, 1)) {
                /* Where they stand in the header. */
                memcpy(&addresses, packet->ip + 12, sizeof(addresses));
                realm |= REALM_IPV4;
        } else {
                bool ipv4 = s->family == AF_INET;
                const uint8_t *source = packet->ip ? packet->ip + 8 : s->source;
                const uint8_t *destination = packet->ip ? packet->ip + 24 : s->destination;

                memcpy(&addresses, source, 4);
                memcpy((char *)&addresses + 4, destination, 4);
                realm |= ipv4 ? REALM_IPV4 : 0;
                if (!ipv4)
                        hash = table_hash_ipv6(table, &(struct ends){
                                .source = source, .source_port = s->source_port, .destination = destination,
                                .destination_port = s->destination_port, .realm = realm });
        }
        if (__builtin_expect(realm & REALM_IPV4, 1))
                hash = table_hash_ipv4(table, (uint64_t)(uint32_t)addresses << 16 | ports >> 16,
                                       addresses >> 32 << 16 | (ports & UINT16_MAX), realm);
        realm |= realm & REALM_IPV4 ? 0 : NAME_IPV6;
        for (unsigned sender = 0; sender < 2; sender++) {
                ret_name->key[sender].address[sender] = (uint32_t)addresses;
                ret_name->key[sender].address[!sender] = (uint32_t)(addresses >> 32);
                ret_name->key[sender].ports = sender ? ports : ports >> 16 | ports << 16;
                ret_name->key[sender].realm = realm;
        }
        ret_name->hash = hash;
        __builtin_prefetch(index_home(&table->index, hash));
}

static inline bool
node_is_orderly(uint32_t node)
{
        return node & NODE_ORDERLY;
}

/* Of a node that is not orderly. */
static inline struct connection *
table_at(const struct table *table, uint32_t node)
{
        return &((struct connection *)(void *)table->nodes.base)[node];
}

static inline struct orderly *
table_orderly(const struct table *table, uint32_t node)
{
        return &((struct orderly *)(void *)table->orderlies.base)[node & ~NODE_ORDERLY];
}

static inline uint32_t
table_node_of(const struct table *table, const struct orderly *o)
{
        return (uint32_t)(o - (const struct orderly *)(const void *)table->orderlies.base) | NODE_ORDERLY;
}

static inline struct head *
table_head(const struct table *table, uint32_t node)
{
        return node_is_orderly(node) ? &table_orderly(table, node)->head : &table_at(table, node)->head;
}

static inline struct link *
table_link(const struct table *table, uint32_t node)
{
        const struct region *links = node_is_orderly(node) ? &table->orderly_links : &table->links;

        return &((struct link *)(void *)links->base)[node & ~NODE_ORDERLY];
}

static inline bool
table_is_packed(const struct table *table, uint32_t node)
{
        return node_is_orderly(node) && table_orderly(table, node)->flags & ORDERLY_PACKED;
}

/* Of an orderly connection. */
static inline struct row *
table_row(const struct table *table, const struct orderly *o, unsigned i)
{
        return &row_pieces_at(&table->pieces, o->piece[row_piece(i)])[row_place(i)];
}

/* Fetches what @segment will touch of the node that @name very likely means, and notes its slot there. */
void table_fetch_any(const struct table *table, struct name *name, const struct segment *segment);

/* The same, but for an orderly connection where its hash says. */
static inline void
table_fetch_node(const struct table *table, struct name *name, const struct segment *segment)
{
        uint32_t entry = index_likely(&table->index, name->hash);
        struct orderly *o;

        if (__builtin_expect(node_is_orderly(entry), 1)) {
                o = table_orderly(table, index_node(entry));
                name->orderly = o;
                __builtin_prefetch(o, 1);
                __builtin_prefetch((const char *)o + sizeof(*o) / 2, 1);
        } else {
                table_fetch_any(table, name, segment);
        }
}

/* A place in the list of the living is taken anew no sooner, so who was silent for longest is known to within so many
 * seconds. */
#define QUEUED_FOR_S 4

/* After that: fetches the place for the next row of an orderly connection, and its place in the lists if that is likely
 * to change, @second being that of the batch. Always inline, since for gcc a function that only fetches does nothing, and
 * its call is left out. */
static inline __attribute__((always_inline)) void
table_fetch_extra(const struct table *table, uint32_t extra)
{
        const char *at = table->extras.base + extra * sizeof(struct extra);

        for (size_t line = 0; line < sizeof(struct extra); line += 64)
                __builtin_prefetch(at + line, 1);
}

static inline __attribute__((always_inline)) void
table_fetch_row(const struct table *table, const struct name *name, const struct segment *segment, uint32_t second)
{
        const struct orderly *o = name->orderly;

        if (__builtin_expect(!o, 0)) {
                uint32_t node = index_node(table->index.lines[name->slot / INDEX_LINE].entry[name->slot % INDEX_LINE]);

                if (node != NODE_NONE && !node_is_orderly(node) && table_at(table, node)->extra != NODE_NONE)
                        table_fetch_extra(table, table_at(table, node)->extra);
                return;
        }
        __builtin_prefetch(table_row(table, o, o->n % ROW_MAX), 1);
        if (segment->flags & (SEGMENT_FIN | SEGMENT_RST) || (int32_t)(second - o->head.queued_s) >= QUEUED_FOR_S)
                __builtin_prefetch(table_link(table, table_node_of(table, o)), 1);
}

/* Fetches what stands behind this node in its list and will soon have its turn. */
void table_fetch_next(const struct table *table, uint32_t node);

/* The ends of a packet that is whole. */
static inline struct ends
table_ends(const struct packet *packet, const struct name *name)
{
        const struct segment *s = &packet->segment;

        return (struct ends){
                .source = s->source, .destination = s->destination, .destination_port = s->destination_port,
                .source_port = s->source_port, .realm = name->key[0].realm & ~NAME_IPV6, .hash = name->hash,
        };
}

/* The node of these ends, or NODE_NONE; @ret_sender is 0 or 1. No two nodes of the same ends are in the index, so it
 * does not matter where one is found. */
uint32_t table_find(const struct table *table, const struct ends *ends, unsigned *ret_sender);

/* Whether it is a name of @h, whose end @sender sent. Those of IPv6 never are. */
static inline bool
table_is_name(const struct head *h, const struct name *name, unsigned sender)
{
        return memcmp(h, &name->key[sender], sizeof(name->key[sender])) == 0;
}

/* Where the addresses of @packet stand one behind the other, as far as that is read. */
static inline const uint8_t *
table_addresses(const struct packet *packet)
{
        return packet->ip ? packet->ip + 8 : packet->segment.source;
}

/* The same for names of IPv6. */
static inline bool
table_is_name_ipv6(const struct head *h, const struct name *name, const struct packet *packet, unsigned sender)
{
        const uint8_t *addresses = table_addresses(packet);

        return name->key[sender].realm == (h->realm | NAME_IPV6) &&
               memcmp(h, &name->key[sender], offsetof(struct head, realm)) == 0 &&
               memcmp(h->rest[sender], addresses + 4, sizeof(h->rest[0])) == 0 &&
               memcmp(h->rest[!sender], addresses + 20, sizeof(h->rest[0])) == 0;
}

/* The node of these ends, or NODE_NONE, where it is likely that it is there and where it stands. Else NODE_NONE says
 * nothing. */
static inline uint32_t
table_find_soon(const struct table *table, const struct name *name, const struct packet *packet, unsigned *ret_sender)
{
        const struct index_line *line = &table->index.lines[name->slot / INDEX_LINE & table->index.mask];
        uint32_t entry = line->entry[name->slot % INDEX_LINE];
        const struct head *head;

        *ret_sender = index_other_way(entry, name->hash);
        /* Another's is not even fetched. */
        if (line->key[name->slot % INDEX_LINE] != index_key(name->hash))
                return NODE_NONE;
        head = table_head(table, index_node(entry));
        return table_is_name(head, name, *ret_sender) || table_is_name_ipv6(head, name, packet, *ret_sender) ? index_node(entry) :
               NODE_NONE;
}

/* A new node of zeroes with its ends set, in no list and not in the index. */
int table_new(struct table *table, const struct ends *ends, uint32_t *ret_node);
int table_new_orderly(struct table *table, const struct ends *ends, uint32_t *ret_node);
void table_free_node(struct table *table, uint32_t node);

/* Makes a struct connection of a struct orderly: it takes its place in the index and in its list. */
int table_grow_orderly(struct table *table, uint32_t orderly, uint32_t *ret_node);

/* Packs a node (pack.h), which may become another. False: it is left as it is, since it has what few have, or there is no
 * room. A node that is packed can be found, listed, freed and unpacked: nothing else. */
bool table_pack(struct table *table, uint32_t node);

/* Makes it what it was; one that is not packed is left as it is. Returns 0 or -ENOMEM. */
int table_unpack(struct table *table, uint32_t *node);

int table_index(struct table *table, uint32_t node);
void table_unindex(struct table *table, uint32_t node);

/* Puts a node at the end of a list, taking it out of the one in which it is. */
void table_list(struct table *table, uint32_t node, unsigned list);

/* The extra of a connection, made if need be; NULL for want of memory. */
struct extra *table_extra(struct table *table, struct connection *c);

/* Frees it and what it has; nothing is done if there is none. */
void table_free_extra(struct table *table, struct connection *c);

/* A struct reset, not set, which an extra is to have and is freed with it; NULL for want of memory. */
struct reset *table_new_reset(struct table *table);

/* Likewise room for HOLES_MAX holes. */
struct hole *table_new_holes(struct table *table);

static inline struct extra *
table_extra_at(const struct table *table, uint32_t extra)
{
        return &((struct extra *)(void *)table->extras.base)[extra];
}

/* NULL if there is none. */
static inline struct extra *
table_extra_of(const struct table *table, const struct connection *c)
{
        return c->extra == NODE_NONE ? NULL : table_extra_at(table, c->extra);
}
