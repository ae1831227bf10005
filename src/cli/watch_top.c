/* Who is named most often. */
#include "cli/watch_top.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void watch_top_add(struct watch_top *top, const char *name, bool bad)
{
        struct watch_top_entry *entry = NULL;

        for (size_t i = 0; i < top->n && !entry; i++)
                if (strncmp(top->entries[i].name, name, WATCH_TOP_NAME_MAX - 1) == 0)
                        entry = &top->entries[i];
        if (!entry && top->n == WATCH_TOP_MAX) {
                top->n_others++;
                return;
        }
        if (!entry) {
                entry = &top->entries[top->n++];
                *entry = (struct watch_top_entry){ 0 };
                snprintf(entry->name, sizeof(entry->name), "%s", name);
                /* Names come from outside. */
                for (char *c = entry->name; *c; c++)
                        if (*c < ' ' || *c > '~')
                                *c = '?';
        }
        entry->n++;
        entry->n_bad += bad;
}

static int worse(const void *a, const void *b)
{
        const struct watch_top_entry *one = a, *other = b;

        if (one->n_bad != other->n_bad)
                return one->n_bad < other->n_bad ? 1 : -1;
        return (one->n < other->n) - (one->n > other->n);
}

void watch_top_write(FILE *file, struct watch_top *top, const char *heading, size_t most, double seconds)
{
        if (top->n == 0)
                return;
        qsort(top->entries, top->n, sizeof(*top->entries), worse);
        fprintf(file, "\n%-46s %10s %8s %8s\n", heading, "a second", "ended", "bad");
        for (size_t i = 0; i < top->n && i < most; i++)
                fprintf(file, "  %-44s %10.1f %8" PRIu64 " %8" PRIu64 "\n", top->entries[i].name,
                        (double)top->entries[i].n / seconds, top->entries[i].n, top->entries[i].n_bad);
        if (top->n > most || top->n_others)
                fprintf(file, "  and %zu more\n", (top->n > most ? top->n - most : 0) + (size_t)top->n_others);
}
