/* Of the row of segments: where windows end, how IP IDs go on, the least TTLs. Nothing of it depends on branches, but
 * where TTLs differ. */
#include "connection/orderly_walk.h"

#include "connection/note.h"
#include "connection/orderly_sets.h"

_Static_assert(ROW_MAX <= 128, "two words have a bit for each");

static void walk_ttls(const struct look *l, struct walked_end *e)
{
        for (unsigned i = 2; i < l->n; i++) {
                const struct row *row = look_row(l, i);
                unsigned side = look_by(row);

                e[side].ttl_least = row->ttl < e[side].ttl_least ? row->ttl : e[side].ttl_least;
        }
}

/* How IP IDs go on: note_header(). None counts before the first that is not 0, and no counter is full after so few. */
static void walk_ip_ids(const struct look *l, struct walked_end *e)
{
        for (unsigned i = 2; i < l->n; i++) {
                const struct row *row = look_row(l, i);
                unsigned side = look_by(row);
                uint16_t ahead = (uint16_t)(row->ip_id - e[side].ip_id - 1);

                if (e[side].ip_id != 0 || e[side].n_ip_ids > 0) {
                        e[side].n_ip_ids++;
                        e[side].ip_id_steps += ahead < IP_ID_STEP;
                }
                e[side].ip_id = row->ip_id;
        }
}

static inline four greater(four a, four b)
{
        const four mask = (four)((four_signed)a > (four_signed)b);

        return (a & mask) | (b & ~mask);
}

static inline uint32_t greatest(four of)
{
        of = greater(of, __builtin_shufflevector(of, of, 2, 3, 0, 1));
        of = greater(of, __builtin_shufflevector(of, of, 1, 0, 3, 2));
        return of[0];
}

/* Window scales, if both SYNs have one. */
static void shifts(const struct look *l, uint32_t ret_shift[static 2])
{
        bool both = row_what(look_row(l, 0)) & row_what(look_row(l, 1)) & ROW_SCALE;

        for (unsigned side = 0; side < 2; side++)
                ret_shift[side] = both ? look_row(l, side)->n_payload & 15u : 0;
}

/* Four segments at a time, as orderly_take_four() does. */
void orderly_walk(const struct look *l, struct walked_end ret_end[static 2])
{
        const four base_0 = orderly_all(l->of[0].base), base_1 = orderly_all(l->of[1].base);
        const four ttl_0 = orderly_all(look_row(l, 0)->ttl), ttl_1 = orderly_all(look_row(l, 1)->ttl);
        four edge[2] = { { 0 } }, place = { 0, 1, 2, 3 }, ttls = { 0 };
        uint64_t bare[2][2] = { { 0 } };
        uint32_t shift[2];

        shifts(l, shift);
        for (unsigned i = 0; i < l->n; i += 4, place += 4) {
                const struct row *rows = l->group[i / 4];
                const four low_01 =
                        __builtin_shufflevector(orderly_half(&rows[0], 0), orderly_half(&rows[1], 0), 1, 5, 3, 7);
                const four low_23 =
                        __builtin_shufflevector(orderly_half(&rows[2], 0), orderly_half(&rows[3], 0), 1, 5, 3, 7);
                const four high_01 =
                        __builtin_shufflevector(orderly_half(&rows[0], 1), orderly_half(&rows[1], 1), 2, 6, 3, 7);
                const four high_23 =
                        __builtin_shufflevector(orderly_half(&rows[2], 1), orderly_half(&rows[3], 1), 2, 6, 3, 7);
                /* What each is, above 16 other bits; what it acknowledges; its window, its payload and TTL. */
                const four what = __builtin_shufflevector(low_01, low_23, 0, 1, 4, 5);
                const four ack = __builtin_shufflevector(low_01, low_23, 2, 3, 6, 7);
                const four window = __builtin_shufflevector(high_01, high_23, 0, 1, 4, 5) & 0xffff;
                const four rest = __builtin_shufflevector(high_01, high_23, 2, 3, 6, 7);
                const four counts = (four)(((four_signed)place > 1) & ((four_signed)place < (int)l->n));
                const four by_1 = (four)((four_signed)(what << 7) >> 31);
                const four acked = ack - (base_1 ^ ((base_0 ^ base_1) & by_1));
                const four scaled = (window << shift[0] & ~by_1) | (window << shift[1] & by_1);
                const four ends = (acked + scaled) & counts;
                const four bares = (four)(((rest & 0xffff) | (what >> 16 & SEGMENT_FIN)) == 0) & counts;

                edge[0] = greater(edge[0], ends & ~by_1);
                edge[1] = greater(edge[1], ends & by_1);
                ttls |= ((rest >> 16 & 0xff) ^ ttl_0 ^ ((ttl_0 ^ ttl_1) & by_1)) & counts;
                bare[0][i / 64] |= orderly_set(bares & ~by_1) << i % 64;
                bare[1][i / 64] |= orderly_set(bares & by_1) << i % 64;
        }
        for (unsigned side = 0; side < 2; side++) {
                unsigned ttl = look_row(l, side)->ttl;

                ret_end[side] = (struct walked_end){
                        .edge = greatest(edge[side]), .bare_ack = -1, .ttl_least = (uint8_t)ttl,
                        .ttl_most = (uint8_t)l->of[side].ttl,
                };
                if (bare[side][1])
                        ret_end[side].bare_ack = 127 ^ __builtin_clzll(bare[side][1]);
                else if (bare[side][0])
                        ret_end[side].bare_ack = 63 ^ __builtin_clzll(bare[side][0]);
        }
        if (ret_end[1].edge < look_row(l, 1)->window)
                ret_end[1].edge = look_row(l, 1)->window;
        if (ttls[0] | ttls[1] | ttls[2] | ttls[3])
                walk_ttls(l, ret_end);
        if (l->o->head.realm & REALM_IPV4)
                walk_ip_ids(l, ret_end);
}
