/*
 * Two captures, one at each end. Both are read to their ends; only then is it known which connections belong
 * together and how far the clocks are apart, and each pair is judged once. What one capture alone holds is
 * judged by that one.
 */
#include "cli/read_join.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/read_output.h"
#include "cli/read_run.h"
#include "ending/join.h"
#include "ending/judge.h"

enum { ID_MAX = 48, STATUS_BAD = 1, STATUS_COULD_NOT = 2 };

/* So many connections of each capture are kept: about a gigabyte in all. */
#define HELD_MAX 131072

/* One capture's connections, in the order in which they ended. */
struct held {
        enum side end;
        struct tracked *all;
        struct join_key *keys;
        size_t n, n_room;
        size_t *by_frame;               /* a table of indices + 1, by first frame, of twice @n_room places */
        uint64_t n_left_out;
        int error;
        struct read_counts counts;
};

struct join {
        const struct read_options *options;
        struct read_output *output;
        struct held held[2];
        size_t *pair;                   /* of the client's */
        bool *paired;                   /* the server's */
        size_t n_pairs;
        bool clock_known;
        int64_t slack_ns;
        struct join_captures captures;
        struct evidence evidence;
};

static size_t *place_of(const struct held *h, uint64_t frame)
{
        size_t n = 2 * h->n_room, i = (size_t)(frame * UINT64_C(0x9e3779b97f4a7c15) % n);

        while (h->by_frame[i] != 0 && h->all[h->by_frame[i] - 1].first_frame != frame)
                i = (i + 1) % n;
        return &h->by_frame[i];
}

static int grow(struct held *h)
{
        size_t n_room = h->n_room ? 2 * h->n_room : 256;
        struct tracked *all = realloc(h->all, n_room * sizeof(*all));

        if (!all)
                return -ENOMEM;
        h->all = all;
        free(h->by_frame);
        h->by_frame = calloc(2 * n_room, sizeof(*h->by_frame));
        if (!h->by_frame)
                return -ENOMEM;
        h->n_room = n_room;
        for (size_t i = 0; i < h->n; i++)
                *place_of(h, h->all[i].first_frame) = i + 1;
        return 0;
}

/* A connection comes, or comes again because a straggler changed it. */
static void hold(void *context, const struct record *r, const struct tracked *t)
{
        struct held *h = context;
        size_t *place;

        (void)r;
        if (h->error < 0)
                return;
        if (h->n == h->n_room && h->n < HELD_MAX) {
                h->error = grow(h);
                if (h->error < 0) {
                        read_stop();
                        return;
                }
        }
        place = place_of(h, t->first_frame);
        if (*place == 0) {
                if (h->n == HELD_MAX) {
                        h->n_left_out++;
                        return;
                }
                *place = ++h->n;
        }
        h->all[*place - 1] = *t;
        h->all[*place - 1].file = h->end == SIDE_CLIENT ? 1 : 2;
}

static void make_key(const struct tracked *t, struct join_key *key)
{
        *key = (struct join_key){ .family = t->family };
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct fact_count bytes = t->facts.from[side].bytes, packets = t->facts.from[side].packets;

                memcpy(key->address[side], t->address[side], sizeof(key->address[side]));
                key->port[side] = t->port[side];
                key->isn_known[side] = t->isn_known[side];
                key->isn[side] = t->isn[side];
                key->first_seq[side] = t->first_seq[side];
                key->first_seq_known[side] = t->isn_known[side] || (fact_known(packets.how) && packets.value > 0);
                key->bytes[side] = fact_known(bytes.how) ? bytes.value : 0;
        }
        key->first_ns = fact_known(t->facts.first.how) ? t->facts.first.value : 0;
        key->last_ns = fact_known(t->facts.last.how) ? t->facts.last.value : key->first_ns;
}

static int make_keys(struct held *h)
{
        h->keys = calloc(h->n + 1, sizeof(*h->keys));
        if (!h->keys)
                return -ENOMEM;
        for (size_t i = 0; i < h->n; i++)
                make_key(&h->all[i], &h->keys[i]);
        return 0;
}

