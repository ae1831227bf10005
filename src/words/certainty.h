/* How sure a verdict is. Greater is surer, so two can be compared. */
#pragma once

enum certainty {
        CERTAINTY_POSSIBLE,
        CERTAINTY_LIKELY,
        CERTAINTY_CERTAIN,
        N_CERTAINTIES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *certainty_name(enum certainty value);
const char *certainty_sentence(enum certainty value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int certainty_find(const char *name, enum certainty *ret);
