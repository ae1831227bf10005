/* Random talk of all kinds, from a seed: what is given out does not depend on how the segments were cut into
 * batches, nor on which way they took, nor on whether connections were packed meanwhile, and always makes sense. */
#include "sane.h"
#include "story.h"

#include "wire/packet_plain.h"
#include "wire/seq.h"

enum {
        TALKERS = 6,
        TALKERS_MANY = 40,
        SEGMENTS = 400,
        ROUNDS = 400,
        AS_USUAL = 1000000,
        FRAME_MAX = 1600,
        LINK_RAW_IP = 101,
};

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed * 0x2545f4914f6cdd1du;
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
        return (uint32_t)(next(seed) >> 33) % n;
}

struct talker {
        uint32_t isn[2];
        uint32_t next[2];
        uint32_t got[2];
        uint16_t ip_id[2];
        int step;
        bool tame;                      /* it seldom does what is not sensible */
};

/* One more segment of a talk, most of them sensible. */
static void talk(struct talker *t, uint64_t *seed, unsigned port, struct tracker_input *input)
{
        static const uint8_t bytes[4096];      /* headers end and payload begins in the middle */
        struct segment *s = &input->packet.segment;
        unsigned who = below(seed, 2), what = below(seed, 100);

        if (t->step == 0)
                who = 0;
        if (t->step == 1)
                who = 1;
        if (t->tame && t->step == 2)
                who = 0;
        if (t->tame && below(seed, 30))
                what = 14 + below(seed, 46);
        s->family = port % 3 == 0 ? AF_INET6 : AF_INET;
        s->source[0] = who ? 2 : 1;
        s->destination[0] = who ? 1 : 2;
        s->source_port = (uint16_t)(who ? 80 : port);
        s->destination_port = (uint16_t)(who ? port : 80);
        s->ttl = who ? 57 : 64;
        s->ip_id = ++t->ip_id[who];
        s->window = (uint16_t)(t->tame ? 1 + below(seed, UINT16_MAX) : below(seed, 8) ? 400 : 0);
        s->flags = SEGMENT_ACK;
        s->seq = t->next[who];
        s->ack = t->got[!who] ? t->got[!who] : t->next[!who];
        s->payload = bytes + sizeof(bytes) / 2;
        s->n_header = 32;
        s->options = SEGMENT_HAS_TIMESTAMPS;
        s->ts_value = (uint32_t)(input->time_ns / 1000000);
        if (t->step < 2 || what == 0) {
                if (what == 0 && below(seed, 2))
                        t->isn[who] = (uint32_t)next(seed);
                s->flags = (uint16_t)(SEGMENT_SYN | (who ? SEGMENT_ACK : 0));
                s->seq = t->isn[who];
                s->ack = t->isn[!who] + 1;
                t->next[who] = t->isn[who] + 1;
        } else if (what < 60) {
                s->n_payload = 1 + below(seed, 1400);
                if (what < 10)
                        s->seq -= below(seed, 3000);
                else if (what < 13)
                        s->seq += below(seed, 5000);
                else if (what == 13)
                        s->seq += below(seed, UINT32_MAX);
                if (seq_distance(t->next[who], s->seq + s->n_payload) > 0 && what != 13)
                        t->next[who] = s->seq + s->n_payload;
        } else if (what < 63) {
                s->flags |= SEGMENT_FIN;
                t->next[who] = s->seq + 1;
        } else if (what < 66) {
                s->flags = (uint16_t)(SEGMENT_RST | (below(seed, 2) ? SEGMENT_ACK : 0));
                s->options = 0;
                s->n_header = 20;
                s->window = (uint16_t)(below(seed, 2) ? 0 : 99);
                if (below(seed, 2))
                        s->seq = t->got[who] + below(seed, 3) * 1000;
        } else if (what < 70) {
                s->seq -= 1;
                s->n_payload = below(seed, 2);
        }
        if (s->flags & SEGMENT_ACK && what % 3 == 0)
                t->got[!who] = t->next[!who];
        t->step++;
}

