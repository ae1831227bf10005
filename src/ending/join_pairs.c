/*
 * Which connection of one capture is which of the other. The surest sign comes first: both initial sequence
 * numbers, which a NAT leaves alone; then one of them; then the same addresses and ports; then, for what was
 * under way when the captures began, sequence numbers that overlap in both directions. Each sign is sorted by
 * and the two rows are walked side by side.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ending/join.h"
#include "ending/join_seq.h"

/* So many candidates for one port are compared each with each, and no more. */
#define MIDSTREAM_MAX 4096

/* A beginning that both saw cannot be farther apart than a SYN is repeated. */
#define BEGINNING_SLACK_NS INT64_C(5000000000)

/* An index of one capture's connections, those still without a partner. */
struct row {
        const struct join_key *keys;
        size_t *order;
        size_t n;
};

struct pairing {
        const struct join_key *client, *server;
        size_t *pair;                   /* of each of the client's */
        bool *taken;                    /* each of the server's */
        struct row rows[2];
};

static int compare_u32(uint32_t a, uint32_t b)
{
        return (a > b) - (a < b);
}

static int compare_isn(const struct join_key *a, const struct join_key *b, int side)
{
        return compare_u32(a->isn[side], b->isn[side]);
}

static int by_both_isns(const struct join_key *a, const struct join_key *b)
{
        int r = compare_isn(a, b, SIDE_CLIENT);

        return r ? r : compare_isn(a, b, SIDE_SERVER);
}

static int by_client_isn(const struct join_key *a, const struct join_key *b)
{
        return compare_isn(a, b, SIDE_CLIENT);
}

static int by_server_isn(const struct join_key *a, const struct join_key *b)
{
        return compare_isn(a, b, SIDE_SERVER);
}

static int by_addresses(const struct join_key *a, const struct join_key *b)
{
        int r = (a->family > b->family) - (a->family < b->family);

        r = r ? r : memcmp(a->address, b->address, sizeof(a->address));
        return r ? r : memcmp(a->port, b->port, sizeof(a->port));
}

static int by_server_port(const struct join_key *a, const struct join_key *b)
{
        return compare_u32(a->port[SIDE_SERVER], b->port[SIDE_SERVER]);
}

static bool knows_both_isns(const struct join_key *k)
{
        return k->isn_known[SIDE_CLIENT] && k->isn_known[SIDE_SERVER];
}

static bool knows_client_isn(const struct join_key *k)
{
        return k->isn_known[SIDE_CLIENT];
}

static bool knows_server_isn(const struct join_key *k)
{
        return k->isn_known[SIDE_SERVER];
}

static bool knows_addresses(const struct join_key *k)
{
        (void)k;
        return true;
}

static bool is_midstream(const struct join_key *k)
{
        return !k->isn_known[SIDE_CLIENT] && !k->isn_known[SIDE_SERVER] && k->first_seq_known[SIDE_CLIENT] &&
               k->first_seq_known[SIDE_SERVER];
}

static bool always(const struct join_key *a, const struct join_key *b)
{
        (void)a;
        (void)b;
        return true;
}

static bool same_server(const struct join_key *a, const struct join_key *b)
{
        return a->family == b->family && (a->port[SIDE_SERVER] == b->port[SIDE_SERVER] ||
                                          memcmp(a->address[SIDE_SERVER], b->address[SIDE_SERVER], 16) == 0);
}

static bool isns_agree(const struct join_key *a, const struct join_key *b, int side)
{
        return !a->isn_known[side] || !b->isn_known[side] || a->isn[side] == b->isn[side];
}

/* One number is the same: 32 bits, so something else must speak for it, and nothing against it. */
static bool fits_by_one_isn(const struct join_key *a, const struct join_key *b)
{
        return same_server(a, b) && isns_agree(a, b, SIDE_CLIENT) && isns_agree(a, b, SIDE_SERVER);
}

