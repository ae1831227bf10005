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
        int64_t due;                    /* the tracker's: when the oldest that has ended is to be given out;
                                         * INT64_MIN when it has become another, or was put there anew */
        uint64_t secret[3];
};

/* For @max connections at once, or if there are not addresses for so many, for @ret_max. @large: there will be many.
 * Returns 0, or -ENOMEM. */
int table_init(struct table *table, size_t max, bool large, size_t *ret_max);
void table_deinit(struct table *table);

/* The hash of ends; @realm and the addresses must be set. */
uint32_t table_hash_ipv6(const struct table *table, const struct ends *ends);

static inline uint64_t table_mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product = (unsigned __int128)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* @a and @b are the ends of IPv4: their ports as they lie in memory above their addresses. Their product does not know
 * which of them sent. */
static inline uint32_t table_hash_ipv4(const struct table *table, uint64_t a, uint64_t b, uint32_t realm)
{
        uint64_t mixed = table_mix(a ^ table->secret[0], b ^ table->secret[0]) ^ table->secret[1] * realm;

        return (uint32_t)(mixed >> 33) | (uint32_t)(a > b) << 31;
}

/* The hash of a frame that went the straight way, of IPv4. @vlans is 0, or what VLANs add to the realm. */
static inline __attribute__((always_inline)) uint32_t
table_hash_plain(const struct table *table, const struct plain *plain, uint32_t vlans)
{
        const uint8_t *tcp = plain->tcp;
        uint32_t source, destination;
        uint16_t source_port, destination_port;

        memcpy(&source, tcp - 8, sizeof(source));
        memcpy(&destination, tcp - 4, sizeof(destination));
        memcpy(&source_port, tcp, sizeof(source_port));
        memcpy(&destination_port, tcp + 2, sizeof(destination_port));
        return table_hash_ipv4(table, source | (uint64_t)source_port << 32,
                               destination | (uint64_t)destination_port << 32, vlans | REALM_IPV4);
}

static inline uint32_t table_hash_plain_ipv6(const struct table *table, const struct plain *plain, uint32_t vlans)
{
        return table_hash_ipv6(table, &(struct ends){
                .source = plain->tcp - 32, .source_port = bytes_get16(plain->tcp), .destination = plain->tcp - 16,
                .destination_port = bytes_get16(plain->tcp + 2), .realm = vlans });
}

/* The same of one that did not. */
static inline uint32_t table_hash_packet(const struct table *table, const struct packet *packet, uint32_t vlans)
{
        const struct segment *s = &packet->segment;
        uint32_t address[2];

        if (s->family != AF_INET)
                return table_hash_ipv6(table, &(struct ends){
                        .source = s->source, .source_port = s->source_port, .destination = s->destination,
                        .destination_port = s->destination_port, .realm = vlans });
        memcpy(&address[0], s->source, sizeof(address[0]));
        memcpy(&address[1], s->destination, sizeof(address[1]));
        return table_hash_ipv4(table, address[0] | (uint64_t)__builtin_bswap16(s->source_port) << 32,
                               address[1] | (uint64_t)__builtin_bswap16(s->destination_port) << 32,
                               vlans | REALM_IPV4);
}

static inline bool node_is_orderly(uint32_t node)
{
        return node & NODE_ORDERLY;
}

/* Of a node that is not orderly. */
static inline struct connection *table_at(const struct table *table, uint32_t node)
{
        return &((struct connection *)(void *)table->nodes.base)[node];
}

static inline struct orderly *table_orderly(const struct table *table, uint32_t node)
{
        return &((struct orderly *)(void *)table->orderlies.base)[node & ~NODE_ORDERLY];
}

static inline uint32_t table_node_of(const struct table *table, const struct orderly *o)
{
        return (uint32_t)(o - (const struct orderly *)(const void *)table->orderlies.base) | NODE_ORDERLY;
}

static inline struct head *table_head(const struct table *table, uint32_t node)
{
        return node_is_orderly(node) ? &table_orderly(table, node)->head : &table_at(table, node)->head;
}

static inline struct link *table_link(const struct table *table, uint32_t node)
{
        const struct region *links = node_is_orderly(node) ? &table->orderly_links : &table->links;

        return &((struct link *)(void *)links->base)[node & ~NODE_ORDERLY];
}

