/*
 * A value that may not be known. "Known" is a flag of its own: no number is set aside to mean
 * "unknown", so zero and the largest number stay what they are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct maybe_u64 {
        bool known;
        uint64_t value;
};

struct maybe_i64 {
        bool known;
        int64_t value;
};

struct maybe_bool {
        bool known;
        bool value;
};

static inline struct maybe_u64 known_u64(uint64_t value)
{
        return (struct maybe_u64){ .known = true, .value = value };
}

static inline struct maybe_i64 known_i64(int64_t value)
{
        return (struct maybe_i64){ .known = true, .value = value };
}

static inline struct maybe_bool known_bool(bool value)
{
        return (struct maybe_bool){ .known = true, .value = value };
}