/* From those that belong together beyond doubt; where there are none, from all. */
static void read_clock(struct join *j)
{
        const struct held *c = &j->held[SIDE_CLIENT], *s = &j->held[SIDE_SERVER];

        for (int sure = 1; sure >= 0 && !j->clock_known; sure--) {
                struct join_clock clock = { 0 };

                for (size_t i = 0; i < c->n; i++)
                        if (j->pair[i] != JOIN_NONE && (!sure || join_is_sure(&c->keys[i], &s->keys[j->pair[i]])))
                                join_clock_add(&clock, &c->all[i].facts, &s->all[j->pair[i]].facts);
                j->clock_known = join_clock_read(&clock, &j->captures.offset_ns, &j->slack_ns);
        }
        j->captures.doubt_ns = join_doubt(j->slack_ns);
}

static int pair_up(struct join *j)
{
        struct held *c = &j->held[SIDE_CLIENT], *s = &j->held[SIDE_SERVER];
        int r;

        j->pair = calloc(c->n + 1, sizeof(*j->pair));
        j->paired = calloc(s->n + 1, sizeof(*j->paired));
        if (!j->pair || !j->paired || make_keys(c) < 0 || make_keys(s) < 0)
                return -ENOMEM;
        r = join_pair(c->keys, c->n, s->keys, s->n, j->pair);
        if (r < 0)
                return r;
        read_clock(j);
        for (size_t i = 0; i < c->n; i++) {
                if (j->pair[i] == JOIN_NONE)
                        continue;
                /* The same addresses an hour later are another connection. */
                if (j->clock_known && !join_is_sure(&c->keys[i], &s->keys[j->pair[i]]) &&
                    !join_fits_in_time(&c->keys[i], &s->keys[j->pair[i]], j->captures.offset_ns)) {
                        j->pair[i] = JOIN_NONE;
                        continue;
                }
                j->paired[j->pair[i]] = true;
                j->n_pairs++;
        }
        return 0;
}

/* Holds for the capture as a whole: where one frame is missing a RST may be, too. */
static void find_losses(struct join *j)
{
        for (int end = SIDE_CLIENT; end <= SIDE_SERVER; end++) {
                const struct held *h = &j->held[end];
                bool lossy = h->counts.n_dropped > 0;

                for (size_t i = 0; i < h->n && !lossy; i++)
                        lossy = join_shows_loss(&h->all[i].facts, (enum side)end);
                j->captures.lossy[end] = lossy;
        }
}

static bool same_addresses(const struct join_key *a, const struct join_key *b)
{
        return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0 &&
               memcmp(a->port, b->port, sizeof(a->port)) == 0;
}

/* The line that tells by what name the other end's capture knows it. */
static void add_evidence(struct join *j, struct record *r, const struct tracked *other)
{
        struct evidence *e = &j->evidence;
        char client[INET6_ADDRSTRLEN], host[INET6_ADDRSTRLEN];
        size_t room = sizeof(e->text) - e->n_text;
        int family = other->family == AF_INET ? AF_INET : AF_INET6, n;

        if (!j->options->evidence || e->n == EVIDENCE_MAX)
                return;
        inet_ntop(family, other->address[SIDE_CLIENT], client, sizeof(client));
        inet_ntop(family, other->address[SIDE_SERVER], host, sizeof(host));
        n = snprintf(e->text + e->n_text, room,
                     "The %s's capture knows it as %s port %u to %s port %u, frames %" PRIu64 " to %" PRIu64 "%s.",
                     other->file == 1 ? "client" : "server", client, other->port[SIDE_CLIENT], host,
                     other->port[SIDE_SERVER], other->first_frame, other->last_frame,
                     r->seen.both_ends ? "" : ", and not all that this one holds");
        if (n < 0 || (size_t)n >= room)
                return;
        e->lines[e->n++] = e->text + e->n_text;
        e->n_text += (size_t)n + 1;
        r->n_evidence = e->n;
}