/* The members that are facts, one by one: what lies between them is nobody's. */
static void same(const struct tracked *a, const struct tracked *b)
{
        assert_int_equal(a->first_frame, b->first_frame);
        assert_int_equal(a->last_frame, b->last_frame);
        assert_int_equal(a->rev, b->rev);
        assert_int_equal(a->conn_state, b->conn_state);
        assert_string_equal(a->history, b->history);
        assert_int_equal(a->facts.n_resets, b->facts.n_resets);
#define SAME(kind, name, sentence)                                                                 \
        assert_int_equal(x->name.how, y->name.how);                                                \
        if (fact_known(x->name.how))                                                               \
                assert_int_equal(x->name.value, y->name.value);
        {
                const struct facts *x = &a->facts, *y = &b->facts;

                FACTS_OF_CONNECTION(SAME)
        }
        for (unsigned i = 0; i < 2; i++) {
                const struct facts_of_direction *x = &a->facts.from[i], *y = &b->facts.from[i];

                FACTS_OF_DIRECTION(SAME)
        }
        for (unsigned i = 0; i < 2; i++) {
                const struct facts_of_end *x = &a->facts.end[i], *y = &b->facts.end[i];

                FACTS_OF_END(SAME)
        }
        for (size_t i = 0; i < a->facts.n_resets; i++) {
                const struct facts_of_reset *x = &a->facts.resets[i], *y = &b->facts.resets[i];

                FACTS_OF_RESET(SAME)
        }
#undef SAME
}

struct heap {
        size_t n, n_first;
        struct tracked given[512];
};

static void keep(void *context, const struct tracked *t)
{
        struct heap *heap = context;

        sane(t);
        assert_true(heap->n < sizeof(heap->given) / sizeof(*heap->given));
        heap->n_first += t->rev == 1;
        heap->given[heap->n++] = *t;
}

static void look(void *context, const struct tracked_segment *segment)
{
        (void)context;
        assert_non_null(segment->segment);
}

/* @each_segment: somebody wants to see each, so none takes a short way. Returns how often one was packed. */
static uint64_t play_awake(struct tracker_input *inputs, uint64_t seed, unsigned batch, size_t max, size_t max_awake,
                           int64_t awake_ns, bool each_segment, struct heap *heap)
{
        struct tracker_options options = { .max_connections = max, .max_awake = max_awake,
                                           .awake_ns = awake_ns, .large = batch == 0 };
        struct tracker_hooks hooks = { .give = keep, .segment = each_segment ? look : NULL, .context = heap };
        struct tracker *tracker;
        uint64_t packed;

        heap->n = heap->n_first = 0;
        assert_int_equal(tracker_new(&options, &hooks, &tracker), 0);
        for (size_t i = 0; i < SEGMENTS;) {
                size_t n = batch ? batch : 1 + below(&seed, 60);

                if (n > SEGMENTS - i)
                        n = SEGMENTS - i;
                assert_int_equal(tracker_add(tracker, inputs + i, n), 0);
                i += n;
        }
        tracker_finish(tracker, false);
        /* Each connection is given out once, and then only again. */
        assert_int_equal(heap->n_first, tracker_connections(tracker));
        packed = tracker_packed(tracker);
        tracker_free(tracker);
        return packed;
}

static uint64_t play(struct tracker_input *inputs, uint64_t seed, unsigned batch, size_t max, size_t max_awake,
                     bool each_segment, struct heap *heap)
{
        return play_awake(inputs, seed, batch, max, max_awake, 1, each_segment, heap);
}

static void same_heap(const struct heap *one, const struct heap *other)
{
        assert_int_equal(one->n, other->n);
        for (size_t i = 0; i < one->n; i++)
                same(&one->given[i], &other->given[i]);
}

