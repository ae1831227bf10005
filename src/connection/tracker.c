/*
 * From batches of segments to connections given out. The order in which connections are given out, and what
 * is said of them, depends on the segments and their times alone: not on the batches, nor on the index.
 *
 * A connection that has ended waits until five seconds of the capture's own time passed without a segment of
 * it, and is then given out. It is kept a while longer, so that a straggler that changes what was said can have
 * it given out again; then it is forgotten. The clock never goes back: where times in a file do, the greatest
 * so far holds.
 */
#include "connection/tracker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/give.h"
#include "connection/icmp.h"
#include "connection/plain.h"
#include "connection/reuse.h"
#include "connection/segment.h"
#include "connection/sibling.h"
#include "connection/table.h"
#include "connection/tombstone.h"

enum {
        AHEAD = 8,                      /* so many nodes are on their way from memory at a time */
        CONNECTIONS_MAX = 1000000,
        /* So many that have ended are kept, waiting or given out; beyond that the oldest go before their time,
         * which bounds the memory where tens of thousands end in a second. */
        ENDED_MAX = 16384,
};

#define LINGER_NS 5000000000

struct tracker {
        struct table table;
        struct tracker_options options;
        struct tracker_hooks hooks;
        int64_t now;
        bool begun;                     /* @now is set */
        uint32_t due_node;              /* while this is the oldest that has ended, none is to be given out … */
        int64_t due;                    /* … before then */
        bool failed;                    /* for want of memory */
        uint64_t n_connections, n_evicted;
        struct siblings siblings;
        struct graveyard graveyard;
        struct given given;             /* what is being given out; large, so it is not on the stack */
};

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

struct extra *
step_extra(struct step *step)
{
        struct extra *extra = table_extra(step->table, step->c);

        if (!extra)
                step->tracker->failed = true;
        return extra;
}

/* Gives a connection out, unless that would say what was said already. */
static void
give(struct tracker *t, struct connection *c, bool cut)
{
        const struct tracked *given;
        uint64_t digest;

        if (c->flags & CONNECTION_GIVEN && !(c->flags & CONNECTION_CHANGED))
                return;
        c->rev++;
        given = give_fill(&t->given, c, table_extra_of(&t->table, c), t->now, cut);
        digest = give_digest(given);
        if (c->flags & CONNECTION_GIVEN && digest == c->verdict) {
                c->rev--;
        } else {
                t->hooks.give(t->hooks.context, given);
                c->verdict = digest;
        }
        c->flags |= CONNECTION_GIVEN;
        c->flags &= (uint16_t)~CONNECTION_CHANGED;
}

static void
forget(struct tracker *t, uint32_t node)
{
        t->due_node = NODE_NONE;
        graveyard_bury(&t->graveyard, table_at(&t->table, node));
        table_unindex(&t->table, node);
        table_free_node(&t->table, node);
}


/* Ends the wait of a SYN on a living connection: it began another (which takes over the ends if it was answered,
 * or else is given out beside the old one), or it belongs to the one at hand. */
static void
take_pending(struct tracker *t, uint32_t node, bool begins)
{
        struct extra *extra = table_extra_of(&t->table, table_at(&t->table, node));
        struct connection *pending;
        uint32_t number;

        if (!extra || extra->pending == NODE_NONE)
                return;
        number = extra->pending;
        extra->pending = NODE_NONE;
        pending = table_at(&t->table, number);
        /* It met the old connection, and nobody tried again. */
        if (extra->challenged && pending->n_syns[0] == 1)
                begins = false;
        extra->challenged = false;
        if (begins) {
                t->n_connections++;
                give(t, pending, false);
        } else {
                struct connection *c = table_at(&t->table, node);
                unsigned side = memcmp(c->address[0], pending->address[0], 16) != 0 || c->port[0] != pending->port[0];

                c->side[side].packets += pending->side[0].packets;
                c->side[side].payload_seen += pending->side[0].payload_seen;
        }
        table_free_node(&t->table, number);
}

