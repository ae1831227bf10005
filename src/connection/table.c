/* Where nodes and what belongs to them come from, and where they go. */
#include "connection/table_internal.h"

#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "base/zero.h"

enum {
        NODES_MAX = 1 << 28,
        SIZE_HOLES = HOLES_MAX * sizeof(struct hole),
};

static uint64_t hash_end(const struct table *table, const uint8_t *address, uint16_t port)
{
        uint64_t low, high;

        memcpy(&low, address, sizeof(low));
        memcpy(&high, address + 8, sizeof(high));
        return table_mix(low ^ table->secret[0], high ^ table->secret[1] ^ (uint64_t)port << 17);
}

/* The sum of both ends does not know which of them sent. */
uint32_t table_hash_ipv6(const struct table *table, const struct ends *ends)
{
        uint64_t a = hash_end(table, ends->source, ends->source_port);
        uint64_t b = hash_end(table, ends->destination, ends->destination_port);

        return ((uint32_t)(table_mix((a + b) ^ ends->realm, table->secret[2]) >> 16) & ~HASH_WAY) |
               (a > b ? HASH_WAY : 0);
}

/* So many connections, for which addresses are reserved at once, may there be where a limit is set (ulimit -v): half
 * of it is for other things. */
static size_t at_most(size_t max)
{
        const size_t each = 2 * (sizeof(struct connection) + sizeof(struct orderly) + 2 * sizeof(struct link) +
                                 ROW_PIECES * (4 * sizeof(struct row) + 5 * sizeof(uint32_t)) + sizeof(struct extra) +
                                 sizeof(struct reset) + 2 * SIZE_HOLES + STORE_MAX);
        struct rlimit limit;

        if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 2 / each >= max)
                return max;
        return limit.rlim_cur / 2 / each + 1;
}

int table_init(struct table *table, size_t max, bool large, size_t *ret_max)
{
        *table = (struct table){ .large = large };
        max = at_most(max > NODES_MAX / 2 ? NODES_MAX / 2 : max);
        *ret_max = max;
        /* Each may have a second that waits beside it; number 0 is none. What is small, or what few have, fills no
         * large page. */
        max = max * 2 + 2;
        if (index_init(&table->index, large) < 0 ||
            region_init(&table->nodes, max * sizeof(struct connection), large) < 0 ||
            region_init(&table->links, max * sizeof(struct link), false) < 0 ||
            region_init(&table->orderlies, max * sizeof(struct orderly), large) < 0 ||
            region_init(&table->orderly_links, max * sizeof(struct link), false) < 0 ||
            row_pieces_init(&table->pieces, max * ROW_PIECES, large) < 0 ||
            region_init(&table->extras, max * sizeof(struct extra), false) < 0 ||
            region_init(&table->resets, max * sizeof(struct reset), false) < 0 ||
            region_init(&table->holes, max * 2 * SIZE_HOLES, false) < 0) {
                table_deinit(table);
                return -ENOMEM;
        }
        store_init(&table->packed, max * STORE_MAX, large);
        /* So that nobody can make a capture whose connections all fall into one place. */
        if (getrandom(table->secret, sizeof(table->secret), GRND_NONBLOCK) != sizeof(table->secret)) {
                struct timespec now;

                clock_gettime(CLOCK_MONOTONIC, &now);
                for (size_t i = 0; i < 3; i++)
                        table->secret[i] = table_mix((uint64_t)now.tv_nsec + i, 0x9e3779b97f4a7c15u);
        }
        for (size_t i = 0; i < 3; i++)
                table->secret[i] |= 1;
        return 0;
}

void table_deinit(struct table *table)
{
        region_deinit(&table->nodes);
        region_deinit(&table->links);
        region_deinit(&table->orderlies);
        region_deinit(&table->orderly_links);
        row_pieces_deinit(&table->pieces);
        region_deinit(&table->extras);
        region_deinit(&table->resets);
        region_deinit(&table->holes);
        store_deinit(&table->packed);
        index_deinit(&table->index);
        *table = (struct table){};
}

