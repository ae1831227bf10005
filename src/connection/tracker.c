/*
 * From batches of segments to connections given out. The order in which connections are given out, and what
 * is said of them, depends on the segments and their times alone: not on the batches, nor on the index.
 * The clock never goes back: where times in a file do, the greatest so far holds.
 */
#include "connection/tracker_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
        CONNECTIONS_MAX = 1000000,
        AWAKE_MAX = 24576,
};

#define LINGER_NS 5000000000
#define AWAKE_NS 5000000000

int
tracker_new(const struct tracker_options *options, const struct tracker_hooks *hooks, struct tracker **ret_tracker)
{
        struct tracker *t;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        if (options)
                t->options = *options;
        if (t->options.max_connections == 0)
                t->options.max_connections = CONNECTIONS_MAX;
        if (t->options.linger_ns == 0)
                t->options.linger_ns = LINGER_NS;
        if (t->options.max_awake == 0)
                t->options.max_awake = AWAKE_MAX;
        if (t->options.awake_ns == 0)
                t->options.awake_ns = AWAKE_NS;
        t->hooks = *hooks;
        t->now = INT64_MIN;
        if (table_init(&t->table, t->options.max_connections, t->options.large, &t->options.max_connections) < 0 ||
            graveyard_init(&t->graveyard, t->options.large) < 0) {
                table_deinit(&t->table);
                free(t);
                return -ENOMEM;
        }
        *ret_tracker = t;
        return 0;
}

struct tracker *
tracker_free(struct tracker *tracker)
{
        if (!tracker)
                return NULL;
        table_deinit(&tracker->table);
        graveyard_deinit(&tracker->graveyard);
        free(tracker);
        return NULL;
}

uint64_t
tracker_connections(const struct tracker *tracker)
{
        return tracker->n_connections;
}

uint64_t
tracker_evicted(const struct tracker *tracker)
{
        return tracker->n_evicted;
}

uint64_t
tracker_packed(const struct tracker *tracker)
{
        return tracker->n_packed;
}

/* Compiled apart for captures whose VLANs mean nothing. */
static inline __attribute__((always_inline)) void
name_all(const struct table *table, const struct tracker_input *inputs, size_t n, bool by_vlan, struct name *names)
{
        for (size_t i = 0; i < n; i++) {
                const struct packet *packet = &inputs[i].packet;

                _Static_assert(PACKET_TCP == 0 && PACKET_ICMP_ERROR == 1, "the first kinds are those that have a segment");
                if (__builtin_expect(inputs[i].kind > PACKET_ICMP_ERROR, 0))
                        names[i].hash = 0;
                else
                        table_name(table, packet, by_vlan ? packet->vlan << REALM_VLAN_SHIFT : 0, &names[i]);
        }
}

/* Of a batch, step by step, so that what each step touches has been on its way since the one before: whose the segments
 * are and the places in the index, the connections, the places for their next rows. */
static void
fetch(const struct tracker *t, const struct tracker_input *inputs, size_t n, struct name *names)
{
        const uint32_t second = n > 0 ? (uint32_t)((uint64_t)inputs[0].time_ns / 1000000000u) : 0;

        row_pieces_fetch(&t->table.pieces);
        if (t->options.by_vlan)
                name_all(&t->table, inputs, n, true, names);
        else
                name_all(&t->table, inputs, n, false, names);
        for (size_t i = 0; i < n; i++)
                table_fetch_node(&t->table, &names[i], &inputs[i].packet.segment);
        for (size_t i = 0; i < n; i++)
                table_fetch_row(&t->table, &names[i], &inputs[i].packet.segment, second);
}

int
tracker_add(struct tracker *tracker, struct tracker_input *inputs, size_t n)
{
        struct name names[TRACKER_BATCH];
        size_t n_batch;

        for (; n > 0; inputs += n_batch, n -= n_batch) {
                n_batch = n < TRACKER_BATCH ? n : TRACKER_BATCH;
                fetch(tracker, inputs, n_batch, names);
                for (size_t i = 0; i < n_batch; i++) {
                        int r = 0;

                        tracker_advance(tracker, inputs[i].time_ns);
                        if (__builtin_expect(inputs[i].kind == PACKET_TCP, 1))
                                r = tracker_take_tcp(tracker, &names[i], &inputs[i]);
                        else if (inputs[i].kind == PACKET_ICMP_ERROR)
                                r = tracker_take_icmp(tracker, &names[i], &inputs[i]);
                        if (r < 0 || tracker->failed)
                                return -ENOMEM;
                }
        }
        return 0;
}