static bool overlaps(const struct join_key *a, const struct join_key *b, int side)
{
        int32_t ahead = join_seq_distance(a->first_seq[side], b->first_seq[side]);

        return ahead >= 0 ? (uint64_t)ahead <= a->bytes[side] : (uint64_t)-(int64_t)ahead <= b->bytes[side];
}

static bool fits_midstream(const struct join_key *a, const struct join_key *b)
{
        return same_server(a, b) && overlaps(a, b, SIDE_CLIENT) && overlaps(a, b, SIDE_SERVER) &&
               a->bytes[SIDE_CLIENT] + a->bytes[SIDE_SERVER] > 0 && b->bytes[SIDE_CLIENT] + b->bytes[SIDE_SERVER] > 0;
}

static const struct sign {
        bool (*knows)(const struct join_key *k);
        int (*compare)(const struct join_key *a, const struct join_key *b);
        bool (*fits)(const struct join_key *a, const struct join_key *b);
        bool in_order;                  /* several of one kind are paired as they began */
} signs[] = {
        { knows_both_isns, by_both_isns, always, true },
        { knows_client_isn, by_client_isn, fits_by_one_isn, true },
        { knows_server_isn, by_server_isn, fits_by_one_isn, true },
        { knows_addresses, by_addresses, always, false },
        { is_midstream, by_server_port, fits_midstream, false },
};

struct sorting {
        const struct join_key *keys;
        const struct sign *sign;
};