/* Gives a connection out for good, or for now. */
static void
retire(struct tracker *t, uint32_t node, bool keep)
{
        struct connection *c = table_at(&t->table, node);

        take_pending(t, node, true);
        give(t, c, false);
        if (keep && table_at(&t->table, node)->list != LIST_NONE)
                table_list(&t->table, node, LIST_GIVEN);
        else
                forget(t, node);
}

/* Gives out what ended long enough ago. */
static __attribute__((noinline)) void
give_ended(struct tracker *t)
{
        uint32_t node;

        while ((node = t->table.oldest[LIST_ENDED]) != NODE_NONE) {
                struct connection *c = table_at(&t->table, node);

                if (t->now - c->last < t->options.linger_ns) {
                        /* Its time never goes back, so it is not asked for again until then. */
                        if (!__builtin_add_overflow(c->last, t->options.linger_ns, &t->due))
                                t->due_node = node;
                        break;
                }
                table_fetch_next(&t->table, node);
                retire(t, node, true);
        }
}

static inline void
advance(struct tracker *t, int64_t time)
{
        uint32_t oldest;

        if (t->begun && time <= t->now)
                return;
        t->begun = true;
        t->now = time;
        oldest = t->table.oldest[LIST_ENDED];
        if (oldest != NODE_NONE && (oldest != t->due_node || time >= t->due))
                give_ended(t);
}

/* Keeps within the bounds: what was given out goes first, then what ended, then what was silent for longest. */
static void
make_room(struct tracker *t)
{
        struct table *table = &t->table;

        while (table->n_listed[LIST_ENDED] + table->n_listed[LIST_GIVEN] >= ENDED_MAX ||
               (table->n_used >= t->options.max_connections && table->n_used > 0)) {
                uint32_t node = table->oldest[LIST_GIVEN];

                if (node != NODE_NONE) {
                        table_fetch_next(table, node);
                        forget(t, node);
                } else if ((node = table->oldest[LIST_ENDED]) != NODE_NONE) {
                        retire(t, node, false);
                } else if ((node = table->oldest[LIST_LIVE]) != NODE_NONE) {
                        table_at(table, node)->flags |= CONNECTION_EVICTED;
                        t->n_evicted++;
                        retire(t, node, false);
                } else {
                        return;
                }
        }
}

/* A connection of @ends; it is not in the index yet. */
static int
begin(struct tracker *t, const struct ends *ends, uint32_t *ret_node)
{
        make_room(t);
        return table_new(&t->table, ends, ret_node);
}

static int
begin_listed(struct tracker *t, const struct ends *ends, uint32_t *ret_node)
{
        uint32_t node;
        int r;

        r = begin(t, ends, &node);
        if (r < 0)
                return r;
        r = table_index(&t->table, node);
        if (r < 0) {
                table_free_node(&t->table, node);
                return r;
        }
        table_list(&t->table, node, LIST_LIVE);
        t->n_connections++;
        *ret_node = node;
        return 0;
}

/* A new connection takes over the ends of @node. */
static void
replace(struct tracker *t, uint32_t node)
{
        struct connection *c = table_at(&t->table, node);

        c->flags |= CONNECTION_REUSED;
        give(t, c, false);
        t->due_node = NODE_NONE;
        table_unindex(&t->table, node);
        table_free_node(&t->table, node);
}

/* The SYN that waited has begun a connection. */
static int
promote(struct tracker *t, uint32_t node, uint32_t *ret_node)
{
        struct extra *extra = table_extra_of(&t->table, table_at(&t->table, node));
        uint32_t pending = extra->pending;

        extra->pending = NODE_NONE;
        replace(t, node);
        *ret_node = pending;
        if (table_index(&t->table, pending) < 0) {
                table_free_node(&t->table, pending);
                return -ENOMEM;
        }
        table_list(&t->table, pending, LIST_LIVE);
        t->n_connections++;
        return 0;
}

