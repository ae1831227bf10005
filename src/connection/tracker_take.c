/* To which connection a segment belongs: the one at hand, a new one of the same ends, or one that is forgotten. */
#include "connection/tracker_internal.h"

#include <errno.h>
#include <string.h>

#include "base/zero.h"
#include "connection/icmp.h"
#include "connection/orderly_take.h"
#include "connection/plain.h"
#include "connection/reuse.h"
#include "connection/segment.h"
#include "wire/packet_plain.h"

struct extra *step_extra(struct step *step)
{
        struct extra *extra = table_extra(step->table, step->c);

        if (!extra)
                step_failed(step);
        return extra;
}

void step_failed(struct step *step)
{
        step->tracker->failed = true;
}

/* A new node is found from now on. Returns 0 or -ENOMEM; then it is no more. */
static int enter(struct tracker *t, uint32_t node)
{
        if (table_index(&t->table, node) < 0) {
                table_free_node(&t->table, node);
                return -ENOMEM;
        }
        /* Where it would stand after its first segment, too. */
        table_head(&t->table, node)->queued = t->tick;
        table_list(&t->table, node, LIST_LIVE);
        t->n_connections++;
        return 0;
}

/* A connection of @ends, of which @input is the first segment. Who wants to see each segment is shown what the long way
 * makes of it: then none is orderly. */
static int begin(struct tracker *t, const struct ends *ends, const struct tracker_input *input, uint32_t *ret_node)
{
        uint32_t node;
        int r;

        tracker_make_room(t);
        if (!t->hooks.segment && orderly_may_begin(input))
                r = table_new_orderly(&t->table, ends, &node);
        else
                r = table_new(&t->table, ends, &node);
        if (r == 0)
                r = enter(t, node);
        if (r == 0)
                *ret_node = node;
        return r;
}

/* A new connection takes over the ends of @node. */
static void replace(struct tracker *t, uint32_t node)
{
        struct connection *c = table_at(&t->table, node);

        c->flags |= CONNECTION_REUSED;
        tracker_give(t, node, false);
        table_unindex(&t->table, node);
        table_free_node(&t->table, node);
}

