/* Pairing, facts and judge in one: what is said of the events that a test tells. To be included after cmocka.h. */
#pragma once

#include <string.h>

#include "ending/judge.h"
#include "live/facts.h"
#include "live/pairs.h"

struct heard {
        struct record records[8];
        unsigned n_ends[8];
        size_t n;
};

static const struct live_clock clock_now = { .epoch_ns = 0, .until_ns = INT64_C(1) << 60, .reasons = true };

static inline void hear(void *context, struct live_connection *c)
{
        struct heard *heard = context;
        struct facts f;

        assert_true(heard->n < 8);
        live_facts(c, &clock_now, &f);
        record_init(&heard->records[heard->n], SOURCE_WATCH, "1");
        judge(&f, &heard->records[heard->n], NULL);
        strcpy(heard->records[heard->n].client.ip, "10.0.0.1");
        strcpy(heard->records[heard->n].server.ip, "10.0.0.2");
        assert_null(record_fault(&heard->records[heard->n]));
        heard->n_ends[heard->n++] = c->n_ends;
}

static inline struct pairs *begin(struct heard *heard)
{
        struct pairs *pairs;

        memset(heard, 0, sizeof(*heard));
        assert_int_equal(pairs_new(hear, heard, &pairs), 0);
        return pairs;
}
