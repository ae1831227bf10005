/* Which frames of which file are wanted: a bit for each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct marks {
        uint64_t *words;
        size_t n_words;
};

/* Frames count from 1. Returns 0 or -ENOMEM. */
int marks_set(struct marks *marks, uint64_t frame);
bool marks_have(const struct marks *marks, uint64_t frame);
void marks_deinit(struct marks *marks);
