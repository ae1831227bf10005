/* Whatever is packed is the same to the last bit when it is unpacked, and takes no more room than was given for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "connection/pack.h"
#include "connection/store.h"
#include "dice.h"

enum {
        ROUNDS = 20000,
        ROOM = 64 * ROW_MAX,            /* for any rows */
        WORDS = 300,
        GUARD = 0xa5,
};

/* Any number, but often a small one, one bit, or one that is nearly full. */
static uint64_t number(void)
{
        uint64_t n = any() >> below(64);

        switch (below(4)) {
        case 0:
                return n;
        case 1:
                return UINT64_C(1) << below(64);
        case 2:
                return (UINT64_C(1) << below(64)) - 1;
        default:
                return 0 - n;
        }
}

static void any_rows_come_back(void **state)
{
        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct row rows[ROW_MAX], back[ROW_MAX], *from[ROW_MAX], *to[ROW_MAX];
                unsigned n = 1 + below(ROW_MAX);
                size_t room = below(4) ? ROOM : below(ROOM), size;
                static uint8_t bytes[ROOM + 1];
                bool wild = below(4) == 0;

                memset(rows, 0, sizeof(rows));
                memset(back, 0, sizeof(back));
                for (unsigned i = 0; i < n; i++) {
                        struct row *row = &rows[i];
                        uint64_t before = i > 0 ? rows[i - 1].at_and_what << 16 >> 16 : 0;
                        uint64_t at = wild ? number() >> 16 : before + below(2000) * (below(2) ? 1000u : 1u);

                        *row = wild || i == 0 ? (struct row){} : rows[i - 1];
                        row->at_and_what = at | number() << ROW_WHAT_SHIFT;
                        row->frame = (uint32_t)(below(2) ? number() : i);
                        if (below(2))
                                row->ack = (uint32_t)number();
                        if (below(2))
                                row->ts_value = (uint32_t)number();
                        if (below(2))
                                row->ts_echo = (uint32_t)number();
                        if (below(2))
                                row->window = (uint16_t)number();
                        row->ip_id = (uint16_t)(below(2) ? row->ip_id + 1u : number());
                        row->n_payload = (uint16_t)number();
                        if (below(4) == 0)
                                row->ttl = (uint8_t)number();
                        from[i] = row;
                        to[i] = &back[i];
                }
                memset(bytes, GUARD, sizeof(bytes));
                size = pack_rows(from, n, bytes, room);
                assert_int_equal(bytes[room], GUARD);
                assert_true(size <= room && (size > 0 || room < ROOM));
                if (size == 0)
                        continue;
                assert_int_equal(bytes[size], GUARD);
                unpack_rows(bytes, n, to);
                for (unsigned i = 0; i < n; i++) {
                        assert_int_equal(back[i].at_and_what, rows[i].at_and_what);
                        assert_int_equal(back[i].frame, rows[i].frame);
                        assert_int_equal(back[i].ack, rows[i].ack);
                        assert_int_equal(back[i].ts_value, rows[i].ts_value);
                        assert_int_equal(back[i].ts_echo, rows[i].ts_echo);
                        assert_int_equal(back[i].window, rows[i].window);
                        assert_int_equal(back[i].ip_id, rows[i].ip_id);
                        assert_int_equal(back[i].n_payload, rows[i].n_payload);
                        assert_int_equal(back[i].ttl, rows[i].ttl);
                }
        }
}

static void any_words_come_back(void **state)
{
        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                uint32_t words[WORDS], back[WORDS];
                size_t n = 1 + below(WORDS), room = below(4) ? WORDS * 5 + 7 : below(WORDS * 5), size;
                uint8_t bytes[WORDS * 5 + 8];
                int64_t time = (int64_t)(below(2) ? number() : 1700000000000000000u);

                for (size_t i = 0; i < n; i++) {
                        uint64_t at = (uint64_t)time + (below(4) ? number() : 0);

                        words[i] = below(3) ? 0 : (uint32_t)number();
                        if (i > 0 && below(8) == 0)
                                memcpy(&words[i - 1], &at, sizeof(at));
                }
                memset(bytes, GUARD, sizeof(bytes));
                memset(back, GUARD, sizeof(back));
                size = pack_words(words, n, time, bytes, room);
                assert_true(size <= room && (size > 0 || room < WORDS * 5 + 7));
                for (size_t i = room; i < sizeof(bytes); i++)
                        assert_int_equal(bytes[i], GUARD);
                if (size == 0)
                        continue;
                assert_int_equal(unpack_words(bytes, n, time, back), size);
                assert_memory_equal(words, back, n * sizeof(*words));
                if (n < WORDS)
                        assert_int_equal(back[n], 0x01010101u * GUARD);
        }
}

/* Each thing in the store is its own, whatever is freed beside it. */
static void what_is_stored_stays_apart(void **state)
{
        struct {
                uint32_t number;
                size_t n;
                uint8_t with;
        } kept[64] = {};
        struct store store;

        (void)state;
        store_init(&store, 1 << 20, false);
        assert_int_equal(store_new(&store, 0), 0);
        assert_int_equal(store_new(&store, STORE_MAX + 1), 0);
        for (unsigned round = 0; round < ROUNDS; round++) {
                unsigned i = below(64);

                if (kept[i].number != 0) {
                        const uint8_t *bytes = store_at(&store, kept[i].number);

                        for (size_t k = 0; k < kept[i].n; k++)
                                assert_int_equal(bytes[k], kept[i].with);
                        store_free(&store, kept[i].number, kept[i].n);
                }
                kept[i].n = 1 + below(STORE_MAX);
                kept[i].with = (uint8_t)round;
                kept[i].number = store_new(&store, kept[i].n);
                assert_true(kept[i].number != 0);
                memset(store_at(&store, kept[i].number), kept[i].with, kept[i].n);
        }
        store_deinit(&store);
}

/* A region as large as it gets is at least two megabytes. */
static void a_full_store_gives_nothing(void **state)
{
        struct store store;
        uint32_t number = 0, last = 0;
        size_t n = 0;

        (void)state;
        store_init(&store, 1, false);
        for (; (number = store_new(&store, STORE_MAX)) != 0; n++)
                last = number;
        assert_true(n >= 2047 && n < 2048);
        store_free(&store, last, STORE_MAX);
        assert_int_equal(store_new(&store, STORE_MAX - 1), last);
        store_deinit(&store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_rows_come_back),
                cmocka_unit_test(any_words_come_back),
                cmocka_unit_test(what_is_stored_stays_apart),
                cmocka_unit_test(a_full_store_gives_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