/* @t gives the names and the frames, @facts the verdict; @other: the other half, or NULL. */
static void give(struct join *j, const struct tracked *t, const struct facts *facts, const struct tracked *other)
{
        char id[ID_MAX];
        struct record r;
        int family = t->family == AF_INET ? AF_INET : AF_INET6;

        snprintf(id, sizeof(id), "%u.%" PRIu64, t->file, t->first_frame);
        record_init(&r, SOURCE_CAPTURE, id);
        inet_ntop(family, t->address[SIDE_CLIENT], r.client.ip, sizeof(r.client.ip));
        inet_ntop(family, t->address[SIDE_SERVER], r.server.ip, sizeof(r.server.ip));
        r.client.port = t->port[SIDE_CLIENT];
        r.server.port = t->port[SIDE_SERVER];
        r.conn_state_known = true;
        r.conn_state = t->conn_state;
        r.history = t->history;
        r.file = known_u64(t->file);
        r.first_frame = known_u64(t->first_frame);
        r.last_frame = known_u64(t->last_frame);
        judge(facts, &r, j->options->evidence ? &j->evidence : NULL);
        if (other)
                add_evidence(j, &r, other);
        read_output_record(j->output, &r);
}

static void give_pair(struct join *j, size_t at_client, size_t at_server)
{
        const struct held *c = &j->held[SIDE_CLIENT], *s = &j->held[SIDE_SERVER];
        const struct tracked *client = &c->all[at_client], *server = &s->all[at_server];
        struct join_shift shifts[2];
        struct facts facts;
        enum side alone;

        join_shifts(&c->keys[at_client], &s->keys[at_server], shifts);
        alone = join_alone(&client->facts, &server->facts, &j->captures, shifts);
        if (alone == SIDE_CLIENT) {
                give(j, client, &client->facts, server);
        } else if (alone == SIDE_SERVER) {
                give(j, server, &server->facts, client);
        } else {
                join_facts(&client->facts, &server->facts, &j->captures, shifts,
                           !same_addresses(&c->keys[at_client], &s->keys[at_server]), &facts);
                give(j, client, &facts, server);
        }
}

static void give_all(struct join *j)
{
        struct held *c = &j->held[SIDE_CLIENT], *s = &j->held[SIDE_SERVER];

        for (size_t i = 0; i < c->n && !ferror(stdout); i++) {
                if (j->pair[i] == JOIN_NONE)
                        give(j, &c->all[i], &c->all[i].facts, NULL);
                else
                        give_pair(j, i, j->pair[i]);
        }
        for (size_t i = 0; i < s->n && !ferror(stdout); i++)
                if (!j->paired[i])
                        give(j, &s->all[i], &s->all[i].facts, NULL);
}

/* On stderr, since it is of no connection: what was joined, and the clocks. */
static void tell(const struct join *j)
{
        int64_t offset_ns = j->captures.offset_ns;
        size_t n[2] = { j->held[SIDE_CLIENT].n - j->n_pairs, j->held[SIDE_SERVER].n - j->n_pairs };
        uint64_t left_out = j->held[SIDE_CLIENT].n_left_out + j->held[SIDE_SERVER].n_left_out;

        fprintf(stderr, "finis read: %zu connection%s seen at both ends, %zu at the client's alone, %zu at the "
                "server's alone\n", j->n_pairs, j->n_pairs == 1 ? "" : "s", n[SIDE_CLIENT], n[SIDE_SERVER]);
        if (left_out > 0)
                fprintf(stderr, "finis read: %" PRIu64 " more connections were left out, for want of memory\n",
                        left_out);
        if (j->n_pairs == 0) {
                fputs("finis read: nothing joins the two: are they of the same connections, from their SYNs on?\n",
                      stderr);
                return;
        }
        for (int end = SIDE_CLIENT; end <= SIDE_SERVER; end++)
                if (j->captures.lossy[end])
                        fprintf(stderr, "finis read: the %s's capture lacks frames that were there: that it does not "
                                "hold a RST proves nothing\n", end == SIDE_CLIENT ? "client" : "server");
        if (!j->clock_known)
                fputs("finis read: the clocks cannot be compared, and are taken to agree\n", stderr);
        else if (j->slack_ns < 0)
                fprintf(stderr, "finis read: the clocks do not keep step; the server's is taken to be %.6f s ahead\n",
                        (double)offset_ns / 1e9);
        else
                fprintf(stderr, "finis read: the server's clock is %.6f s %s the client's, give or take %.6f s\n",
                        (double)(offset_ns < 0 ? -offset_ns : offset_ns) / 1e9,
                        offset_ns < 0 ? "behind" : "ahead of", (double)j->slack_ns / 1e9);
}