/* A row of segments of all the talkers, @gap_ns apart at the most. */
static void chatter(uint64_t *seed, unsigned n_talkers, uint32_t gap_ns, bool tame, struct tracker_input *inputs)
{
        struct talker talkers[TALKERS_MANY] = {};
        int64_t time = 1000000000000;

        for (unsigned i = 0; i < n_talkers; i++)
                talkers[i] = (struct talker){ .isn = { (uint32_t)next(seed), (uint32_t)next(seed) }, .tame = tame };
        memset(inputs, 0, SEGMENTS * sizeof(*inputs));
        for (unsigned i = 0; i < SEGMENTS; i++) {
                unsigned who = below(seed, n_talkers);

                time += below(seed, below(seed, 20) ? gap_ns : 2000000000);
                if (below(seed, 50) == 0)
                        time -= below(seed, 100000000);
                inputs[i].kind = PACKET_TCP;
                inputs[i].file = 1;
                inputs[i].frame = i + 1;
                inputs[i].time_ns = time;
                talk(&talkers[who], seed, 1000 + who, &inputs[i]);
        }
}

static void batches_change_nothing(void **state)
{
        static struct tracker_input inputs[SEGMENTS];
        static struct heap one, other;
        uint64_t seed = 20261122;

        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                size_t max = round % 3 ? 0 : 1 + below(&seed, TALKERS);

                chatter(&seed, TALKERS, 10000000, false, inputs);
                play(inputs, seed, 1, max, AS_USUAL, true, &one);
                for (unsigned batch = 0; batch < 40; batch += 13) {
                        play(inputs, seed, batch, max, AS_USUAL, false, &other);
                        same_heap(&one, &other);
                }
        }
}

/* With gaps of seconds nearly each connection is packed once, as a row or as a struct connection. */
static void packing_changes_nothing(void **state)
{
        static struct tracker_input inputs[SEGMENTS];
        static struct heap one, other;
        uint64_t seed = 20261123;
        uint64_t packed = 0;

        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                size_t max = round % 3 ? 0 : 1 + below(&seed, TALKERS_MANY);
                bool each_segment = round % 4 == 0;

                chatter(&seed, TALKERS_MANY, 400000000, false, inputs);
                assert_int_equal(play(inputs, seed, 1, max, AS_USUAL, each_segment, &one), 0);
                packed += play(inputs, seed, 0, max, 1, each_segment, &other);
                same_heap(&one, &other);
        }
        assert_true(packed > 20 * ROUNDS);
}

/* Where frames come by the million a second, who said nothing for so many is packed though he was silent for a moment
 * only, whatever the batches. */
static void frames_without_a_word_are_silence(void **state)
{
        static struct tracker_input inputs[SEGMENTS];
        static struct heap one, other;
        uint64_t seed = 20261125;
        uint64_t packed = 0;

        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                size_t max = round % 3 ? 0 : 1 + below(&seed, TALKERS_MANY);
                bool each_segment = round % 4 == 0;
                uint64_t n;

                chatter(&seed, TALKERS_MANY, 1, false, inputs);
                for (unsigned i = 0; i < SEGMENTS; i++) {
                        inputs[i].time_ns = 1000000000000 + i * 4000000;
                        inputs[i].frame *= 20000;
                }
                assert_int_equal(play_awake(inputs, seed, 1, max, AS_USUAL, INT64_MAX, each_segment, &one), 0);
                n = play_awake(inputs, seed, 0, max, 1, INT64_MAX, each_segment, &other);
                same_heap(&one, &other);
                assert_int_equal(play_awake(inputs, seed, 7, max, 1, INT64_MAX, each_segment, &other), n);
                packed += n;
        }
        assert_true(packed > 20 * ROUNDS);
}

