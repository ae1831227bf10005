/* Packing nodes. A struct connection that is packed leaves a struct orderly in its place, which has its head. */
#include "connection/table_internal.h"

#include "connection/pack.h"

enum {
        WORDS_OF_CONNECTION = (sizeof(struct connection) - sizeof(struct head)) / 4,
        WORDS_OF_EXTRA = sizeof(struct extra) / 4,
};

_Static_assert(sizeof(struct head) % 4 == 0 && sizeof(struct connection) % 4 == 0 && sizeof(struct extra) % 4 == 0,
               "they are whole words");

static bool store_packed(struct table *table, const uint8_t *bytes, size_t n, struct orderly *o)
{
        uint32_t number = n > 0 ? store_new(&table->packed, n) : 0;

        if (number == 0)
                return false;
        memcpy(store_at(&table->packed, number), bytes, n);
        o->packed.number = number;
        o->packed.size = (uint32_t)n;
        o->flags |= ORDERLY_PACKED;
        return true;
}

static void find_rows(const struct table *table, const struct orderly *o, struct row *ret_rows[static ROW_MAX])
{
        for (unsigned i = 0; i < o->n; i++)
                ret_rows[i] = table_row(table, o, i);
}

static bool pack_orderly(struct table *table, struct orderly *o)
{
        struct orderly had = *o;
        struct row *rows[ROW_MAX];
        uint8_t bytes[STORE_MAX];

        find_rows(table, o, rows);
        if (!store_packed(table, bytes, pack_rows(rows, o->n, bytes, sizeof(bytes)), o))
                return false;
        row_pieces_free(&table->pieces, &had);
        return true;
}

static int unpack_orderly(struct table *table, struct orderly *o)
{
        struct orderly had = *o;
        struct row *rows[ROW_MAX];

        o->n = 0;
        for (unsigned i = 0, n = 0; n < had.n; n += row_piece_size(i), i++) {
                uint32_t piece = row_pieces_new(&table->pieces, i);

                if (piece == 0) {
                        o->n = (uint8_t)n;
                        row_pieces_free(&table->pieces, o);
                        *o = had;
                        return -ENOMEM;
                }
                o->piece[i] = piece;
        }
        o->n = had.n;
        find_rows(table, o, rows);
        unpack_rows(store_at(&table->packed, had.packed.number), o->n, rows);
        store_free(&table->packed, had.packed.number, had.packed.size);
        o->flags &= (uint16_t)~ORDERLY_PACKED;
        return 0;
}

/* What it has elsewhere, but for the extra itself, stays where it is. */
static bool is_alone(const struct connection *c, const struct extra *extra)
{
        return !(c->flags & CONNECTION_PENDING) &&
               (!extra || (extra->pending == NODE_NONE && extra->n_resets == 0 && !extra->hole[0] && !extra->hole[1]));
}

static bool pack_connection(struct table *table, uint32_t node, bool misses)
{
        struct connection *c = table_at(table, node);
        uint32_t number = c->extra, place;
        struct extra *extra = table_extra_of(table, c);
        uint8_t bytes[STORE_MAX];
        struct orderly *o;
        size_t n, n_extra = 0;

        if (!is_alone(c, extra))
                return false;
        c->extra = NODE_NONE;
        n = pack_words((char *)c + sizeof(c->head), WORDS_OF_CONNECTION, c->last, bytes, sizeof(bytes));
        if (n > 0 && extra)
                n_extra = pack_words(extra, WORDS_OF_EXTRA, c->last, bytes + n, sizeof(bytes) - n);
        c->extra = number;
        if (n == 0 || (extra && n_extra == 0) ||
            table_new_number(&table->orderlies, &table->orderly_links, sizeof(*o), &table->free_orderly,
                             &table->n_orderlies, &place) < 0)
                return false;
        o = table_orderly(table, place);
        *o = (struct orderly){ .head = c->head, .last = c->last,
                               .flags = (uint16_t)(ORDERLY_CONNECTION | (extra ? ORDERLY_EXTRA : 0) |
                                                   (misses ? ORDERLY_MISSES : 0)) };
        if (!store_packed(table, bytes, n + n_extra, o)) {
                table_free_orderly(table, place);
                return false;
        }
        table_take_place(table, node, place | NODE_ORDERLY);
        if (extra)
                table_free_number(&table->extras, sizeof(*extra), &table->free_extra, number);
        c->extra = NODE_NONE;
        table_free_number(&table->nodes, sizeof(*c), &table->free_node, node);
        return true;
}

static int unpack_connection(struct table *table, uint32_t *node)
{
        struct orderly *o = table_orderly(table, *node);
        const uint8_t *bytes = store_at(&table->packed, o->packed.number);
        uint32_t place, number = NODE_NONE;
        struct connection *c;

        if (table_new_number(&table->nodes, &table->links, sizeof(*c), &table->free_node, &table->n_nodes, &place) < 0)
                return -ENOMEM;
        if (o->flags & ORDERLY_EXTRA && table_new_number(&table->extras, NULL, sizeof(struct extra),
                                                         &table->free_extra, &table->n_extras, &number) < 0) {
                table_free_number(&table->nodes, sizeof(*c), &table->free_node, place);
                return -ENOMEM;
        }
        c = table_at(table, place);
        c->head = o->head;
        bytes += unpack_words(bytes, WORDS_OF_CONNECTION, o->last, (char *)c + sizeof(c->head));
        if (number != NODE_NONE)
                unpack_words(bytes, WORDS_OF_EXTRA, o->last, table_extra_at(table, number));
        c->extra = number;
        table_take_place(table, *node, place);
        store_free(&table->packed, o->packed.number, o->packed.size);
        table_free_orderly(table, *node);
        *node = place;
        return 0;
}

bool table_pack(struct table *table, uint32_t node, bool misses)
{
        if (table_is_packed(table, node))
                return false;
        return node_is_orderly(node) ? pack_orderly(table, table_orderly(table, node))
                                     : pack_connection(table, node, misses);
}

int table_unpack(struct table *table, uint32_t *node)
{
        struct orderly *o = table_orderly(table, *node);

        if (!table_is_packed(table, *node))
                return 0;
        return o->flags & ORDERLY_CONNECTION ? unpack_connection(table, node) : unpack_orderly(table, o);
}
