/*
 * The truth of a play as an ending record: ending, ended_by and cause as the scenario says by hand;
 * bytes by counting; what each side was told and would be told from calls and model. Nothing of it has
 * passed through a judge.
 */
#pragma once

#include "ending/record.h"
#include "lab/play.h"

#define TRUTH_MAX_SAW 64
#define TRUTH_MAX_VISIBLE 48

struct truth {
        struct record record;
        char id[96];
        struct saw saw[N_ENDS][TRUTH_MAX_SAW];
        /* The keys that a capture of this play shows without doubt: "to_server.bytes". */
        const char *visible[TRUTH_MAX_VISIBLE];
        size_t n_visible;
};

/* Before play_end(). The record borrows from `ret_truth`, which must not be moved. */
void truth_of(const struct play *play, struct truth *ret_truth);
