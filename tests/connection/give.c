/* Facts of orderly connections are made in a way of their own: they are those that the other way makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "same.h"

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        return *seed ^= *seed << 17;
}

/* A number that is small, large, or none. */
static int64_t number(uint64_t *seed)
{
        uint64_t r = next(seed);

        return r % 3 == 0 ? 0 : r % 3 == 1 ? (int64_t)(r % 1000) : (int64_t)(r >> 20);
}

static void fill_direction(struct direction *d, uint64_t *seed)
{
        unsigned fewer = next(seed) % 2 ? ~0U : ~(unsigned)(DIRECTION_MPTCP | DIRECTION_OTHER_OS);

        for (size_t i = 0; i < sizeof(*d); i++)
                ((unsigned char *)d)[i] = (unsigned char)next(seed);
        d->next = number(seed);
        d->packets = 1 + next(seed) % 20;
        d->payloads = next(seed) % 4;
        d->fin = d->next + (next(seed) % 8 == 0 ? (int64_t)(next(seed) % 5) - 2 : 0);
        d->acked = d->fin + 1 - (next(seed) % 8 == 0 ? (int64_t)(next(seed) % 5) : 0);
        if (d->acked < 0)
                d->acked = 0;
        d->flags = (uint16_t)((next(seed) | DIRECTION_BASE | DIRECTION_SYN | DIRECTION_SYN_WHOLE | DIRECTION_FIN |
                               DIRECTION_FIN_ACKED | DIRECTION_WINDOW) & fewer);
        d->ttl_most = (uint8_t)(next(seed) % 3 * 32);
        d->answers_in = (int64_t)(next(seed) % 3);
        d->fin_frame = (uint32_t)(next(seed) % 3);
        d->last_payload_frame = (uint32_t)(next(seed) % 3);
        d->fin_before = next(seed) % 3 ? number(seed) : NEVER;
        d->n_keepalives = (uint32_t)(next(seed) % 3);
        d->keepalive_gap = number(seed);
        d->run = (uint64_t)number(seed);
        d->window = (uint16_t)(next(seed) % 2 * next(seed));
        d->request[0].at = number(seed);
        d->request[1].at = number(seed);
        d->waits = d->waits_later = false;
        d->heard = next(seed) % 2;
        d->asked = next(seed) % 2;
}

/* Some connection that ended in order; now and then one that the way for such is not for. */
static void fill_connection(struct connection *c, uint64_t *seed)
{
        uint8_t address[16];

        memset(c, 0, sizeof(*c));
        for (unsigned side = 0; side < 2; side++) {
                fill_direction(&c->side[side], seed);
                for (unsigned i = 0; i < 16; i++)
                        address[i] = (uint8_t)next(seed);
                head_set_address(&c->head, side, address);
                c->head.port[side] = (uint16_t)next(seed);
                c->isn[side] = (uint32_t)next(seed);
                c->n_syns[side] = (uint16_t)(next(seed) % 3);
                c->n_syn_acks[side] = (uint16_t)(next(seed) % 3);
                c->window_shut_at[side] = number(seed);
        }
        c->flags = (uint16_t)(next(seed) | CONNECTION_ESTABLISHED | CONNECTION_BOTH_ACKED);
        c->head.realm = (uint32_t)next(seed);
        c->first_file = c->last_file = 1;
        c->first_frame = next(seed) % 1000;
        c->last_frame = next(seed) % 1000;
        c->first = number(seed);
        c->last = number(seed);
        c->last_syn = number(seed);
        c->last_syn_ack = number(seed);
        c->syn_gap = number(seed);
        c->n_late_syn_acks = (uint16_t)(next(seed) % 3);
        c->rev = 1;
        c->roles.syn[next(seed) % 2] = true;
        if (next(seed) % 16 == 0)
                c->side[next(seed) % 2].waits = true;
        if (next(seed) % 16 == 0)
                c->flags &= (uint16_t)~CONNECTION_BOTH_ACKED;
}

static void the_way_for_orderly_connections_makes_the_same_facts(void **state)
{
        /* Nothing in it changes nothing, but it is there: such a connection goes the other way. */
        static const struct extra empty;
        struct given *given = calloc(1, sizeof(*given)), *long_way = calloc(1, sizeof(*given));
        struct connection *c = calloc(1, sizeof(*c));
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
        size_t n_orderly = 0;

        (void)state;
        assert_true(given && long_way && c);
        for (size_t i = 0; i < 100000; i++) {
                int64_t until = number(&seed);
                bool cut = next(&seed) % 2;
                const struct tracked *a, *b;

                fill_connection(c, &seed);
                a = give_fill(given, c, NULL, until, cut);
                b = give_fill(long_way, c, &empty, until, cut);
                n_orderly += a == &given->orderly;
                assert_ptr_equal(b, &long_way->other);
                assert_int_equal(a->facts.n_resets, 0);
                assert_same_tracked(a, b);
        }
        assert_in_range(n_orderly, 30000, 99000);
        free(given);
        free(long_way);
        free(c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_way_for_orderly_connections_makes_the_same_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
