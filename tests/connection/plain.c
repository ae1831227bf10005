/* Random connections, most of whose segments are data in order or acknowledge something: the short way makes the very
 * struct connection of them that the long way makes, after each segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/plain.h"
#include "connection/segment.h"
#include "connection/table.h"
#include "dice.h"
#include "past.h"

enum {
        ROUNDS = 1500,
        SEGMENTS = 200,
        SEGMENTS_LONG = 330000,         /* a stream of more than 4 GiB */
};

struct talk {
        uint32_t next[2], acked[2];     /* by sender: what it sent, and what of that is acknowledged */
        uint16_t ip_id[2], window[2];
        bool timestamps, v6, counts, bulk, deaf;
        uint32_t most;                  /* bytes of payload */
        unsigned odd;                   /* one in so many is not plain */
        unsigned missed;                /* so many segments at the beginning were not seen */
        int64_t time;
        uint64_t frame;
        struct tracker_input last;
        unsigned last_by;
};

static void handshake(const struct talk *t, unsigned i, struct segment *s)
{
        static const uint8_t header[60] = { [20] = 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };

        s->flags = i == 0 ? SEGMENT_SYN : i == 1 ? SEGMENT_SYN | SEGMENT_ACK : SEGMENT_ACK;
        if (i > 1)
                return;
        s->n_header = 40;
        s->payload = header + 40;
        s->window_scale = t->most > 2000 ? 10 : 7;
        s->options |= SEGMENT_HAS_MSS | SEGMENT_HAS_WINDOW_SCALE;
}

/* Something that the short way has to leave alone, or to notice. */
static void make_odd(struct talk *t, unsigned who, struct tracker_input *input)
{
        struct segment *s = &input->packet.segment;

        switch (below(19)) {
        case 0: s->seq -= 1 + below(3000); break;
        case 1: s->seq += 1 + below(3000); break;
        case 2: s->ack += below(3000); break;
        case 3: s->ack -= below(3000); break;
        case 4: s->window = 0; break;
        case 5: s->options |= SEGMENT_HAS_OTHER; break;
        case 6: s->options ^= SEGMENT_HAS_TIMESTAMPS; break;
        case 7: s->ttl = (uint8_t)(below(3) ? s->ttl - 1u : below(256)); break;
        case 8: s->ip_id = (uint16_t)(t->v6 ? 0 : below(UINT16_MAX)); break;
        case 9: input->cut = true; break;
        case 10: s->n_captured = s->n_payload / 2; break;
        case 11: input->time_ns -= below(2000000); break;
        case 12: input->file = 2; break;
        case 13: s->n_payload = s->n_captured = below(2); s->seq = t->next[who] - 1; break;
        case 14: s->n_payload = s->n_captured = 1; break;
        case 15: s->flags |= SEGMENT_URG; break;
        case 16: s->ip_id = (uint16_t)(s->ip_id - below(t->v6 ? 1 : 64)); break;
        case 17:
                if (below(4) == 0)
                        s->flags |= SEGMENT_FIN;
                break;
        default:
                if (t->frame > 3 && t->last_by == who) {
                        *input = t->last;
                        input->frame = t->frame;
                        input->time_ns = t->time + below(200000);
                }
                break;
        }
}

static void talk(struct talk *t, unsigned i, struct tracker_input *input, unsigned *ret_sender)
{
        static const uint8_t alert[400] = { 21, 3, 3, 0, 2 }, text[400] = "GET / HTTP/1.1";
        struct segment *s = &input->packet.segment;
        unsigned who = i < 3 ? i & 1 : t->bulk ? below(3) == 0 : below(2);

        memset(input, 0, sizeof(*input));
        t->time += below(4) ? below(2000000) : below(30) ? 0 : (int64_t)below(2000000000);
        input->kind = PACKET_TCP;
        input->file = 1;
        input->frame = t->frame += 1 + below(2);
        input->time_ns = t->time;
        s->family = t->v6 ? AF_INET6 : AF_INET;
        s->ttl = who ? 57 : 64;
        s->ip_id = t->v6 || !t->counts ? 0 : ++t->ip_id[who];
        if (below(8) == 0)
                t->window[who] = (uint16_t)(1 + below(below(3) ? 500 : UINT16_MAX));
        s->window = t->window[who];
        s->seq = t->next[who];
        s->ack = t->acked[!who] + below(t->next[!who] - t->acked[!who] + 1);
        if (below(3))
                s->ack = below(2) ? t->next[!who] : t->acked[!who];
        /* For a while nothing is: more than Zeek puts in order. */
        if (t->deaf && t->frame >> 11 & 1)
                s->ack = t->acked[!who];
        s->flags = (uint16_t)(SEGMENT_ACK | (below(2) ? SEGMENT_PSH : 0));
        s->n_header = 20;
        if (t->timestamps) {
                s->options = SEGMENT_HAS_TIMESTAMPS;
                s->ts_value = (uint32_t)(t->time / 1000000);
                s->ts_echo = s->ts_value - 1;
        }
        if (i < 3) {
                s->ack = i > 0 ? t->next[!who] : 0;
                handshake(t, i, s);
        } else if (t->bulk ? who == 0 || below(20) == 0 : below(2)) {
                s->n_payload = s->n_captured = 1 + (below(3) ? below(80) : 0) + (below(4) ? below(t->most) : 0);
                s->payload = below(40) ? text : alert;
        }
        if (i >= 3 && below(t->odd) == 0)
                make_odd(t, who, input);
        if (s->flags & SEGMENT_ACK && (int32_t)(s->ack - t->acked[!who]) > 0 && (int32_t)(t->next[!who] - s->ack) >= 0)
                t->acked[!who] = s->ack;
        if (s->seq == t->next[who])
                t->next[who] += segment_length(s);
        t->last = *input;
        t->last_by = who;
        *ret_sender = who;
}

