/* Random connections in which all is in order, and some in which something is not: as long as it is in order,
 * the row of segments grows into the very struct connection that the long way makes of them, after each
 * segment, a RST and what comes behind it, or an ICMP error at the end too; and both may be packed at any time.
 * Facts made of the row are those of that connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "connection/direction.h"
#include "connection/icmp.h"
#include "connection/orderly_brief.h"
#include "connection/orderly_facts.h"
#include "connection/orderly_take.h"
#include "connection/segment.h"
#include "connection/table.h"
#include "dice.h"
#include "ending/judge.h"
#include "past.h"
#include "report/record_json.h"
#include "same.h"
#include "talk.h"

enum {
        ROUNDS = 20000,
        SEGMENTS = ROW_MAX + 3,
};

/* How much came of it. */
struct played {
        unsigned taken, ended, packed, resets, icmp, facts, reset_facts, brief, brief_resets, late, late_facts;
};

/* The extras are the same, and so are the RSTs in them, but for where they lie. */
static void assert_same_extra(const struct extra *a, const struct extra *b)
{
        struct extra one = *a, other = *b;

        for (unsigned i = 0; i < a->n_resets; i++) {
                const struct reset *x = a->reset[i], *y = b->reset[i];

                assert_int_equal(x->at, y->at);
                assert_int_equal(x->before, y->before);
                assert_int_equal(x->frame, y->frame);
                assert_int_equal(x->position, y->position);
                assert_int_equal(x->ack_position, y->ack_position);
                assert_int_equal(x->seq, y->seq);
                assert_int_equal(x->ack, y->ack);
                assert_int_equal(x->validity, y->validity);
                assert_int_equal(x->answers, y->answers);
                if (x->answers != N_SEGMENT_KINDS)
                        assert_memory_equal(&x->answered, &y->answered, sizeof(x->answered));
                assert_int_equal(x->sent, y->sent);
                assert_int_equal(x->window, y->window);
                assert_int_equal(x->ip_id, y->ip_id);
                assert_int_equal(x->ttl, y->ttl);
                assert_int_equal(x->by, y->by);
                assert_memory_equal(&x->has_ack, &y->has_ack,
                                    offsetof(struct reset, went_on) + 1 - offsetof(struct reset, has_ack));
                assert_int_equal(x->may_stay_silent, y->may_stay_silent);
        }
        memset(one.reset, 0, sizeof(one.reset));
        memset(other.reset, 0, sizeof(other.reset));
        assert_memory_equal(&one, &other, sizeof(one));
}

static void take_last(struct step *step)
{
        if (step->input->kind == PACKET_ICMP_ERROR)
                assert_true(icmp_take(step));
        else
                segment_take(step);
}

/* Any number, or one shortly before it begins anew. */
static uint32_t isn(void)
{
        return below(4) ? below(UINT32_MAX) : UINT32_MAX - below(2);
}

/* As `finis read` makes a record of it. */
static void tell(const struct tracked *t, struct record *r, struct json *ret_line)
{
        static const char id[16] = "1.1";

        r->id = id;
        r->rev = t->rev;
        r->client.port = t->port[SIDE_CLIENT];
        r->server.port = t->port[SIDE_SERVER];
        r->conn_state_known = true;
        r->conn_state = t->conn_state;
        r->history = t->history;
        r->file = known_u64(t->file);
        r->first_frame = known_u64(t->first_frame);
        r->last_frame = known_u64(t->last_frame);
        json_begin(ret_line, NULL);
        json_record(ret_line, NULL, r, 0);
}

/* What is known of the fewer facts is known of all of them, and the same. */
static void assert_part_of(const struct facts *brief, const struct facts *whole)
{
        struct facts few = *brief, same = *whole;

        for (size_t i = 0; i < facts_count(); i++)
                if (!fact_known(facts_how(brief, i))) {
                        facts_forget(&few, i);
                        facts_forget(&same, i);
                }
        assert_memory_equal(&few, &same, offsetof(struct facts, resets));
        assert_int_equal(few.n_resets, same.n_resets);
        assert_int_equal(few.n_resets_in_all, same.n_resets_in_all);
        assert_memory_equal(few.resets, same.resets, few.n_resets * sizeof(*few.resets));
}