static inline bool table_is_packed(const struct table *table, uint32_t node)
{
        return node_is_orderly(node) && table_orderly(table, node)->flags & ORDERLY_PACKED;
}

/* Of an orderly connection. */
static inline struct row *table_row(const struct table *table, const struct orderly *o, unsigned i)
{
        return row_pieces_at(&table->pieces, o->piece[row_where(i) & ROW_PIECE], i);
}

/* Fetches what a segment will touch of the node that very likely is its own, and notes where it is. */
void table_fetch_any(const struct table *table, struct tracker_frame *frame);

/* The same, but for an orderly connection where its hash says. */
static inline void table_fetch_node(const struct table *table, struct tracker_frame *frame)
{
        uint32_t entry = index_likely(&table->index, frame->hash);
        struct orderly *o;

        if (__builtin_expect(node_is_orderly(entry), 1)) {
                o = table_orderly(table, index_node(entry));
                frame->orderly = o;
                __builtin_prefetch(o, 1);
                __builtin_prefetch((const char *)o + sizeof(*o) / 2, 1);
        } else {
                table_fetch_any(table, frame);
        }
}

/* A place in the list of the living is taken anew no sooner, so who was silent for longest is known to within so many
 * ticks: seconds of the capture, or TICK_FRAMES where so many come in less. */
#define QUEUED_FOR 4

/* After that: fetches the place for the next row of an orderly connection, and its place in the lists if that is likely
 * to change, @tick being that of the batch. Always inline, since for gcc a function that only fetches does nothing,
 * and its call is left out. */
static inline __attribute__((always_inline)) void table_fetch_extra(const struct table *table, uint32_t extra)
{
        const char *at = table->extras.base + extra * sizeof(struct extra);

        for (size_t line = 0; line < sizeof(struct extra); line += 64)
                __builtin_prefetch(at + line, 1);
}

static inline __attribute__((always_inline)) void
table_fetch_row(const struct table *table, const struct tracker_frame *frame, uint32_t tick)
{
        const struct orderly *o = frame->orderly;
        unsigned flags = frame->plain.has & (SEGMENT_FIN | SEGMENT_RST);

        if (__builtin_expect(frame->plain.has & TRACKER_NOT_ORDERLY, 0)) {
                const struct index_line *line = &table->index.lines[frame->slot / INDEX_LINE];
                uint32_t node = index_node(line->entry[frame->slot % INDEX_LINE]);

                if (node != NODE_NONE && !node_is_orderly(node) && table_at(table, node)->extra != NODE_NONE)
                        table_fetch_extra(table, table_at(table, node)->extra);
                return;
        }
        __builtin_prefetch(table_row(table, o, o->n), 1);
        /* What ends it is the acknowledgement of the second FIN, as a rule. */
        flags |= o->flags & (ORDERLY_FIN_0 | ORDERLY_FIN_1);
        if (flags || (int32_t)(tick - o->head.queued) >= QUEUED_FOR)
                __builtin_prefetch(table_link(table, table_node_of(table, o)), 1);
}

/* The rows of a connection that is not packed; always inline, too. */
static inline __attribute__((always_inline)) void table_fetch_rows(const struct table *table, const struct orderly *o)
{
        for (unsigned i = 0; i < o->n; i += 4) {
                const char *rows = (const char *)table_row(table, o, i);

                __builtin_prefetch(rows, 1);
                __builtin_prefetch(rows + 64, 1);
        }
}

/* Fetches what stands behind this node in its list and will soon have its turn. */
void table_fetch_next(const struct table *table, uint32_t node);

/* The ends of a packet that is whole, with this hash; @vlans is what its VLANs add to the realm. */
static inline struct ends table_ends(const struct packet *packet, uint32_t vlans, uint32_t hash)
{
        const struct segment *s = &packet->segment;

        return (struct ends){
                .source = s->source, .destination = s->destination, .destination_port = s->destination_port,
                .source_port = s->source_port, .realm = vlans | (s->family == AF_INET ? REALM_IPV4 : 0), .hash = hash,
        };
}

/* False: no node has ends of this hash. */
static inline bool table_may_have(const struct table *table, uint32_t hash)
{
        const struct index_line *line = index_home(&table->index, hash);

        return index_like(line, hash) || index_is_full(line);
}

/* The node of these ends, or NODE_NONE; @ret_sender is 0 or 1. No two nodes of the same ends are in the index, so it
 * does not matter where one is found. */
