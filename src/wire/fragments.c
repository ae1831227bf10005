/* Datagrams in the making: a table that is searched from one end to the other, since there are few. */
#include "wire/fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
        N_DATAGRAMS = 256,
        N_RUNS = 32,                    /* rows of bytes without a hole, in one datagram */
        N_DONE = 8,                     /* datagrams within each other: as many as IP headers */
        SIZE_MAX_DATAGRAM = 65535,
        SIZE_MAX_ALL = 4 << 20,
        SIZE_LEAST = 4096,
};

static const int64_t TIME_MAX_NS = 30 * INT64_C(1000000000);

struct run {
        uint32_t start, end;
};

struct unfinished {
        bool v6;
        bool first_known;               /* the fragment at 0 has come: @header and @protocol are its own */
        bool end_known;
        uint8_t protocol;
        uint8_t header[40];
        uint8_t addresses[32];
        uint32_t id;
        uint32_t end;                   /* of the datagram, once known */
        uint32_t n_held;                /* where the first piece that is cut ends; UINT32_MAX: none is */
        int64_t time_ns;                /* of its first fragment */
        uint8_t *bytes;
        uint32_t size;
        unsigned n_runs;
        struct run runs[N_RUNS];        /* in order */
};

struct fragments {
        struct unfinished *slots;       /* N_DATAGRAMS of them, allocated when the first fragment comes */
        struct unfinished *all[N_DATAGRAMS];    /* the first @n in the order in which they began, then the free ones */
        unsigned n;
        size_t size;                    /* of the bytes of all */
        uint8_t *done[N_DONE];
        unsigned n_done;
        struct unfinished last;         /* whose bytes are in @done: keeps the header */
};

int fragments_new(struct fragments **ret_fragments)
{
        struct fragments *fragments;

        fragments = calloc(1, sizeof(*fragments));
        if (!fragments)
                return -ENOMEM;
        *ret_fragments = fragments;
        return 0;
}

void fragments_forget_done(struct fragments *fragments)
{
        while (fragments->n_done > 0)
                free(fragments->done[--fragments->n_done]);
}

struct fragments *fragments_free(struct fragments *fragments)
{
        if (!fragments)
                return NULL;
        fragments_forget_done(fragments);
        for (unsigned i = 0; i < fragments->n; ++i)
                free(fragments->all[i]->bytes);
        free(fragments->slots);
        free(fragments);
        return NULL;
}

/* Takes datagram @i out of the table; its bytes are the caller's. */
static void take_out(struct fragments *fragments, unsigned i)
{
        struct unfinished *u = fragments->all[i];

        fragments->size -= u->size;
        --fragments->n;
        memmove(&fragments->all[i], &fragments->all[i + 1], (fragments->n - i) * sizeof(*fragments->all));
        fragments->all[fragments->n] = u;
}

static void drop(struct fragments *fragments, unsigned i)
{
        free(fragments->all[i]->bytes);
        take_out(fragments, i);
}

static void expire(struct fragments *fragments, int64_t time_ns)
{
        /* Stamps that run backwards make the oldest seem young; the table is bounded all the same. */
        while (fragments->n > 0 && time_ns > fragments->all[0]->time_ns + TIME_MAX_NS)
                drop(fragments, 0);
}

static void addresses_of(const struct fragment *fragment, uint8_t ret_addresses[static 32])
{
        memset(ret_addresses, 0, 32);
        if (fragment->v6)
                memcpy(ret_addresses, fragment->ip + 8, 32);
        else
                memcpy(ret_addresses, fragment->ip + 12, 8);
}

/* The number of its datagram in the table, a new one if need be; N_DATAGRAMS where there is no memory. IPv4
 * tells datagrams apart by protocol as well, IPv6 does not (RFC 791, 3.2; RFC 8200, 4.5). */
static unsigned find(struct fragments *fragments, const struct fragment *fragment, int64_t time_ns)
{
        struct unfinished *u;
        uint8_t addresses[32];

        addresses_of(fragment, addresses);
        for (unsigned i = 0; i < fragments->n; ++i) {
                u = fragments->all[i];
                if (u->id == fragment->id && u->v6 == fragment->v6 &&
                    (fragment->v6 || u->protocol == fragment->protocol) &&
                    memcmp(u->addresses, addresses, sizeof(addresses)) == 0)
                        return i;
        }
        if (!fragments->slots) {
                fragments->slots = malloc(N_DATAGRAMS * sizeof(*fragments->slots));
                if (!fragments->slots)
                        return N_DATAGRAMS;
                for (unsigned i = 0; i < N_DATAGRAMS; ++i)
                        fragments->all[i] = &fragments->slots[i];
        }
        if (fragments->n == N_DATAGRAMS)
                drop(fragments, 0);
        u = fragments->all[fragments->n];
        *u = (struct unfinished){
                .v6 = fragment->v6, .protocol = fragment->protocol, .id = fragment->id, .n_held = UINT32_MAX,
                .time_ns = time_ns,
        };
        memcpy(u->addresses, addresses, sizeof(addresses));
        return fragments->n++;
}