static void assert_same(const struct connection *a, const struct connection *b)
{
        struct connection one = *a, other = *b;

        plain_end(&one);
        clear_past(&one);
        clear_past(&other);
        one.extra = other.extra = NODE_NONE;    /* what lies elsewhere has its own number */
        one.head = other.head;
        assert_memory_equal(&one, &other, sizeof(one));
}

static void take(struct table *table, struct connection *c, unsigned sender, const struct tracker_input *input)
{
        struct step step = { .table = table, .c = c, .sender = sender, .input = input };

        segment_take(&step);
}

static unsigned play(struct table *table, unsigned n, const struct talk *begun, bool *ret_far)
{
        static const uint8_t address[2][16] = { { 10, 1 }, { 10, 2 } };
        struct talk t = *begun;
        struct ends ends = { .source = address[0], .destination = address[1], .source_port = 50000,
                             .destination_port = 80, .realm = t.v6 ? 0 : REALM_IPV4 };
        struct connection *a, *b;
        uint32_t short_way, long_way;
        unsigned taken = 0;

        assert_int_equal(table_new(table, &ends, &short_way), 0);
        assert_int_equal(table_new(table, &ends, &long_way), 0);
        a = table_at(table, short_way);
        b = table_at(table, long_way);
        for (unsigned i = 0; i < n; i++) {
                struct tracker_input input;
                unsigned sender;
                bool plain;

                talk(&t, i + t.missed, &input, &sender);
                plain = plain_take(a, sender, &input);
                if (!plain)
                        take(table, a, sender, &input);
                take(table, b, sender, &input);
                taken += plain;
                if (n == SEGMENTS || !plain || below(500) == 0 || i + 1 == n)
                        assert_same(a, b);
        }
        *ret_far = a->side[0].next > INT64_C(1) << 32;
        table_free_node(table, short_way);
        table_free_node(table, long_way);
        return taken;
}

static struct talk begin(unsigned odd, uint32_t most)
{
        return (struct talk){ .next = { below(UINT32_MAX), below(UINT32_MAX) },
                              .timestamps = below(2), .v6 = below(4) == 0,
                              .counts = below(4), .bulk = below(2), .most = most, .odd = odd, .window = { 500, 501 },
                              .missed = below(2) ? 0 : below(5), .time = below(4) ? 1700000000000000000 : 0,
                              .frame = below(4) ? 0 : UINT32_MAX - 100 };
}

static void the_short_way_makes_what_the_long_way_makes(void **state)
{
        struct table table;
        unsigned taken = 0;
        size_t max;
        bool far;

        (void)state;
        assert_int_equal(table_init(&table, 16, false, &max), 0);
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct talk t = begin(5 + below(60), below(4) ? 1460 : 70000);

                t.acked[0] = t.next[0];
                t.acked[1] = t.next[1];
                taken += play(&table, SEGMENTS, &t, &far);
        }
        /* Most are plain. */
        assert_true(taken > ROUNDS * SEGMENTS / 2);
        table_deinit(&table);
}

static void so_it_does_over_more_than_four_gib(void **state)
{
        struct table table;
        size_t max;

        (void)state;
        assert_int_equal(table_init(&table, 16, false, &max), 0);
        for (unsigned round = 0; round < 2; round++) {
                struct talk t = begin(round ? 4000 : 1000000, 65000);
                bool far;

                t.bulk = t.counts = true;
                t.v6 = false;
                t.deaf = round;
                t.missed = 0;
                t.frame = 0;
                t.acked[0] = t.next[0];
                t.acked[1] = t.next[1];
                assert_true(play(&table, SEGMENTS_LONG, &t, &far) > SEGMENTS_LONG / (round ? 8 : 2));
                assert_true(far || round);
        }
        table_deinit(&table);
}

int main(void)
{
        /* How many go the short way is asked of this row of numbers. */
        dice = 20261123;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_short_way_makes_what_the_long_way_makes),
                cmocka_unit_test(so_it_does_over_more_than_four_gib),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
