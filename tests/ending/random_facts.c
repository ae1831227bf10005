/* Facts at random. */
#include "random_facts.h"

#include <errno.h>

#include "words/how.h"

uint64_t random_next(uint64_t *seed)
{
        uint64_t x = *seed;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return *seed = x;
}

struct source_of_chance {
        uint64_t *seed;
        unsigned sense, known;
};

static bool chance(struct source_of_chance *c, unsigned in_100)
{
        return random_next(c->seed) % 100 < in_100;
}

static enum how random_how(struct source_of_chance *c)
{
        return chance(c, c->known) ? (enum how)(1 + random_next(c->seed) % (N_HOWS - 1)) : HOW_UNKNOWN;
}

/* Mostly a word, now and then a number that is none. */
static int random_word(struct source_of_chance *c, int n)
{
        return chance(c, c->sense) ? (int)(random_next(c->seed) % (uint64_t)n) : (int)random_next(c->seed);
}

static void random_flag(struct source_of_chance *c, struct fact_flag *fact)
{
        *fact = (struct fact_flag){ random_how(c), random_next(c->seed) & 1 };
}

static void random_count(struct source_of_chance *c, struct fact_count *fact)
{
        uint64_t r = random_next(c->seed);

        fact->how = random_how(c);
        fact->value = !chance(c, c->sense) ? r : r % 3 == 0 ? 0 : r % 3 == 1 ? r % 5 : r % 2000;
}

static void random_time(struct source_of_chance *c, struct fact_time *fact)
{
        uint64_t r = random_next(c->seed);

        fact->how = random_how(c);
        fact->value = !chance(c, c->sense) ? (int64_t)r
                                           : INT64_C(1795326960000000000) + (int64_t)(r % UINT64_C(200000000000));
}

static void random_error(struct source_of_chance *c, struct fact_error *fact)
{
        static const int errors[] = { 0, ECONNRESET, EPIPE, ETIMEDOUT, ECONNABORTED, ECONNREFUSED, EHOSTUNREACH };

        fact->how = random_how(c);
        fact->value = chance(c, c->sense) ? errors[random_next(c->seed) % (sizeof(errors) / sizeof(*errors))]
                                          : (int)random_next(c->seed);
}

#define RANDOM_WORD(kind, type, n)                                                                 \
        static void random_##kind(struct source_of_chance *c, struct fact_##kind *fact)            \
        {                                                                                          \
                fact->how = random_how(c);                                                         \
                fact->value = (type)random_word(c, n);                                             \
        }

RANDOM_WORD(os, enum os, N_OSES)
RANDOM_WORD(side, enum side, 2)
RANDOM_WORD(act, enum act, N_ACTS)
RANDOM_WORD(state, enum tcp_state, N_TCP_STATES)
RANDOM_WORD(reason, enum reset_reason, N_RESET_REASONS)
RANDOM_WORD(icmp, enum icmp_error, N_ICMP_ERRORS)
RANDOM_WORD(segment, enum segment_kind, N_SEGMENT_KINDS)
RANDOM_WORD(validity, enum reset_validity, N_RESET_VALIDITIES)

