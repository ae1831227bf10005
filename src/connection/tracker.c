/*
 * From batches of segments to connections given out. The order in which connections are given out, and what
 * is said of them, depends on the segments and their times alone: not on the batches, nor on the index.
 * The clock never goes back: where times in a file do, the greatest so far holds.
 */
#include "connection/tracker_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "connection/orderly_take.h"

enum {
        CONNECTIONS_MAX = 1000000,
        AWAKE_MAX = 24576,
};

#define LINGER_NS 5000000000
#define AWAKE_NS 5000000000

int tracker_new(const struct tracker_options *options, const struct tracker_hooks *hooks, struct tracker **ret_tracker)
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
        t->now = t->second_ends = INT64_MIN;
        t->tick = QUEUED_FOR;
        if (table_init(&t->table, t->options.max_connections, t->options.large, &t->options.max_connections) < 0 ||
            graveyard_init(&t->graveyard, t->options.large) < 0) {
                table_deinit(&t->table);
                free(t);
                return -ENOMEM;
        }
        *ret_tracker = t;
        return 0;
}

struct tracker *tracker_free(struct tracker *tracker)
{
        if (!tracker)
                return NULL;
        table_deinit(&tracker->table);
        graveyard_deinit(&tracker->graveyard);
        free(tracker);
        return NULL;
}

uint64_t tracker_connections(const struct tracker *tracker)
{
        return tracker->n_connections;
}

uint64_t tracker_evicted(const struct tracker *tracker)
{
        return tracker->n_evicted;
}

uint64_t tracker_packed(const struct tracker *tracker)
{
        return tracker->n_packed;
}

void tracker_next_second(struct tracker *t)
{
        const int64_t second_ns = 1000000000;
        const uint32_t second = (uint32_t)((uint64_t)t->now / (uint64_t)second_ns);

        t->tick += second - t->second;
        t->second = second;
        if (__builtin_add_overflow(t->now - t->now % second_ns, second_ns, &t->second_ends))
                t->second_ends = INT64_MAX;
}

/* Of a frame that is not plain, or IPv6; @vlans is what its VLANs add to the realm. */
static __attribute__((noinline)) uint32_t hash_any(const struct tracker *t, const struct tracker_frame *f)
{
        const struct tracker_input *input;

        if (!(f->plain.has & PLAIN_NOT))
                return table_hash_plain_ipv6(&t->table, &f->plain, tracker_vlans(t, plain_vlan(&f->plain)));
        _Static_assert(PACKET_TCP == 0 && PACKET_ICMP_ERROR == 1, "the first kinds are those that have a segment");
        input = tracker_frame_input(f);
        if (input->kind > PACKET_ICMP_ERROR)
                return 0;
        return table_hash_packet(&t->table, &input->packet, tracker_vlans(t, input->packet.vlan));
}

/* Of a batch, step by step, so that what each step touches has been on its way since the one before: whose the segments
 * are and the places in the index, the connections, the places for their next rows. */
static inline __attribute__((always_inline)) void
fetch(const struct tracker *t, struct tracker_frame *frames, const struct tracker_frame *end, bool by_vlan)
{
        row_pieces_fetch(&t->table.pieces);
        for (struct tracker_frame *f = frames; f < end; f++) {
                if (__builtin_expect(!(f->plain.has & (PLAIN_NOT | PLAIN_IPV6)), 1))
                        f->hash = table_hash_plain(&t->table, &f->plain,
                                                   by_vlan ? plain_vlan(&f->plain) << REALM_VLAN_SHIFT : 0);
                else
                        f->hash = hash_any(t, f);
                __builtin_prefetch(index_home(&t->table.index, f->hash));
        }
        for (struct tracker_frame *f = frames; f < end; f++)
                table_fetch_node(&t->table, f);
        for (struct tracker_frame *f = frames; f < end; f++)
                table_fetch_row(&t->table, f, t->tick);
}

/* Takes a frame that continues an orderly connection, as nearly all do. */
static inline __attribute__((always_inline)) bool
take_here(struct tracker *t, const struct tracker_frame *f, uint32_t file, bool by_vlan)
{
        const unsigned mask = SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK | PLAIN_NOT | TRACKER_NOT_ORDERLY;
        const uint32_t vlans = by_vlan ? plain_vlan(&f->plain) << REALM_VLAN_SHIFT : 0;
        struct orderly *o = f->orderly;
        unsigned sender;

        if (__builtin_expect((f->plain.has & mask) != SEGMENT_ACK, 0))
                return false;
        sender = (f->hash ^ o->head.hash) >> 31;
        if (__builtin_expect(!(f->plain.has & PLAIN_IPV6), 1)
                    ? !table_is_plain(&o->head, &f->plain, vlans | REALM_IPV4, sender)
                    : !table_is_plain_ipv6(&o->head, &f->plain, vlans, sender))
                return false;
        if (__builtin_expect(!orderly_take_here(&t->table, o, sender, f, file, true), 0))
                return false;
        tracker_list_orderly(t, o);
        return true;
}

