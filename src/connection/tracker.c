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
        AHEAD = 8,                      /* so many nodes are on their way from memory at a time */
        CONNECTIONS_MAX = 1000000,
};

#define LINGER_NS 5000000000

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
        t->hooks = *hooks;
        if (table_init(&t->table, t->options.max_connections) < 0 || graveyard_init(&t->graveyard) < 0) {
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

/* Finds out whom the segments are of, and has what lies in the index fetched. */
static void
look_up(struct tracker *t, const struct tracker_input *inputs, size_t n, struct ends *ends)
{
        for (size_t i = 0; i < n; i++) {
                const struct segment *s = &inputs[i].packet.segment;
                uint32_t realm;

                if (inputs[i].kind != PACKET_TCP && inputs[i].kind != PACKET_ICMP_ERROR)
                        continue;
                realm = s->family == AF_INET ? REALM_IPV4 : 0;
                if (t->options.by_vlan)
                        realm |= inputs[i].packet.vlan << REALM_VLAN_SHIFT;
                ends[i].source = s->source;
                ends[i].destination = s->destination;
                ends[i].source_port = s->source_port;
                ends[i].destination_port = s->destination_port;
                ends[i].realm = realm;
                ends[i].slot = ends[i].hash = table_hash(&t->table, &ends[i]);
                table_fetch_slot(&t->table, ends[i].hash);
        }
}

static inline void
fetch(const struct tracker *t, const struct tracker_input *input, struct ends *ends)
{
        if (input->kind == PACKET_TCP)
                table_fetch_node(&t->table, ends, input->packet.segment.n_payload > 0);
}

int
tracker_add(struct tracker *tracker, struct tracker_input *inputs, size_t n)
{
        struct ends ends[TRACKER_BATCH];
        size_t n_batch;

        for (; n > 0; inputs += n_batch, n -= n_batch) {
                n_batch = n < TRACKER_BATCH ? n : TRACKER_BATCH;
                look_up(tracker, inputs, n_batch, ends);
                for (size_t i = 0; i < n_batch && i < AHEAD; i++)
                        fetch(tracker, &inputs[i], &ends[i]);
                for (size_t i = 0; i < n_batch; i++) {
                        int r = 0;

                        if (i + AHEAD < n_batch)
                                fetch(tracker, &inputs[i + AHEAD], &ends[i + AHEAD]);
                        tracker_advance(tracker, inputs[i].time_ns);
                        if (inputs[i].kind == PACKET_TCP)
                                r = tracker_take_tcp(tracker, &ends[i], &inputs[i]);
                        else if (inputs[i].kind == PACKET_ICMP_ERROR)
                                r = tracker_take_icmp(tracker, &ends[i], &inputs[i]);
                        if (r < 0 || tracker->failed)
                                return -ENOMEM;
                }
        }
        return 0;
}