static void add_counts(struct read_counts *sum, const struct read_counts *more)
{
        sum->frames += more->frames;
        sum->bytes += more->bytes;
        for (size_t i = 0; i < N_PACKET_KINDS; i++)
                sum->kinds[i] += more->kinds[i];
        sum->evicted += more->evicted;
        sum->n_dropped += more->n_dropped;
        if (more->first_ns != 0 && (sum->first_ns == 0 || more->first_ns < sum->first_ns))
                sum->first_ns = more->first_ns;
        if (more->last_ns > sum->last_ns)
                sum->last_ns = more->last_ns;
        sum->n_read += more->n_read;
        sum->n_unreadable += more->n_unreadable;
        sum->n_damaged += more->n_damaged;
        sum->interrupted |= more->interrupted;
        sum->unfinished |= more->unfinished;
}

static int read_end(struct join *j, enum side end)
{
        const char *path = end == SIDE_CLIENT ? j->options->client : j->options->server;
        const struct read_input input = {
                .paths = &path,
                .n_paths = 1,
                .tracker = { .max_connections = j->options->max_connections, .by_vlan = j->options->by_vlan },
        };
        struct held *h = &j->held[end];
        const struct read_hooks hooks = { .record = hold, .context = h };
        int r;

        h->end = end;
        h->error = grow(h);
        if (h->error < 0)
                return h->error;
        r = read_run(&input, &hooks, &h->counts);
        return r < 0 ? r : h->error;
}

static int run(struct join *j, struct read_counts *ret_counts)
{
        int r = 0;

        read_stop_on_signals();
        for (int end = SIDE_CLIENT; end <= SIDE_SERVER && r == 0 && !ret_counts->interrupted; end++) {
                r = read_end(j, (enum side)end);
                add_counts(ret_counts, &j->held[end].counts);
        }
        /* Half of what was asked for is no join. */
        if (r < 0 || ret_counts->n_unreadable > 0)
                return r;
        r = pair_up(j);
        if (r < 0)
                return r;
        find_losses(j);
        ret_counts->connections = j->held[SIDE_CLIENT].n + j->held[SIDE_SERVER].n - j->n_pairs;
        give_all(j);
        return 0;
}

static void deinit(struct join *j)
{
        for (int end = SIDE_CLIENT; end <= SIDE_SERVER; end++) {
                free(j->held[end].all);
                free(j->held[end].keys);
                free(j->held[end].by_frame);
        }
        free(j->pair);
        free(j->paired);
        read_output_free(j->output);
}

int read_join(const struct read_options *options)
{
        struct join *j = calloc(1, sizeof(*j));
        struct read_counts counts = { 0 };
        int r = -ENOMEM, status;

        if (j) {
                j->options = options;
                r = read_output_new(options, &j->output);
        }
        if (r >= 0)
                r = run(j, &counts);
        if (r < 0)
                fprintf(stderr, "finis read: %s\n", strerror(-r));
        if (r < 0 || counts.n_unreadable > 0) {
                status = STATUS_COULD_NOT;
        } else {
                tell(j);
                read_output_finish(j->output, &counts);
                status = read_status(&counts, options->strict);
                if (status == 0 && options->check && read_output_check(j->output))
                        status = STATUS_BAD;
        }
        if (j)
                deinit(j);
        free(j);
        return status;
}