static void
show(struct tracker *t, const struct step *step, bool stray, bool icmp)
{
        enum roles how;
        unsigned client = roles_client(&step->c->roles, step->c->port, &how);
        struct tracked_segment shown = {
                .file = step->c->first_file, .first_frame = step->c->first_frame, .at_file = step->input->file,
                .frame = step->input->frame, .time_ns = step->input->time_ns,
                .from = step->sender == client ? SIDE_CLIENT : SIDE_SERVER, .segment = &step->input->packet.segment,
                .kind = step->kind, .position = step->position, .ack_position = step->ack_position,
                .repeated = step->repeated, .out_of_order = step->out_of_order, .twin = step->twin,
                .stray = stray || step->stray, .icmp = icmp,
        };

        t->hooks.segment(t->hooks.context, &shown);
}

/* Where the connection stands in the lists after a segment. */
static void
list(struct tracker *t, uint32_t node, struct connection *c)
{
        uint32_t second = (uint32_t)((uint64_t)c->last / 1000000000u);

        if (c->flags & CONNECTION_PENDING)
                return;
        if (c->flags & CONNECTION_GIVEN)
                c->flags |= CONNECTION_CHANGED;
        if (c->flags & (CONNECTION_ENDED | CONNECTION_GIVEN)) {
                table_list(&t->table, node, LIST_ENDED);
        } else if (c->list != LIST_LIVE || second != c->queued_s) {
                c->queued_s = second;
                table_list(&t->table, node, LIST_LIVE);
        }
}

static void
run(struct tracker *t, uint32_t node, unsigned sender, const struct tracker_input *input)
{
        struct connection *c = table_at(&t->table, node);
        bool stray = c->flags & CONNECTION_ENDED;
        struct step step;

        /* Who wants to see each segment is shown what the long way makes of it. */
        if (!t->hooks.segment && plain_take(c, sender, input)) {
                list(t, node, c);
                return;
        }
        step = (struct step){ .tracker = t, .table = &t->table, .c = c, .node = node, .sender = sender, .input = input };

        segment_take(&step);
        if (step.kind == SEGMENT_KIND_RST && !step.repeated && !step.twin)
                siblings_reset(&t->siblings, &step);
        list(t, node, c);
        if (t->hooks.segment)
                show(t, &step, stray, false);
}

/* The node of a SYN that waits, made if need be. */
static int
wait_for_answer(struct tracker *t, uint32_t *node, const struct ends *ends, uint32_t isn, unsigned *ret_sender)
{
        struct connection *c = table_at(&t->table, *node), *pending;
        struct extra *extra = table_extra(&t->table, c);
        uint32_t made;

        if (!extra)
                return -ENOMEM;
        *ret_sender = 0;
        if (extra->pending != NODE_NONE) {
                pending = table_at(&t->table, extra->pending);
                if (pending->isn[0] == isn && memcmp(pending->address[0], ends->source, 16) == 0 &&
                    pending->port[0] == ends->source_port) {
                        *node = extra->pending;
                        return 0;
                }
                take_pending(t, *node, true);
        }
        if (table_new(&t->table, ends, &made) < 0)
                return -ENOMEM;
        table_at(&t->table, made)->flags |= CONNECTION_PENDING;
        extra->pending = made;
        *node = made;
        return 0;
}

/* A straggler of a connection that is forgotten is shown, and nothing more. */
static bool
take_stray(struct tracker *t, const struct ends *ends, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const struct tombstone *stone;

        if (s->flags & SEGMENT_SYN && t->n_evicted == 0)
                return false;
        stone = graveyard_find(&t->graveyard, ends, s);
        if (!stone)
                return false;
        if (t->hooks.segment) {
                struct tracked_segment shown = {
                        .file = stone->file, .first_frame = stone->frame, .at_file = input->file, .frame = input->frame,
                        .time_ns = input->time_ns, .from = SIDE_CLIENT, .segment = s, .stray = true,
                };

                t->hooks.segment(t->hooks.context, &shown);
        }
        return true;
}

