/* Two connections as they are given out are the same, whichever way made them. Include it behind cmocka.h. */
#pragma once

#include <stddef.h>

#include "connection/give.h"

/* Facts before the RSTs are compared as memory: what is not known is 0 all over. */
static inline void assert_same_tracked(const struct tracked *a, const struct tracked *b)
{
        assert_memory_equal(&a->facts, &b->facts, offsetof(struct facts, resets));
        assert_int_equal(a->facts.n_resets, b->facts.n_resets);
        assert_int_equal(a->facts.n_resets_in_all, b->facts.n_resets_in_all);
        assert_memory_equal(a->facts.resets, b->facts.resets, a->facts.n_resets * sizeof(*a->facts.resets));
        assert_memory_equal(a->address, b->address, sizeof(a->address));
        assert_memory_equal(a->port, b->port, sizeof(a->port));
        assert_memory_equal(a->isn, b->isn, sizeof(a->isn));
        assert_memory_equal(a->isn_known, b->isn_known, sizeof(a->isn_known));
        assert_memory_equal(a->first_seq, b->first_seq, sizeof(a->first_seq));
        assert_true(a->file == b->file && a->first_frame == b->first_frame);
        assert_true(a->last_file == b->last_file && a->last_frame == b->last_frame);
        assert_true(a->rev == b->rev && a->family == b->family && a->vlan == b->vlan);
        assert_int_equal(a->conn_state, b->conn_state);
        assert_string_equal(a->history, b->history);
        assert_true(give_digest(a) == give_digest(b));
}