/* Takes any other. It may be known whose it is nonetheless. */
static __attribute__((noinline)) int take_other(struct tracker *t, const struct tracker_frame *f)
{
        const uint32_t vlans = tracker_vlans(t, plain_vlan(&f->plain));
        struct orderly *o = f->orderly;
        unsigned sender;

        if (f->plain.has & (PLAIN_NOT | TRACKER_NOT_ORDERLY))
                return tracker_take(t, f, NODE_NONE, 0);
        sender = (f->hash ^ o->head.hash) >> 31;
        if (f->plain.has & PLAIN_IPV6 ? !table_is_plain_ipv6(&o->head, &f->plain, vlans, sender)
                                      : !table_is_plain(&o->head, &f->plain, vlans | REALM_IPV4, sender))
                return tracker_take(t, f, NODE_NONE, 0);
        return tracker_take(t, f, table_node_of(&t->table, o), sender);
}

/* Of these some have numbers for which a row has no room. */
static __attribute__((noinline)) int run_late(struct tracker *t, const struct tracker_frame *frames,
                                              const struct tracker_frame *end)
{
        for (const struct tracker_frame *f = frames; f < end; f++) {
                tracker_advance(t, f->time_ns);
                if (tracker_take(t, f, NODE_NONE, 0) < 0)
                        return -ENOMEM;
        }
        return t->failed ? -ENOMEM : 0;
}

/* Compiled apart for captures whose VLANs mean nothing. */
static inline __attribute__((always_inline)) int
run(struct tracker *t, uint32_t file, struct tracker_frame *frames, const struct tracker_frame *end, bool by_vlan)
{
        fetch(t, frames, end, by_vlan);
        if (__builtin_expect(t->last_frame > UINT32_MAX, 0))
                return run_late(t, frames, end);
        for (const struct tracker_frame *f = frames; f < end; f++) {
                tracker_advance(t, f->time_ns);
                if (__builtin_expect(!take_here(t, f, file, by_vlan), 0) && take_other(t, f) < 0)
                        return -ENOMEM;
        }
        return __builtin_expect(t->failed, 0) ? -ENOMEM : 0;
}

/* How many of the first frames are within the same TICK_FRAMES. These may begin with them, and the tick, too. */
static __attribute__((noinline)) size_t within_tick(struct tracker *t, const struct tracker_frame *frames, size_t n)
{
        const uint32_t before = frames->frame / TICK_FRAMES;
        size_t i = 1;

        if (before != t->tick_frames) {
                t->tick += t->second == t->tick_second;
                t->tick_frames = before;
                t->tick_second = t->second;
        }
        while (i < n && frames[i].frame / TICK_FRAMES == before)
                i++;
        return i;
}

int tracker_add_frames(struct tracker *t, uint32_t file, uint64_t last, struct tracker_frame *frames, size_t n)
{
        const struct tracker_frame *end = frames + n;
        int r = 0;

        t->file = file;
        t->last_frame = last;
        while (frames < end && r == 0) {
                n = (size_t)(end - frames);
                if (__builtin_expect((end - 1)->frame / TICK_FRAMES != t->tick_frames, 0))
                        n = within_tick(t, frames, n);
                r = t->options.by_vlan ? run(t, file, frames, frames + n, true)
                                       : run(t, file, frames, frames + n, false);
                frames += n;
        }
        return r;
}

int tracker_add(struct tracker *tracker, struct tracker_input *inputs, size_t n)
{
        struct tracker_frame frames[TRACKER_BATCH];

        while (n > 0) {
                const uint32_t file = inputs->file;
                size_t n_batch = 0;
                int r;

                for (; n_batch < n && n_batch < TRACKER_BATCH && inputs[n_batch].file == file; n_batch++) {
                        tracker_frame_whole(&frames[n_batch], &inputs[n_batch]);
                        frames[n_batch].time_ns = inputs[n_batch].time_ns;
                        frames[n_batch].frame = (uint32_t)inputs[n_batch].frame;
                }
                r = tracker_add_frames(tracker, file, inputs[n_batch - 1].frame, frames, n_batch);
                if (r < 0)
                        return r;
                inputs += n_batch;
                n -= n_batch;
        }
        return 0;
}