/* Room for @end bytes. Others have to go when all together are too large. */
static bool make_room(struct fragments *fragments, unsigned *i, uint32_t end)
{
        struct unfinished *u = fragments->all[*i];
        uint32_t size = u->size ? u->size : SIZE_LEAST;
        uint8_t *bytes;

        if (end <= u->size)
                return true;
        while (size < end)
                size *= 2;
        bytes = realloc(u->bytes, size);
        if (!bytes)
                return false;
        fragments->size += size - u->size;
        u->bytes = bytes;
        u->size = size;
        while (fragments->size > SIZE_MAX_ALL && fragments->n > 1) {
                unsigned oldest = *i == 0;

                drop(fragments, oldest);
                if (oldest < *i)
                        --*i;
        }
        return true;
}

enum placing {
        PLACED,
        PLACED_TWICE,                   /* all of it has been there */
        PLACED_WRONG,                   /* overlaps, or there are too many holes */
};

static enum placing place(struct unfinished *u, uint32_t start, uint32_t end)
{
        unsigned i = u->n_runs;

        while (i > 0 && u->runs[i - 1].start > start)
                --i;
        /* Run i - 1 begins at or before @start, run i behind it. */
        if (i > 0 && end <= u->runs[i - 1].end)
                return PLACED_TWICE;
        if ((i > 0 && start < u->runs[i - 1].end) || (i < u->n_runs && end > u->runs[i].start))
                return PLACED_WRONG;
        if (i > 0 && start == u->runs[i - 1].end) {
                u->runs[i - 1].end = end;
                if (i < u->n_runs && end == u->runs[i].start) {
                        u->runs[i - 1].end = u->runs[i].end;
                        --u->n_runs;
                        memmove(&u->runs[i], &u->runs[i + 1], (u->n_runs - i) * sizeof(*u->runs));
                }
                return PLACED;
        }
        if (i < u->n_runs && end == u->runs[i].start) {
                u->runs[i].start = start;
                return PLACED;
        }
        if (u->n_runs == N_RUNS)
                return PLACED_WRONG;
        memmove(&u->runs[i + 1], &u->runs[i], (u->n_runs - i) * sizeof(*u->runs));
        u->runs[i] = (struct run){ start, end };
        ++u->n_runs;
        return PLACED;
}

/* Takes the piece in. False when the datagram cannot be saved. */
static bool take_in(struct fragments *fragments, unsigned *i, const struct fragment *fragment, uint32_t end)
{
        struct unfinished *u = fragments->all[*i];

        if (u->end_known && (end > u->end || (!fragment->more && end != u->end)))
                return false;
        if (!fragment->more && u->n_runs > 0 && u->runs[u->n_runs - 1].end > end)
                return false;
        switch (place(u, fragment->offset, end)) {
        case PLACED:
                break;
        case PLACED_TWICE:
                return true;
        case PLACED_WRONG:
                return false;
        }
        if (!make_room(fragments, i, fragment->offset + fragment->n_held))
                return false;
        u = fragments->all[*i];
        if (fragment->n_held > 0)
                memcpy(u->bytes + fragment->offset, fragment->bytes, fragment->n_held);
        if (fragment->n_held < fragment->n_wire && fragment->offset + fragment->n_held < u->n_held)
                u->n_held = fragment->offset + fragment->n_held;
        if (!fragment->more) {
                u->end_known = true;
                u->end = end;
        }
        if (fragment->offset == 0) {
                u->first_known = true;
                u->protocol = fragment->protocol;
                memcpy(u->header, fragment->ip, fragment->v6 ? 40 : 20);
        }
        return true;
}

bool fragments_add(struct fragments *fragments, const struct fragment *fragment, int64_t time_ns,
                   struct datagram *ret_datagram)
{
        uint32_t end = fragment->offset + fragment->n_wire;
        struct unfinished *u;
        unsigned i;

        /* Of no use: empty, too long (the ping of death), or of a length that no fragment but the last may have. */
        if (fragment->n_wire == 0 || end > SIZE_MAX_DATAGRAM || (fragment->more && fragment->n_wire % 8 != 0))
                return false;
        expire(fragments, time_ns);
        i = find(fragments, fragment, time_ns);
        if (i == N_DATAGRAMS)
                return false;
        if (!take_in(fragments, &i, fragment, end)) {
                drop(fragments, i);
                return false;
        }
        u = fragments->all[i];
        if (!u->first_known || !u->end_known || u->n_runs != 1 || u->runs[0].end != u->end)
                return false;
        if (fragments->n_done == N_DONE) {
                drop(fragments, i);
                return false;
        }
        fragments->last = *u;
        fragments->done[fragments->n_done++] = u->bytes;
        take_out(fragments, i);
        u = &fragments->last;
        *ret_datagram = (struct datagram){
                .header = u->header, .payload = u->bytes, .n_held = u->n_held < u->end ? u->n_held : u->end,
                .n_wire = u->end, .protocol = u->protocol,
        };
        return true;
}