static int compare(const void *a, const void *b, void *context)
{
        const struct sorting *s = context;
        const struct join_key *x = &s->keys[*(const size_t *)a], *y = &s->keys[*(const size_t *)b];
        int r = s->sign->compare(x, y);

        return r ? r : (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

static void sort(struct pairing *p, int end, size_t n, const struct sign *sign)
{
        struct row *row = &p->rows[end];
        struct sorting sorting = { row->keys, sign };

        row->n = 0;
        for (size_t i = 0; i < n; i++)
                if (sign->knows(&row->keys[i]) && (end == SIDE_CLIENT ? p->pair[i] == JOIN_NONE : !p->taken[i]))
                        row->order[row->n++] = i;
        qsort_r(row->order, row->n, sizeof(*row->order), compare, &sorting);
}

/* How many from @i on are alike by the sign. */
static size_t count_alike(const struct row *row, size_t i, const struct sign *sign)
{
        size_t n = 1;

        while (i + n < row->n && sign->compare(&row->keys[row->order[i]], &row->keys[row->order[i + n]]) == 0)
                n++;
        return n;
}

static void marry(struct pairing *p, size_t client, size_t server)
{
        p->pair[client] = server;
        p->taken[server] = true;
}

/* The only one of @n that fits; JOIN_NONE where none does, or several. */
static size_t find_only(const struct pairing *p, const struct sign *sign, const size_t *order, size_t n,
                        const struct join_key *key, bool of_server)
{
        size_t found = JOIN_NONE;

        for (size_t i = 0; i < n; i++) {
                const struct join_key *other = of_server ? &p->server[order[i]] : &p->client[order[i]];

                if (of_server ? p->taken[order[i]] : p->pair[order[i]] != JOIN_NONE)
                        continue;
                if (!(of_server ? sign->fits(key, other) : sign->fits(other, key)))
                        continue;
                if (found != JOIN_NONE)
                        return JOIN_NONE;
                found = order[i];
        }
        return found;
}

/* @n and @m that are alike by the sign. */
static void pair_alike(struct pairing *p, const struct sign *sign, const size_t *clients, size_t n,
                       const size_t *servers, size_t m)
{
        if (sign->in_order) {
                for (size_t i = 0, j = 0; i < n && j < m; i++)
                        for (size_t k = j; k < m; k++)
                                if (sign->fits(&p->client[clients[i]], &p->server[servers[k]])) {
                                        marry(p, clients[i], servers[k]);
                                        j = k + 1;
                                        break;
                                }
                return;
        }
        if (n > MIDSTREAM_MAX || m > MIDSTREAM_MAX)
                return;
        for (size_t i = 0; i < n; i++) {
                size_t found = find_only(p, sign, servers, m, &p->client[clients[i]], true);

                if (found != JOIN_NONE &&
                    find_only(p, sign, clients, n, &p->server[found], false) == clients[i])
                        marry(p, clients[i], found);
        }
}

static void pair_by(struct pairing *p, const struct sign *sign)
{
        const struct row *c = &p->rows[SIDE_CLIENT], *s = &p->rows[SIDE_SERVER];

        for (size_t i = 0, j = 0; i < c->n && j < s->n;) {
                int r = sign->compare(&c->keys[c->order[i]], &s->keys[s->order[j]]);
                size_t n = count_alike(c, i, sign), m = count_alike(s, j, sign);

                if (r == 0)
                        pair_alike(p, sign, &c->order[i], n, &s->order[j], m);
                i += r <= 0 ? n : 0;
                j += r >= 0 ? m : 0;
        }
}

int join_pair(const struct join_key *client, size_t n_client, const struct join_key *server, size_t n_server,
              size_t *ret_pair)
{
        struct pairing p = { .client = client, .server = server, .pair = ret_pair };
        int r = -ENOMEM;

        p.rows[SIDE_CLIENT].keys = client;
        p.rows[SIDE_SERVER].keys = server;
        p.rows[SIDE_CLIENT].order = calloc(n_client + 1, sizeof(size_t));
        p.rows[SIDE_SERVER].order = calloc(n_server + 1, sizeof(size_t));
        p.taken = calloc(n_server + 1, sizeof(bool));
        if (p.rows[SIDE_CLIENT].order && p.rows[SIDE_SERVER].order && p.taken) {
                for (size_t i = 0; i < n_client; i++)
                        ret_pair[i] = JOIN_NONE;
                for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
                        sort(&p, SIDE_CLIENT, n_client, &signs[i]);
                        sort(&p, SIDE_SERVER, n_server, &signs[i]);
                        pair_by(&p, &signs[i]);
                }
                r = 0;
        }
        free(p.rows[SIDE_CLIENT].order);
        free(p.rows[SIDE_SERVER].order);
        free(p.taken);
        return r;
}

bool join_is_sure(const struct join_key *client, const struct join_key *server)
{
        bool any = false;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                any |= client->isn_known[side] && server->isn_known[side];
                if (!isns_agree(client, server, side))
                        return false;
        }
        return any;
}

bool join_fits_in_time(const struct join_key *client, const struct join_key *server, int64_t offset_ns)
{
        int64_t first, last, apart;

        if (__builtin_sub_overflow(server->first_ns, offset_ns, &first) ||
            __builtin_sub_overflow(server->last_ns, offset_ns, &last) ||
            __builtin_sub_overflow(first, client->first_ns, &apart))
                return false;
        if (knows_both_isns(client) && knows_both_isns(server))
                return apart < BEGINNING_SLACK_NS && apart > -BEGINNING_SLACK_NS;
        return apart > 0 ? first - BEGINNING_SLACK_NS <= client->last_ns
                         : last >= client->first_ns - BEGINNING_SLACK_NS;
}

void join_shifts(const struct join_key *client, const struct join_key *server, struct join_shift ret_shifts[static 2])
{
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                int32_t ahead = join_seq_distance(client->first_seq[side], server->first_seq[side]);
                bool both = client->isn_known[side] && server->isn_known[side];
                /* Without both beginnings the numbers themselves must be comparable. */
                bool near = client->first_seq_known[side] && server->first_seq_known[side] &&
                            overlaps(client, server, side);

                ret_shifts[side] = (struct join_shift){ .known = both || near, .shift = both ? 0 : ahead };
        }
}