/* @n lines of 64 bytes; written out, since each is but one instruction. */
static inline __attribute__((always_inline)) void fetch(const void *from, unsigned n)
{
#pragma GCC unroll 17
        for (unsigned line = 0; line < n; line++)
                __builtin_prefetch((const char *)from + 64 * line, 1);
}

void table_fetch_any(const struct table *table, struct tracker_frame *frame)
{
        const struct index_line *line = index_home(&table->index, frame->hash);
        unsigned like = index_like(line, frame->hash), sender;
        const struct connection *c;
        uint32_t entry;

        while (!like && index_is_full(line)) {
                line = index_next(&table->index, line);
                like = index_like(line, frame->hash);
        }
        entry = like ? line->entry[index_first(like)] : NODE_NONE;
        if (node_is_orderly(entry)) {
                frame->orderly = table_orderly(table, index_node(entry));
                fetch(frame->orderly, sizeof(struct orderly) / 64);
                return;
        }
        frame->plain.has |= TRACKER_NOT_ORDERLY;
        frame->slot = (uint32_t)(line - table->index.lines) * INDEX_LINE + (like ? index_first(like) : 0);
        if (!like)
                return;
        c = table_at(table, index_node(entry));
        sender = index_other_way(entry, frame->hash);
        /* Of each what nearly every segment touches; what has ended is listed anew by each. */
        fetch(table_link(table, index_node(entry)), 1);
        fetch(c, 2);
        fetch(&c->side[!sender], 1);
        fetch(&c->side[sender], 2);
        if (frame->plain.has & PLAIN_NOT || frame->plain.n_payload > 0) {
                fetch(&c->side[sender].edge, 2);
        } else {
                fetch(&c->side[sender].bare_ack, 1);
                fetch(&c->side[!sender].edge, 1);
        }
}

/* The pieces of its rows, and its own lines. */
static void fetch_orderly(const struct table *table, const struct orderly *o)
{
        fetch(o, sizeof(*o) / 64);
        if (o->flags & ORDERLY_PACKED) {
                for (unsigned i = 0; i < o->packed.size; i += 64)
                        fetch((const char *)store_at(&table->packed, o->packed.number) + i, 1);
                return;
        }
        /* What was given out will be forgotten unread. */
        if (o->flags & ORDERLY_GIVEN)
                return;
        table_fetch_rows(table, o);
}

void table_fetch_next(const struct table *table, uint32_t node)
{
        for (unsigned i = 0; i < 2; i++) {
                node = table_link(table, node)->newer;
                if (node == NODE_NONE)
                        return;
        }
        /* Its head was fetched when the one before it was at this place: that says where the rest of it is. */
        fetch(index_home(&table->index, table_head(table, node)->hash), 1);
        if (node_is_orderly(node)) {
                fetch_orderly(table, table_orderly(table, node));
        } else {
                const struct connection *c = table_at(table, node);

                fetch(c, sizeof(*c) / 64);
                if (c->extra != NODE_NONE)
                        fetch(table_extra_at(table, c->extra), sizeof(struct extra) / 64);
        }
        node = table_link(table, node)->newer;
        if (node == NODE_NONE)
                return;
        fetch(table_head(table, node), 2);
        fetch(table_link(table, node), 1);
}

/* Whether these ends are those of @h, @sender being the first of them. */
static bool same_ends(const struct head *h, unsigned sender, const struct ends *ends)
{
        return h->realm == ends->realm && h->port[sender] == ends->source_port &&
               h->port[!sender] == ends->destination_port &&
               head_is_address(h, sender, ends->source) && head_is_address(h, !sender, ends->destination);
}

uint32_t table_find(const struct table *table, const struct ends *ends, unsigned *ret_sender)
{
        for (const struct index_line *line = index_home(&table->index, ends->hash);;
             line = index_next(&table->index, line)) {
                for (unsigned like = index_like(line, ends->hash) & 0x5555; like; like &= like - 1) {
                        uint32_t entry = line->entry[index_first(like)];
                        unsigned sender = index_other_way(entry, ends->hash);

                        if (same_ends(table_head(table, index_node(entry)), sender, ends)) {
                                *ret_sender = sender;
                                return index_node(entry);
                        }
                }
                if (!index_is_full(line))
                        return NODE_NONE;
        }
}

