/* The facts as a list: for the test that forgets each in turn, and for showing what a verdict rests on. */
#include "ending/facts.h"

#include <stdio.h>
#include <string.h>

struct row {
        const char *name;
        const char *sentence;
        size_t offset;
        size_t size;
};

#define ROW(of, kind, name, sentence)                                                              \
        { #name, sentence, offsetof(struct of, name), sizeof(struct fact_##kind) },
#define ROW_OF_CONNECTION(kind, name, sentence) ROW(facts, kind, name, sentence)
#define ROW_OF_END(kind, name, sentence) ROW(facts_of_end, kind, name, sentence)
#define ROW_OF_DIRECTION(kind, name, sentence) ROW(facts_of_direction, kind, name, sentence)
#define ROW_OF_RESET(kind, name, sentence) ROW(facts_of_reset, kind, name, sentence)

static const struct row connection_rows[] = { FACTS_OF_CONNECTION(ROW_OF_CONNECTION) };
static const struct row end_rows[] = { FACTS_OF_END(ROW_OF_END) };
static const struct row direction_rows[] = { FACTS_OF_DIRECTION(ROW_OF_DIRECTION) };
static const struct row reset_rows[] = { FACTS_OF_RESET(ROW_OF_RESET) };

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The parts of struct facts that hold facts, in order. */
static const struct {
        const char *prefix;
        size_t offset;
        const struct row *rows;
        size_t n_rows;
} parts[] = {
        { "", 0, connection_rows, N_OF(connection_rows) },
        { "client.", offsetof(struct facts, end[0]), end_rows, N_OF(end_rows) },
        { "server.", offsetof(struct facts, end[1]), end_rows, N_OF(end_rows) },
        { "to_server.", offsetof(struct facts, from[0]), direction_rows, N_OF(direction_rows) },
        { "to_client.", offsetof(struct facts, from[1]), direction_rows, N_OF(direction_rows) },
        { "resets[0].", offsetof(struct facts, resets[0]), reset_rows, N_OF(reset_rows) },
        { "resets[1].", offsetof(struct facts, resets[1]), reset_rows, N_OF(reset_rows) },
        { "resets[2].", offsetof(struct facts, resets[2]), reset_rows, N_OF(reset_rows) },
        { "resets[3].", offsetof(struct facts, resets[3]), reset_rows, N_OF(reset_rows) },
};

_Static_assert(FACTS_RESETS_MAX == 4, "the parts above name each reset");

/* The row of fact i, and where it lies in struct facts. NULL past the last. */
static const struct row *locate(size_t i, size_t *ret_part, size_t *ret_offset)
{
        for (size_t p = 0; p < N_OF(parts); p++) {
                if (i < parts[p].n_rows) {
                        *ret_part = p;
                        *ret_offset = parts[p].offset + parts[p].rows[i].offset;
                        return &parts[p].rows[i];
                }
                i -= parts[p].n_rows;
        }
        return NULL;
}

void facts_init(struct facts *f, enum source source)
{
        *f = (struct facts){ .seen = { .source = source, .roles = ROLES_FIRST, .sides = SIDES_SEEN_NONE } };
}

size_t facts_count(void)
{
        size_t n = 0;

        for (size_t p = 0; p < N_OF(parts); p++)
                n += parts[p].n_rows;
        return n;
}

void facts_name(size_t i, char name[static FACT_NAME_MAX])
{
        size_t part, offset;
        const struct row *row = locate(i, &part, &offset);

        snprintf(name, FACT_NAME_MAX, "%s%s", row ? parts[part].prefix : "", row ? row->name : "");
}

const char *facts_sentence(size_t i)
{
        size_t part, offset;
        const struct row *row = locate(i, &part, &offset);

        return row ? row->sentence : NULL;
}

enum how facts_how(const struct facts *f, size_t i)
{
        size_t part, offset;
        enum how how = HOW_UNKNOWN;

        if (locate(i, &part, &offset))
                memcpy(&how, (const char *)f + offset, sizeof(how));
        return how;
}

void facts_forget(struct facts *f, size_t i)
{
        size_t part, offset;
        const struct row *row = locate(i, &part, &offset);

        if (row)
                memset((char *)f + offset, 0, row->size);
}
