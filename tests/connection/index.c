/* The index against a plain list of what should be in it, with hashes that crowd into few lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connection/index.h"
#include "dice.h"

enum { MOST = 3000 };

struct model {
        uint32_t hash[MOST], node[MOST];
        unsigned n;
        uint32_t last;                  /* the greatest node so far */
};

/* As who looks for a connection does it: among those of its hash, from its own line on. */
static bool is_found(const struct index *index, uint32_t hash, uint32_t node)
{
        for (const struct index_line *line = index_home(index, hash);; line = index_next(index, line)) {
                for (unsigned like = index_like(line, hash) & 0x5555; like; like &= like - 1) {
                        uint32_t entry = line->entry[index_first(like)];

                        if (index_node(entry) == node)
                                return !index_other_way(entry, hash);
                }
                if (!index_is_full(line))
                        return false;
        }
}

static void holds_the_same(const struct index *index, const struct model *model)
{
        unsigned n = 0;

        assert_int_equal(index->n_used, model->n);
        for (size_t i = 0; i <= index->mask; i++) {
                unsigned at = 0;

                while (at < INDEX_LINE && index->lines[i].entry[at] != 0)
                        at++;
                n += at;
                for (; at < INDEX_LINE; at++) {
                        assert_int_equal(index->lines[i].entry[at], 0);
                        assert_int_equal(index->lines[i].key[at], 0);
                }
        }
        assert_int_equal(n, model->n);
        for (unsigned i = 0; i < model->n; i++)
                assert_true(is_found(index, model->hash[i], model->node[i]));
}

static void add(struct index *index, struct model *model, uint32_t lines)
{
        uint32_t hash = (uint32_t)any();

        /* All that is there will be of an index that grew: the lowest bits stay the same. */
        hash = (hash & ~UINT32_C(0x1fff)) | below(lines);
        model->hash[model->n] = hash;
        model->node[model->n] = ++model->last | (below(2) ? UINT32_C(1) << 31 : 0);
        assert_int_equal(index_add(index, hash, model->node[model->n]), 0);
        model->n++;
}

static void take_out(struct index *index, struct model *model)
{
        unsigned i = below(model->n);
        uint32_t hash = model->hash[i], node = model->node[i];

        index_take_out(index, hash, node);
        assert_false(is_found(index, hash, node));
        model->n--;
        model->hash[i] = model->hash[model->n];
        model->node[i] = model->node[model->n];
}

static void replace(struct index *index, struct model *model)
{
        unsigned i = below(model->n);
        uint32_t to = ++model->last;

        index_replace(index, model->hash[i], model->node[i], to);
        model->node[i] = to;
}

static void play(uint32_t lines, unsigned most)
{
        static struct model model;
        struct index index;

        model = (struct model){};
        assert_int_equal(index_init(&index, false), 0);
        for (unsigned round = 0; round < 6; round++) {
                /* It fills, and empties again. */
                for (unsigned step = 0; step < 4 * most; step++) {
                        bool fills = round % 2 == 0 ? below(4) > 0 : below(4) == 0;

                        if (fills && model.n < most)
                                add(&index, &model, lines);
                        else if (model.n > 0)
                                take_out(&index, &model);
                        if (model.n > 0 && below(4) == 0)
                                replace(&index, &model);
                        if (step % 16 == 0)
                                holds_the_same(&index, &model);
                }
        }
        while (model.n > 0)
                take_out(&index, &model);
        holds_the_same(&index, &model);
        index_deinit(&index);
}

static void what_is_put_in_is_found_until_it_is_taken_out(void **state)
{
        (void)state;
        play(UINT32_C(1) << 13, MOST);
        play(UINT32_C(1) << 13, 100);
}

static void lines_that_are_full_pass_on_to_the_next_and_take_back(void **state)
{
        (void)state;
        play(1, 40);
        play(2, 60);
        play(8, 300);
        play(40, 400);
}

/* Behind the last line comes the first. */
static void the_last_line_passes_on_to_the_first(void **state)
{
        struct index index;
        uint32_t last;

        (void)state;
        assert_int_equal(index_init(&index, false), 0);
        last = (uint32_t)index.mask;
        for (uint32_t node = 1; node <= 20; node++)
                assert_int_equal(index_add(&index, last | node << 20, node), 0);
        assert_int_not_equal(index.lines[0].entry[0], 0);
        for (uint32_t node = 1; node <= 20; node++) {
                for (uint32_t other = node; other <= 20; other++)
                        assert_true(is_found(&index, last | other << 20, other));
                index_take_out(&index, last | node << 20, node);
        }
        assert_int_equal(index.n_used, 0);
        assert_int_equal(index.lines[0].entry[0], 0);
        index_deinit(&index);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_put_in_is_found_until_it_is_taken_out),
                cmocka_unit_test(lines_that_are_full_pass_on_to_the_next_and_take_back),
                cmocka_unit_test(the_last_line_passes_on_to_the_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