/* The few facts that a verdict rests on are enough for its record, and right. */
static void assert_same_record(const struct tracked *brief, const struct tracked *whole, bool ended)
{
        static struct json a, b;
        static struct record again;
        struct record r, few;

        if (!again.plain)
                record_init(&again, SOURCE_CAPTURE, NULL);
        record_init(&few, SOURCE_CAPTURE, NULL);
        assert_int_equal(brief->facts.seen.over, ended);
        assert_int_equal(judge_is_plain(&brief->facts), ended);
        if (ended)
                assert_true(judge_again(&brief->facts, &again));
        else
                judge(&brief->facts, &few, NULL);
        tell(brief, ended ? &again : &few, &a);
        if (!ended && below(4) == 0)
                assert_part_of(&brief->facts, &whole->facts);
        record_init(&r, SOURCE_CAPTURE, NULL);
        judge(&whole->facts, &r, NULL);
        tell(whole, &r, &b);
        assert_int_equal(a.n_buffer, b.n_buffer);
        assert_memory_equal(a.buffer, b.buffer, a.n_buffer);
        assert_memory_equal(brief->address, whole->address, sizeof(whole->address));
        assert_true(brief->family == whole->family && brief->vlan == whole->vlan &&
                    brief->last_file == whole->last_file);
}

/* Facts made of the row are those of the struct connection that it grows into. */
static bool assert_same_facts(const struct table *table, const struct orderly *o, struct connection *c,
                              struct given *given, unsigned *n_brief)
{
        bool cut = below(2);
        int64_t until = o->last + below(1000);
        bool ended = (o->flags & (ORDERLY_ENDED | ORDERLY_LAST)) == ORDERLY_ENDED;
        /* First of all, so that it finds nothing that the others worked out. */
        const struct tracked *brief = orderly_brief(table, o, until, cut, &given->brief);
        const struct tracked *of_row = orderly_facts(table, o, until, cut, &given->row);

        if (!of_row) {
                assert_null(brief);
                return false;
        }
        if (ended)
                assert_int_equal(brief != NULL, o->n <= 64);
        if (brief) {
                assert_same_record(brief, of_row, ended);
                *n_brief += !ended;
        }
        c->rev = 1;
        assert_same_tracked(of_row, give_fill(given, c, table_extra_of(table, c), until, cut));
        return true;
}

/* A RST or an ICMP error at the end of the row, and what is behind it: it is what the long way makes of it, which for a
 * RST is the end. */
static bool end(struct table *table, struct orderly *o, const struct orderly *before, struct step *step,
                const struct tracker_input *input, struct given *given, unsigned *n_brief)
{
        struct connection *c = step->c, grown, past;
        struct orderly_last last;
        struct tracker_input again;
        struct step replay;
        bool same;

        step->input = input;
        take_last(step);
        assert_int_equal(!!(c->flags & CONNECTION_ENDED), input->kind == PACKET_TCP);
        orderly_grow(table, o, &grown);
        orderly_last_of(table, o, &last);
        assert_memory_equal(last.before.next, before->next, sizeof(before->next));
        assert_memory_equal(last.before.acked, before->acked, sizeof(before->acked));
        assert_int_equal(last.before.n, before->n);
        assert_int_equal(last.before.last, before->last);
        assert_int_equal(last.before.flags & ~(unsigned)(ORDERLY_SIBLINGS | ORDERLY_CUT),
                         before->flags & ~(unsigned)ORDERLY_CUT);
        for (;;) {
                replay = (struct step){ .table = table, .c = &grown, .input = &again };
                if (!orderly_last_next(&last, &replay.sender, &again))
                        break;
                take_last(&replay);
        }
        past = *c;
        clear_past(&past);
        clear_past(&grown);
        assert_same_extra(table_extra_of(table, c), table_extra_of(table, &grown));
        assert_int_equal(o->last, c->last);
        if (below(2)) {
                o->flags |= ORDERLY_SIBLINGS;
                table_extra_of(table, &grown)->siblings_reset = true;
        } else {
                o->flags &= (uint16_t)~ORDERLY_SIBLINGS;
        }
        same = assert_same_facts(table, o, &grown, given, n_brief);
        table_free_extra(table, &grown);
        past.extra = NODE_NONE;
        past.rev = grown.rev;
        assert_memory_equal(&past, &grown, sizeof(grown));
        return same;
}