void random_facts(struct facts *f, uint64_t *seed, unsigned sense)
{
        struct source_of_chance c = { seed, sense, (unsigned)(random_next(seed) % 101) };

        facts_init(f, (enum source)(random_next(seed) % N_SOURCES));
        f->seen.roles = (enum roles)(random_next(seed) % N_ROLES);
        f->seen.sides = (enum sides_seen)(random_next(seed) % N_SIDES_SEEN);
        f->seen.midstream = chance(&c, 20);
        f->seen.gaps = chance(&c, 20);
        f->seen.cut = chance(&c, 20);
        f->seen.both_ends = chance(&c, 20);
        f->seen.evicted = chance(&c, 5);
        f->seen.until = chance(&c, sense)
                        ? INT64_C(1795326960000000000) + (int64_t)(random_next(seed) % UINT64_C(400000000000))
                                          : (int64_t)random_next(seed);
#define MAKE(kind, name, sentence) random_##kind(&c, &f->name);
        FACTS_OF_CONNECTION(MAKE)
#undef MAKE
        for (int side = 0; side < 2; side++) {
#define MAKE(kind, name, sentence) random_##kind(&c, &f->end[side].name);
                FACTS_OF_END(MAKE)
#undef MAKE
#define MAKE(kind, name, sentence) random_##kind(&c, &f->from[side].name);
                FACTS_OF_DIRECTION(MAKE)
#undef MAKE
        }
        f->n_resets = random_next(seed) % (FACTS_RESETS_MAX + 1);
        for (size_t i = 0; i < f->n_resets; i++) {
#define MAKE(kind, name, sentence) random_##kind(&c, &f->resets[i].name);
                FACTS_OF_RESET(MAKE)
#undef MAKE
        }
        f->n_resets_in_all = f->n_resets + random_next(seed) % 3;
}

static void vary_flag(struct fact_flag *fact, uint64_t *seed)
{
        (void)seed;
        fact->value = !fact->value;
}

static void vary_count(struct fact_count *fact, uint64_t *seed)
{
        uint64_t r = random_next(seed);

        fact->value = r % 4 == 0   ? 0
                      : r % 4 == 1 ? fact->value + 1
                      : r % 4 == 2 ? r / 4 % 5
                                   : fact->value + r / 4 % 2000;
}

/* By some milliseconds, or by minutes, either way. */
static void vary_time(struct fact_time *fact, uint64_t *seed)
{
        int64_t most = random_next(seed) % 2 ? INT64_C(20000000) : INT64_C(200000000000);

        fact->value += (int64_t)(random_next(seed) % (uint64_t)most) - most / 2;
}

static void vary_side(struct fact_side *fact, uint64_t *seed)
{
        (void)seed;
        fact->value = fact->value == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

#define VARY_WORD(kind, type, n)                                                                   \
        static void vary_##kind(struct fact_##kind *fact, uint64_t *seed)                          \
        {                                                                                          \
                fact->value = (type)(random_next(seed) % (n));                                     \
        }
#define VARY_NOT(kind)                                                                             \
        static void vary_##kind(struct fact_##kind *fact, uint64_t *seed)                          \
        {                                                                                          \
                (void)fact, (void)seed;                                                            \
        }

VARY_WORD(os, enum os, N_OSES)
VARY_WORD(icmp, enum icmp_error, N_ICMP_ERRORS)
VARY_WORD(segment, enum segment_kind, N_SEGMENT_KINDS)
VARY_WORD(validity, enum reset_validity, N_RESET_VALIDITIES)
VARY_NOT(error)
VARY_NOT(act)
VARY_NOT(state)
VARY_NOT(reason)

void vary_facts(struct facts *f, uint64_t *seed, unsigned in_1000)
{
#define VARY(kind, name, sentence)                                                                 \
        if (fact_known(f->name.how) && random_next(seed) % 1000 < in_1000)                         \
                vary_##kind(&f->name, seed);
        FACTS_OF_CONNECTION(VARY)
#undef VARY
#define VARY(kind, name, sentence)                                                                 \
        if (fact_known(of->name.how) && random_next(seed) % 1000 < in_1000)                        \
                vary_##kind(&of->name, seed);
        for (int side = 0; side < 2; side++) {
                struct facts_of_end *of = &f->end[side];

                FACTS_OF_END(VARY)
        }
        for (int side = 0; side < 2; side++) {
                struct facts_of_direction *of = &f->from[side];

                FACTS_OF_DIRECTION(VARY)
        }
        for (size_t i = 0; i < f->n_resets; i++) {
                struct facts_of_reset *of = &f->resets[i];

                FACTS_OF_RESET(VARY)
        }
#undef VARY
}
