/* The first of many connections: a heap with the least wanted at its root, so that it gives way. */
#include "cli/read_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/line.h"
#include "report/totals.h"

#define ID_MAX 48

struct entry {
        char id[ID_MAX];
        int64_t major;
        uint64_t minor;
        int64_t started;
        enum severity severity;
        enum cause cause;
        char *text;
        size_t n_head;          /* of it: who with whom; what is behind are the words */
};

struct read_list {
        enum read_sort sort;
        size_t max;
        bool evidence;
        struct style style;
        struct entry *entries;
        size_t n, room;
};

int read_list_new(enum read_sort sort, size_t max, bool evidence, const struct style *style,
                  struct read_list **ret_list)
{
        struct read_list *list = calloc(1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        list->sort = sort == READ_SORT_NONE ? READ_SORT_SEVERITY : sort;
        list->max = max;
        list->evidence = evidence;
        list->style = *style;
        *ret_list = list;
        return 0;
}

struct read_list *read_list_free(struct read_list *list)
{
        if (!list)
                return NULL;
        for (size_t i = 0; i < list->n; i++)
                free(list->entries[i].text);
        free(list->entries);
        free(list);
        return NULL;
}

/* Less than 0: @a comes first. */
static int compare(const struct entry *a, const struct entry *b)
{
        if (a->major != b->major)
                return a->major > b->major ? -1 : 1;
        if (a->minor != b->minor)
                return a->minor > b->minor ? -1 : 1;
        if (a->started != b->started)
                return a->started < b->started ? -1 : 1;
        /* Shorter numbers are smaller ones: 1.9 before 1.10. */
        if (strlen(a->id) != strlen(b->id))
                return strlen(a->id) < strlen(b->id) ? -1 : 1;
        return strcmp(a->id, b->id);
}

static int compare_entries(const void *a, const void *b)
{
        return compare(a, b);
}

static int64_t value_of(struct maybe_i64 value)
{
        return value.known ? value.value : INT64_MIN;
}

static void rank(const struct read_list *list, const struct record *r, struct entry *e)
{
        struct totals_share share = totals_share(r);

        *e = (struct entry){ .started = r->started.value, .severity = r->severity };
        e->cause = r->n_causes > 0 ? r->causes[0] : CAUSE_NONE;
        memcpy(e->id, r->id, strnlen(r->id, sizeof(e->id) - 1)); /* the rest is zero */
        switch (list->sort) {
        case READ_SORT_NONE:
        case READ_SORT_SEVERITY:
                e->major = r->severity;
                /* What is lost goes before what is in doubt, however much. */
                e->minor = share.lost + share.uncertain < UINT64_MAX / 4 ? share.lost + share.uncertain
                                                                         : UINT64_MAX / 4;
                if (share.lost > 0)
                        e->minor += UINT64_MAX / 2;
                break;
        case READ_SORT_TIME:
                break;
        case READ_SORT_BYTES:
                e->minor = share.bytes;
                break;
        case READ_SORT_LOST:
                e->major = share.lost > 0;
                e->minor = share.lost + share.uncertain;
                break;
        case READ_SORT_DURATION:
                e->major = value_of(r->duration);
                break;
        case READ_SORT_IDLE:
                e->major = value_of(r->idle_before);
                break;
        }
}

static void swap(struct entry *a, struct entry *b)
{
        struct entry c = *a;

        *a = *b;
        *b = c;
}

/* The root is the one that comes last. */
static void sift_down(struct read_list *list, size_t i)
{
        for (;;) {
                size_t last = i, left = 2 * i + 1, right = left + 1;

                if (left < list->n && compare(&list->entries[left], &list->entries[last]) > 0)
                        last = left;
                if (right < list->n && compare(&list->entries[right], &list->entries[last]) > 0)
                        last = right;
                if (last == i)
                        return;
                swap(&list->entries[i], &list->entries[last]);
                i = last;
        }
}

static void sift_up(struct read_list *list, size_t i)
{
        while (i > 0 && compare(&list->entries[i], &list->entries[(i - 1) / 2]) > 0) {
                swap(&list->entries[i], &list->entries[(i - 1) / 2]);
                i = (i - 1) / 2;
        }
}

void read_list_remove(struct read_list *list, const struct record *r)
{
        for (size_t i = 0; i < list->n; i++) {
                if (strcmp(list->entries[i].id, r->id) != 0)
                        continue;
                free(list->entries[i].text);
                list->entries[i] = list->entries[--list->n];
                /* Rare, so the whole heap is made anew. */
                for (size_t j = list->n; j-- > 0;)
                        sift_down(list, j);
                return;
        }
}

static char *text_of(const struct read_list *list, const struct record *r, const char *where, size_t *ret_n_head)
{
        char *text = NULL;
        size_t n_text;
        FILE *file = open_memstream(&text, &n_text);

        if (!file)
                return NULL;
        line_write_head(file, r, &list->style);
        if (fflush(file) == 0)
                *ret_n_head = n_text;
        line_write_words(file, r, where, &list->style);
        if (list->evidence)
                line_write_evidence(file, r, &list->style);
        if (fclose(file) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static int make_room(struct read_list *list)
{
        size_t room = list->room ? 2 * list->room : 16;
        struct entry *entries;

        if (list->n < list->room)
                return 0;
        entries = reallocarray(list->entries, room, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        list->entries = entries;
        list->room = room;
        return 0;
}

int read_list_add(struct read_list *list, const struct record *r, const char *where)
{
        struct entry e;

        if (r->rev > 1)
                read_list_remove(list, r);
        rank(list, r, &e);
        if (list->n == list->max && compare(&e, &list->entries[0]) > 0)
                return 0;
        if (list->n < list->max && make_room(list) < 0)
                return -ENOMEM;
        e.text = text_of(list, r, where, &e.n_head);
        if (!e.text)
                return -ENOMEM;
        if (list->n < list->max) {
                list->entries[list->n++] = e;
                sift_up(list, list->n - 1);
        } else {
                free(list->entries[0].text);
                list->entries[0] = e;
                sift_down(list, 0);
        }
        return 0;
}

void read_list_sort(struct read_list *list)
{
        if (list->n > 0)
                qsort(list->entries, list->n, sizeof(*list->entries), compare_entries);
}

size_t read_list_count(const struct read_list *list)
{
        return list->n;
}

void read_list_write(const struct read_list *list, size_t n, FILE *file)
{
        for (size_t i = 0; i < n && i < list->n; i++) {
                const struct entry *e = &list->entries[i], *next = i + 1 < n && i + 1 < list->n ? e + 1 : NULL;
                bool alike = next && strcmp(e->text + e->n_head, next->text + next->n_head) == 0;

                fwrite(e->text, 1, alike ? e->n_head : strlen(e->text), file);
        }
}

enum severity read_list_severity(const struct read_list *list, size_t i)
{
        return list->entries[i].severity;
}

const char *read_list_id(const struct read_list *list, size_t i)
{
        return i < list->n ? list->entries[i].id : "";
}

const char *read_list_cause(const struct read_list *list, size_t i)
{
        enum cause cause = i < list->n ? list->entries[i].cause : CAUSE_NONE;

        return cause == CAUSE_NONE || cause == CAUSE_UNKNOWN ? NULL : cause_name(cause);
}