/* The options of a SYN: none, those of Linux with timestamps or without, or others; from near or from far. */
static void dress(uint64_t *seed, struct segment *s)
{
        const unsigned usual = SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE;
        const unsigned kinds[] = { 0, usual, usual | SEGMENT_HAS_TIMESTAMPS, SEGMENT_HAS_TIMESTAMPS, SEGMENT_HAS_MSS,
                                   usual & ~SEGMENT_HAS_SACK_PERMITTED };

        s->options = (uint16_t)kinds[below(seed, sizeof(kinds) / sizeof(*kinds))];
        s->mss = (uint16_t)below(seed, 1 << 16);
        s->window_scale = (uint8_t)below(seed, 17);
        s->ts_value = below(seed, UINT32_MAX);
        s->ts_echo = below(seed, UINT32_MAX);
        s->ttl = (uint8_t)(below(seed, 2) ? s->ttl : 128);
}

/* A segment as a frame of bare IP, sometimes cut, and what is read of it in the one way and in the other. */
static void frame(uint64_t *seed, struct tracker_input *input, uint8_t bytes[static FRAME_MAX],
                  struct tracker_frame *ret_frame)
{
        uint32_t n, n_frame;
        int written;

        input->packet.segment.options &= SEGMENT_HAS_TIMESTAMPS;
        if (input->packet.segment.flags & SEGMENT_SYN)
                dress(seed, &input->packet.segment);
        else if (input->packet.segment.flags & SEGMENT_RST && below(seed, 2))
                input->packet.segment.options = (uint16_t)(below(seed, 2) ? SEGMENT_HAS_TIMESTAMPS : SEGMENT_HAS_MSS);
        written = segment_write(bytes, FRAME_MAX, &input->packet.segment);
        assert_true(written > 0);
        n = n_frame = (uint32_t)written;
        if (below(seed, 10) == 0 && n > 80)
                n = 80 + below(seed, n - 80);
        input->cut = n < n_frame;
        assert_true(plain_find(LINK_RAW_IP, bytes, n, n_frame, &ret_frame->plain));
        assert_true(plain_read(LINK_RAW_IP, bytes, n, n_frame, &input->packet));
        ret_frame->time_ns = input->time_ns;
        ret_frame->frame = (uint32_t)input->frame;
}

/* What is read of a frame only where it is wanted is what the whole segment says. */
static void the_straight_way_changes_nothing(void **state)
{
        static struct tracker_input inputs[SEGMENTS];
        static struct tracker_frame frames[SEGMENTS];
        static uint8_t bytes[SEGMENTS][FRAME_MAX];
        static struct heap one, other;
        uint64_t seed = 20261124;

        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct tracker_hooks hooks = { .give = keep, .context = &other };
                struct tracker_options options = { .max_awake = round % 2 ? AS_USUAL : 1, .awake_ns = 1,
                                                   .max_connections = round % 5 ? 0 : 1 + below(&seed, TALKERS) };
                struct tracker *tracker;

                chatter(&seed, TALKERS, 10000000, round % 4 != 0, inputs);
                for (unsigned i = 0; i < SEGMENTS; i++)
                        frame(&seed, &inputs[i], bytes[i], &frames[i]);
                play(inputs, seed, 1, options.max_connections, AS_USUAL, true, &one);
                other.n = other.n_first = 0;
                assert_int_equal(tracker_new(&options, &hooks, &tracker), 0);
                for (unsigned i = 0, n; i < SEGMENTS; i += n) {
                        n = 1 + below(&seed, 32);
                        n = n < SEGMENTS - i ? n : SEGMENTS - i;
                        assert_int_equal(tracker_add_frames(tracker, 1, inputs[i + n - 1].frame, frames + i, n), 0);
                }
                tracker_finish(tracker, false);
                tracker_free(tracker);
                same_heap(&one, &other);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(batches_change_nothing),
                cmocka_unit_test(packing_changes_nothing),
                cmocka_unit_test(frames_without_a_word_are_silence),
                cmocka_unit_test(the_straight_way_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