uint32_t table_find(const struct table *table, const struct ends *ends, unsigned *ret_sender);

/* Whether a frame that went the straight way is of these two ends, of which @sender sent it, in @realm. */
static inline __attribute__((always_inline)) bool
table_is_plain(const struct head *h, const struct plain *plain, uint32_t realm, unsigned sender)
{
        const unsigned turned = sender * 32, turned_ports = 16 - sender * 16;
        uint64_t addresses, of_head;
        uint32_t ports = bytes_get32(plain->tcp), ports_of_head;

        memcpy(&addresses, plain->tcp - 8, sizeof(addresses));
        memcpy(&of_head, h->address, sizeof(of_head));
        memcpy(&ports_of_head, h->port, sizeof(ports_of_head));
        addresses = addresses << turned | addresses >> (-turned & 63);
        ports = ports << turned_ports | ports >> (-turned_ports & 31);
        return ((addresses ^ of_head) | (ports ^ ports_of_head) | (realm ^ h->realm)) == 0;
}

static inline bool table_is_plain_ipv6(const struct head *h, const struct plain *plain, uint32_t realm, unsigned sender)
{
        const uint8_t *source = plain->tcp - 32, *destination = plain->tcp - 16;

        return realm == h->realm && h->port[sender] == bytes_get16(plain->tcp) &&
               h->port[!sender] == bytes_get16(plain->tcp + 2) &&
               memcmp(&h->address[sender], source, 4) == 0 && memcmp(&h->address[!sender], destination, 4) == 0 &&
               memcmp(h->rest[sender], source + 4, sizeof(h->rest[0])) == 0 &&
               memcmp(h->rest[!sender], destination + 4, sizeof(h->rest[0])) == 0;
}

/* The node of a frame that went the straight way, or NODE_NONE, where it is likely that it is there and where it
 * stands. Else NODE_NONE says nothing. @vlans is what its VLANs add to the realm. */
static inline uint32_t table_find_plain(const struct table *table, const struct tracker_frame *frame, uint32_t vlans,
                                        unsigned *ret_sender)
{
        const struct index_line *line = &table->index.lines[frame->slot / INDEX_LINE & table->index.mask];
        uint32_t entry = line->entry[frame->slot % INDEX_LINE];
        const struct head *head;
        bool is;

        *ret_sender = index_other_way(entry, frame->hash);
        if (line->key[frame->slot % INDEX_LINE] != index_key(frame->hash))
                return NODE_NONE;
        head = table_head(table, index_node(entry));
        is = frame->plain.has & PLAIN_IPV6 ? table_is_plain_ipv6(head, &frame->plain, vlans, *ret_sender) :
             table_is_plain(head, &frame->plain, vlans | REALM_IPV4, *ret_sender);
        return is ? index_node(entry) : NODE_NONE;
}

/* A new node of zeroes with its ends set, in no list and not in the index. */
int table_new(struct table *table, const struct ends *ends, uint32_t *ret_node);
int table_new_orderly(struct table *table, const struct ends *ends, uint32_t *ret_node);

/* The same for the ends of a frame that went the straight way; @vlans is what its VLANs add to the realm. */
int table_new_orderly_plain(struct table *table, const struct tracker_frame *frame, uint32_t vlans,
                            uint32_t *ret_node);
void table_free_node(struct table *table, uint32_t node);

/* Likewise one that is in the index. */
void table_forget(struct table *table, uint32_t node);

/* Makes a struct connection of a struct orderly: it takes its place in the index and in its list. */
int table_grow_orderly(struct table *table, uint32_t orderly, uint32_t *ret_node);

/* Packs a node (pack.h), which may become another; of a struct connection @misses is remembered (ORDERLY_MISSES).
 * False: it is left as it is, since it has what few have, or there is no room. A node that is packed can be found,
 * listed, freed and unpacked: nothing else. */
bool table_pack(struct table *table, uint32_t node, bool misses);

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

static inline struct extra *table_extra_at(const struct table *table, uint32_t extra)
{
        return &((struct extra *)(void *)table->extras.base)[extra];
}

/* NULL if there is none. */
static inline struct extra *table_extra_of(const struct table *table, const struct connection *c)
{
        return c->extra == NODE_NONE ? NULL : table_extra_at(table, c->extra);
}