/* The SYN that waited has begun a connection. */
static int promote(struct tracker *t, uint32_t node, uint32_t *ret_node)
{
        struct extra *extra = table_extra_of(&t->table, table_at(&t->table, node));
        uint32_t pending = extra->pending;

        extra->pending = NODE_NONE;
        table_head(&t->table, node)->awaited = false;
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

static void show(struct tracker *t, const struct step *step, bool stray, bool icmp)
{
        enum roles how;
        unsigned client = roles_client(&step->c->roles, step->c->head.port, &how);
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
static void list(struct tracker *t, uint32_t node, struct connection *c)
{
        if (c->flags & CONNECTION_PENDING)
                return;
        if (c->flags & CONNECTION_GIVEN)
                c->flags |= CONNECTION_CHANGED;
        if (c->flags & (CONNECTION_ENDED | CONNECTION_GIVEN)) {
                table_list(&t->table, node, LIST_ENDED);
        } else if ((c->head.list != LIST_LIVE && c->head.list != LIST_SILENT) ||
                   t->tick - c->head.queued >= QUEUED_FOR) {
                c->head.queued = t->tick;
                table_list(&t->table, node, LIST_LIVE);
        }
}

/* Takes the next segment of an orderly connection, if it is in order. */
static bool run_orderly(struct tracker *t, uint32_t node, unsigned sender, const struct tracker_input *input)
{
        struct orderly *o = table_orderly(&t->table, node);

        if (o->flags & ORDERLY_OVER || !orderly_take(&t->table, o, sender, input))
                return false;
        tracker_list_orderly(t, o);
        return true;
}

/* Takes a RST that ends a row, or what comes behind it. */
static bool run_last(struct tracker *t, uint32_t node, unsigned sender, const struct tracker_frame *f)
{
        struct orderly *o = table_orderly(&t->table, node);
        const bool reset = f->plain.has & SEGMENT_RST, late = o->flags & ORDERLY_RESET;

        if (!(reset || late) || !(late ? orderly_take_late(&t->table, o, sender, f, t->file)
                                       : orderly_take_reset(&t->table, o, sender, f, t->file)))
                return false;
        if (reset)
                siblings_reset(&t->siblings, &t->table, node, sender, f->time_ns);
        table_list(&t->table, node, LIST_ENDED);
        return true;
}

static void run(struct tracker *t, uint32_t node, unsigned sender, const struct tracker_input *input)
{
        struct connection *c;
        bool stray;
        struct step step;

        if (node_is_orderly(node)) {
                if (run_orderly(t, node, sender, input))
                        return;
                if (tracker_grow(t, &node) < 0) {
                        t->failed = true;
                        return;
                }
        }
        c = table_at(&t->table, node);
        stray = c->flags & CONNECTION_ENDED;
        /* Who wants to see each segment is shown what the long way makes of it. */
        if (!t->hooks.segment && t->not_plain != node && plain_take(c, sender, input)) {
                list(t, node, c);
                return;
        }
        t->not_plain = NODE_NONE;
        zero_few(&step, sizeof(step));
        step.tracker = t;
        step.table = &t->table;
        step.c = c;
        step.node = node;
        step.sender = sender;
        step.input = input;
        segment_take(&step);
        if (step.kind == SEGMENT_KIND_RST && !step.repeated && !step.twin)
                siblings_reset(&t->siblings, &t->table, node, sender, input->time_ns);
        list(t, node, c);
        if (t->hooks.segment)
                show(t, &step, stray, false);
}

/* The node of a SYN that waits, made if need be. */
static int wait_for_answer(struct tracker *t, uint32_t *node, const struct ends *ends, uint32_t isn,
                           unsigned *ret_sender)
{
        struct connection *c = table_at(&t->table, *node), *pending;
        struct extra *extra = table_extra(&t->table, c);
        uint32_t made;

        if (!extra)
                return -ENOMEM;
        *ret_sender = 0;
        if (extra->pending != NODE_NONE) {
                pending = table_at(&t->table, extra->pending);
                if (pending->isn[0] == isn && head_is_address(&pending->head, 0, ends->source) &&
                    pending->head.port[0] == ends->source_port) {
                        *node = extra->pending;
                        return 0;
                }
                tracker_take_pending(t, *node, true);
        }
        if (table_new(&t->table, ends, &made) < 0)
                return -ENOMEM;
        table_at(&t->table, made)->flags |= CONNECTION_PENDING;
        extra->pending = made;
        c->head.awaited = true;
        *node = made;
        return 0;
}

/* A straggler of a connection that is forgotten is shown, and nothing more. */
static bool take_stray(struct tracker *t, const struct ends *ends, const struct tracker_input *input)
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

static int take_any(struct tracker *t, const struct ends *ends, uint32_t node, unsigned sender,
                    const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        struct connection *c, *pending = NULL;
        unsigned pending_sender = 0;
        struct extra *extra;
        int r;

        if (node == NODE_NONE) {
                if (take_stray(t, ends, input))
                        return 0;
                r = begin(t, ends, input, &node);
                if (r < 0)
                        return r;
                if (!node_is_orderly(node) || !orderly_take(&t->table, table_orderly(&t->table, node), 0, input))
                        run(t, node, 0, input);
                return 0;
        }
        if (table_is_packed(&t->table, node)) {
                r = tracker_unpack(t, &node);
                if (r < 0)
                        return r;
                if (node_is_orderly(node) && run_orderly(t, node, sender, input))
                        return 0;
        }
        if (node_is_orderly(node)) {
                const struct tracker_frame f = orderly_frame_of(input);

                if (run_last(t, node, sender, &f))
                        return 0;
        }
        r = tracker_grow(t, &node);
        if (r < 0)
                return r;
        c = table_at(&t->table, node);
        extra = table_extra_of(&t->table, c);
        if (extra && extra->pending != NODE_NONE) {
                pending = table_at(&t->table, extra->pending);
                pending_sender = tracker_turned(c, pending);
        }
        if (!pending && !(s->flags & SEGMENT_SYN)) {
                if (c->flags & CONNECTION_ENDED && reuse_unseen(c, sender, s, input->time_ns)) {
                        replace(t, node);
                        r = begin(t, ends, input, &node);
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
                tracker_take_pending(t, node, true);
                replace(t, node);
                r = begin(t, ends, input, &node);
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
                tracker_take_pending(t, node, false);
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

static int take_icmp(struct tracker *t, const struct ends *ends, const struct tracker_input *input)
{
        struct step step = { .tracker = t, .table = &t->table, .input = input };

        step.node = table_find(&t->table, ends, &step.sender);
        if (step.node == NODE_NONE)
                return 0;
        if (tracker_unpack(t, &step.node) < 0)
                return -ENOMEM;
        if (node_is_orderly(step.node)) {
                struct orderly *o = table_orderly(&t->table, step.node);

                if (orderly_take_icmp(&t->table, o, step.sender, input)) {
                        tracker_list_orderly(t, o);
                        return 0;
                }
        }
        if (tracker_grow(t, &step.node) < 0)
                return -ENOMEM;
        step.c = table_at(&t->table, step.node);
        if (!icmp_take(&step))
                return 0;
        list(t, step.node, step.c);
        if (t->hooks.segment)
                show(t, &step, false, true);
        return 0;
}

/* The short way of a segment (plain.h) whose connection is no row. What goes it begins no other connection, and nobody
 * waits who could have begun one. */
static bool take_short(struct tracker *t, uint32_t node, unsigned sender, const struct tracker_input *input)
{
        struct connection *c = table_at(&t->table, node);

        if (!c->head.awaited && plain_take(c, sender, input)) {
                list(t, node, c);
                return true;
        }
        /* Of a connection that is no row only what the short way touches is at hand (table_fetch_any()). */
        connection_fetch(c);
        t->not_plain = node;
        return false;
}

static inline void fill(const struct tracker *t, const struct tracker_frame *f, struct tracker_input *ret_input)
{
        ret_input->kind = PACKET_TCP;
        ret_input->file = t->file;
        ret_input->frame = t->last_frame - ((uint32_t)t->last_frame - f->frame);
        ret_input->time_ns = f->time_ns;
        ret_input->cut = f->plain.has & PLAIN_CUT;
        plain_fill_first(&f->plain, &ret_input->packet);
}

/* A row that takes no more, or not a segment with these flags, is about to be made a struct connection. */
static inline __attribute__((always_inline)) void fetch_to_grow(const struct tracker *t, uint32_t node, unsigned flags)
{
        const struct orderly *o = table_orderly(&t->table, node);

        if (!(o->flags & ORDERLY_PACKED) && (o->flags & ORDERLY_LAST || !(flags & (SEGMENT_SYN | SEGMENT_RST))))
                table_fetch_rows(&t->table, o);
}

/* Takes a frame that is no SYN, or one of which more is to be known. */
static __attribute__((noinline)) int take_frame(struct tracker *t, const struct tracker_frame *f, uint32_t node,
                                                unsigned sender)
{
        const struct tracker_input *input;
        struct tracker_input plain;
        uint32_t vlans;
        struct ends ends;

        if (node_is_orderly(node))
                fetch_to_grow(t, node, f->plain.has);
        if (f->plain.has & PLAIN_NOT) {
                input = tracker_frame_input(f);
                if (input->kind > PACKET_ICMP_ERROR)
                        return 0;
                vlans = tracker_vlans(t, input->packet.vlan);
        } else {
                input = &plain;
                vlans = tracker_vlans(t, plain_vlan(&f->plain));
                fill(t, f, &plain);
                if (f->plain.has & TRACKER_NOT_ORDERLY) {
                        node = table_find_plain(&t->table, f, vlans, &sender);
                        if (node != NODE_NONE && !node_is_orderly(node) && !t->hooks.segment &&
                            take_short(t, node, sender, input))
                                return 0;
                }
                plain_fill_rest(&plain.packet);
        }
        ends = table_ends(&input->packet, vlans, f->hash);
        if (input->kind == PACKET_ICMP_ERROR)
                return take_icmp(t, &ends, input);
        if (node == NODE_NONE)
                node = table_find(&t->table, &ends, &sender);
        if (node_is_orderly(node) && run_orderly(t, node, sender, input))
                return 0;
        return take_any(t, &ends, node, sender, input);
}

/* A SYN of ends that none has. False, with nothing done: it wants a closer look. */
static bool take_syn(struct tracker *t, const struct tracker_frame *f, struct orderly_syn syn)
{
        uint32_t node;

        /* It may be a straggler of one that was given out before its time (take_stray()). */
        if (t->n_evicted > 0 || table_may_have(&t->table, f->hash))
                return false;
        tracker_make_room(t);
        if (table_new_orderly_plain(&t->table, f, tracker_vlans(t, plain_vlan(&f->plain)), &node) < 0 ||
            enter(t, node) < 0)
                return false;
        if (orderly_begin(&t->table, table_orderly(&t->table, node), f, t->file, syn))
                return true;
        table_forget(&t->table, node);
        t->n_connections--;
        return false;
}

__attribute__((noinline)) int
tracker_take(struct tracker *t, const struct tracker_frame *f, uint32_t node, unsigned sender)
{
        struct orderly_syn syn;
        struct orderly *o;

        if (f->plain.has & SEGMENT_SYN && !t->hooks.segment && t->last_frame <= UINT32_MAX &&
            orderly_read_syn(f, &syn)) {
                if (node == NODE_NONE && !(f->plain.has & SEGMENT_ACK) && take_syn(t, f, syn))
                        return 0;
                o = table_orderly(&t->table, node);
                if (node_is_orderly(node) && sender == 1 && !(o->flags & ORDERLY_OVER) &&
                    orderly_answer(&t->table, o, f, t->file, syn)) {
                        tracker_list_orderly(t, o);
                        return 0;
                }
        }
        if (node_is_orderly(node) && t->last_frame <= UINT32_MAX && run_last(t, node, sender, f))
                return 0;
        return take_frame(t, f, node, sender);
}