/* The numbers behind all that each end sent are those of the connection, so that a straggler is known by them. */
static void assert_same_ends(const struct orderly *o, const struct connection *c)
{
        for (unsigned side = 0; side < 2; side++)
                assert_int_equal(o->next[side], c->side[side].base + (uint32_t)direction_end(&c->side[side]));
}

/* Goes on behind the RST @reset of @by until something comes that a row does not hold. */
static void play_late(struct table *table, struct orderly *o, const struct orderly *before, struct talk *t,
                      const struct tracker_input *reset, unsigned by, struct step *step, struct given *given,
                      struct played *n)
{
        struct tracker_input input;
        struct tracker_frame f;

        for (;;) {
                talk_late(t, reset, by, &input, &step->sender);
                f = orderly_frame_of(&input);
                if (!orderly_take_late(table, o, step->sender, &f, 1))
                        return;
                *step = (struct step){ .table = table, .c = step->c, .node = step->node, .sender = step->sender };
                n->late_facts += end(table, o, before, step, &input, given, &n->brief_resets);
                ++n->late;
                assert_same_ends(o, step->c);
        }
}

/* Packs and unpacks. The node may become another, but what is there is the same. */
static void pack(struct table *table, uint32_t *node, unsigned *n_packed)
{
        struct connection before;
        uint32_t number;
        bool packed;

        if (!node_is_orderly(*node))
                before = *table_at(table, *node);
        table_list(table, *node, LIST_LIVE);
        packed = table_pack(table, *node, false);
        number = table->oldest[LIST_LIVE];
        assert_int_equal(table_is_packed(table, number), packed);
        *n_packed += packed;
        assert_int_equal(table_unpack(table, &number), 0);
        assert_int_equal(table->oldest[LIST_LIVE], number);
        assert_false(table_is_packed(table, number));
        table_list(table, number, LIST_NONE);
        if (!node_is_orderly(*node)) {
                before.head.list = LIST_NONE;
                before.extra = table_at(table, number)->extra;
                assert_memory_equal(&before, table_at(table, number), sizeof(before));
        }
        *node = number;
}