static void set_head(struct head *h, const struct ends *ends)
{
        head_set_address(h, 0, ends->source);
        head_set_address(h, 1, ends->destination);
        h->port[0] = ends->source_port;
        h->port[1] = ends->destination_port;
        h->realm = ends->realm;
        h->hash = ends->hash;
}

int table_new(struct table *table, const struct ends *ends, uint32_t *ret_node)
{
        struct connection *c;

        if (table_new_number(&table->nodes, &table->links, sizeof(*c), &table->free_node, &table->n_nodes,
                             ret_node) < 0)
                return -ENOMEM;
        c = table_at(table, *ret_node);
        zero(c, sizeof(*c));
        set_head(&c->head, ends);
        table->n_used++;
        return 0;
}

/* All zeroes; NULL for want of memory. */
static inline struct orderly *new_orderly(struct table *table, uint32_t *ret_node)
{
        struct orderly *o;
        uint32_t number;

        if (table_new_number(&table->orderlies, &table->orderly_links, sizeof(*o), &table->free_orderly,
                       &table->n_orderlies, &number) < 0)
                return NULL;
        *ret_node = number | NODE_ORDERLY;
        o = table_orderly(table, *ret_node);
        zero_few(o, sizeof(*o));
        table->n_used++;
        return o;
}

int table_new_orderly(struct table *table, const struct ends *ends, uint32_t *ret_node)
{
        struct orderly *o = new_orderly(table, ret_node);

        if (!o)
                return -ENOMEM;
        set_head(&o->head, ends);
        return 0;
}

int table_new_orderly_plain(struct table *table, const struct tracker_frame *frame, uint32_t vlans, uint32_t *ret_node)
{
        const uint8_t *tcp = frame->plain.tcp;
        struct orderly *o = new_orderly(table, ret_node);

        if (!o)
                return -ENOMEM;
        o->head.port[0] = bytes_get16(tcp);
        o->head.port[1] = bytes_get16(tcp + 2);
        o->head.hash = frame->hash;
        if (frame->plain.has & PLAIN_IPV6) {
                o->head.realm = vlans;
                head_set_address(&o->head, 0, tcp - 32);
                head_set_address(&o->head, 1, tcp - 16);
        } else {
                o->head.realm = vlans | REALM_IPV4;
                memcpy(o->head.address, tcp - 8, sizeof(o->head.address));
        }
        return 0;
}

static inline void set_oldest(struct table *table, unsigned list, uint32_t node)
{
        table->oldest[list] = node;
        if (list == LIST_ENDED)
                table->due = INT64_MIN;
}

/* Takes a node with this head and this place out of its list; what @h says of it is left to the caller. */
static inline void take_out(struct table *table, const struct head *h, struct link link)
{
        if (link.older)
                table_link(table, link.older)->newer = link.newer;
        else
                set_oldest(table, h->list, link.newer);
        *(link.newer ? &table_link(table, link.newer)->older : &table->newest[h->list]) = link.older;
        table->n_listed[h->list]--;
}

static inline void unlist(struct table *table, uint32_t node, struct head *h)
{
        if (h->list == LIST_NONE)
                return;
        take_out(table, h, *table_link(table, node));
        h->list = LIST_NONE;
}

void table_list(struct table *table, uint32_t node, unsigned list)
{
        struct head *h = table_head(table, node);
        struct link *link = table_link(table, node);
        uint32_t newest;

        if (h->list != LIST_NONE)
                take_out(table, h, *link);
        h->list = (uint8_t)list;
        if (list == LIST_NONE)
                return;
        newest = table->newest[list];
        *link = (struct link){ .older = newest };
        if (newest)
                table_link(table, newest)->newer = node;
        else
                set_oldest(table, list, node);
        table->newest[list] = node;
        table->n_listed[list]++;
}

static void free_orderly(struct table *table, uint32_t node)
{
        struct orderly *o = table_orderly(table, node);

        if (o->flags & ORDERLY_PACKED)
                store_free(&table->packed, o->packed.number, o->packed.size);
        else
                row_pieces_free(&table->pieces, o);
        table_free_orderly(table, node);
}

