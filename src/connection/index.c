/* Half of the places are in use at most, so of a line that is full there are few. */
#include "connection/index.h"

#include <errno.h>

enum {
        LINES_AT_FIRST = 128,
        LINES_OF_LARGE = 8192,
};

/* An empty index of @n lines. */
static int begin(struct index *index, size_t n)
{
        struct region region;

        if (region_init(&region, n * sizeof(struct index_line), index->large) < 0)
                return -ENOMEM;
        if (region_grow(&region, n * sizeof(struct index_line)) < 0) {
                region_deinit(&region);
                return -ENOMEM;
        }
        index->region = region;
        index->lines = (struct index_line *)(void *)region.base;
        index->mask = n - 1;
        index->n_used = 0;
        return 0;
}

int index_init(struct index *index, bool large)
{
        *index = (struct index){ .large = large };
        return begin(index, large ? LINES_OF_LARGE : LINES_AT_FIRST);
}

void index_deinit(struct index *index)
{
        region_deinit(&index->region);
        *index = (struct index){};
}

static void add(struct index *index, uint32_t key, uint32_t entry)
{
        struct index_line *line = index_home(index, key >> 1);
        unsigned free;

        while (index_is_full(line))
                line = index_next(index, line);
        free = index_first(index_same(line->entry, 0));
        line->key[free] = key;
        line->entry[free] = entry;
        index->n_used++;
}

static int grow(struct index *index)
{
        struct region region = index->region;
        const struct index_line *old = index->lines;
        size_t n = index->mask + 1;

        if (begin(index, n * 2) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                for (unsigned at = 0; at < INDEX_LINE && old[i].entry[at] != 0; at++)
                        add(index, old[i].key[at], old[i].entry[at]);
        region_deinit(&region);
        return 0;
}

static uint32_t entry_of(uint32_t hash, uint32_t node)
{
        return node | (hash >> 31) * INDEX_WAY;
}

int index_add(struct index *index, uint32_t hash, uint32_t node)
{
        if (index->n_used * 2 >= (index->mask + 1) * INDEX_LINE && grow(index) < 0)
                return -ENOMEM;
        add(index, index_key(hash), entry_of(hash, node));
        return 0;
}

/* Where an entry stands; NULL: nowhere. */
static struct index_line *find(const struct index *index, uint32_t hash, uint32_t entry, unsigned *ret_at)
{
        struct index_line *line = index_home(index, hash);

        for (;; line = index_next(index, line)) {
                unsigned same = index_same(line->entry, entry);

                if (same) {
                        *ret_at = index_first(same);
                        return line;
                }
                if (!index_is_full(line))
                        return NULL;
        }
}

/* The last of the line takes the place. */
static void close_up(struct index_line *line, unsigned at)
{
        unsigned last = index_first(index_same(line->entry, 0) | 1u << 2 * INDEX_LINE) - 1;

        line->key[at] = line->key[last];
        line->entry[at] = line->entry[last];
        line->key[last] = line->entry[last] = 0;
}

/* One of @line whose own line is @home, or lies before that; INDEX_LINE: none. */
static unsigned passed_on(const struct index *index, const struct index_line *line, const struct index_line *home)
{
        const size_t number = (size_t)(line - index->lines),
                     behind = (number - (size_t)(home - index->lines)) & index->mask;
        unsigned at = 0;

        while (at < INDEX_LINE && (line->entry[at] == 0 || ((number - (line->key[at] >> 1)) & index->mask) < behind))
                at++;
        return at;
}

/* Where a line that was full has room now, one that was passed on comes back; so does one where that stood. */
static __attribute__((noinline)) void fill_up(struct index *index, struct index_line *line)
{
        struct index_line *next = line;

        for (;;) {
                unsigned at;
                bool full;

                do {
                        next = index_next(index, next);
                        at = passed_on(index, next, line);
                        full = index_is_full(next);
                } while (at == INDEX_LINE && full);
                if (at == INDEX_LINE)
                        return;
                line->key[INDEX_LINE - 1] = next->key[at];
                line->entry[INDEX_LINE - 1] = next->entry[at];
                close_up(next, at);
                if (!full)
                        return;
                line = next;
        }
}

void index_take_out(struct index *index, uint32_t hash, uint32_t node)
{
        unsigned at;
        struct index_line *line = find(index, hash, entry_of(hash, node), &at);
        bool full;

        if (!line)
                return;
        index->n_used--;
        full = index_is_full(line);
        close_up(line, at);
        if (__builtin_expect(full, 0))
                fill_up(index, line);
}

void index_replace(struct index *index, uint32_t hash, uint32_t from, uint32_t to)
{
        unsigned at;
        struct index_line *line = find(index, hash, entry_of(hash, from), &at);

        if (line)
                line->entry[at] = entry_of(hash, to);
}