static void play(struct table *table, struct given *given, struct played *n)
{
        static const uint8_t address[2][16] = { { 10, 1 }, { 10, 2 } };
        struct talk t = { .next = { isn(), isn() }, .timestamps = below(2), .v6 = below(4) == 0,
                          .fins = below(3) ? 6 : below(2) * 60, .faults = below(4) ? 60 : 600,
                          .snaplen = below(3) ? 0 : 4 + below(50), .time = below(4) ? 1700000000000000000 : 0 };
        struct ends ends = { .source = address[0], .destination = address[1], .source_port = 50000,
                             .destination_port = 80, .realm = t.v6 ? 0 : REALM_IPV4 };
        uint32_t orderly, node;
        struct connection grown, past;

        memcpy(t.acked, t.next, sizeof(t.acked));
        assert_int_equal(table_new_orderly(table, &ends, &orderly), 0);
        assert_int_equal(table_new(table, &ends, &node), 0);
        for (unsigned i = 0; i < SEGMENTS; i++) {
                struct connection *c;
                struct orderly *o, before;
                struct step step = { .table = table };
                struct tracker_input input;
                struct tracker_frame f;

                if (i > 0 && below(8) == 0) {
                        pack(table, &orderly, &n->packed);
                        pack(table, &node, &n->packed);
                }
                o = table_orderly(table, orderly);
                c = table_at(table, node);
                step.c = c;
                step.node = node;
                talk(&t, &input, &step.sender);
                f = orderly_frame_of(&input);
                before = *o;
                if (i > 0 && input.packet.segment.flags & SEGMENT_RST &&
                    orderly_take_reset(table, o, step.sender, &f, input.file)) {
                        n->reset_facts += end(table, o, &before, &step, &input, given, &n->brief_resets);
                        ++n->resets;
                        play_late(table, o, &before, &t, &input, step.sender, &step, given, n);
                        break;
                }
                if (i > 0 && below(o->flags & ORDERLY_ANSWERED ? 400 : 10) == 0) {
                        make_icmp(&t, &input, &step.sender);
                        if (orderly_take_icmp(table, o, step.sender, &input)) {
                                if (below(2))
                                        pack(table, &orderly, &n->packed);
                                end(table, table_orderly(table, orderly), &before, &step, &input, given,
                                    &n->brief_resets);
                                ++n->icmp;
                        }
                        break;
                }
                if (o->flags & ORDERLY_ENDED || (i == 0 && !orderly_may_begin(&input)) ||
                    !orderly_take(table, o, step.sender, &input))
                        break;
                step.input = &input;
                segment_take(&step);
                orderly_grow(table, o, &grown);
                past = *c;
                clear_past(&past);
                clear_past(&grown);
                assert_memory_equal(&past, &grown, sizeof(grown));
                /* RFC 7323 2.3: greater ones count as 14. */
                assert_true(grown.side[0].scale <= 14 && grown.side[1].scale <= 14);
                if (assert_same_facts(table, o, &grown, given, &n->brief))
                        ++n->facts;
                assert_int_equal(!!(o->flags & ORDERLY_ENDED), !!(c->flags & CONNECTION_ENDED));
                ++n->taken;
                n->ended += !!(o->flags & ORDERLY_ENDED);
        }
        table_free_node(table, orderly);
        table_free_node(table, node);
}

static void a_row_grows_into_what_the_long_way_makes(void **state)
{
        struct played n = { 0 };
        struct given *given = calloc(1, sizeof(*given));
        struct table table;
        size_t max;

        (void)state;
        assert_non_null(given);
        assert_int_equal(table_init(&table, 16, false, &max), 0);
        for (unsigned round = 0; round < ROUNDS; round++)
                play(&table, given, &n);
        /* Most segments are in order, and many talks come to their end. */
        assert_true(n.taken > ROUNDS * 8);
        assert_true(n.ended > ROUNDS / 10);
        assert_true(n.packed > ROUNDS);
        assert_true(n.resets > ROUNDS / 10);
        assert_true(n.icmp > ROUNDS / 100);
        assert_true(n.facts > n.taken / 2);
        assert_true(n.reset_facts > n.resets / 3);
        assert_true(n.late > n.resets / 2);
        assert_true(n.late_facts > n.late / 5);
        assert_true(n.brief > n.facts / 10);
        assert_true(n.brief_resets > n.resets / 10);
        table_deinit(&table);
        free(given);
}

static void what_is_freed_is_used_again(void **state)
{
        static const uint8_t address[2][16] = { { 10, 1 }, { 10, 2 } };
        struct ends ends = { .source = address[0], .destination = address[1] };
        struct table table;
        uint32_t first, again;
        size_t max;

        (void)state;
        assert_int_equal(table_init(&table, 16, false, &max), 0);
        assert_int_equal(max, 16);
        assert_int_equal(table_new_orderly(&table, &ends, &first), 0);
        table_free_node(&table, first);
        assert_int_equal(table_new_orderly(&table, &ends, &again), 0);
        assert_int_equal(first, again);
        assert_int_equal(table_orderly(&table, again)->n, 0);
        table_deinit(&table);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_row_grows_into_what_the_long_way_makes),
                cmocka_unit_test(what_is_freed_is_used_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