void table_free_extra(struct table *table, struct connection *c)
{
        const struct reset *resets = (struct reset *)(void *)table->resets.base;
        const struct hole *holes = (struct hole *)(void *)table->holes.base;
        struct extra *extra = table_extra_of(table, c);

        if (!extra)
                return;
        for (unsigned i = 0; i < extra->n_resets; i++)
                table_free_number(&table->resets, sizeof(struct reset), &table->free_reset,
                                  (uint32_t)(extra->reset[i] - resets));
        for (unsigned side = 0; side < 2; side++)
                if (extra->hole[side])
                        table_free_number(&table->holes, SIZE_HOLES, &table->free_holes,
                                          (uint32_t)((extra->hole[side] - holes) / HOLES_MAX));
        table_free_number(&table->extras, sizeof(*extra), &table->free_extra, c->extra);
        c->extra = NODE_NONE;
}

void table_free_node(struct table *table, uint32_t node)
{
        unlist(table, node, table_head(table, node));
        table->n_used--;
        if (node_is_orderly(node)) {
                free_orderly(table, node);
        } else {
                struct connection *c = table_at(table, node);

                table_free_extra(table, c);
                table_free_number(&table->nodes, sizeof(*c), &table->free_node, node);
        }
}

void table_forget(struct table *table, uint32_t node)
{
        struct orderly *o = table_orderly(table, node);

        if (!node_is_orderly(node)) {
                table_unindex(table, node);
                table_free_node(table, node);
                return;
        }
        index_take_out(&table->index, o->head.hash, node);
        unlist(table, node, &o->head);
        table->n_used--;
        free_orderly(table, node);
}

int table_index(struct table *table, uint32_t node)
{
        return index_add(&table->index, table_head(table, node)->hash, node);
}

void table_unindex(struct table *table, uint32_t node)
{
        index_take_out(&table->index, table_head(table, node)->hash, node);
}

void table_take_place(struct table *table, uint32_t from, uint32_t to)
{
        struct link link = *table_link(table, from);
        const struct head *h = table_head(table, to);

        index_replace(&table->index, h->hash, from, to);
        if (h->list != LIST_NONE) {
                *table_link(table, to) = link;
                if (link.older)
                        table_link(table, link.older)->newer = to;
                else
                        set_oldest(table, h->list, to);
                *(link.newer ? &table_link(table, link.newer)->older : &table->newest[h->list]) = to;
        }
}

int table_grow_orderly(struct table *table, uint32_t orderly, uint32_t *ret_node)
{
        uint32_t node;

        if (table_new_number(&table->nodes, &table->links, sizeof(struct connection), &table->free_node,
                             &table->n_nodes, &node) < 0)
                return -ENOMEM;
        orderly_grow(table, table_orderly(table, orderly), table_at(table, node));
        table_take_place(table, orderly, node);
        free_orderly(table, orderly);
        *ret_node = node;
        return 0;
}

struct extra *table_extra(struct table *table, struct connection *c)
{
        struct extra *extra;
        uint32_t number;

        if (c->extra != NODE_NONE)
                return table_extra_at(table, c->extra);
        if (table_new_number(&table->extras, NULL, sizeof(*extra), &table->free_extra, &table->n_extras, &number) < 0)
                return NULL;
        extra = table_extra_at(table, number);
        zero(extra, sizeof(*extra));
        c->extra = number;
        return extra;
}

struct reset *table_new_reset(struct table *table)
{
        uint32_t number;

        if (table_new_number(&table->resets, NULL, sizeof(struct reset), &table->free_reset, &table->n_resets,
                             &number) < 0)
                return NULL;
        return &((struct reset *)(void *)table->resets.base)[number];
}

struct hole *table_new_holes(struct table *table)
{
        uint32_t number;

        if (table_new_number(&table->holes, NULL, SIZE_HOLES, &table->free_holes, &table->n_holes, &number) < 0)
                return NULL;
        return &((struct hole *)(void *)table->holes.base)[(size_t)number * HOLES_MAX];
}