static int
take_tcp(struct tracker *t, const struct ends *ends, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        struct connection *c, *pending = NULL;
        unsigned sender = 0, pending_sender = 0;
        struct extra *extra;
        uint32_t node;
        int r;

        node = table_find(&t->table, ends, &sender);
        if (node == NODE_NONE) {
                if (take_stray(t, ends, input))
                        return 0;
                r = begin_listed(t, ends, &node);
                if (r < 0)
                        return r;
                run(t, node, 0, input);
                return 0;
        }
        c = table_at(&t->table, node);
        extra = table_extra_of(&t->table, c);
        if (extra && extra->pending != NODE_NONE) {
                pending = table_at(&t->table, extra->pending);
                pending_sender = memcmp(c->address[0], pending->address[0], 16) != 0 || c->port[0] != pending->port[0];
        }
        if (!pending && !(s->flags & SEGMENT_SYN)) {
                if (c->flags & CONNECTION_ENDED && reuse_unseen(c, sender, s, input->time_ns)) {
                        replace(t, node);
                        r = begin_listed(t, ends, &node);
                        if (r < 0)
                                return r;
                        sender = 0;
                }
                run(t, node, sender, input);
                return 0;
        }
        if (reuse_of_resets(c, extra, sender, s)) {
                c->flags &= (uint16_t)~CONNECTION_ENDED;
                run(t, node, sender, input);
                return 0;
        }
        switch (reuse_decide(c, pending, pending_sender, sender, s, input->time_ns)) {
        case REUSE_NEW:
                take_pending(t, node, true);
                replace(t, node);
                r = begin_listed(t, ends, &node);
                if (r < 0)
                        return r;
                sender = 0;
                break;
        case REUSE_WAIT:
                r = wait_for_answer(t, &node, ends, s->seq, &sender);
                if (r < 0)
                        return r;
                break;
        case REUSE_PENDING:
                sender = sender == pending_sender ? 0 : 1;
                r = promote(t, node, &node);
                if (r < 0)
                        return r;
                table_at(&t->table, node)->flags &= (uint16_t)~CONNECTION_PENDING;
                break;
        case REUSE_REFUTED:
                take_pending(t, node, false);
                break;
        case REUSE_SAME:
        default:
                if (pending && sender != pending_sender && (s->flags & (SEGMENT_RST | SEGMENT_ACK)) == SEGMENT_ACK)
                        extra->challenged = true;
                /* It knows nothing of the connection for which it was challenged. */
                if (pending && sender == pending_sender && s->flags & SEGMENT_RST && extra->challenged)
                        extra->restarted[sender] = true;
                break;
        }
        run(t, node, sender, input);
        return 0;
}

static int
take_icmp(struct tracker *t, const struct ends *ends, const struct tracker_input *input)
{
        struct step step = { .tracker = t, .table = &t->table, .input = input };

        step.node = table_find(&t->table, ends, &step.sender);
        if (step.node == NODE_NONE)
                return 0;
        step.c = table_at(&t->table, step.node);
        if (!icmp_take(&step))
                return 0;
        list(t, step.node, step.c);
        if (t->hooks.segment)
                show(t, &step, false, true);
        return 0;
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
                        advance(tracker, inputs[i].time_ns);
                        if (inputs[i].kind == PACKET_TCP)
                                r = take_tcp(tracker, &ends[i], &inputs[i]);
                        else if (inputs[i].kind == PACKET_ICMP_ERROR)
                                r = take_icmp(tracker, &ends[i], &inputs[i]);
                        if (r < 0 || tracker->failed)
                                return -ENOMEM;
                }
        }
        return 0;
}

void
tracker_finish(struct tracker *tracker, bool cut)
{
        static const unsigned order[] = { LIST_ENDED, LIST_LIVE, LIST_GIVEN };
        uint32_t node;

        for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++)
                while ((node = tracker->table.oldest[order[i]]) != NODE_NONE) {
                        table_fetch_next(&tracker->table, node);
                        take_pending(tracker, node, true);
                        give(tracker, table_at(&tracker->table, node), cut);
                        table_unindex(&tracker->table, node);
                        table_free_node(&tracker->table, node);
                }
}
