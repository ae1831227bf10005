/*
 * A text is kept in the place that its key says, until one with another key takes it. The key holds all that the text
 * is made of; what does not fit into a key is rare, and is not kept.
 */
#include "report/record_json_kept.h"

#include <string.h>

#include "report/record_json_words.h"
#include "report/told.h"

enum {
        N_KEPT = 64,
        CAUSES_IN_KEY = 8,
        TOLD_IN_KEY = 2,                /* of each list */
        ERROR_BITS = 11,                /* of a told, and three more */
        VERDICT_MAX = 448,              /* with so many causes */
        VERDICT_SHORT = 256,            /* most are */
        NEXT_MAX = 2 * TOLD_IN_KEY * (TOLD_TEXT_MAX + 3) + 32,
};

_Static_assert(N_CAUSES * JSON_WORD_MAX + 256 <= RECORD_JSON_KEPT_ROOM, "no room for all causes");

/* Each is a few lines of 64 bytes; a thread has its own, since nobody else may write them. */
struct kept_verdict {
        uint64_t how, causes;
        uint32_t n;                     /* 0: none is kept */
        char text[VERDICT_MAX];
};

struct kept_next {
        uint64_t key;
        uint32_t n;
        char text[NEXT_MAX];
};

#define LITERAL(p, text) put((p), (text), sizeof(text) - 1)

static inline __attribute__((always_inline)) char *put(char *to, const char *text, size_t n)
{
        memcpy(to, text, n);
        return to + n;
}

/* As Fibonacci hashing does it. */
static inline unsigned place_of(uint64_t key)
{
        return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

_Static_assert(N_KEPT == 1 << (64 - 58), "a place has as many bits as it says");

static char *make_verdict(char *p, const struct record *r)
{
        p = json_put_ending(p, r->ending);
        p = r->ongoing ? LITERAL(p, ",\"ongoing\":true") : LITERAL(p, ",\"ongoing\":false");
        p = LITERAL(p, ",\"ended_by\":");
        p = json_put_side(p, r->ended_by);
        p = LITERAL(p, ",\"silent\":");
        p = json_put_side(p, r->silent);
        p = LITERAL(p, ",\"severity\":");
        p = json_put_severity(p, r->severity);
        p = LITERAL(p, ",\"cause\":");
        p = json_put_cause(p, r->cause);
        p = LITERAL(p, ",\"causes\":[");
        for (size_t i = 0; i < r->n_causes; i++) {
                if (i > 0)
                        *p++ = ',';
                p = json_put_cause(p, r->causes[i]);
        }
        p = LITERAL(p, "],\"certainty\":");
        return json_put_certainty(p, r->certainty);
}

static inline uint64_t byte_of(int value, unsigned i)
{
        return (uint64_t)(uint8_t)value << 8 * i;
}

/* Those that there are, which are no more than CAUSES_IN_KEY, a byte for each; 0 behind them. */
static inline uint64_t causes_of(const struct record *r)
{
        uint64_t causes = 0, there = r->n_causes > 0 ? UINT64_MAX >> (64 - 8 * r->n_causes) : 0;

#pragma GCC unroll 8
        for (unsigned i = 0; i < CAUSES_IN_KEY; i++)
                causes |= (uint64_t)(uint8_t)r->causes[i] << 8 * i;
        return causes & there;
}

char *record_json_put_verdict(char *to, const struct record *r)
{
        static _Thread_local struct kept_verdict all[N_KEPT];
        struct kept_verdict *kept;
        uint64_t how, causes;
        char *end;

        if (r->n_causes > CAUSES_IN_KEY)
                return make_verdict(to, r);
        how = byte_of((int)r->ending, 0) | byte_of(r->ongoing, 1) | byte_of((int)r->ended_by, 2) |
              byte_of((int)r->silent, 3) | byte_of((int)r->severity, 4) | byte_of((int)r->cause, 5) |
              byte_of((int)r->certainty, 6) | (uint64_t)r->n_causes << 56;
        causes = causes_of(r);
        kept = &all[place_of(how ^ causes * 3)];
        if (kept->n > 0 && kept->how == how && kept->causes == causes) {
                /* As a rule in two pieces of a fixed size. */
                memcpy(to, kept->text, VERDICT_SHORT);
                if (__builtin_expect(kept->n > VERDICT_SHORT, 0))
                        memcpy(to + VERDICT_SHORT, kept->text + VERDICT_SHORT, sizeof(kept->text) - VERDICT_SHORT);
                return to + kept->n;
        }
        end = make_verdict(to, r);
        kept->how = how;
        kept->causes = causes;
        kept->n = (uint32_t)(end - to);
        memcpy(kept->text, to, kept->n);
        return end;
}

char *record_json_put_told(char *to, const struct told *told)
{
        *to++ = '"';
        to = told_put(to, told);
        *to++ = '"';
        return to;
}

static char *put_tolds(char *p, const struct told *told, size_t n)
{
        *p++ = '[';
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        *p++ = ',';
                p = record_json_put_told(p, &told[i]);
        }
        *p++ = ']';
        return p;
}

static char *make_next(char *p, const struct record_next *next)
{
        p = LITERAL(p, "{\"if_recv\":");
        p = put_tolds(p, next->if_recv, next->n_if_recv);
        p = LITERAL(p, ",\"if_send\":");
        p = put_tolds(p, next->if_send, next->n_if_send);
        return LITERAL(p, "}");
}

/* Takes into @key what a list holds. False: it does not fit. */
static inline bool add_tolds(const struct told *told, size_t n, uint64_t *key)
{
        if (n > TOLD_IN_KEY)
                return false;
        *key = *key << 2 | n;
        for (size_t i = 0; i < n; i++) {
                if (told[i].bytes != 0 || (unsigned)told[i].error >> ERROR_BITS)
                        return false;
                *key = *key << (ERROR_BITS + 3) | (unsigned)told[i].error << 3 | ((unsigned)told[i].kind & 3) << 1 |
                       told[i].sigpipe;
        }
        return true;
}

char *record_json_put_known_next(char *to, const struct record_next *next)
{
        static _Thread_local struct kept_next all[N_KEPT];
        struct kept_next *kept;
        uint64_t key = 1;               /* a bit above the lists, so that it says how long they are */
        char *end;

        if (!add_tolds(next->if_recv, next->n_if_recv, &key) || !add_tolds(next->if_send, next->n_if_send, &key))
                return make_next(to, next);
        kept = &all[place_of(key)];
        if (kept->n > 0 && kept->key == key) {
                memcpy(to, kept->text, sizeof(kept->text));
                return to + kept->n;
        }
        end = make_next(to, next);
        kept->key = key;
        kept->n = (uint32_t)(end - to);
        memcpy(kept->text, to, kept->n);
        return end;
}
